"""Restarts and reloads while clients send: every request gets its response."""

import signal
import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support.extent import FULL
from tests.support.nginx import NGINX, nginx
from tests.support.running import Running, free_port, list_request_processes, running, wait_until

HEADERS = {"Content-Type": "application/json"}


class Clients:
    """Clients that send without a pause. One keeps its connection, the others open one for each request.

    They send POST requests, which no proxy repeats.
    """

    def __init__(self, port: int, count: int = 4) -> None:
        self.port = port
        self.outcomes: Counter[int | str] = Counter()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number == 0,)) for number in range(count)]

    def _send(self, keep_alive: bool) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self._stopping.is_set():
            try:
                connection.request("POST", "/api/v1/auth/login", b"{}", HEADERS)
                response = connection.getresponse()
                response.read()
                self.outcomes[response.status] += 1
            except Exception as error:
                self.outcomes[repr(error)] += 1
                connection.close()
            if not keep_alive:
                connection.close()

    def wait_for(self, count: int) -> None:
        """Wait until this many more requests have got a response."""
        target = self.outcomes.total() + count
        wait_until(lambda: self.outcomes.total() >= target)

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop sending, after the responses to what was sent."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def test_reload_replaces_the_processes_and_cuts_nothing(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0", WORKERS="2") as program:
        wait_until(lambda: len(list_request_processes(program)) == 2)
        with Clients(program.port) as clients:
            for _ in range(2):
                clients.wait_for(20)
                before = set(list_request_processes(program))
                program.process.send_signal(signal.SIGHUP)
                wait_until(lambda before=before: not before & set(list_request_processes(program)))  # type: ignore[misc]
                clients.wait_for(20)
        assert set(clients.outcomes) == {422}, clients.outcomes
        assert len(list_request_processes(program)) == 2
        stop_while_requests_run(program)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("workers", ["1", "2"] if FULL else ["1"])
def test_restart_behind_nginx_cuts_nothing(root: Path, tmp_path: Path, workers: str) -> None:
    """systemd keeps the listening socket while the program restarts. This test is systemd."""
    settings = {"DEMO": "0", "WORKERS": workers, "TRUSTED_PROXIES": "1"}
    with socket.create_server(("127.0.0.1", free_port()), backlog=1024) as listener:
        server = f"127.0.0.1:{listener.getsockname()[1]}"
        with (
            running(tmp_path / "first", listener=listener, **settings) as first,
            nginx(tmp_path / "proxy", root, server) as port,
            Clients(port) as clients,
        ):
            clients.wait_for(20)
            assert first.end(signal.SIGTERM) == 0
            with running(tmp_path / "second", listener=listener, **settings) as second:
                clients.wait_for(20)
                clients.stop()
                assert second.end() == 0
    assert set(clients.outcomes) == {422}, clients.outcomes


def stop_while_requests_run(program: Running) -> None:
    """Stop a server that reads a request and keeps a connection; it finishes the request."""
    host = program.base.removeprefix("http://")
    unfinished, kept = HTTPConnection(host, timeout=60), HTTPConnection(host, timeout=60)
    kept.request("GET", "/health/live")
    kept.getresponse().read()
    unfinished.putrequest("POST", "/api/v1/auth/login")
    for name, value in (*HEADERS.items(), ("Content-Length", "2")):
        unfinished.putheader(name, value)
    unfinished.endheaders(b"{")
    time.sleep(0.3)  # until the server has begun to read
    program.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    kept.request("GET", "/health/live")  # may have been on the way
    last = kept.getresponse()
    assert (last.status, last.headers["Connection"]) == (200, "close")
    unfinished.send(b"}")
    assert unfinished.getresponse().status == 422
    assert program.process.wait(60) == 0
    assert "Traceback" not in program.output()
