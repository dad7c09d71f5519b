"""The connection between a browser and the program, which a test can cut and restore."""

import socket
from contextlib import suppress
from threading import Thread

from tests.support.running import free_port


class Connection:
    """Forwards bytes between its own port, which is a new origin to browsers, and the port of the program."""

    def __init__(self, program_port: int) -> None:
        self._program_port, self._port = program_port, free_port()
        self.base = f"http://127.0.0.1:{self._port}"
        self.restore()

    def restore(self) -> None:
        """Accept connections."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._sockets = [self._listener]
        Thread(target=self._accept, args=(self._listener, self._sockets), daemon=True).start()

    def lead_to(self, program_port: int) -> None:
        """Break all connections, and connect to another program from now on."""
        self.cut()
        self._program_port = program_port
        self.restore()

    def cut(self) -> None:
        """Break all connections and accept no more."""
        for connection in list(self._sockets):
            _end(connection)
        self._listener.close()

    def _accept(self, listener: socket.socket, sockets: list[socket.socket]) -> None:
        with suppress(OSError):  # it was cut
            while True:
                browser, _ = listener.accept()
                program = socket.create_connection(("127.0.0.1", self._program_port))
                sockets += [browser, program]
                if listener.fileno() < 0:  # it was cut at this moment
                    _end(browser)
                for source, sink in ((browser, program), (program, browser)):
                    Thread(target=_forward, args=(source, sink), daemon=True).start()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
