"""A body of a gibibyte is refused by the running program, which neither grows nor keeps it."""

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
#: what may lie on the disk of a body until it is too large: as much as a photo may have
MOST_ON_DISK_MIB = 22
LOGIN, UPLOAD = ("POST", "/api/v1/auth/login", "application/json"), ("PUT", "/photo-store/x", "image/jpeg")


@pytest.fixture(scope="module", params=["1", "2"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The program as one process of waitress, and as two of gunicorn."""
    with running(tmp_path_factory.mktemp("large"), DEMO="0", WORKERS=request.param) as program:
        # One process answers while the others still start.
        before = 0.0
        while (memory := costs(program)[0]) - before > 1:
            before = memory
            time.sleep(1)
        yield program
        assert program.end() == 0


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("route", [LOGIN, UPLOAD], ids=["login", "upload"])
def test_a_gibibyte_is_refused_and_leaves_nothing(
    program: Running, route: tuple[str, str, str], chunked: bool
) -> None:
    before, files = costs(program), stored(program)
    status, body, most = streamed(program, route, chunked)
    # An upload that does not tell its length is refused before its end is looked for.
    assert (status, body["type"]) in {(413, "/problems/too-large")} | (
        {(403, "/problems/upload-refused")} if route == UPLOAD and chunked else set()
    )
    assert {"title", "status", "detail", "instance", "request_id"} <= body.keys()
    assert most[0] - before[0] < MOST_MEMORY_MIB
    assert most[1] - before[1] < MOST_ON_DISK_MIB
    with urlopen(f"{program.base}/health/ready", timeout=60) as answer:
        assert json.load(answer) == {"status": "ready"}
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
def test_what_waitress_refuses_itself_is_a_problem_document_too(
    program: Running, sent: bytes, status: int
) -> None:
    host, _, port = program.base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(sent)
        answered, body = read(rest(connection))
    assert answered == body["status"] == status
    assert {"type", "title", "detail", "instance", "request_id"} <= body.keys()


def streamed(
    program: Running, route: tuple[str, str, str], chunked: bool
) -> tuple[int, Any, tuple[float, float]]:
    """Send a gibibyte, whatever comes back; return status and body of the answer, and the highest costs."""
    method, path, content_type = route
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIBIBYTE}"
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{length}\r\n\r\n"
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    host, _, port = program.base.removeprefix("http://").partition(":")
    said, seen = b"", []
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        with suppress(ConnectionError):
            connection.sendall(head.encode())
            for number in range(GIBIBYTE // len(PIECE)):
                connection.sendall(piece)
                if select.select([connection], [], [], 0)[0]:
                    said += connection.recv(MIB)
                if number % 16 == 0:
                    seen.append(costs(program))
        said += rest(connection)
        seen.append(costs(program))
    return *read(said), (max(memory for memory, _ in seen), max(disk for _, disk in seen))


def rest(connection: socket.socket) -> bytes:
    """Return what still comes on a connection until the server closes it."""
    said = b""
    with suppress(ConnectionError):
        while piece := connection.recv(MIB):
            said += piece
    return said


def read(said: bytes) -> tuple[int, Any]:
    """Return the status and the problem document of an answer."""
    response = HTTPResponse(Said(said))  # type: ignore[arg-type]
    response.begin()
    assert response.getheader("Content-Type") == "application/problem+json"
    return response.status, json.loads(response.read())


class Said:
    """What came back on a connection, as http.client reads it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self.data)


def costs(program: Running) -> tuple[float, float]:
    """Return the program's memory, and what its processes hold in files without a name, in MiB."""
    held = 0
    for pid in tree([program.process.pid]):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(descriptor.readlink()).endswith(" (deleted)"):
                    held += descriptor.stat().st_size
    return pss_mib([program.process.pid]), held / MIB


def stored(program: Running) -> list[Path]:
    """Return the files of the program's photos."""
    return sorted(path for path in (program.log.parent / "photos").rglob("*") if path.is_file())
