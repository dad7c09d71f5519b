"""How the embedded server stops."""

import errno
import socket
from typing import Any

import waitress

from api.serving import embedded


def test_connection_that_cannot_be_accepted_does_not_keep_the_server_from_stopping() -> None:
    server: Any
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        server = waitress.create_server(lambda _environ, _respond: [], sockets=[listener], threads=1)
        attempts = 0

        def accept() -> None:
            nonlocal attempts
            attempts += 1
            assert attempts < 5
            raise OSError(errno.EMFILE, "Too many open files")

        server.accept = accept
        embedded._drain(server)
    assert attempts == 1
