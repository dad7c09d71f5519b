"""The log of changes: what API clients learn of a visit, in order, and nothing about the shopper."""

import uuid
from typing import Any

from alembic import command
from flask import Flask
from sqlalchemy import select, update

from api import migrations
from api.models.changes import Change
from api.models.visits import Visit
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

#: The migration that adds the log
REVISION = "0008"


def list_changes(world: World, visit: Any = None) -> list[Change]:
    """Return the changes of the organization, or of one of its visits, in order."""
    query = select(Change).where(Change.organization_id == world.organization_id).order_by(Change.number)
    if visit is not None:
        query = query.where(Change.visit_id == uuid.UUID(visit["id"]))
    with world.database.read_snapshot() as session:
        return list(session.scalars(query))


def list_kinds(world: World, visit: Any = None) -> list[str]:
    return [change.kind for change in list_changes(world, visit)]


def test_acceptance_is_recorded_with_the_place_and_the_day(world: World) -> None:
    visit = world.accepted_visit()
    (change,) = list_changes(world)
    assert change.kind == "visit.accepted"
    assert (str(change.visit_id), change.revision) == (visit["id"], 1)
    assert str(change.location_id) == world.location["id"]
    assert not change.is_published
    with world.database.read_snapshot() as session:
        day = session.scalars(select(Visit.day).where(Visit.id == change.visit_id)).one()
    assert change.data == {
        "location": {"id": world.location["id"], "code": world.location["code"]},
        "checklist": {"key": "visit", "version": 1},
        "day": day.isoformat(),
        "month": day.isoformat()[:7],
        "changes_score": True,
    }


def test_visits_that_managers_do_not_see_are_not_recorded(world: World) -> None:
    world.visit()
    ok(world.review(world.late_visit(), "reject"))
    ok(world.review(world.late_visit(), "return"))
    world.late_visit()
    assert list_changes(world) == []


def test_acceptance_that_is_taken_back_is_recorded(world: World) -> None:
    visit = world.late_visit()
    accepted = ok(world.review(visit, "accept"))
    rejected = ok(world.review(visit, "reject", replaces=accepted["id"]))
    ok(world.review(visit, "accept", replaces=rejected["id"]))
    assert list_kinds(world) == ["visit.accepted", "visit.withdrawn", "visit.accepted"]
    assert [change.data["changes_score"] for change in list_changes(world)] == [True] * 3


def test_confirmation_of_an_automatic_acceptance_is_not_a_change(world: World) -> None:
    visit = world.accepted_visit()
    ok(world.review(visit, "accept", replaces=visit["decisions"][0]["id"]))
    assert list_kinds(world) == ["visit.accepted"]


def test_visit_that_is_accepted_with_a_new_revision_is_amended(world: World) -> None:
    shopper = world.person("shopper")
    visit = world.accepted_visit(shopper=shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]))
    corrected = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
    ok(world.send(visit, corrected, shopper), 201)
    changes = list_changes(world)
    assert [change.kind for change in changes] == ["visit.accepted", "visit.withdrawn", "visit.amended"]
    assert [change.revision for change in changes] == [1, 1, 2]
    assert changes[0].data["day"] == changes[2].data["day"]


def test_second_revision_of_a_visit_that_was_never_accepted_is_not_amended(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(revision=2)), 201)
    ok(world.review(visit, "accept", revision=2))
    assert list_kinds(world) == ["visit.accepted"]


def test_closed_store_changes_no_score(world: World) -> None:
    visit = world.visit()
    ok(world.send(visit, world.submission({}, outcome="store-closed")), 201)
    accepted = ok(world.review(visit, "accept"))
    ok(world.review(visit, "reject", replaces=accepted["id"]))
    changes = list_changes(world)
    assert [change.kind for change in changes] == ["visit.accepted", "visit.withdrawn"]
    assert [change.data["changes_score"] for change in changes] == [False, False]


def test_late_photo_amends_an_accepted_visit_if_managers_can_see_it(world: World) -> None:
    """A reviewer accepts the visit while two photos are still on the phone."""
    shown, private = str(uuid.uuid4()), str(uuid.uuid4())
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [shown]}, "receipt": {"photos": [private]}}
    visit = world.visit()
    ok(world.send(visit, world.submission(answers)), 201)
    ok(world.review(visit, "accept"))
    world.photo(visit, jpeg(seed=1), id=private, question="receipt")
    assert list_kinds(world) == ["visit.accepted"]
    world.photo(visit, jpeg(seed=2), id=shown)
    amended = list_changes(world)[1]
    assert (amended.kind, amended.data["changes_score"]) == ("visit.amended", False)
    world.photo(visit, jpeg(seed=3))  # the submission does not name it
    assert len(list_changes(world)) == 2


def test_change_is_recorded_in_the_transaction_that_causes_it(world: World) -> None:
    """Transactions are numbered on PostgreSQL; SQLite has one writer at a time."""
    first, second = world.accepted_visit(), world.accepted_visit()
    transactions = [
        change.transaction_id for visit in (first, second) for change in list_changes(world, visit)
    ]
    if world.database.url.startswith("sqlite"):
        assert transactions == [0, 0]
    else:
        assert 0 < transactions[0] < transactions[1]


def test_migration_records_the_visits_that_are_accepted(own_app: Flask) -> None:
    world = World(own_app)
    world.publish({**CHECKLIST, "key": "other"})
    accepted = [world.accepted_visit(), world.accepted_visit()]
    closed = world.visit()
    ok(world.send(closed, world.submission({}, outcome="store-closed")), 201)
    ok(world.review(closed, "accept"))
    withdrawn = world.accepted_visit()
    ok(world.review(withdrawn, "reject", replaces=withdrawn["decisions"][0]["id"]))
    world.late_visit()

    def summarize(changes: list[Change]) -> dict[Any, Any]:
        return {
            change.visit_id: (change.kind, change.revision, change.location_id, change.data)
            for change in changes
        }

    before = summarize(list_changes(world))
    del before[uuid.UUID(withdrawn["id"])]
    with world.database.writing_engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), f"{REVISION}-1")
    migrations.upgrade(world.database)
    after = list_changes(world)
    assert summarize(after) == before
    assert set(before) == {uuid.UUID(visit["id"]) for visit in [*accepted, closed]}
    assert all(change.is_published for change in after)


def test_numbers_are_never_used_again(own_app: Flask) -> None:
    world = World(own_app)
    visit = world.accepted_visit()
    (first,) = list_changes(world, visit)

    def forget(session: Any) -> None:
        session.execute(update(Change).values(visit_id=None))
        for change in session.scalars(select(Change)):
            session.delete(change)

    world.database.write(forget)
    (second,) = list_changes(world, world.accepted_visit())
    assert second.number > first.number
