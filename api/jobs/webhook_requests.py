"""One attempt to deliver a webhook: resolve the name, check its addresses, connect, send, read the status.

The connection goes to an address that was checked, so a name that resolves differently the next moment leads
nowhere else. The deadline covers the attempt altogether; the timeout of a socket alone would start again with
each byte that a slow receiver sends.
"""

import email.utils
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from api.domain import webhooks
from api.services.host_addresses import AddressError, resolve

MAX_RESPONSE_BYTES = 64 * 1024
_CHUNK_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an attempt. ``failure`` is the reason in a word, or None after a success."""

    status: int | None
    failure: str | None
    duration_ms: int
    retry_after: timedelta | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver asked for no more deliveries (410)."""
        return self.status == http.HTTPStatus.GONE


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allow_private: bool,
    timeout: timedelta = webhooks.ATTEMPT_TIMEOUT,
    context: ssl.SSLContext | None = None,
) -> Result:
    """Send a POST and return the result. Redirects are not followed, and the response's body is not kept.

    ``context`` verifies certificates, by default against the system's authorities.
    """
    began = time.monotonic()
    deadline = began + timeout.total_seconds()
    status, retry_after = None, None
    try:
        response = _send(url, headers, body, deadline, allow_private, context or ssl.create_default_context())
        status, retry_after = response.status, _parse_retry_after(response.headers.get("Retry-After"))
        failure = None if 200 <= status < 300 else "status"
    except AddressError as error:
        failure = error.reason
    except ssl.SSLCertVerificationError:
        failure = "certificate"
    except ssl.SSLError:
        failure = "tls"
    except http.client.HTTPException:
        failure = "protocol"
    except OSError:
        failure = "connection"
    if time.monotonic() >= deadline:
        # Whatever was received: http.client takes a response that was cut off for one that has ended.
        failure = "timeout"
    return Result(status, failure, round((time.monotonic() - began) * 1000), retry_after)


def _send(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    deadline: float,
    allow_private: bool,
    context: ssl.SSLContext,
) -> http.client.HTTPResponse:
    """Send the request and read the response up to MAX_RESPONSE_BYTES."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", webhooks.port_of(parts)
    addresses = resolve(host, port, deadline - time.monotonic(), allow_private=allow_private)
    connection = http.client.HTTPConnection(host, port)
    with _connect(addresses, port, deadline) as plain, _CutOff(plain, deadline):
        secured = context.wrap_socket(plain, server_hostname=host) if parts.scheme == "https" else plain
        with closing(secured):
            connection.sock = secured
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            # http.client does not know of TLS here, and would add the default port of https to Host.
            connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", parts.netloc)
            for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            left = MAX_RESPONSE_BYTES
            while left > 0 and (chunk := response.read(min(left, _CHUNK_BYTES))):
                left -= len(chunk)
            if left > 0 and response.length:  # http.client ends a short body silently
                raise http.client.IncompleteRead(b"", response.length)
            return response


def _connect(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """Return a connection to the first address that accepts one."""
    for address in addresses:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=max(deadline - time.monotonic(), 0.001))
    raise ConnectionError("No address accepts a connection.")


class _CutOff:
    """Shuts a connection down at a deadline.

    It copies the socket, because TLS takes the original over.
    """

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._copy = connection.dup()
        self._timer = threading.Timer(max(deadline - time.monotonic(), 0), self._shut_down)
        self._timer.daemon = True

    def _shut_down(self) -> None:
        with suppress(OSError):
            self._copy.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._copy.close()


def _parse_retry_after(value: str | None) -> timedelta | None:
    """Return the wait that a Retry-After header asks for: seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    try:
        return max(email.utils.parsedate_to_datetime(value) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError, OverflowError):
        return None
