"""The running program rejects a body of a gibibyte, and neither grows nor stores it."""

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.benchmarks.load import pss_mib, tree
from tests.support.running import Running, running

MIB = 2**20
PIECE = bytes(MIB)
GIBIBYTE = 2**30
MOST_MEMORY_MIB = 20
#: the part of a body that may be on disk until it is too large: the size of a photo
MOST_ON_DISK_MIB = 22
LOGIN, UPLOAD = ("POST", "/api/v1/auth/login", "application/json"), ("PUT", "/photo-store/x", "image/jpeg")


@pytest.fixture(scope="module", params=["1", "2"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The program as one process of waitress, and as two of gunicorn."""
    with running(tmp_path_factory.mktemp("large"), DEMO="0", WORKERS=request.param) as program:
        # One process serves while the others still start.
        before = 0.0
        while (memory := costs(program)[0]) - before > 1:
            before = memory
            time.sleep(1)
        yield program
        assert program.end() == 0


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("route", [LOGIN, UPLOAD], ids=["login", "upload"])
def test_body_of_a_gibibyte_is_rejected_and_leaves_nothing(
    program: Running, route: tuple[str, str, str], chunked: bool
) -> None:
    before, files = costs(program), stored(program)
    status, body, maximum = stream(program, route, chunked)
    # An upload without a length is rejected before its end is reached.
    assert (status, body["type"]) in {(413, "/problems/too-large")} | (
        {(403, "/problems/upload-refused")} if route == UPLOAD and chunked else set()
    )
    assert {"title", "status", "detail", "instance", "request_id"} <= body.keys()
    assert maximum[0] - before[0] < MOST_MEMORY_MIB
    assert maximum[1] - before[1] < MOST_ON_DISK_MIB
    with urlopen(f"{program.base}/health/ready", timeout=60) as response:
        assert json.load(response) == {"status": "ready"}
    assert costs(program)[1] - before[1] < 1
    assert stored(program) == files


@pytest.mark.parametrize("program", ["1"], indirect=True)
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"BAD\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 2**18 + b"\r\n\r\n", 431),
    ],
    ids=["request line", "length", "encoding", "header"],
)
def test_errors_of_waitress_are_problem_documents(program: Running, sent: bytes, status: int) -> None:
    host, _, port = program.base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(sent)
        received, body = read(rest(connection))
    assert received == body["status"] == status
    assert {"type", "title", "detail", "instance", "request_id"} <= body.keys()


def stream(
    program: Running, route: tuple[str, str, str], chunked: bool
) -> tuple[int, Any, tuple[float, float]]:
    """Send a gibibyte, whatever the response; return its status and body, and the highest costs."""
    method, path, content_type = route
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIBIBYTE}"
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{length}\r\n\r\n"
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    host, _, port = program.base.removeprefix("http://").partition(":")
    data, measured = b"", []
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        with suppress(ConnectionError):
            connection.sendall(head.encode())
            for number in range(GIBIBYTE // len(PIECE)):
                connection.sendall(piece)
                if select.select([connection], [], [], 0)[0]:
                    data += connection.recv(MIB)
                if number % 16 == 0:
                    measured.append(costs(program))
        data += rest(connection)
        measured.append(costs(program))
    return *read(data), (max(memory for memory, _ in measured), max(disk for _, disk in measured))


def rest(connection: socket.socket) -> bytes:
    """Return what arrives on a connection until the server closes it."""
    data = b""
    with suppress(ConnectionError):
        while piece := connection.recv(MIB):
            data += piece
    return data


def read(data: bytes) -> tuple[int, Any]:
    """Return the status and the problem document of a response."""
    response = HTTPResponse(Received(data))  # type: ignore[arg-type]
    response.begin()
    assert response.getheader("Content-Type") == "application/problem+json"
    return response.status, json.loads(response.read())


class Received:
    """The bytes that arrived on a connection, as http.client reads them."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self.data)


def costs(program: Running) -> tuple[float, float]:
    """Return the memory of the program, and the size of its deleted files that are still open, in MiB."""
    open_files = 0
    for pid in tree([program.process.pid]):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(descriptor.readlink()).endswith(" (deleted)"):
                    open_files += descriptor.stat().st_size
    return pss_mib([program.process.pid]), open_files / MIB


def stored(program: Running) -> list[Path]:
    """Return the files of the photo store."""
    return sorted(path for path in (program.log.parent / "photos").rglob("*") if path.is_file())
