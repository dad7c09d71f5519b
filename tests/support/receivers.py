"""Receivers of webhooks: servers on this machine that respond as a test wants."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def receiver(handle: Handler, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Accept connections on a port of this machine and hand each to ``handle`` in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if context is None:
                handle(connection)
            else:
                with context.wrap_socket(connection, server_side=True) as secured:
                    handle(secured)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    head, _, body = request.partition(b"\r\n\r\n")
    length = int(
        next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split(b":")[
            1
        ]
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


def respond(response: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(response)

    return handle


def drip(start: bytes, byte: bytes, seconds: float = 0.05) -> Handler:
    """Send ``start``, then a byte every few milliseconds for as long as the connection lasts."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(start)
        while True:
            time.sleep(seconds)
            connection.sendall(byte)

    return handle


@dataclass(frozen=True)
class Received:
    """A request that a receiver got: headers in lower case, and the body."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Return whether the published library verifies the signature with this secret."""
        try:
            Webhook(secret).verify(self.body, self.headers)
        except WebhookVerificationError:
            return False
        return True


@dataclass
class Inbox:
    """Keeps the requests that a receiver gets. It responds with ``responses`` in turn, and then with 204.

    With a ``secret``, it keeps those that are not signed with it in ``rejected`` as well. The library accepts
    a signature for five minutes, so that must be checked at once.
    """

    responses: list[bytes] = field(default_factory=list)
    secret: str | None = None
    rejected: list[Received] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: socket.socket) -> None:
        head, _, body = read_request(connection).partition(b"\r\n\r\n")
        pairs = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        received = Received({name.lower(): value for name, value in pairs}, body)
        with self.lock:
            self.received.append(received)
            if self.secret is not None and not received.is_signed_with(self.secret):
                self.rejected.append(received)
            response = self.responses.pop(0) if self.responses else OK
        connection.sendall(response)

    @property
    def types(self) -> list[str]:
        """The types of the messages, in the order in which they came."""
        return [received.message["type"] for received in self.received]


def status(code: int, *headers: str) -> bytes:
    """Return a response without a body."""
    lines = (f"HTTP/1.1 {code} Status", "Content-Length: 0", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
