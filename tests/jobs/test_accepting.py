"""Visits whose period has ended are accepted in batches, each of them exactly once."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import event, select, update

from api.database.statements import BulkInsert, Writer
from api.domain.changes import VISIT_ACCEPTED, VISIT_AMENDED, VISIT_WITHDRAWN
from api.domain.visits import ACCEPTANCE_DUE
from api.jobs.worker import Worker
from api.models.base import now
from api.models.changes import Change
from api.models.events import Event
from api.models.places import Location
from api.models.reviews import Decision
from api.services import events
from api.services.scores import recount, totals
from tests.support.world import ALL_WELL, World, ok

POORLY = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody did."}, "wait": {"value": 100}}


@pytest.fixture
def world(world: World) -> World:
    ok(world.admin.patch("/organization", {"accept_every_minutes": 60}))
    return world


def send_visits(world: World, count: int) -> list[Any]:
    """Send visits to two locations, with different answers."""
    places = [world.location, world.new_location()]
    visits = [world.visit(location=places[number % 2]) for number in range(count)]
    for number, visit in enumerate(visits):
        ok(world.send(visit, world.submission(POORLY if number % 3 else ALL_WELL)), 201)
    return visits


def claim(world: World, visits: Sequence[Any]) -> list[Event]:
    """Let the periods of visits end, and claim their events."""
    is_of_visit = Event.visit_id.in_([uuid.UUID(visit["id"]) for visit in visits])
    world.database.write(
        lambda session: session.execute(update(Event).where(is_of_visit).values(due_at=now()))
    )
    return world.database.write(lambda session: events.claim(session, is_of_visit))


def run(world: World, claimed: Sequence[Event]) -> None:
    Worker(world.database, world.store)._run_tasks(claimed)


def list_statuses(world: World, visits: Sequence[Any]) -> list[str]:
    return [ok(world.admin.get(f"/visits/{visit['id']}"))["status"] for visit in visits]


def find_differences(world: World) -> list[str]:
    """Return the differences of the totals from their recount, at the locations of this test."""
    ids = [location["id"] for location in world.admin.list_all("/locations")]
    assert ids
    with world.database.read_snapshot() as session:
        return [line for line in recount.find_differences(session) if any(name in line for name in ids)]


def test_visits_of_a_batch_are_accepted_in_one_transaction_in_the_order_of_their_events(world: World) -> None:
    visits = send_visits(world, 7)
    claimed = claim(world, visits)
    commits: list[object] = []
    event.listen(world.database.writing_engine, "commit", lambda connection: commits.append(connection))
    run(world, claimed)
    assert len(commits) == 1
    assert set(list_statuses(world, visits)) == {"accepted"}
    order = [event.visit_id for event in sorted(claimed, key=lambda event: event.id)]
    with world.database.read_snapshot() as session:
        changes = select(Change.visit_id).where(Change.visit_id.in_(order)).order_by(Change.number)
        assert session.scalars(changes).all() == order
        decided = select(Decision.visit_id).where(Decision.visit_id.in_(order)).order_by(Decision.decided_at)
        assert session.scalars(decided).all() == order
    assert find_differences(world) == []
    total = ok(world.admin.get(f"/regions/{world.region['id']}/score"))["total"]
    assert total["visits"] == 7


def test_a_row_of_totals_changes_once_in_a_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = claim(world, send_visits(world, 6))
    inserted: list[list[Any]] = []
    original = totals.insert_rows

    def insert_rows(writer: Writer, command: BulkInsert, rows: Sequence[Any]) -> None:
        inserted.append([tuple(row[: totals.KEY_LENGTH]) for row in rows])
        original(writer, command, rows)

    monkeypatch.setattr(totals, "insert_rows", insert_rows)
    run(world, claimed)
    # Totals, those of whole visits once more, tallies, and the changes listed for regions
    keys, visit_keys, _, _ = inserted
    assert keys == sorted(set(keys))
    assert visit_keys == sorted(set(visit_keys))
    assert {location_number for location_number, *_ in keys} == set(read_location_numbers(world))
    assert find_differences(world) == []


def read_location_numbers(world: World) -> Sequence[int]:
    with world.database.read_snapshot() as session:
        in_organization = Location.organization_id == world.organization_id
        return session.scalars(select(Location.number).where(in_organization)).all()


def test_two_events_of_a_revision_accept_it_once(world: World) -> None:
    visits = send_visits(world, 3)
    ids = [uuid.UUID(visit["id"]) for visit in visits]
    again = {"kind": ACCEPTANCE_DUE, "revision": 1, "due_at": now()}
    world.database.write(
        lambda session: session.add_all(Event(visit_id=visit_id, **again) for visit_id in ids)
    )
    claimed = claim(world, visits)
    assert len(claimed) == 6
    run(world, claimed)
    with world.database.read_snapshot() as session:
        decided = session.scalars(select(Decision.visit_id).where(Decision.visit_id.in_(ids))).all()
    assert sorted(decided) == sorted(ids)
    assert find_differences(world) == []


def test_next_revision_of_an_accepted_visit_amends_it(world: World) -> None:
    visits = send_visits(world, 2)
    run(world, claim(world, visits))
    returned = visits[0]
    (first,) = ok(world.admin.get(f"/visits/{returned['id']}"))["decisions"]
    ok(world.review(returned, "return", replaces=first["id"]))
    ok(world.send(returned, world.submission(revision=2)), 201)
    run(world, claim(world, visits))
    assert list_statuses(world, visits) == ["accepted", "accepted"]
    with world.database.read_snapshot() as session:
        of_visit = Change.visit_id == uuid.UUID(returned["id"])
        kinds = session.scalars(select(Change.kind).where(of_visit).order_by(Change.number)).all()
    assert kinds == [VISIT_ACCEPTED, VISIT_WITHDRAWN, VISIT_AMENDED]
    assert find_differences(world) == []
