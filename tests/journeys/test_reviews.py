"""Reviews: waiting visits, decisions, and replaced decisions."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.services.scores import recount
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """A program with a database of its own, because a recount reads all of it."""
    return own_app


def get_visit(world: World, visit: Any) -> Any:
    return ok(world.admin.get(f"/visits/{visit['id']}"))


def read_total(world: World) -> tuple[int, int, int]:
    """Return the location's visits and points, after comparing its stored totals with a recount."""
    with world.database.read_snapshot() as session:
        differences = [line for line in recount.find_differences(session) if world.location["id"] in line]
    assert differences == []
    score = ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]
    return score["visits"], score["points_earned"], score["points_possible"]


# Waiting visits.


def test_visits_that_wait_longest_are_listed_first(world: World) -> None:
    ids = [world.late_visit()["id"] for _ in range(5)]
    accepted = world.visit()
    ok(world.send(accepted, world.submission()), 201)
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews")] == ids
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews?status=waiting", limit=2)] == ids
    first_page = ok(world.reviewer.get("/reviews?limit=2"))
    ok(world.review({"id": ids[0]}, "accept"))
    ok(world.review({"id": ids[3]}, "reject"))
    later_id = world.late_visit()["id"]
    second_page = ok(world.reviewer.get("/" + first_page["next"].split("/api/v1")[1].lstrip("/")))
    assert [row["visit_id"] for row in second_page["items"]] == [ids[2], ids[4]]
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews")] == [
        *ids[1:3],
        ids[4],
        later_id,
    ]


def test_waiting_visit_has_its_revision_time_and_flags(world: World) -> None:
    before = datetime.now(UTC)
    visit = world.late_visit()
    (row,) = ok(world.reviewer.get("/reviews"))["items"]
    assert set(row) == {"visit_id", "location", "checklist", "revision", "submitted_at", "flags", "claim"}
    assert (row["checklist"]["key"], row["claim"]) == ("visit", None)
    assert (row["visit_id"], row["revision"]) == (visit["id"], 1)
    assert row["location"] == {name: world.location[name] for name in ("id", "code", "name")}
    assert before <= datetime.fromisoformat(row["submitted_at"]) <= datetime.now(UTC)
    assert [(flag["code"], flag["detail"]) for flag in row["flags"]] == [
        ("late", "Finished 1 day after the window closed.")
    ]


def test_only_reviewers_and_administrators_review(world: World) -> None:
    visit = world.late_visit()
    for caller in (world.shopper, world.manager):
        problem(caller.get("/reviews"), 403, "forbidden")
        problem(world.review(visit, "accept", caller), 403, "forbidden")
    problem(world.review(visit, "accept", world.anonymous), 401, "not-signed-in")
    other_reviewer = World(world.app).reviewer
    assert other_reviewer.list_all("/reviews") == []
    problem(world.review(visit, "accept", other_reviewer), 404, "visit-not-found")
    problem(world.review({"id": str(uuid.uuid4())}, "accept"), 404, "visit-not-found")
    ok(world.review(visit, "accept", world.admin), 200)


# Decisions.


def test_accepted_visit_is_counted(world: World) -> None:
    visit = world.late_visit({**ALL_WELL, "thanks": {"value": "no"}})
    assert read_total(world) == (0, 0, 0)
    decision = ok(world.review(visit, "accept", reason=None), 200)
    assert decision["decision"] == "accept"
    assert decision["revision"] == 1
    assert decision["reviewer_id"] == world.reviewer.id
    assert read_total(world) == (1, 6, 8)
    assert get_visit(world, visit)["status"] == "accepted"
    assert ok(world.reviewer.get("/reviews"))["items"] == []


def test_returned_visit_has_reasons_for_the_shopper_and_can_be_corrected(world: World) -> None:
    visit = world.late_visit()
    reasons = {"wait": "Longer than that by your own words", "story": "Please tell it"}
    ok(world.review(visit, "return", reason="Two things", question_reasons=reasons), 200)
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["return_reason"]) == ("returned", "Two things")
    assert details["question_reasons"] == reasons
    assert read_total(world) == (0, 0, 0)
    ok(world.send(visit, world.submission({**ALL_WELL, "wait": {"value": 60}}, revision=2)), 201)
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["revision"], details["return_reason"]) == ("submitted", 2, None)
    problem(world.review(visit, "accept"), 409, "review-conflict")  # revision 1
    ok(world.review(visit, "accept", revision=2), 200)
    assert read_total(world) == (1, 6, 8)
    assert [row["decision"] for row in get_visit(world, visit)["decisions"]] == ["return", "accept"]


def test_rejected_visit_is_not_counted(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "reject"), 200)
    assert read_total(world) == (0, 0, 0)
    assert get_visit(world, visit)["status"] == "rejected"
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "rejected"


@pytest.mark.parametrize("decision", ["accept", "return", "reject"])
def test_replay_of_a_decision_returns_it(world: World, decision: str) -> None:
    visit = world.late_visit()
    first = world.review(visit, decision)
    replay = world.review(visit, decision)
    assert (first.status_code, replay.status_code) == (200, 200)
    assert first.get_json() == replay.get_json()
    assert len(get_visit(world, visit)["decisions"]) == 1
    assert read_total(world)[0] == (1 if decision == "accept" else 0)


def test_second_decision_is_a_conflict(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "accept"), 200)
    problem(world.review(visit, "reject"), 409, "review-conflict")
    problem(world.review(visit, "accept", reason="Another"), 409, "review-conflict")
    problem(world.review(visit, "accept", world.person("reviewer")), 409, "review-conflict")
    problem(world.review(visit, "accept", revision=2), 409, "review-conflict")
    problem(world.review(visit, "reject", replaces=str(uuid.uuid4())), 409, "review-conflict")
    assert len(get_visit(world, visit)["decisions"]) == 1
    assert read_total(world)[0] == 1


def test_decision_without_a_submission_is_a_conflict(world: World) -> None:
    visit = world.visit()
    problem(world.review(visit, "accept"), 409, "review-conflict")
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    problem(world.review(visit, "reject"), 409, "review-conflict")
    late_visit = world.late_visit()
    problem(world.review(late_visit, "accept", replaces=str(uuid.uuid4())), 409, "review-conflict")


def test_invalid_decision_is_rejected_with_a_pointer(world: World) -> None:
    visit = world.late_visit()
    for values, pointer in (
        ({"decision": "maybe"}, "/decision"),
        ({"revision": "1"}, "/revision"),
        ({"replaces": "x"}, "/replaces"),
        ({"question_reasons": {"greeting": 5}}, "/question_reasons/greeting"),
        ({"question_reasons": {"greeting": " "}}, "/question_reasons/greeting"),
        ({"question_reasons": {"no/such": "Why?"}}, "/question_reasons/no~1such"),
        ({"decision": "return", "reason": None}, "/reason"),
        ({"decision": "reject", "reason": "  "}, "/reason"),
        ({"flags": []}, "/flags"),
    ):
        body = problem(world.review(visit, **{"decision": "accept", **values}), 422, "invalid")
        assert pointers(body) == [pointer], values
    assert get_visit(world, visit)["decisions"] == []


def test_reasons_by_question_are_sufficient(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "return", reason=None, question_reasons={"wait": "Look again"}), 200)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["question_reasons"] == {"wait": "Look again"}


# Replaced decisions.


def test_replaced_decision_changes_the_totals(world: World) -> None:
    world.accepted_visit()
    visit = world.late_visit({**ALL_WELL, "thanks": {"value": "no"}})
    previous: Any = None
    for decision, expected in (
        ("accept", (2, 14, 16)),
        ("reject", (1, 8, 8)),
        ("accept", (2, 14, 16)),
        ("return", (1, 8, 8)),
        ("reject", (1, 8, 8)),
        ("accept", (2, 14, 16)),
    ):
        replaces = previous["id"] if previous else None
        stored = ok(world.review(visit, decision, replaces=replaces), 200)
        assert stored["replaces"] == replaces
        assert ok(world.review(visit, decision, replaces=replaces), 200) == stored
        if previous:
            problem(
                world.review(visit, "accept", replaces=replaces, reason="Too late"), 409, "review-conflict"
            )
        previous = stored
        assert read_total(world) == expected
    decisions = get_visit(world, visit)["decisions"]
    assert [row["decision"] for row in decisions] == [
        "accept",
        "reject",
        "accept",
        "return",
        "reject",
        "accept",
    ]
    assert [row["replaces"] for row in decisions] == [None, *(row["id"] for row in decisions[:-1])]
    assert {row["reviewer_id"] for row in decisions} == {world.reviewer.id}
    assert {row["reviewer_name"] for row in decisions} == {ok(world.reviewer.get("/me"))["name"]}
    assert {row["reason"] for row in decisions} == {"Because."}


def test_automatic_acceptance_has_an_id_and_can_be_replaced(world: World) -> None:
    visit = world.accepted_visit()
    (automatic,) = visit["decisions"]
    assert (automatic["decision"], automatic["reviewer_id"]) == ("accept", None)
    assert automatic["reviewer_name"] is None
    assert read_total(world) == (1, 8, 8)
    problem(world.review(visit, "reject"), 409, "review-conflict")
    ok(world.review(visit, "reject", replaces=automatic["id"]), 200)
    assert read_total(world) == (0, 0, 0)
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    assert [row["decision"] for row in get_visit(world, visit)["decisions"]] == ["accept", "reject"]


def test_accepted_visit_that_is_returned_and_corrected_is_counted_again(world: World) -> None:
    shopper = world.person("shopper")
    visit = world.accepted_visit(shopper=shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]), 200)
    assert read_total(world) == (0, 0, 0)
    corrected = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
    ok(world.send(visit, corrected, shopper), 201)
    assert get_visit(world, visit)["status"] == "accepted"
    assert read_total(world) == (1, 6, 8)


def test_decision_on_an_earlier_revision_cannot_be_replaced(world: World) -> None:
    visit = world.late_visit()
    returned = ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(revision=2)), 201)
    problem(world.review(visit, "accept", replaces=returned["id"]), 409, "review-conflict")
    problem(world.review(visit, "accept", revision=2, replaces=returned["id"]), 409, "review-conflict")


def test_reviewer_cannot_review_their_own_visit(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check", "review": "manual"})
    for caller in (world.reviewer, world.admin):
        visit = world.visit(caller, checklist_key="own-check")
        ok(world.send(visit, world.submission(), caller), 201)
        problem(world.review(visit, "accept", caller), 403, "own-visit")
        ok(world.review(visit, "accept", world.person("reviewer")), 200)


# Simultaneous decisions.


def test_of_two_simultaneous_decisions_one_is_stored(world: World) -> None:
    world.accepted_visit()
    visit = world.late_visit()
    reviewers = [world.person("reviewer"), world.person("reviewer")]
    barrier = Barrier(2)

    def decide(number: int) -> TestResponse:
        barrier.wait()
        return world.review(visit, ("accept", "reject")[number], reviewers[number])

    with ThreadPoolExecutor(2) as threads:
        responses = list(threads.map(decide, range(2)))
    assert sorted(response.status_code for response in responses) == [200, 409]
    (decision,) = get_visit(world, visit)["decisions"]
    winner = next(response.get_json() for response in responses if response.status_code == 200)
    assert decision["id"] == winner["id"]
    assert (
        get_visit(world, visit)["status"]
        == {"accept": "accepted", "reject": "rejected"}[decision["decision"]]
    )
    assert read_total(world)[0] == (2 if decision["decision"] == "accept" else 1)


def test_simultaneous_replays_of_a_decision_are_counted_once(world: World) -> None:
    visit = world.late_visit()
    world.reviewer  # noqa: B018
    barrier = Barrier(4)

    def decide(_: int) -> TestResponse:
        barrier.wait()
        return world.review(visit, "accept")

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(decide, range(4)))
    assert [response.status_code for response in responses] == [200] * 4
    assert len({response.data for response in responses}) == 1
    assert read_total(world) == (1, 8, 8)


def test_decision_simultaneous_with_a_correction_keeps_the_totals_correct(world: World) -> None:
    visit = world.late_visit()
    returned = ok(world.review(visit, "return"))
    barrier = Barrier(2)

    def correct(_: Any) -> TestResponse:
        body = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
        barrier.wait()
        return world.send(visit, body)

    def accept(_: Any) -> TestResponse:
        barrier.wait()
        return world.review(visit, "accept", replaces=returned["id"])

    with ThreadPoolExecutor(2) as threads:
        correction, acceptance = threads.submit(correct, None), threads.submit(accept, None)
    statuses = correction.result().status_code, acceptance.result().status_code
    assert statuses in ((201, 409), (409, 200))
    # The corrected revision is as late as the first one, so it waits for a reviewer again.
    assert read_total(world) == ((0, 0, 0) if statuses[0] == 201 else (1, 8, 8))
    with world.database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []
