"""How the embedded server stops."""

import errno
import signal
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import waitress
from flask import Flask

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


def test_worker_that_waits_for_a_lock_does_not_keep_the_server_from_stopping(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, is_stopping = threading.Event(), threading.Event()
    handlers: dict[int, Callable[[], None]] = {}

    def work() -> None:
        handlers[signal.SIGTERM]()
        lock.wait(60)

    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.5)
    monkeypatch.setattr(embedded, "log_as_json", lambda: None)
    monkeypatch.setattr(embedded.gc, "freeze", lambda: None)
    monkeypatch.setattr(embedded.signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(
        embedded, "create_worker", lambda _app: SimpleNamespace(run=work, stopping=is_stopping)
    )
    listener = socket.create_server(("127.0.0.1", 0))
    serving = threading.Thread(
        target=embedded.serve, args=(embedded_app, embedded_app.extensions["survey"], listener, None)
    )
    serving.start()
    serving.join(20)
    has_stopped = not serving.is_alive()
    lock.set()
    assert has_stopped
    assert is_stopping.is_set()
