"""Automatic acceptance at the end of a period, which hides which visits were sent together."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from api import migrations
from api.app import create_app
from api.domain.visits import ACCEPTANCE_DUE, find_period_end
from api.models.base import now
from api.models.events import Event
from api.models.reviews import Decision
from api.services.scores import recount
from api.settings import Settings
from tests.support.world import ALL_WELL, World, ok, problem


@pytest.fixture(scope="module")
def hourly_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application on SQLite that accepts visits at every full hour."""
    environment = {"DATA_DIR": str(tmp_path_factory.mktemp("hourly")), "ACCEPT_EVERY_MINUTES": "60"}
    app = create_app(Settings.from_environment(environment))
    database = app.extensions["survey"].database
    migrations.upgrade(database)
    yield app
    database.close()


@pytest.fixture
def world(hourly_app: Flask) -> World:
    return World(hourly_app)


def status(world: World, visit: Any) -> str:
    current: str = ok(world.admin.get(f"/visits/{visit['id']}"))["status"]
    return current


def events(world: World, *visits: Any) -> list[Event]:
    """Return the events of visits in the order in which the worker handles them."""
    ids = [uuid.UUID(visit["id"]) for visit in visits]
    with world.database.read_snapshot() as session:
        query = select(Event).where(Event.visit_id.in_(ids)).order_by(Event.due_at, Event.id)
        return list(session.scalars(query))


def let_period_end(world: World, *visits: Any) -> None:
    """Make the events of visits due, all at the same moment, and run the worker."""
    ids = [uuid.UUID(visit["id"]) for visit in visits]
    moment = now()
    world.database.write(
        lambda session: session.execute(
            update(Event).where(Event.visit_id.in_(ids), Event.kind == ACCEPTANCE_DUE).values(due_at=moment)
        )
    )
    while world.run_due_tasks():
        pass


def test_visit_without_flags_is_not_accepted_before_the_end_of_its_period(world: World) -> None:
    visit = world.visit()
    before = datetime.now(UTC)
    body = world.submission()
    first = world.send(visit, body)
    assert first.status_code == 201
    (event,) = events(world, visit)
    assert (event.kind, event.revision) == (ACCEPTANCE_DUE, 1)
    assert event.due_at in (find_period_end(before, 60), find_period_end(datetime.now(UTC), 60))
    world.run_due_tasks()

    assert status(world, visit) == "submitted"
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "submitted"
    assert world.reviewer.list_all("/reviews") == []
    assert world.manager.list_all("/visits") == []
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    score = f"/locations/{world.location['id']}/score"
    assert ok(world.manager.get(score))["total"]["visits"] == 0

    let_period_end(world, visit)
    assert status(world, visit) == "accepted"
    assert [row["id"] for row in world.manager.list_all("/visits")] == [visit["id"]]
    assert ok(world.manager.get(score))["total"]["points_earned"] == 8
    assert events(world, visit) == []
    assert world.send(visit, body).data == first.data
    (decision,) = ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"]
    assert (decision["decision"], decision["reviewer_id"]) == ("accept", None)


def test_visits_of_a_period_are_accepted_in_the_random_order_of_their_events(world: World) -> None:
    visits = [world.visit() for _ in range(12)]
    for visit in visits:
        ok(world.send(visit, world.submission()), 201)
    waiting = events(world, *visits)
    by_event = [str(event.visit_id) for event in sorted(waiting, key=lambda event: event.id)]
    assert len({event.due_at for event in waiting}) <= 2  # two only if the test runs at a full hour
    assert {event.id.version for event in waiting} == {4}
    let_period_end(world, *visits)
    with world.database.read_snapshot() as session:
        ids = [uuid.UUID(visit["id"]) for visit in visits]
        decided = select(Decision.visit_id).where(Decision.visit_id.in_(ids)).order_by(Decision.decided_at)
        accepted = [str(visit_id) for visit_id in session.scalars(decided)]
    assert accepted == by_event
    assert accepted != [visit["id"] for visit in visits]  # equal by chance once in 479,001,600 runs
    assert {status(world, visit) for visit in visits} == {"accepted"}


def test_event_does_nothing_after_a_reviewer_has_decided(world: World) -> None:
    for decision, expected in (("reject", "rejected"), ("return", "returned"), ("accept", "accepted")):
        visit = world.visit()
        ok(world.send(visit, world.submission()), 201)
        ok(world.review(visit, decision), 200)
        assert status(world, visit) == expected  # before the worker runs
        let_period_end(world, visit)
        assert status(world, visit) == expected
        assert events(world, visit) == []
        assert len(ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"]) == 1
    assert ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 1


def test_event_of_an_earlier_revision_does_not_accept_the_next(world: World) -> None:
    visit = world.visit()
    ok(world.send(visit, world.submission()), 201)
    ok(world.review(visit, "return"))
    (first,) = events(world, visit)
    ok(world.send(visit, world.submission(revision=2)), 201)
    second = next(event for event in events(world, visit) if event.id != first.id)
    assert second.revision == 2
    world.database.write(
        lambda session: session.execute(update(Event).where(Event.id == first.id).values(due_at=now()))
    )
    world.run_due_tasks()
    assert status(world, visit) == "submitted"
    assert [event.id for event in events(world, visit)] == [second.id]
    let_period_end(world, visit)
    assert status(world, visit) == "accepted"


def test_flagged_visit_has_no_event_and_waits_for_a_reviewer(world: World) -> None:
    visit = world.late_visit()
    assert events(world, visit) == []
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews")] == [visit["id"]]


def test_period_begins_when_the_last_photo_is_stored(world: World) -> None:
    visit = world.visit()
    photo_id = str(uuid.uuid4())
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
    ok(world.send(visit, world.submission(answers)), 201)
    assert ACCEPTANCE_DUE not in [event.kind for event in events(world, visit)]
    world.photo(visit, id=photo_id)
    (event,) = (event for event in events(world, visit) if event.kind == ACCEPTANCE_DUE)
    assert event.due_at - datetime.now(UTC) <= timedelta(hours=1)
    let_period_end(world, visit)
    assert status(world, visit) == "accepted"
    with world.database.read_snapshot() as session:
        assert [line for line in recount.find_differences(session) if world.location["id"] in line] == []
