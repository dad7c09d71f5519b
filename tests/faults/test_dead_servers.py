"""PostgreSQL and the photo store going away in mid-flight and coming back, and answers that get lost."""

import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from api.models.submissions import Submission
from tests.faults.phones import Errand, Field, Refused, Traffic, call, field_of, until_done
from tests.support import servers
from tests.support.running import Running, free_port, running

VISITS = 60
SECONDS = 60


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[str, servers.Process]]:
    """A server of these tests' own, to be stopped, which keeps what it has committed."""
    with servers.postgres_process(fsync=True) as made:
        yield made


@pytest.fixture(scope="module")
def store() -> Iterator[servers.S3]:
    """A photo store of these tests' own, to be stopped."""
    with servers.s3() as made:
        yield made


@pytest.fixture(scope="module")
def place(
    postgres: tuple[str, servers.Process], store: servers.S3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Field, Running]]:
    """One program for all of it: it goes on after each."""
    folder = tmp_path_factory.mktemp("dead-servers")
    settings = {
        "DATABASE_URL": servers.new_database(postgres[0]),
        "PHOTO_BUCKET": store.new_bucket(),
        "PHOTO_ENDPOINT_URL": store.endpoint_url,
        "WORKERS": "2",
        **store.environment,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environment.items():
            patch.setenv(name, value)
        with (
            field_of(folder, **settings) as field,
            running(folder, PORT=str(free_port()), **field.settings) as program,
        ):
            yield field, program
            assert program.end() == 0


def test_postgresql_stopped_in_mid_flight(
    place: tuple[Field, Running], postgres: tuple[str, servers.Process]
) -> None:
    field, program = place
    _, process = postgres
    errands = field.assign(VISITS)
    with Traffic(program.base, errands) as traffic:
        traffic.wait_for(20)
        process.stop()
        try:
            refused_by = eventually(lambda: traffic.refused and traffic.refused[0])
            assert refused_by == "/problems/unavailable"
            # Every request is told so, reading or writing, and the program lives.
            for errand in errands[:5]:
                for method, path in (("GET", errand.path), ("PUT", f"{errand.path}/submission")):
                    with pytest.raises(Refused, match="unavailable"):
                        errand.call(program.base, method, path, errand.content if method == "PUT" else b"")
            assert call(program.base, "GET", "/health/ready").status == 503
            assert call(program.base, "GET", "/health/live").status == 200
        finally:
            process.start()
    assert traffic.lost == 0
    # Connections that the pools held are dead; each process finds out by itself, once for each pool.
    assert len(until_done(program.base, errands)) <= 8
    assert eventually(lambda: call(program.base, "GET", "/health/ready").status == 200)
    for errand in errands:
        errand.hold(program.base)
    field.world.database.close()  # this process's connections are dead as well
    field.hold()


def test_a_dead_photo_store_stops_photos_and_no_answers(
    place: tuple[Field, Running], store: servers.S3
) -> None:
    field, program = place
    before, errands = field.assign(4), field.assign(8)
    assert until_done(program.base, before) == []
    pictures = [(errand, picture) for errand in errands for picture in errand.pictures]
    for errand, picture in pictures[::2]:  # sent, and not confirmed yet
        path = f"{errand.path}/photos/{picture.id}"
        declared = errand.call(program.base, "PUT", path, json.dumps(picture.declaration()).encode())
        link = declared.json()["upload"]
        sent = call(program.base, link["method"], link["url"], picture.data, **link["headers"])
        assert sent.status == 200, sent
        picture.uploaded = True
    store.process.stop()
    try:
        for errand in errands:
            errand.send_answers(program.base)
        for errand, picture in pictures[:2]:
            path = f"{errand.path}/photos/{picture.id}"
            declared = errand.call(program.base, "PUT", path, json.dumps(picture.declaration()).encode())
            assert declared.status in (200, 201)
            with pytest.raises(Refused, match="photo-store-unavailable"):
                errand.call(program.base, "POST", f"{path}/confirm")
        ready = call(program.base, "GET", "/health/ready")
        assert ready.json()["type"] == "/problems/photo-store-unavailable"
    finally:
        store.process.start()
    assert until_done(program.base, errands) == []
    for errand in field.errands:
        errand.hold(program.base)
    field.hold()


def test_after_a_lost_answer_the_same_receipt_comes_again(place: tuple[Field, Running]) -> None:
    """The line is cut after the commit, before the answer is read."""
    field, program = place
    for errand in field.assign(5):
        errand.pictures.clear()
        with cut_line(program.base, errand):
            stored = eventually(lambda errand=errand: receipt_of(field, errand))  # type: ignore[misc]
        answer = errand.call(program.base, "PUT", f"{errand.path}/submission", errand.content)
        assert (answer.status, answer.data.strip().decode()) == (200, stored)
        errand.receipt = answer.data
        errand.hold(program.base)
    field.hold()


def cut_line(base: str, errand: Errand) -> socket.socket:
    """Send the answers on a line that is closed without reading what comes back."""
    host, _, port = urlsplit(base).netloc.partition(":")
    line = socket.create_connection((host, int(port)), timeout=SECONDS)
    # Closed so, the kernel cuts the line at once and throws away whatever came.
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    head = (
        f"PUT {errand.path}/submission HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {errand.token}\r\nDevice-Time: {datetime.now(UTC).isoformat()}\r\n"
        f"Content-Length: {len(errand.content)}\r\n\r\n"
    )
    line.sendall(head.encode() + errand.content)
    return line


def receipt_of(field: Field, errand: Errand) -> str | None:
    with field.world.database.read_snapshot() as session:
        return session.scalar(
            select(Submission.receipt).where(Submission.visit_id == uuid.UUID(errand.visit_id))
        )


def eventually(ask: Callable[[], Any]) -> Any:
    """Ask until there is an answer, and return it."""
    give_up = time.monotonic() + SECONDS
    while not (answer := ask()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return answer
