"""The embedded server: waitress and the worker in one process."""

import gc
import signal
import socket
import threading
import time
from select import select
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from api.domain.evidence import MAX_PHOTO_BYTES
from api.http.admission import THREADS
from api.http.context import AppContext
from api.log import log_as_json
from api.serving.metrics_server import serve_metrics
from api.serving.stopping import GRACE_SECONDS, LINGER_SECONDS, STOP_SECONDS, STOP_SIGNALS
from api.serving.waitress_channel import Channel
from api.serving.worker import create_worker

#: Open connections. Each needs a file descriptor.
MAX_CONNECTIONS = 2000


def serve(app: Flask, context: AppContext, listener: socket.socket, scrapes: socket.socket | None) -> None:
    """Serve until the process receives a signal. Metrics are served on ``scrapes``, if there is one."""
    log_as_json()
    worker = create_worker(app)
    # A daemon, so that the program can end while the worker waits for a lock in the database.
    worker_thread = threading.Thread(target=worker.run, name="worker", daemon=True)
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        # Phones keep their connections. One that is not accepted could not ask for health either.
        connection_limit=MAX_CONNECTIONS,
        asyncore_use_poll=True,
        # Rejects what is larger than a photo before buffering it. The app rejects JSON over 1 MiB.
        max_request_body_size=MAX_PHOTO_BYTES + 1,
        # The app evaluates the headers of trusted proxies, because it knows how many proxies there are.
        clear_untrusted_proxy_headers=not context.settings.trusted_proxies,
        ident=None,
    )
    server.channel_class = Channel
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        server.pull_trigger()  # ends the wait for connections

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    serve_metrics(app.extensions["metrics"], scrapes)
    try:
        gc.collect()
        gc.freeze()  # what is loaded now is never freed, so collections need not examine it
        worker_thread.start()
        while not stopping.is_set():
            wasyncore.loop(timeout=1, map=server._map, count=1)
    finally:
        deadline = time.monotonic() + STOP_SECONDS
        worker.stopping.set()
        _drain(server)
        if worker_thread.ident:
            worker_thread.join(max(deadline - time.monotonic(), 0))


def _drain(server: Any) -> None:
    """Finish what runs on the connections that exist, without accepting new ones.

    Connections that the system has accepted already are among them: closing the listener would reset them.
    """
    before = -1
    while before < len(server.active_channels) and select([server.socket], [], [], 0)[0]:
        before = len(server.active_channels)  # stays the same if no file descriptor is left for a connection
        server.handle_accept()
    wasyncore.dispatcher.close(server)  # the listener only
    now = time.monotonic()
    linger_until, deadline = now + LINGER_SECONDS, now + GRACE_SECONDS
    while server.active_channels and now < deadline:
        for channel in list(server.active_channels.values()):
            is_idle = not (channel.requests or channel.request or channel.total_outbufs_len)
            channel.will_close |= is_idle and now > linger_until
        wasyncore.loop(timeout=0.1, map=server._map, count=1)
        now = time.monotonic()
    server.task_dispatcher.shutdown()
