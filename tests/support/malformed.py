"""Requests that break the rules of HTTP, and a client that sends them byte for byte."""

import socket
from email.message import Message
from http.client import HTTPResponse

_LOGIN = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_CHUNKED = f"{_LOGIN}Transfer-Encoding: chunked\r\n"

#: Name → the request and the status of its response.
MALFORMED: dict[str, tuple[str, int]] = {
    "chunk-size": (f"{_CHUNKED}\r\nzz\r\n{{}}\r\n0\r\n\r\n", 400),
    "negative-chunk-size": (f"{_CHUNKED}\r\n-2\r\n{{}}\r\n0\r\n\r\n", 400),
    "chunk-without-end": (f"{_CHUNKED}\r\n2\r\n{{}}XX0\r\n\r\n", 400),
    "long-request-line": (f"GET /{'a' * 9000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "no-host": ("GET /health/live HTTP/1.1\r\n\r\n", 400),
    "two-hosts": ("GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    "two-framings": (f"{_CHUNKED}Content-Length: 2\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n", 400),
    "two-lengths": (f"{_LOGIN}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} ", 400),
    "chunks-in-http-1.0": (f"{_CHUNKED.replace('1.1', '1.0', 1)}\r\n2\r\n{{}}\r\n0\r\n\r\n", 400),
}


def exchange(port: int, request: str) -> tuple[int, Message, bytes]:
    """Send a request; return status, headers and body. The server has to close the connection afterwards."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request.encode())
        response = HTTPResponse(connection)
        response.begin()
        body = response.read()
        assert connection.recv(1) == b""
        return response.status, response.headers, body
