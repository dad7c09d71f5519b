"""The embedded server: waitress and the worker in one process."""

import gc
import json
import socket
import threading
import uuid
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from api.domain.evidence import MAX_PHOTO_BYTES
from api.domain.problems import MALFORMED, TOO_LARGE, Problem
from api.http.context import AppContext
from api.log import log_as_json
from api.serving.metrics_server import serve_metrics
from api.serving.worker import create_worker

THREADS = 8


def serve(app: Flask, context: AppContext, listener: socket.socket, scrapes: socket.socket | None) -> None:
    """Serve until the process receives a signal. Metrics are served on ``scrapes``, if there is one."""
    log_as_json()
    worker = create_worker(app)
    worker_thread = threading.Thread(target=worker.run, name="worker")
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        connection_limit=1000,
        # Rejects what is larger than a photo before buffering it. The app rejects JSON over 1 MiB.
        max_request_body_size=MAX_PHOTO_BYTES + 1,
        # The app evaluates the headers of trusted proxies, because it knows how many proxies there are.
        clear_untrusted_proxy_headers=not context.settings.trusted_proxies,
        ident=None,
    )
    server.channel_class = _Channel
    serve_metrics(app.extensions["metrics"], scrapes)
    try:
        gc.collect()
        gc.freeze()  # what is loaded now is never freed, so collections need not examine it
        worker_thread.start()
        server.run()  # returns after the SystemExit of a signal handler
    finally:
        worker.stopping.set()
        server.close()
        if worker_thread.ident:
            worker_thread.join()


class _ProblemTask(ErrorTask):
    """Responds with a problem document to a request that waitress rejects before the app receives it."""

    def execute(self) -> None:
        """Write the response and close the connection."""
        error = self.request.error
        problems = {problem.status: problem for problem in (MALFORMED, TOO_LARGE)}
        problem = problems.get(error.code) or Problem(f"http-{error.code}", error.code, error.reason)
        body = {
            "type": f"/problems/{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.title,
            "instance": getattr(self.request, "path", ""),  # missing if the request cannot be parsed
            "request_id": uuid.uuid4().hex,
        }
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [
            ("Content-Type", "application/problem+json"),
            ("X-Request-ID", body["request_id"]),
            ("Cache-Control", "no-store"),
        ]
        content = json.dumps(body).encode()
        self.set_close_on_finish()
        self.content_length = len(content)
        self.write(content)


class _ResponseTask(WSGITask):
    """Writes a response of the app, and keeps the connection open after one without a body.

    A 204 or 304 ends with its headers (RFC 9112, 6.3), but waitress would close the connection. Phones that
    poll would then connect again each time.
    """

    def set_close_on_finish(self) -> None:
        """Close the connection after the response if there is a reason to."""
        close_requested = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or close_requested or self.version == "1.0":
            super().set_close_on_finish()


class _Channel(HTTPChannel):
    task_class = _ResponseTask
    error_task_class = _ProblemTask
