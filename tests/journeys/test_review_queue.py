"""The queue of reviewers: filters, claims, decisions that are undone, and what was decided."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.jobs.worker import Worker
from api.models.base import now
from api.models.reviews import Decision, ReviewClaim
from api.models.visits import Visit
from api.services.scores import recount
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """A program with a database of its own, because a recount reads all of it."""
    return own_app


def queue(world: World, **filters: Any) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return [row["visit_id"] for row in world.reviewer.list_all(f"/reviews?{query}")]


def test_the_queue_can_be_filtered(world: World) -> None:
    leith = world.new_location(region_id=world.new_region(parent_id=world.region["id"])["id"])
    late, there = world.late_visit()["id"], world.late_visit(location=leith)["id"]
    world.publish({**CHECKLIST, "key": "always", "review": "manual"})
    unflagged = world.visit(checklist_key="always")
    ok(world.send(unflagged, world.submission()), 201)
    assert queue(world, flag="late") == [late, there]
    assert queue(world, flag="none") == [unflagged["id"]]
    assert queue(world, flag="too-fast") == []
    assert queue(world, checklist_key="always") == [unflagged["id"]]
    assert queue(world, location_id=leith["id"]) == [there]
    assert queue(world, region_id=world.region["id"], flag="late") == [late, there]
    assert queue(world, region_id=leith["region_id"]) == [there]
    is_there = update(Visit).where(Visit.id == uuid.UUID(there))
    earlier = {"waiting_since": now() - timedelta(hours=49)}
    world.database.write(lambda session: session.execute(is_there.values(earlier)))
    assert queue(world, waiting_hours=48) == [there]
    for query, pointer in (
        ("flag=x", "/flag"),
        ("claimed=x", "/claimed"),
        ("waiting_hours=-1", "/waiting_hours"),
    ):
        assert pointers(problem(world.reviewer.get(f"/reviews?{query}"), 422, "invalid")) == [pointer]


def test_a_claim_is_visible_to_others_until_it_expires(world: World) -> None:
    first, second = world.late_visit()["id"], world.late_visit()["id"]
    path, colleague = f"/visits/{first}/claim", world.person("reviewer", "Ada Byron")
    claim = ok(colleague.post(path, {}), 200)
    rows = ok(world.reviewer.get("/reviews"))["items"]
    assert [row["claim"] for row in rows] == [claim, None]
    assert (claim["reviewer_id"], claim["reviewer_name"]) == (colleague.id, "Ada Byron")
    remaining = datetime.fromisoformat(claim["expires_at"]) - now()
    assert timedelta(minutes=9) < remaining <= timedelta(minutes=10)
    assert queue(world, claimed="others") == [first]
    assert queue(world, claimed="free") == [second]
    assert queue(world, claimed="me") == []
    # Nobody else takes it by accident, nor releases it.
    problem(world.reviewer.post(path, {}), 409, "visit-claimed")
    ok(world.reviewer.call("DELETE", path), 204)
    assert queue(world, claimed="others") == [first]
    # Again extends it.
    assert ok(colleague.post(path, {}))["expires_at"] > claim["expires_at"]
    expired = update(ReviewClaim).values(expires_at=now() - timedelta(seconds=1))
    world.database.write(lambda session: session.execute(expired))
    assert [row["claim"] for row in ok(world.reviewer.get("/reviews"))["items"]] == [None, None]
    ok(world.reviewer.post(path, {}), 200)
    assert queue(world, claimed="me") == [first]
    assert queue(world, claimed="free") == [first, second]
    assert ok(colleague.post(path, {"take_over": True}))["reviewer_id"] == colleague.id
    ok(colleague.call("DELETE", path), 204)
    assert queue(world, claimed="free") == [first, second]


def test_expired_claims_are_deleted(world: World) -> None:
    visits = [world.late_visit()["id"] for _ in range(2)]
    for visit_id in visits:
        ok(world.reviewer.post(f"/visits/{visit_id}/claim", {}))
    claims = select(ReviewClaim.visit_id).where(ReviewClaim.reviewer_id == uuid.UUID(world.reviewer.id))
    expired = update(ReviewClaim).where(ReviewClaim.visit_id == uuid.UUID(visits[0]))
    moment = now() - timedelta(seconds=1)
    world.database.write(lambda session: session.execute(expired.values(expires_at=moment)))
    Worker(world.database, world.store)._remove_old_rows()
    with world.database.read_snapshot() as session:
        assert session.scalars(claims).all() == [uuid.UUID(visits[1])]


def test_a_claim_prevents_no_decision_and_ends_with_it(world: World) -> None:
    visit = world.late_visit()
    ok(world.person("reviewer").post(f"/visits/{visit['id']}/claim", {}))
    ok(world.review(visit, "return"), 200)
    problem(world.reviewer.post(f"/visits/{visit['id']}/claim", {}), 409, "not-waiting")
    ok(world.send(visit, world.submission(revision=2)), 201)
    (row,) = ok(world.reviewer.get("/reviews"))["items"]
    assert (row["revision"], row["claim"]) == (2, None)


def read_visits(world: World) -> int:
    """Return how many visits the location's score counts, once its recount is equal."""
    with world.database.read_snapshot() as session:
        assert [line for line in recount.find_differences(session) if world.location["id"] in line] == []
    return int(ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]["visits"])


def test_a_decision_that_is_undone_leaves_the_visit_as_it_was(world: World) -> None:
    visit = world.late_visit({**ALL_WELL, "thanks": {"value": "no"}})
    before = ok(world.reviewer.get("/reviews"))["items"]
    path = f"/visits/{visit['id']}/review/undo"
    for decision, counted in (("accept", 1), ("return", 0), ("reject", 0)):
        stored = ok(world.review(visit, decision, message_to_shopper="Thank you"))
        assert read_visits(world) == counted
        if decision == "accept":
            disputed = {"questions": [{"question": "thanks", "kind": "fact", "reason": "She did"}]}
            ok(world.manager.post(f"/visits/{visit['id']}/disputes", disputed), 201)
        undone = ok(world.reviewer.post(path, {"decision_id": stored["id"]}), 200)
        assert (undone["id"], undone["undone_at"] is None) == (stored["id"], False)
        assert ok(world.reviewer.post(path, {"decision_id": stored["id"]})) == undone
        assert read_visits(world) == 0
        assert ok(world.reviewer.get("/reviews"))["items"] == before
        shown = ok(world.shopper.get(f"/visits/{visit['id']}"))
        assert (shown["status"], shown["return_reason"], shown["message_to_shopper"]) == (
            "submitted",
            None,
            None,
        )
    assert [row["status"] for row in ok(world.reviewer.get("/disputes"))["items"]] == ["withdrawn"]
    # The next acceptance is another reviewer's, and can be disputed again.
    ok(world.review(visit, "accept", world.admin), 200)
    assert read_visits(world) == 1
    decisions = ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"]
    assert [row["undone_at"] is None for row in decisions] == [False, False, False, True]
    opened = ok(world.manager.post(f"/visits/{visit['id']}/disputes", disputed), 201)
    shown = [ok(caller.get(f"/disputes/{opened['id']}")) for caller in (world.admin, world.reviewer)]
    assert [dispute["is_own_decision"] for dispute in shown] == [True, False]
    outcome = {"question": "thanks", "outcome": "kept", "reason": "As sent"}
    ok(world.reviewer.post(f"/disputes/{opened['id']}/decision", {"outcomes": [outcome]}))


def test_a_visit_that_had_not_waited_does_not_wait_after_an_undo(world: World) -> None:
    visit = world.visit()
    missing, declared = str(uuid.uuid4()), jpeg(seed=1)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [missing]}}
    ok(world.send(visit, world.submission(answers)), 201)
    path = f"/visits/{visit['id']}/review/undo"
    rejected = ok(world.review(visit, "reject"))
    ok(world.reviewer.post(path, {"decision_id": rejected["id"]}))
    assert ok(world.reviewer.get("/reviews"))["items"] == []
    accepted = ok(world.review(visit, "accept"))
    world.photo(visit, declared, id=missing)
    assert read_visits(world) == 1
    # With its last photo, it is accepted automatically, as it would have been without the decision.
    ok(world.reviewer.post(path, {"decision_id": accepted["id"]}))
    shown = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (shown["status"], shown["decisions"][-1]["reviewer_id"]) == ("accepted", None)
    assert read_visits(world) == 1


def test_an_undo_respects_the_acceptance_period_of_the_organization(world: World) -> None:
    tag = world.admin.get("/organization").headers["ETag"]
    ok(world.admin.patch("/organization", {"accept_every_minutes": 1440}, headers={"If-Match": tag}))
    visit = world.visit()
    ok(world.send(visit, world.submission()), 201)
    rejected = ok(world.review(visit, "reject"))
    ok(world.reviewer.post(f"/visits/{visit['id']}/review/undo", {"decision_id": rejected["id"]}))
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "submitted"
    assert ok(world.reviewer.get("/reviews"))["items"] == []


def test_only_a_recent_current_decision_of_ones_own_can_be_undone(world: World) -> None:
    visit = world.late_visit()
    path = f"/visits/{visit['id']}/review/undo"

    def undo(decision: Any, caller: Any = world.reviewer) -> None:
        problem(caller.post(path, {"decision_id": decision["id"]}), 409, "undo-too-late")

    rejected = ok(world.review(visit, "reject"))
    undo(rejected, world.admin)
    undo({"id": str(uuid.uuid4())})
    undo(ok(world.review(world.late_visit(), "reject")))  # of another visit
    earlier = update(Decision).where(Decision.id == uuid.UUID(rejected["id"]))
    moment = now() - timedelta(minutes=10, seconds=1)
    world.database.write(lambda session: session.execute(earlier.values(decided_at=moment)))
    undo(rejected)
    undo(ok(world.review(visit, "accept", replaces=rejected["id"])))
    undo(rejected)
    returned = world.late_visit()
    decision = ok(world.review(returned, "return"))
    ok(world.send(returned, world.submission(revision=2)), 201)
    problem(
        world.reviewer.post(f"/visits/{returned['id']}/review/undo", {"decision_id": decision["id"]}),
        409,
        "undo-too-late",
    )
    problem(world.reviewer.post(path, {}), 422, "invalid")


def test_decisions_of_reviewers_are_listed_the_latest_first(world: World) -> None:
    colleague = world.person("reviewer", "Ada Byron")
    world.accepted_visit()  # automatically
    visit, other = world.late_visit(), world.late_visit(location=world.new_location())
    rejected = ok(world.review(visit, "reject", colleague, reason="Another store"))
    accepted = ok(world.review(visit, "accept", replaces=rejected["id"]))
    undone = ok(world.review(other, "return"))
    ok(world.reviewer.post(f"/visits/{other['id']}/review/undo", {"decision_id": undone["id"]}))
    rows = world.reviewer.list_all("/decisions", limit=2)
    assert [row["id"] for row in rows] == [undone["id"], accepted["id"], rejected["id"]]
    assert [row["is_current"] for row in rows] == [False, True, False]
    assert rows[2]["location"]["id"] == world.location["id"]
    described = {
        name: rows[2][name] for name in ("visit_id", "decision", "reason", "reviewer_name", "replaces")
    }
    assert described == {
        "visit_id": visit["id"],
        "decision": "reject",
        "reason": "Another store",
        "reviewer_name": "Ada Byron",
        "replaces": None,
    }
    for query, expected in (
        (f"reviewer_id={colleague.id}", [rejected]),
        ("decision=return", [undone]),
        (f"location_id={world.location['id']}", [accepted, rejected]),
        ("checklist_key=visit", [undone, accepted, rejected]),
        (f"to={(now() - timedelta(days=2)).date()}", []),
    ):
        items = ok(world.reviewer.get(f"/decisions?{query}"))["items"]
        assert [row["id"] for row in items] == [row["id"] for row in expected], query
    body = problem(world.reviewer.get("/decisions?from=2026-02-01&to=2026-01-01"), 422, "invalid")
    assert pointers(body) == ["/from"]
    body = problem(world.reviewer.get("/decisions?from=2025-01-01&to=2026-01-02"), 422, "invalid")
    assert pointers(body) == ["/from"]
    ok(world.reviewer.get("/decisions?from=2025-01-01&to=2026-01-01"))
    ok(world.reviewer.get("/decisions?to=0001-01-01"))


def test_ones_own_visits_are_not_listed_nor_decisions_on_them(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check", "review": "manual"})
    visit = world.visit(world.reviewer, checklist_key="own-check")
    ok(world.send(visit, world.submission(), world.reviewer), 201)
    # That it waits may mean that it was flagged.
    assert ok(world.reviewer.get("/reviews"))["items"] == []
    assert [row["visit_id"] for row in ok(world.admin.get("/reviews"))["items"]] == [visit["id"]]
    ok(world.review(visit, "reject", world.admin))
    assert ok(world.reviewer.get("/decisions"))["items"] == []
    assert len(ok(world.admin.get("/decisions"))["items"]) == 1
