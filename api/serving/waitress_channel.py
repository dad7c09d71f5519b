"""Connections of the embedded server: what is rejected, and how long they stay open."""

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from api.serving.rejections import MAX_REQUEST_LINE, build_rejection


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

    def start(self) -> None:
        """Start the response, which announces the end of the connection if the server is stopping."""
        super().start()
        if not self.channel.server.accepting:
            super().set_close_on_finish()

    def set_close_on_finish(self) -> None:
        """Close the connection after the response if there is a reason to."""
        close_requested = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or close_requested or self.version == "1.0":
            super().set_close_on_finish()


class Channel(HTTPChannel):
    """A connection."""

    parser_class = _Parser
    task_class = _ResponseTask
    error_task_class = _ProblemTask
