"""A proxy in front of an S3 server that responds wrongly when a test asks for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from tests.support.servers import S3

#: What happens to the objects that are written or read, while the status is 200:
#: "dropped" stores nothing; "stored empty" stores no bytes; "empty", "short" and "other" return wrong bytes.
Fault = Literal["dropped", "stored empty", "empty", "short", "other"]

_NOT_FORWARDED = {"connection", "content-length", "transfer-encoding"}


@dataclass
class FaultyS3:
    """The proxy. ``fault`` is what it does wrong at present, ``faults_left`` how often it does so."""

    server: S3
    endpoint_url: str = ""
    fault: Fault | None = None
    faults_left: int = 0

    def fail(self, fault: Fault, times: int = 1000) -> None:
        """Respond wrongly to the next requests that ``fault`` is about."""
        self.fault, self.faults_left = fault, times

    def work(self) -> None:
        """Respond correctly again."""
        self.fault = None

    def take_fault(self, method: str) -> Fault | None:
        """Return the fault for a request with this method, and count it."""
        is_write = self.fault in ("dropped", "stored empty")
        if self.fault is None or not self.faults_left or method != ("PUT" if is_write else "GET"):
            return None
        self.faults_left -= 1
        return self.fault


@contextmanager
def faulty_s3(server: S3) -> Iterator[FaultyS3]:
    """Run the proxy in threads of this process."""
    proxy = FaultyS3(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.take_fault(self.command)
            if fault == "dropped":
                self.respond(200, {"ETag": '"0"'}, b"")
                return
            if fault == "stored empty":
                bucket, _, key = urlsplit(self.path).path[1:].partition("/")
                server.client().put_object(Bucket=bucket, Key=key, Body=b"")
                self.respond(200, {"ETag": '"0"'}, b"")
                return
            connection = HTTPConnection(urlsplit(server.endpoint_url).netloc, timeout=30)
            try:
                # With the same Host, because the signature covers it.
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                data, headers = response.read(), dict(response.getheaders())
            finally:
                connection.close()
            if response.status == 200:
                data = {"empty": b"", "short": data[:-1], "other": bytes(len(data))}.get(fault or "", data)
            if self.command == "HEAD":
                data_length = headers.get("Content-Length", "0")
                self.respond(response.status, headers, b"", data_length)
            else:
                self.respond(response.status, headers, data)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any

        def respond(
            self, status: int, headers: dict[str, str], data: bytes, length: str | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _NOT_FORWARDED:
                    self.send_header(name, value)
            self.send_header("Content-Length", length or str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    proxy.endpoint_url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        httpd.shutdown()
        httpd.server_close()
