"""Reviews: what waits, decisions, and decisions taken back."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.services import totals
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem


def shown(world: World, visit: Any) -> Any:
    return ok(world.admin.get(f"/visits/{visit['id']}"))


def total(world: World) -> tuple[int, int, int]:
    """Return the location's visits and points, after proving every stored total of it by a recount."""
    with world.database.read_snapshot() as session:
        wrong = [line for line in totals.differences(session) if world.location["id"] in line]
    assert wrong == []
    score = ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]
    return score["visits"], score["points_earned"], score["points_possible"]


# What waits.


def test_the_waiting_list_has_the_longest_waiting_first_page_by_page(world: World) -> None:
    sent = [world.late_visit()["id"] for _ in range(5)]
    accepted = world.visit()
    ok(world.send(accepted, world.submission()), 201)
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews")] == sent
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews?status=waiting", limit=2)] == sent
    first = ok(world.reviewer.get("/reviews?limit=2"))
    ok(world.review({"id": sent[0]}, "accept"))
    ok(world.review({"id": sent[3]}, "reject"))
    later = world.late_visit()["id"]
    rest = ok(world.reviewer.get("/" + first["next"].split("/api/v1")[1].lstrip("/")))
    assert [row["visit_id"] for row in rest["items"]] == [sent[2], sent[4]]
    assert [row["visit_id"] for row in world.reviewer.list_all("/reviews")] == [
        *sent[1:3],
        sent[4],
        later,
    ]


def test_a_waiting_visit_tells_its_revision_when_it_came_and_its_flags(world: World) -> None:
    before = datetime.now(UTC)
    visit = world.late_visit()
    (row,) = ok(world.reviewer.get("/reviews"))["items"]
    assert set(row) == {"visit_id", "location", "revision", "submitted_at", "flags"}
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
    stranger = World(world.app).reviewer
    assert stranger.list_all("/reviews") == []
    problem(world.review(visit, "accept", stranger), 404, "visit-not-found")
    problem(world.review({"id": str(uuid.uuid4())}, "accept"), 404, "visit-not-found")
    ok(world.review(visit, "accept", world.admin), 200)


# Decisions.


def test_an_acceptance_makes_the_visit_count(world: World) -> None:
    visit = world.late_visit({**ALL_WELL, "thanks": {"value": "no"}})
    assert total(world) == (0, 0, 0)
    decision = ok(world.review(visit, "accept", reason=None), 200)
    assert decision["decision"] == "accept"
    assert decision["revision"] == 1
    assert decision["reviewer_id"] == world.reviewer.id
    assert total(world) == (1, 6, 8)
    assert shown(world, visit)["status"] == "accepted"
    assert ok(world.reviewer.get("/reviews"))["items"] == []


def test_a_returned_visit_tells_its_shopper_why_and_is_corrected(world: World) -> None:
    visit = world.late_visit()
    reasons = {"wait": "Longer than that by your own words", "story": "Please tell it"}
    ok(world.review(visit, "return", reason="Two things", question_reasons=reasons), 200)
    mine = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (mine["status"], mine["return_reason"]) == ("returned", "Two things")
    assert mine["question_reasons"] == reasons
    assert total(world) == (0, 0, 0)
    ok(world.send(visit, world.submission({**ALL_WELL, "wait": {"value": 60}}, revision=2)), 201)
    mine = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (mine["status"], mine["revision"], mine["return_reason"]) == ("submitted", 2, None)
    problem(world.review(visit, "accept"), 409, "review-conflict")  # revision 1
    ok(world.review(visit, "accept", revision=2), 200)
    assert total(world) == (1, 6, 8)
    assert [each["decision"] for each in shown(world, visit)["decisions"]] == ["return", "accept"]


def test_a_rejected_visit_never_counts(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "reject"), 200)
    assert total(world) == (0, 0, 0)
    assert shown(world, visit)["status"] == "rejected"
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "rejected"


@pytest.mark.parametrize("decision", ["accept", "return", "reject"])
def test_the_same_decision_again_is_the_same(world: World, decision: str) -> None:
    visit = world.late_visit()
    first = world.review(visit, decision)
    again = world.review(visit, decision)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert len(shown(world, visit)["decisions"]) == 1
    assert total(world)[0] == (1 if decision == "accept" else 0)


def test_another_decision_is_a_conflict(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "accept"), 200)
    problem(world.review(visit, "reject"), 409, "review-conflict")
    problem(world.review(visit, "accept", reason="Another"), 409, "review-conflict")
    problem(world.review(visit, "accept", world.person("reviewer")), 409, "review-conflict")
    problem(world.review(visit, "accept", revision=2), 409, "review-conflict")
    problem(world.review(visit, "reject", replaces=str(uuid.uuid4())), 409, "review-conflict")
    assert len(shown(world, visit)["decisions"]) == 1
    assert total(world)[0] == 1


def test_nothing_sent_is_nothing_to_decide_on(world: World) -> None:
    visit = world.visit()
    problem(world.review(visit, "accept"), 409, "review-conflict")
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    problem(world.review(visit, "reject"), 409, "review-conflict")
    late = world.late_visit()
    problem(world.review(late, "accept", replaces=str(uuid.uuid4())), 409, "review-conflict")


def test_a_decision_of_the_wrong_form_is_refused_with_a_pointer(world: World) -> None:
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
    assert shown(world, visit)["decisions"] == []


def test_reasons_by_question_are_reason_enough(world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "return", reason=None, question_reasons={"wait": "Look again"}), 200)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["question_reasons"] == {"wait": "Look again"}


# Decisions taken back.


def test_a_decision_is_taken_back_by_its_id_and_the_totals_move(world: World) -> None:
    world.accepted_visit()
    visit = world.late_visit({**ALL_WELL, "thanks": {"value": "no"}})
    current: Any = None
    for decision, counted in (
        ("accept", (2, 14, 16)),
        ("reject", (1, 8, 8)),
        ("accept", (2, 14, 16)),
        ("return", (1, 8, 8)),
        ("reject", (1, 8, 8)),
        ("accept", (2, 14, 16)),
    ):
        replaces = current["id"] if current else None
        first = ok(world.review(visit, decision, replaces=replaces), 200)
        assert first["replaces"] == replaces
        assert ok(world.review(visit, decision, replaces=replaces), 200) == first
        if current:
            problem(
                world.review(visit, "accept", replaces=replaces, reason="Too late"), 409, "review-conflict"
            )
        current = first
        assert total(world) == counted
    kept = shown(world, visit)["decisions"]
    assert [each["decision"] for each in kept] == [
        "accept",
        "reject",
        "accept",
        "return",
        "reject",
        "accept",
    ]
    assert [each["replaces"] for each in kept] == [None, *(each["id"] for each in kept[:-1])]
    assert {each["reviewer_id"] for each in kept} == {world.reviewer.id}
    assert {each["reviewer_name"] for each in kept} == {ok(world.reviewer.get("/me"))["name"]}
    assert {each["reason"] for each in kept} == {"Because."}


def test_an_automatic_acceptance_has_an_id_and_is_taken_back(world: World) -> None:
    visit = world.accepted_visit()
    (automatic,) = visit["decisions"]
    assert (automatic["decision"], automatic["reviewer_id"]) == ("accept", None)
    assert automatic["reviewer_name"] is None
    assert total(world) == (1, 8, 8)
    problem(world.review(visit, "reject"), 409, "review-conflict")
    ok(world.review(visit, "reject", replaces=automatic["id"]), 200)
    assert total(world) == (0, 0, 0)
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    assert [each["decision"] for each in shown(world, visit)["decisions"]] == ["accept", "reject"]


def test_a_visit_returned_after_its_acceptance_is_corrected_and_counts_again(world: World) -> None:
    shopper = world.person("shopper")
    visit = world.accepted_visit(shopper=shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]), 200)
    assert total(world) == (0, 0, 0)
    corrected = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
    ok(world.send(visit, corrected, shopper), 201)
    assert shown(world, visit)["status"] == "accepted"
    assert total(world) == (1, 6, 8)


def test_a_decision_replaced_by_the_corrected_revision_cannot_be_taken_back(world: World) -> None:
    visit = world.late_visit()
    returned = ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(revision=2)), 201)
    problem(world.review(visit, "accept", replaces=returned["id"]), 409, "review-conflict")
    problem(world.review(visit, "accept", revision=2, replaces=returned["id"]), 409, "review-conflict")


def test_nobody_reviews_his_own_visit(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check", "review": "manual"})
    for who in (world.reviewer, world.admin):
        visit = world.visit(who, checklist_key="own-check")
        ok(world.send(visit, world.submission(), who), 201)
        problem(world.review(visit, "accept", who), 403, "own-visit")
        ok(world.review(visit, "accept", world.person("reviewer")), 200)


# At once.


def test_of_two_reviewers_at_once_one_wins(world: World) -> None:
    world.accepted_visit()
    visit = world.late_visit()
    reviewers = [world.person("reviewer"), world.person("reviewer")]
    together = Barrier(2)

    def decide(which: int) -> TestResponse:
        together.wait()
        return world.review(visit, ("accept", "reject")[which], reviewers[which])

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(decide, range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (kept,) = shown(world, visit)["decisions"]
    won = next(answer.get_json() for answer in answers if answer.status_code == 200)
    assert kept["id"] == won["id"]
    assert shown(world, visit)["status"] == {"accept": "accepted", "reject": "rejected"}[kept["decision"]]
    assert total(world)[0] == (2 if kept["decision"] == "accept" else 1)


def test_a_decision_sent_twice_at_once_counts_once(world: World) -> None:
    visit = world.late_visit()
    world.reviewer  # noqa: B018
    together = Barrier(4)

    def decide(_: int) -> TestResponse:
        together.wait()
        return world.review(visit, "accept")

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(decide, range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.data for answer in answers}) == 1
    assert total(world) == (1, 8, 8)


def test_a_decision_at_once_with_its_mending_leaves_the_totals_right(world: World) -> None:
    visit = world.late_visit()
    returned = ok(world.review(visit, "return"))
    together = Barrier(2)

    def mend(_: Any) -> TestResponse:
        body = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
        together.wait()
        return world.send(visit, body)

    def accept(_: Any) -> TestResponse:
        together.wait()
        return world.review(visit, "accept", replaces=returned["id"])

    with ThreadPoolExecutor(2) as threads:
        sent, decided = threads.submit(mend, None), threads.submit(accept, None)
    statuses = sent.result().status_code, decided.result().status_code
    assert statuses in ((201, 409), (409, 200))
    # The corrected one is as late as the first, so it waits for a reviewer again.
    assert total(world) == ((0, 0, 0) if statuses[0] == 201 else (1, 8, 8))
    with world.database.read_snapshot() as session:
        assert list(totals.differences(session)) == []
