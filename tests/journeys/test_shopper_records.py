"""The record of a shopper: what became of their visits, and how lenient they are."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from api.models.visits import Visit
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem

POOR = {**ALL_WELL, "thanks": {"value": "no"}}


def read_record(world: World, shopper: Caller, query: str = "") -> Any:
    return ok(world.reviewer.get(f"/users/{shopper.id}/record{query}"))


def count(record: Any, name: str) -> tuple[int, int]:
    return record[name]["count"], record[name]["of"]


def test_a_record_counts_what_became_of_visits(world: World) -> None:
    shopper = world.person("shopper", "Zoe")
    late, returned = world.late_visit(shopper=shopper), world.late_visit(shopper=shopper)
    ok(world.review(late, "reject"))
    ok(world.review(returned, "return"))
    ok(world.send(returned, world.submission(revision=2), shopper), 201)
    ok(world.review(returned, "accept", revision=2))
    ok(world.review(world.late_visit(location=world.new_location()), "return"))  # of another shopper
    accepted = world.accepted_visit(POOR, shopper=shopper)
    question = {"question": "thanks", "kind": "fact", "reason": "She did"}
    opened = ok(world.manager.post(f"/visits/{accepted['id']}/disputes", {"questions": [question]}), 201)
    outcome = {"question": "thanks", "outcome": "set_aside", "reason": "True"}
    ok(world.reviewer.post(f"/disputes/{opened['id']}/decision", {"outcomes": [outcome]}))
    declined, cancelled = world.visit(shopper), world.visit(shopper)
    ok(shopper.post(f"/visits/{declined['id']}/decline", {"reason": "Ill"}))
    # The declined visit counts although it is reassigned, which cancels it.
    ok(world.admin.post(f"/visits/{declined['id']}/reassign", {"shopper_id": world.person("shopper").id}))
    ok(world.admin.post(f"/visits/{cancelled['id']}/cancel"))
    past = datetime.now(UTC) - timedelta(days=2)
    window = {"opens_at": (past - timedelta(days=1)).isoformat(), "closes_at": past.isoformat()}
    world.visit(shopper, window=window)
    world.visit(shopper)  # there is still time for it
    record = read_record(world, shopper)
    assert (record["user_id"], record["name"]) == (shopper.id, "Zoe")
    assert (record["assigned"], record["sent"], record["unsent"]) == (6, 3, 1)
    assert count(record, "on_time") == (1, 4)
    assert count(record, "declined") == (1, 6)
    assert count(record, "flagged") == (2, 3)
    assert record["flags"] == [{"code": "late", "visits": 2}]
    assert count(record, "returned") == (1, 3)
    assert count(record, "rejected") == (1, 3)
    # As an overturn rate elsewhere, it has no count for fewer than ten answers.
    assert record["overturned"] == {"decided": 1, "overturned": None, "rate": None, "interval": None}
    assert record["on_time"]["rate"] is None
    assert (record["leniency"]["verdict"], record["leniency"]["visits"]) == ("too_few", 0)


def test_a_correction_after_the_window_is_not_late(world: World) -> None:
    shopper = world.person("shopper")
    visit = world.visit(shopper)
    ok(world.send(visit, world.submission(), shopper), 201)
    ok(
        world.review(
            visit, "return", replaces=ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"][0]["id"]
        )
    )
    closed = update(Visit).where(Visit.id == uuid.UUID(visit["id"]))
    moment = datetime.now(UTC) - timedelta(minutes=5)
    world.database.write(lambda session: session.execute(closed.values(closes_at=moment)))
    ok(world.send(visit, world.submission(revision=2), shopper), 201)
    assert world.flags(visit).keys() == {"late"}
    record = read_record(world, shopper)
    assert [count(record, name) for name in ("on_time", "flagged", "returned")] == [(1, 1), (0, 1), (1, 1)]
    assert record["flags"] == []


def test_a_return_that_was_replaced_in_time_does_not_count(world: World) -> None:
    shopper = world.person("shopper")
    replaced, repeated = world.late_visit(shopper=shopper), world.late_visit(shopper=shopper)
    returned = ok(world.review(replaced, "return"))
    ok(world.review(replaced, "accept", replaces=returned["id"]))
    returned = ok(world.review(repeated, "return"))
    ok(world.review(repeated, "return", replaces=returned["id"], reason="Two things"))
    assert count(read_record(world, shopper), "returned") == (1, 2)


def test_leniency_compares_with_others_at_the_same_stores(world: World) -> None:
    shopper, elsewhere = world.person("shopper"), world.new_location()
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check"})
    for _ in range(5):
        world.accepted_visit(shopper=shopper)
        world.accepted_visit(POOR)  # of somebody else each time
    world.accepted_visit(shopper=shopper, location=elsewhere)  # where nobody else was
    # A visit whose shopper is no longer known may have been the shopper's own.
    former = world.person("shopper")
    world.accepted_visit(shopper=former)
    tag = world.admin.get(f"/users/{former.id}").headers["ETag"]
    ok(world.admin.call("DELETE", f"/users/{former.id}", headers={"If-Match": tag}), 204)
    world.accepted_visit(POOR, assigned={"checklist_key": "own-check"})
    record = read_record(world, shopper)["leniency"]
    compared = ("locations", "visits", "other_visits", "other_shoppers")
    assert [record[name] for name in compared] == [1, 5, 5, 5]
    assert (record["score"], record["expected"], record["difference"]) == (1.0, 0.75, 0.25)
    # s̃² = 2 · 0.25² / (2 + 4 + 4), each of the others has a fifth, and t(0.99, 10) = 2.763769
    half_width = 2.763769 * (0.0125 * (1 / 5 + 1 / 5) + 0.05**2 / 5) ** 0.5
    assert abs(record["verdict_interval"]["low"] - (0.25 - half_width)) < 1e-5
    assert record["verdict"] == "above"
    assert read_record(world, world.person("shopper"))["leniency"]["verdict"] == "too_few"
    year = datetime.now(UTC).year - 2
    earlier = read_record(world, shopper, f"?from={year}-01&to={year}-12")
    assert (earlier["assigned"], earlier["leniency"]["visits"]) == (0, 0)


def test_nobody_reads_their_own_record_or_that_of_strangers(world: World) -> None:
    for path in (world.reviewer.id, str(uuid.uuid4()), World(world.app).shopper.id):
        problem(world.reviewer.get(f"/users/{path}/record"), 404, "user-not-found")
    ok(world.reviewer.get(f"/users/{world.admin.id}/record"))
    body = problem(
        world.reviewer.get(f"/users/{world.shopper.id}/record?from=2026-02&to=2026-01"), 422, "invalid"
    )
    assert pointers(body) == ["/from"]
