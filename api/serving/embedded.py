"""The embedded server: one process, waitress with the worker as a thread."""

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
from api.jobs.worker import Worker
from api.log import log_as_json

THREADS = 8


def serve(app: Flask, parts: AppContext, listener: socket.socket) -> None:
    """Serve until a signal."""
    log_as_json()
    worker = Worker(parts.database, parts.store, app.extensions["metrics"])
    thread = threading.Thread(target=worker.run, name="worker")
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        connection_limit=1000,
        # What is larger than a photo is refused before it is buffered; the app refuses JSON over 1 MiB.
        max_request_body_size=MAX_PHOTO_BYTES + 1,
        # What trusted proxies say of the client is read by the app, which knows how many there are.
        clear_untrusted_proxy_headers=not parts.settings.trusted_proxies,
        ident=None,
    )
    server.channel_class = _Channel
    try:
        gc.collect()
        gc.freeze()  # what is loaded stays, and is not gone through again and again
        thread.start()
        server.run()  # ends with the SystemExit of a signal
    finally:
        worker.stopping.set()
        server.close()
        if thread.ident:
            thread.join()


class _ProblemTask(ErrorTask):
    """What waitress refuses before the program sees it, as a problem document like all else."""

    def execute(self) -> None:
        """Answer, and close the connection."""
        error = self.request.error
        known = {each.status: each for each in (MALFORMED, TOO_LARGE)}
        problem = known.get(error.code) or Problem(f"http-{error.code}", error.code, error.reason)
        body = {
            "type": f"/problems/{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.title,
            "instance": getattr(self.request, "path", ""),  # a request that cannot be read has none
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


class _Answer(WSGITask):
    """An answer of the app.

    One without a body, a 204 or 304, ends with its headers (RFC 9112, 6.3); waitress would end the connection
    with it, and phones that ask often would connect anew each time.
    """

    def set_close_on_finish(self) -> None:
        """End the connection with this answer, where there is a reason."""
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or asked or self.version == "1.0":
            super().set_close_on_finish()


class _Channel(HTTPChannel):
    task_class = _Answer
    error_task_class = _ProblemTask
