"""A gunicorn worker that rejects malformed requests and stops as the embedded server does."""

import socket
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from api.serving.rejections import build_rejection

_STATUSES = {
    errors.LimitRequestLine: 414,
    errors.ExpectationFailed: 417,
    errors.LimitRequestHeaders: 431,
    errors.UnsupportedTransferCoding: 501,
}
#: Errors of the app, not of the client
_OF_RESPONSES = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Worker(ThreadWorker):
    """A worker with threads."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections, or stop doing so.

        When the worker stops, it takes over those that the system has accepted already: if no other process
        has the listener, they would be reset when it closes.
        """
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.setblocking(False)
                before = -1
                while before < self.nr_conns:
                    before = self.nr_conns
                    self.accept(listener)
                listener.close()

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Respond with a problem document to a request that cannot be parsed."""
        if not isinstance(exc, errors.ParseException) or isinstance(exc, _OF_RESPONSES):
            super().handle_error(req, client, addr, exc)
            return
        status = HTTPStatus(_STATUSES.get(type(exc), 400))
        headers, content = build_rejection(status)
        lines = [f"HTTP/1.1 {status} {status.phrase}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            util.write_nonblock(client, "\r\n".join([*lines, "", ""]).encode() + content)
        except OSError:
            self.log.debug("the client of a malformed request has disconnected")
