"""PostgreSQL and the photo store stop and start again while phones send, and responses get lost."""

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
from tests.faults.phones import Delivery, Survey, Traffic, Unavailable, call, create_survey, until_done
from tests.support import servers
from tests.support.running import Running, free_port, running

VISITS = 60
SECONDS = 60


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[str, servers.Process]]:
    """A PostgreSQL server for these tests, which they stop; with fsync, so that it keeps all commits."""
    with servers.postgres_process(fsync=True) as server:
        yield server


@pytest.fixture(scope="module")
def store() -> Iterator[servers.S3]:
    """A photo store for these tests, which they stop."""
    with servers.s3() as server:
        yield server


@pytest.fixture(scope="module")
def running_survey(
    postgres: tuple[str, servers.Process], store: servers.S3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Survey, Running]]:
    """One server for all tests: it has to continue after each."""
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
            create_survey(folder, **settings) as survey,
            running(folder, PORT=str(free_port()), **survey.settings) as program,
        ):
            yield survey, program
            assert program.end() == 0


def test_stopped_postgresql_loses_nothing(
    running_survey: tuple[Survey, Running], postgres: tuple[str, servers.Process]
) -> None:
    survey, program = running_survey
    _, process = postgres
    deliveries = survey.assign(VISITS)
    with Traffic(program.base, deliveries) as traffic:
        traffic.wait_for(20)
        process.stop()
        try:
            problem = eventually(lambda: traffic.unavailable and traffic.unavailable[0])
            assert problem == "/problems/unavailable"
            # Every request gets a 503, whether it reads or writes, and the server is alive.
            for delivery in deliveries[:5]:
                for method, path in (("GET", delivery.path), ("PUT", f"{delivery.path}/submission")):
                    with pytest.raises(Unavailable, match="unavailable"):
                        delivery.call(
                            program.base, method, path, delivery.content if method == "PUT" else b""
                        )
            assert call(program.base, "GET", "/health/ready").status == 503
            assert call(program.base, "GET", "/health/live").status == 200
        finally:
            process.start()
    assert traffic.lost == 0
    # The connections in the pools are lost. Each process notices once for each pool.
    assert len(until_done(program.base, deliveries)) <= 8
    assert eventually(lambda: call(program.base, "GET", "/health/ready").status == 200)
    for delivery in deliveries:
        delivery.verify(program.base)
    survey.world.database.close()  # the connections of this process are lost too
    survey.verify()


def test_stopped_photo_store_stops_photos_but_not_answers(
    running_survey: tuple[Survey, Running], store: servers.S3
) -> None:
    survey, program = running_survey
    before, deliveries = survey.assign(4), survey.assign(8)
    assert until_done(program.base, before) == []
    pictures = [(delivery, picture) for delivery in deliveries for picture in delivery.pictures]
    for delivery, picture in pictures[::2]:  # uploaded but not confirmed
        path = f"{delivery.path}/photos/{picture.id}"
        declared = delivery.call(program.base, "PUT", path, json.dumps(picture.declaration()).encode())
        link = declared.json()["upload"]
        sent = call(program.base, link["method"], link["url"], picture.data, **link["headers"])
        assert sent.status == 200, sent
        picture.uploaded = True
    store.process.stop()
    try:
        for delivery in deliveries:
            delivery.send_answers(program.base)
        for delivery, picture in pictures[:2]:
            path = f"{delivery.path}/photos/{picture.id}"
            declared = delivery.call(program.base, "PUT", path, json.dumps(picture.declaration()).encode())
            assert declared.status in (200, 201)
            with pytest.raises(Unavailable, match="photo-store-unavailable"):
                delivery.call(program.base, "POST", f"{path}/confirm")
        ready = call(program.base, "GET", "/health/ready")
        assert ready.json()["type"] == "/problems/photo-store-unavailable"
    finally:
        store.process.start()
    assert until_done(program.base, deliveries) == []
    for delivery in survey.deliveries:
        delivery.verify(program.base)
    survey.verify()


def test_replay_after_a_lost_response_returns_the_same_receipt(
    running_survey: tuple[Survey, Running],
) -> None:
    """The connection is reset after the commit, before the response is read."""
    survey, program = running_survey
    for delivery in survey.assign(5):
        delivery.pictures.clear()
        with send_and_reset(program.base, delivery):
            stored = eventually(lambda delivery=delivery: get_receipt(survey, delivery))  # type: ignore[misc]
        response = delivery.call(program.base, "PUT", f"{delivery.path}/submission", delivery.content)
        assert (response.status, response.data.strip().decode()) == (200, stored)
        delivery.receipt = response.data
        delivery.verify(program.base)
    survey.verify()


def send_and_reset(base: str, delivery: Delivery) -> socket.socket:
    """Send the answers on a connection that is reset when it is closed, without reading the response."""
    host, _, port = urlsplit(base).netloc.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=SECONDS)
    # With a linger time of 0, close() resets the connection and discards what was received.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    head = (
        f"PUT {delivery.path}/submission HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {delivery.token}\r\nDevice-Time: {datetime.now(UTC).isoformat()}\r\n"
        f"Content-Length: {len(delivery.content)}\r\n\r\n"
    )
    connection.sendall(head.encode() + delivery.content)
    return connection


def get_receipt(survey: Survey, delivery: Delivery) -> str | None:
    with survey.world.database.read_snapshot() as session:
        return session.scalar(
            select(Submission.receipt).where(Submission.visit_id == uuid.UUID(delivery.visit_id))
        )


def eventually(get: Callable[[], Any]) -> Any:
    """Call ``get`` until it returns a true value, and return that."""
    deadline = time.monotonic() + SECONDS
    while not (value := get()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value
