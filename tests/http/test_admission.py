"""Requests beyond the limits of a process are rejected at once, and lanes do not hold each other up."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest
from flask import Response

from api import migrations
from api.app import create_app
from api.http import admission, problem_documents
from api.settings import Settings
from tests.support.conformance import check_responses
from tests.support.world import World, ok, problem

SECONDS = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A program that works on one request of each lane while one more waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "LANES", dict.fromkeys(admission.LANES, (1, 1)))
        app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path_factory.mktemp("lanes"))}))
    migrations.upgrade(app.extensions["survey"].database)
    check_responses(app)
    world = World(app)
    ok(world.admin.get("/regions"))
    yield world
    app.extensions["survey"].database.close()


@pytest.fixture
def gate(world: World, monkeypatch: pytest.MonkeyPatch) -> "Gate":
    views = world.app.view_functions
    gate = Gate(views["places.list_regions"])
    monkeypatch.setitem(views, "places.list_regions", gate.wait)
    return gate


class Gate:
    """The list of regions, which is not returned until the gate is opened."""

    def __init__(self, view: Callable[..., Any]) -> None:
        self.is_entered, self.is_open = threading.Event(), threading.Event()
        self._view = view

    def wait(self, **arguments: object) -> Response:
        self.is_entered.set()
        assert self.is_open.wait(SECONDS)
        response: Response = self._view(**arguments)
        return response


def test_requests_beyond_the_limits_are_rejected_at_once(
    world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", SECONDS)
    before = count_rejected(world)
    with ThreadPoolExecutor() as threads:
        try:
            requests = [threads.submit(world.admin.get, "/regions") for _ in range(3)]
            finished, waiting = wait(requests, SECONDS, FIRST_COMPLETED)
            (rejected,) = finished
            response = rejected.result()
            problem(response, 503, "overloaded")
            limits = problem_documents.MIN_RETRY_AFTER, problem_documents.MAX_RETRY_AFTER
            assert limits[0] <= int(response.headers["Retry-After"]) <= limits[1]
            # Other lanes, health checks and pages continue.
            ok(world.admin.post("/regions", {"code": "north", "name": "North"}), 201)
            problem(world.admin.get("/visits/nothing/photos/nothing"), 404, "not-found")
            for path in ("//health/live", "//health/ready", "//docs"):
                assert world.anonymous.get(path).status_code == 200
        finally:
            gate.is_open.set()
    assert [request.result().status_code for request in waiting] == [200, 200]
    ok(world.admin.get("/regions"))
    assert count_rejected(world) == before + 1


def count_rejected(world: World) -> float:
    text = world.app.extensions["metrics"].text().decode()
    return sum(
        float(line.split()[1])
        for line in text.splitlines()
        if line.startswith('problems_total{code="overloaded"')
    )


def test_request_that_waits_too_long_is_rejected(
    world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    with ThreadPoolExecutor() as threads:
        try:
            running = threads.submit(world.admin.get, "/regions")
            assert gate.is_entered.wait(SECONDS)
            for _ in range(3):  # it makes room for the next one
                problem(world.admin.get("/regions"), 503, "overloaded")
        finally:
            gate.is_open.set()
    ok(running.result())


def test_body_that_arrives_slowly_holds_up_nobody(world: World) -> None:
    content = {"code": "south", "name": "South"}
    body = SlowBody(json.dumps(content).encode())
    with ThreadPoolExecutor() as threads:
        try:
            slow = threads.submit(
                world.admin.post, "/regions", content, environ_overrides={"wsgi.input": body}
            )
            assert body.is_awaited.wait(SECONDS)
            ok(world.admin.post("/regions", {"code": "west", "name": "West"}), 201)
        finally:
            body.has_arrived.set()
    ok(slow.result(), 201)


class SlowBody(io.RawIOBase):
    """A body that arrives when the test lets it."""

    def __init__(self, content: bytes) -> None:
        self.is_awaited, self.has_arrived = threading.Event(), threading.Event()
        self._file = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.is_awaited.set()
        assert self.has_arrived.wait(SECONDS)
        return self._file.readinto(buffer)


def test_retry_after_spreads_those_who_come_back(
    world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0)
    with ThreadPoolExecutor() as threads:
        try:
            threads.submit(world.admin.get, "/regions")
            assert gate.is_entered.wait(SECONDS)
            responses = [world.admin.get("/regions") for _ in range(40)]
        finally:
            gate.is_open.set()
    assert len({response.headers["Retry-After"] for response in responses}) > 1
