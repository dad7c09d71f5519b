"""The embedded server: waitress and the worker in one process."""

import gc
import socket
import threading
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from api.domain.evidence import MAX_PHOTO_BYTES
from api.http.context import AppContext
from api.log import log_as_json
from api.serving.metrics_server import serve_metrics
from api.serving.rejections import MAX_REQUEST_LINE, build_rejection
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


class _UriTooLong(BadRequest):
    code, reason = 414, "URI Too Long"


class _Parser(HTTPRequestParser):
    """Rejects what gunicorn rejects, because another server could understand it in another way."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers. Raises ParsingError."""
        request_line, *lines = header_plus.split(b"\r\n")
        if len(request_line) > MAX_REQUEST_LINE:
            self.error = _UriTooLong("The request line is too long")
            header_plus, lines = b"GET / HTTP/1.0\r\n", []
        super().parse_header(header_plus)
        names = [line.partition(b":")[0].lower() for line in lines]
        if names.count(b"host") > 1 or (self.version == "1.1" and b"host" not in names):
            raise ParsingError("There must be one Host")
        if b"transfer-encoding" in names and (self.version == "1.0" or b"content-length" in names):
            raise ParsingError("Transfer-Encoding is not allowed here")


class _ProblemTask(ErrorTask):
    """Responds with a problem document to a request that waitress rejects before the app receives it."""

    def execute(self) -> None:
        """Write the response and close the connection."""
        error = self.request.error
        headers, content = build_rejection(error.code, getattr(self.request, "path", ""))
        self.status = f"{error.code} {error.reason}"
        self.response_headers += headers.items()
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
    parser_class = _Parser
    task_class = _ResponseTask
    error_task_class = _ProblemTask
