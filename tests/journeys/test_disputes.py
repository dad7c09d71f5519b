"""Disputes: a manager contests answers of an accepted visit, a reviewer decides, and scores follow."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from api.domain.disputes import find_last_day
from api.domain.webhooks import EVENTS, find_messages
from api.models.base import now
from api.models.changes import Change
from api.models.disputes import Dispute
from api.models.reviews import Decision
from api.services.scores import recount
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem

#: greeting 0 of 2, wait 2 of 4, thanks 2 of 2, apology 0 of 3 (critical)
POOR = {
    "greeting": {"value": "no", "comment": "Nobody looked up."},
    "wait": {"value": 90},
    "thanks": {"value": "yes"},
    "problem": {"value": "yes"},
    "apology": {"value": "no"},
}


def dispute(world: World, visit: Any, *keys: str, caller: Caller | None = None) -> TestResponse:
    questions = [{"question": key, "kind": "fact", "reason": "Look at the photo."} for key in keys]
    return (caller or world.manager).post(f"/visits/{visit['id']}/disputes", {"questions": questions})


def decide(world: World, opened: Any, *outcomes: Any, reviewer: Caller | None = None) -> TestResponse:
    body = {"outcomes": [outcome(*values) for values in outcomes]}
    return (reviewer or world.reviewer).post(f"/disputes/{opened['id']}/decision", body)


def outcome(question: str, name: str, value: Any = None) -> dict[str, Any]:
    return {"question": question, "outcome": name, "value": value, "reason": "As the photo shows."}


def read_score(world: World) -> tuple[int, int, float | None]:
    """Return the points of the location and its score before disputes, once its recount is equal."""
    with world.database.read_snapshot() as session:
        differences = list(recount.find_differences(session))
    assert [line for line in differences if world.location["id"] in line or "visit" in line] == []
    total = ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]
    region = ok(world.manager.get(f"/regions/{world.region['id']}/score"))["total"]
    assert region == total
    return total["points_earned"], total["points_possible"], total["score_before_disputes"]


def read_questions(world: World) -> dict[str, Any]:
    report = ok(world.manager.get(f"/locations/{world.location['id']}/score"))
    return {question["key"]: question for question in report["questions"]}


def move_acceptance(world: World, visit: Any, days: float) -> None:
    """Let the acceptance of a visit have been ``days`` days ago."""
    accepted_at = now() - timedelta(days=days)
    world.database.write(
        lambda session: session.execute(
            update(Decision).where(Decision.visit_id == uuid.UUID(visit["id"])).values(decided_at=accepted_at)
        )
    )


def list_changes(world: World, visit: Any) -> list[tuple[str, bool]]:
    """Return the changes of a visit in their order, and whether each changed the score."""
    with world.database.read_snapshot() as session:
        rows = session.query(Change).filter(Change.visit_id == uuid.UUID(visit["id"])).order_by(Change.number)
        return [(row.kind, row.data["changes_score"]) for row in rows]


def test_outcomes_change_the_score_in_the_same_transaction(world: World) -> None:
    visit = world.accepted_visit(POOR)
    assert read_score(world) == (4, 11, 0.363636)
    opened = ok(dispute(world, visit, "greeting", "wait", "apology"), 201)
    assert opened["status"] == "open"
    assert [item["question"] for item in opened["questions"]] == ["greeting", "wait", "apology"]
    assert opened["questions"][1]["sent"] == {"value": 90, "not_applicable": False}
    assert opened["score"] == {"before": 0.363636, "after": None}
    assert read_score(world) == (4, 11, 0.363636)
    assert ok(world.manager.get(f"/disputes/{opened['id']}")) == opened

    decided = ok(
        decide(
            world,
            opened,
            ("greeting", "set_aside"),
            ("wait", "amended", 20),
            ("apology", "kept"),
        )
    )
    assert (decided["status"], decided["decided_by"]["id"]) == ("decided", world.reviewer.id)
    # The greeting counts 0 of 0, the wait 4 of 4.
    assert decided["score"] == {"before": 0.363636, "after": 0.666667}
    assert read_score(world) == (6, 9, 0.363636)
    questions = read_questions(world)
    assert questions["greeting"]["answers"] == {"yes": 0, "no": 0, "not_applicable": 0}
    assert (questions["greeting"]["visits"], questions["wait"]["points_earned"]) == (0, 4)
    shown = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert shown["score"]["score"] == 0.666667
    wait = shown["answers"]["wait"]
    assert (wait["value"], wait["points_earned"]) == (20, 4)
    assert wait["amendment"] == {"outcome": "amended", "sent": {"value": 90, "not_applicable": False}}
    assert shown["answers"]["greeting"]["amendment"]["outcome"] == "set_aside"
    assert shown["answers"]["thanks"]["amendment"] is None
    assert list_changes(world, visit) == [
        ("visit.accepted", True),
        ("dispute.opened", False),
        ("visit.amended", True),
        ("dispute.decided", False),
    ]
    feed = ok(world.manager.get("/visits?changed_after="))
    assert [(item["change"], item["score"]["score"]) for item in feed["items"]] == [("amended", 0.666667)]
    # What was sent stays as it was, and the shopper learns nothing.
    shopper_id = visit["shopper"]["id"]
    assert shopper_id not in str(ok(world.manager.get(f"/disputes/{opened['id']}")))
    assert world.reviewer.id not in str(ok(world.manager.get(f"/disputes/{opened['id']}")))


def test_an_amended_answer_decides_again_which_questions_are_asked(world: World) -> None:
    # The problem has points here, so that it can be disputed. The apology and the time depend on it.
    sections = [dict(section) for section in CHECKLIST["sections"]]
    changed: dict[str, Any] = {
        "problem": {"points": 1, "good_answer": "no"},
        "clock": {"only_if": {"question": "problem", "is": ["yes"]}},
    }
    sections[1]["questions"] = [
        {**question, **changed.get(question["key"], {})} for question in sections[1]["questions"]
    ]
    world.checklist = world.publish({**CHECKLIST, "sections": sections})
    bad = world.accepted_visit({**POOR, "clock": {"value": "14:37"}})
    good = world.accepted_visit(ALL_WELL)
    assert read_score(world)[:2] == (4 + 9, 12 + 9)
    hidden = ok(dispute(world, bad, "problem"), 201)
    ok(decide(world, hidden, ("problem", "amended", "no")))
    # 1 of 1 for the problem, and the apology is no longer asked.
    assert read_score(world)[:2] == (5 + 9, 9 + 9)
    answers = ok(world.manager.get(f"/visits/{bad['id']}"))["answers"]
    apology = answers["apology"]
    assert (apology["amendment"]["outcome"], apology["points_possible"]) == ("hidden", 0)
    assert answers["clock"]["amendment"]["sent"]["value"] == "afternoon"
    shown = ok(dispute(world, good, "problem"), 201)
    ok(decide(world, shown, ("problem", "amended", "yes")))
    # Nobody answered the apology that is asked now: it counts 0 of 0.
    assert read_score(world)[:2] == (5 + 8, 9 + 9)
    assert "apology" not in ok(world.manager.get(f"/visits/{good['id']}"))["answers"]


def test_only_questions_with_points_can_be_disputed_once_and_in_time(world: World) -> None:
    visit = world.accepted_visit(POOR)
    path = f"/visits/{visit['id']}/disputes"
    before = ok(world.manager.get(path))
    assert (before["can_be_disputed"], before["items"]) == (True, [])
    for key in ("receipt", "story", "unknown"):
        assert pointers(problem(dispute(world, visit, "wait", key), 422, "invalid")) == [
            "/questions/1/question"
        ]
    problem(dispute(world, visit, "wait", "wait"), 422, "invalid")
    problem(dispute(world, visit), 422, "invalid")
    unaccepted = world.late_visit()
    problem(dispute(world, unaccepted, "wait"), 404, "visit-not-found")

    move_acceptance(world, visit, 8.1)
    problem(dispute(world, visit, "wait"), 409, "dispute-closed")
    assert ok(world.manager.get(path))["can_be_disputed"] is False
    move_acceptance(world, visit, 6.9)
    ok(world.admin.patch("/organization", {"dispute_days": 0}))
    problem(dispute(world, visit, "wait"), 409, "dispute-closed")
    assert ok(world.manager.get(path))["last_day"] is None
    ok(world.admin.patch("/organization", {"dispute_days": 7, "answer_days": 1}))
    opened = ok(dispute(world, visit, "wait"), 201)
    assert timedelta(days=1) == datetime.fromisoformat(opened["due_at"]) - datetime.fromisoformat(
        opened["opened_at"]
    )
    problem(dispute(world, visit, "greeting"), 409, "dispute-exists")

    # Only whoever opened it can withdraw it, and there is no second one.
    colleague = world.person("manager", region_ids=[world.region["id"]])
    assert ok(colleague.get(f"/disputes/{opened['id']}"))["is_own"] is False
    problem(colleague.post(f"/disputes/{opened['id']}/withdraw"), 404, "dispute-not-found")
    withdrawn = ok(world.manager.post(f"/disputes/{opened['id']}/withdraw"))
    assert (withdrawn["status"], withdrawn["overdue"]) == ("withdrawn", False)
    assert ok(world.manager.post(f"/disputes/{opened['id']}/withdraw")) == withdrawn
    problem(decide(world, opened, ("wait", "set_aside")), 409, "dispute-not-open")
    problem(dispute(world, visit, "wait"), 409, "dispute-exists")


def test_the_day_of_the_deadline_counts_as_a_whole() -> None:
    accepted_at = datetime.fromisoformat("2026-03-01T23:30:00+00:00")
    assert str(find_last_day(accepted_at, 7, "Europe/London")) == "2026-03-08"
    assert str(find_last_day(accepted_at, 7, "Asia/Tokyo")) == "2026-03-09"


def test_a_decision_needs_one_valid_outcome_for_each_question(world: World) -> None:
    visit = world.accepted_visit(POOR)
    opened = ok(dispute(world, visit, "greeting", "wait"), 201)
    wait = ("wait", "kept")
    for outcomes, expected in (
        ([wait], ["/outcomes"]),
        ([wait, wait], ["/outcomes/1/question", "/outcomes"]),
        ([wait, ("thanks", "kept")], ["/outcomes/1/question", "/outcomes"]),
        ([wait, ("greeting", "amended")], ["/outcomes/1/value"]),
        ([wait, ("greeting", "amended", "maybe")], ["/outcomes/1/value"]),
        ([wait, ("greeting", "amended", {"yes": 1})], ["/outcomes/1/value"]),
        ([wait, ("greeting", "amended", "no")], ["/outcomes/1/value"]),
        ([wait, ("greeting", "kept", "yes")], ["/outcomes/1/value"]),
        ([wait, ("greeting", "accepted")], ["/outcomes/1/outcome"]),
    ):
        assert pointers(problem(decide(world, opened, *outcomes), 422, "invalid")) == expected
    without_reason = {"outcomes": [{"question": "wait", "outcome": "kept"}]}
    invalid = world.reviewer.post(f"/disputes/{opened['id']}/decision", without_reason)
    assert pointers(problem(invalid, 422, "invalid")) == ["/outcomes/0/reason"]
    kept = [("greeting", "kept"), wait]
    decided = ok(decide(world, opened, *kept))
    assert ok(decide(world, opened, *kept)) == decided  # a replay, whose response was lost
    problem(decide(world, opened, ("greeting", "set_aside"), wait), 409, "dispute-not-open")
    problem(decide(world, opened, *kept, reviewer=world.admin), 409, "dispute-not-open")
    # Nothing was changed, so nothing is amended.
    assert list_changes(world, visit)[2:] == [("dispute.decided", False)]
    assert read_score(world) == (4, 11, 0.363636)


def test_nobody_learns_of_disputes_of_a_visit_that_they_made(world: World) -> None:
    """A self-check can be assigned to managers and reviewers too."""
    other = world.person("manager", region_ids=[world.region["id"]])
    world.publish({**CHECKLIST, "key": "own", "channel": "self_check"})
    opened = {}
    for maker in (world.manager, world.reviewer):
        visit = world.accepted_visit(POOR, shopper=maker, assigned={"checklist_key": "own"})
        opened[maker.id] = ok(dispute(world, visit, "wait", caller=other), 201)["id"]
        path = f"/disputes/{opened[maker.id]}"
        problem(maker.get(path), 404, "dispute-not-found")
        assert opened[maker.id] not in [item["id"] for item in ok(maker.get("/disputes"))["items"]]
        assert len(ok(world.admin.get(f"/visits/{visit['id']}/disputes"))["items"]) == 1
        shown = ok(maker.get(f"/visits/{visit['id']}/disputes"))
        assert shown == {"items": [], "last_day": None, "can_be_disputed": False}
    problem(decide(world, {"id": opened[world.reviewer.id]}, ("wait", "kept")), 404, "dispute-not-found")
    # Whether it is disputed or not.
    for count in range(2):
        visit = world.accepted_visit(POOR, shopper=world.manager, assigned={"checklist_key": "own"})
        if count:
            ok(dispute(world, visit, "wait", caller=other), 201)
        problem(dispute(world, visit, "wait"), 403, "own-visit")


def test_whoever_accepted_the_visit_does_not_decide_unless_they_are_alone(world: World) -> None:
    visit = world.late_visit(POOR)
    ok(world.review(visit, "accept"))
    opened = ok(dispute(world, visit, "wait"), 201)
    assert ok(world.reviewer.get(f"/disputes/{opened['id']}"))["is_own_decision"] is True
    problem(decide(world, opened, ("wait", "set_aside")), 403, "own-decision")
    assert ok(world.admin.get(f"/disputes/{opened['id']}"))["is_own_decision"] is False
    ok(decide(world, opened, ("wait", "set_aside"), reviewer=world.admin))

    # A reviewer who is disabled cannot decide.
    alone = World(world.app)
    disabled = alone.person("reviewer")
    ok(alone.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    visit = alone.late_visit(POOR)
    ok(alone.review(visit, "accept", alone.admin))
    opened = ok(dispute(alone, visit, "wait"), 201)
    ok(decide(alone, opened, ("wait", "set_aside"), reviewer=alone.admin))


def test_outcomes_end_with_the_acceptance(world: World) -> None:
    visit = world.accepted_visit(POOR)
    first = ok(dispute(world, visit, "wait"), 201)
    ok(decide(world, first, ("wait", "set_aside")))
    assert read_score(world) == (2, 7, 0.363636)
    automatic = ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"][0]["id"]
    # A reviewer confirms the acceptance, which continues.
    confirmed = ok(world.review(visit, "accept", replaces=automatic))["id"]
    assert read_score(world) == (2, 7, 0.363636)
    problem(dispute(world, visit, "greeting"), 409, "dispute-exists")

    rejected = ok(world.review(visit, "reject", replaces=confirmed))["id"]
    assert read_score(world) == (0, 0, None)
    assert ok(world.manager.get(f"/disputes/{first['id']}"))["is_current"] is False
    accepted = ok(world.review(visit, "accept", replaces=rejected))["id"]
    # The answers count as they were sent, and can be disputed again.
    assert read_score(world) == (4, 11, 0.363636)
    assert ok(world.manager.get(f"/visits/{visit['id']}"))["answers"]["wait"]["amendment"] is None
    second = ok(dispute(world, visit, "greeting"), 201)
    ok(world.review(visit, "return", replaces=accepted))
    assert ok(world.manager.get(f"/disputes/{second['id']}"))["status"] == "withdrawn"
    problem(decide(world, second, ("greeting", "set_aside")), 409, "dispute-not-open")
    assert read_score(world) == (0, 0, None)


@contextmanager
def at_once(threads: int) -> Iterator[Callable[[list[Callable[[], TestResponse]]], list[int]]]:
    start = Barrier(threads)

    def call(request: Callable[[], TestResponse]) -> int:
        start.wait(30)
        return request().status_code

    with ThreadPoolExecutor(threads) as pool:
        yield lambda requests: sorted(pool.map(call, requests))


def test_of_concurrent_disputes_and_decisions_exactly_one_wins(world: World) -> None:
    visits = [world.accepted_visit(POOR) for _ in range(2)]
    reviewers = [world.person("reviewer") for _ in range(2)]
    world.manager  # noqa: B018
    differences: list[str] = []

    def count() -> TestResponse:
        with world.database.read_snapshot() as session:
            differences.extend(recount.find_differences(session))
        return world.manager.get("/disputes")

    with at_once(2) as run:
        assert run([lambda: dispute(world, visits[0], "wait")] * 2) == [201, 409]
    other = ok(dispute(world, visits[1], "wait"), 201)
    (mine,) = ok(world.manager.get(f"/visits/{visits[0]['id']}/disputes"))["items"]
    with at_once(3) as run:
        first, second = reviewers
        statuses = run(
            [
                lambda: decide(world, mine, ("wait", "set_aside"), reviewer=first),
                lambda: decide(world, mine, ("wait", "amended", 10), reviewer=second),
                count,
            ]
        )
    assert statuses == [200, 200, 409]
    automatic = ok(world.admin.get(f"/visits/{visits[1]['id']}"))["decisions"][0]["id"]
    with at_once(2) as run:
        statuses = run(
            [
                lambda: decide(world, other, ("wait", "set_aside")),
                lambda: world.review(visits[1], "reject", reviewers[0], replaces=automatic),
            ]
        )
    # The acceptance ends in any case: before the decision, or after it.
    assert statuses in ([200, 200], [200, 409])
    assert [line for line in differences if world.location["id"] in line] == []
    assert read_score(world)[:2] in ((2, 7), (6, 11))


def test_disputes_are_listed_by_place_question_and_status(world: World) -> None:
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    visits = [world.accepted_visit(POOR), world.accepted_visit(POOR, location=elsewhere)]
    boss = world.person("manager", region_ids=[world.region["id"], elsewhere["region_id"]])
    ids = [
        ok(dispute(world, visit, key, caller=boss), 201)["id"]
        for visit, key in zip(visits, ("wait", "greeting"), strict=True)
    ]
    world.database.write(
        lambda session: session.execute(
            update(Dispute).where(Dispute.id == uuid.UUID(ids[0])).values(due_at=now() - timedelta(minutes=1))
        )
    )

    def list_ids(caller: Caller, query: str = "") -> list[str]:
        return [item["id"] for item in caller.list_all(f"/disputes{query}", limit=1)]

    assert list_ids(world.reviewer) == list_ids(boss) == ids
    assert list_ids(world.reviewer, "?sort=-opened_at") == ids[::-1]
    assert list_ids(world.manager) == ids[:1]
    problem(world.manager.get(f"/disputes/{ids[1]}"), 404, "dispute-not-found")
    assert list_ids(boss, f"?location_id={elsewhere['id']}") == ids[1:]
    assert list_ids(boss, "?question=wait&status=open") == ids[:1]
    assert [item["overdue"] for item in world.reviewer.list_all("/disputes")] == [True, False]
    ok(decide(world, {"id": ids[0]}, ("wait", "set_aside")))
    assert list_ids(world.reviewer, "?status=open") == ids[1:]
    client = world.client("visits:read", region_ids=[world.region["id"]])
    (seen,) = client.list_all("/disputes")
    assert (seen["id"], seen["is_own"], "decided_by" in seen) == (ids[0], False, False)


def test_overturn_rates_need_ten_decided_questions(world: World) -> None:
    shopper = world.person("shopper")
    for number in range(5):
        visit = world.late_visit(POOR, shopper=shopper)
        ok(world.review(visit, "accept"))
        opened = ok(dispute(world, visit, "wait", "greeting"), 201)
        name = "set_aside" if number == 0 else "kept"
        ok(decide(world, opened, ("wait", "kept"), ("greeting", name), reviewer=world.admin))

    def read(by: str, caller: Caller = world.reviewer) -> list[Any]:
        return ok(caller.get(f"/disputes/rates?by={by}"))["items"]

    none = {"overturned": None, "rate": None, "interval": None}
    assert {row["question"]["key"]: row["decided"] for row in read("question", world.manager)} == {
        "wait": 5,
        "greeting": 5,
    }
    assert all(none.items() <= row.items() for row in read("question"))
    (place,) = read("location", world.manager)
    assert place["location"]["id"] == world.location["id"]
    # Wilson's interval of 1 of 10.
    figures = {"decided": 10, "overturned": 1, "rate": 0.1, "interval": {"low": 0.017876, "high": 0.40415}}
    assert figures.items() <= place.items()
    assert figures.items() <= read("region", world.manager)[0].items()
    assert read("shopper")[0]["shopper"]["id"] == shopper.id
    assert read("reviewer")[0]["reviewer"]["id"] == world.reviewer.id
    for by in ("shopper", "reviewer"):
        problem(world.manager.get(f"/disputes/rates?by={by}"), 403, "forbidden")
    assert ok(world.manager.get("/disputes/rates?by=location&to=2020-01"))["items"] == []


@pytest.mark.parametrize("event", ["dispute.opened", "dispute.decided"])
def test_webhooks_name_the_dispute_and_the_visit(event: str) -> None:
    assert event in EVENTS
    place = {"location": {"id": "1", "code": "A"}, "checklist": {"key": "visit", "version": 1}}
    visit = {**place, "day": "2026-01-02", "month": "2026-01"}
    visit_id = uuid.uuid4()
    messages = find_messages(event, visit_id, {**visit, "changes_score": False, "dispute_id": "7"})
    assert list(messages) == [(event, {"dispute_id": "7", "visit_id": str(visit_id), **visit})]
