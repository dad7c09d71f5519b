"""Attempts to deliver a webhook, against real receivers that behave badly."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import trustme

from api.jobs import webhook_requests
from api.jobs.webhook_requests import Result
from api.services import host_addresses
from api.services.host_addresses import AddressError
from tests.support.receivers import OK, Handler, drip, read_request, receiver, respond

#: what a deadline below a second may take on a busy machine; receivers that hang take longer
PATIENCE = 10


def post(port: int, path: str = "/", **options: Any) -> Result:
    options = {"allow_private": True} | options
    return webhook_requests.post(f"http://localhost:{port}{path}", {"X-Test": "1"}, b"{}", **options)


def test_request_arrives_as_sent() -> None:
    requests: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        requests.append(read_request(connection))
        connection.sendall(OK)

    with receiver(handle) as port:
        result = post(port, "/hooks?tenant=1")
    assert (result.status, result.failure) == (204, None)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hooks?tenant=1 HTTP/1.1"
    assert set(lines[1:]) == {
        f"Host: localhost:{port}",
        "X-Test: 1",
        "Content-Length: 2",
        "Connection: close",
    }
    assert body == b"{}"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 500])
def test_status_other_than_2xx_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    with receiver(
        respond(f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".encode())
    ) as port:
        result = post(port)
    assert (result.status, result.failure, result.is_gone) == (status, "status", status == 410)


@pytest.mark.parametrize(
    "handle",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"", b"", 60),
    ],
    ids=["headers", "body", "chunks", "silence"],
)
def test_slow_receiver_is_cut_off_at_the_deadline(handle: Handler) -> None:
    with receiver(handle) as port:
        began = time.monotonic()
        result = post(port, timeout=timedelta(seconds=0.6))
        assert time.monotonic() - began < PATIENCE
    assert result.failure == "timeout"
    assert 600 <= result.duration_ms < PATIENCE * 1000


def test_body_without_end_is_read_to_its_limit_only() -> None:
    sent = 0

    def handle(connection: socket.socket) -> None:
        nonlocal sent
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65536)

    with receiver(handle) as port:
        result = post(port)
    assert result.failure is None
    assert sent < 20_000_000  # what fits into the buffers of two sockets


@pytest.mark.parametrize(
    "response", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"]
)
def test_broken_response_is_a_failure(response: bytes) -> None:
    with receiver(respond(response)) as port:
        result = post(port)
    assert result.failure in ("protocol", "connection")


def test_closed_port_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post(port).failure == "connection"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("soon", None),
        ("-5", None),
        ("9" * 30, 10**8),
        (f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT", None),
        (f"Fri, 31 Dec 2100 23:59:59 +{'9' * 20}", None),
    ],
)
def test_retry_after_is_read(value: str, seconds: int | None) -> None:
    with receiver(
        respond(f"HTTP/1.1 503 X\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode())
    ) as port:
        result = post(port)
    assert result.retry_after == (timedelta(seconds=seconds) if seconds else None)


def test_retry_after_can_be_a_date() -> None:
    with receiver(
        respond(b"HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n")
    ) as port:
        assert post(port).retry_after > timedelta(days=365)  # type: ignore[operator]


# Addresses.


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::1", "fe80::1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
def test_name_with_an_address_that_is_not_public_is_rejected(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    records = [(0, 0, 0, "", (resolved, 443)) for resolved in ("93.184.216.34", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: records)
    with pytest.raises(AddressError, match="address-not-public"):
        host_addresses.resolve("hooks.example", 443, 1, allow_private=False)
    result = webhook_requests.post("https://hooks.example/", {}, b"", allow_private=False)
    assert (result.status, result.failure) == (None, "address-not-public")


def test_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name resolves to this machine first; a second look-up would lead to a port that does not answer."""
    with receiver(respond(OK)) as port:
        calls: list[str] = []
        real = socket.getaddrinfo

        def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
            calls.append(host)
            return (
                real("127.0.0.1" if calls.count("rebind.example") == 1 else "203.0.113.1", *args, **options)
                if (host == "rebind.example")
                else real(host, *args, **options)
            )

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        result = webhook_requests.post(f"http://rebind.example:{port}/", {}, b"", allow_private=True)
    assert result.failure is None
    assert calls.count("rebind.example") == 1


def test_name_that_does_not_resolve_in_time_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(20) or [])
    began = time.monotonic()
    with pytest.raises(AddressError, match="name-resolution"):
        host_addresses.resolve("hooks.example", 443, 0.2, allow_private=False)
    assert time.monotonic() - began < PATIENCE


def test_unknown_name_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_args: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = webhook_requests.post("https://unknown.example/", {}, b"", allow_private=False)
    assert (result.status, result.failure) == (None, "name-resolution")


# Certificates.


AUTHORITY = trustme.CA()


@contextmanager
def secured() -> Iterator[int]:
    """A receiver with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    with receiver(respond(OK), context) as port:
        yield port


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def test_certificate_of_the_name_is_accepted() -> None:
    with secured() as port:
        result = webhook_requests.post(
            f"https://localhost:{port}/", {}, b"", allow_private=True, context=trusting()
        )
    assert (result.status, result.failure) == (204, None)


def test_certificate_of_another_name_is_rejected() -> None:
    with secured() as port:
        result = webhook_requests.post(
            f"https://127.0.0.1:{port}/", {}, b"", allow_private=True, context=trusting()
        )
    assert (result.status, result.failure) == (None, "certificate")


def test_certificate_of_an_unknown_authority_is_rejected() -> None:
    with secured() as port:
        result = webhook_requests.post(f"https://localhost:{port}/", {}, b"", allow_private=True)
    assert (result.status, result.failure) == (None, "certificate")


def test_receiver_that_never_finishes_the_handshake_is_cut_off() -> None:
    with receiver(lambda connection: time.sleep(20)) as port:
        began = time.monotonic()
        result = webhook_requests.post(
            f"https://localhost:{port}/", {}, b"", allow_private=True, timeout=timedelta(seconds=0.5)
        )
        assert time.monotonic() - began < PATIENCE
    assert result.failure == "timeout"
