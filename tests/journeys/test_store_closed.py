"""A store that was closed: evidence instead of answers, a reviewer's look, and no score."""

import hashlib
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.jobs.worker import Worker
from api.services import totals
from tests.journeys.test_flags import make_due, status, waits
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem

FLAG = {"store-closed": "The shopper found the store closed."}
NO_SCORE = {
    "points_earned": 0,
    "points_possible": 0,
    "score": None,
    "passed": False,
    "critical_failures": [],
}


def closed(world: World, answers: Any = None, **values: Any) -> dict[str, Any]:
    """Return a submission of revision 1 for a store that was closed."""
    return world.submission(answers or {}, outcome="store-closed", **values)


def found_closed(world: World, answers: Any = None, **values: Any) -> Any:
    """Make a visit to a store that was closed; it waits for a reviewer."""
    visit = world.visit()
    ok(world.send(visit, closed(world, answers, **values)), 201)
    return visit


def declare(world: World, visit: Any, **values: Any) -> TestResponse:
    """Declare a photo; unless the values name one, without its question."""
    data = jpeg()
    declaration = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
        **values,
    }
    photo_id = declaration.pop("id", None) or str(uuid.uuid4())
    return world.shopper.put(f"/visits/{visit['id']}/photos/{photo_id}", declaration)


def counted(world: World) -> Any:
    """Return all that the store's score shows, and what a manager finds of its visits and its tallies."""
    path = f"/locations/{world.location['id']}"
    tables = (f"by=location{more}" for more in ("", ",question", "&include=made,months,change"))
    return (
        ok(world.manager.get(f"{path}/score")),
        [world.manager.list_all(f"/scores?{table}") for table in tables],
    )


def test_closed_store_without_answers_is_stored_flagged_and_reviewed(world: World) -> None:
    visit = world.visit()
    body = closed(world, comment="Shutters down, no notice")
    first = world.send(visit, body)
    assert ok(first, 201)["photos"] == []
    assert world.send(visit, body).data == first.data
    assert status(world, visit) == "submitted"
    assert world.flags(visit) == FLAG
    (row,) = world.reviewer.list_all("/reviews")
    assert [flag["code"] for flag in row["flags"]] == ["store-closed"]


@pytest.mark.parametrize("outcome", ["visited", None])
def test_default_outcome_is_visited(world: World, outcome: str | None) -> None:
    visit = world.visit()
    body = world.submission()
    ok(world.send(visit, {**body, "outcome": outcome}), 201)
    assert world.flags(visit) == {}
    for caller in (world.manager, world.reviewer):
        assert ok(caller.get(f"/visits/{visit['id']}"))["outcome"] == "visited"
        assert ok(caller.get(f"/visits/{visit['id']}/submission"))["outcome"] == "visited"
    # Another body all the same.
    problem(world.send(visit, body), 409, "submission-conflict")
    missing = {**world.submission({}), "outcome": outcome}
    problem(world.send(world.visit(), missing), 422, "invalid")


@pytest.mark.parametrize("outcome", ["closed", "Store-closed", "", 1, True, ["visited"], {}])
def test_unknown_outcome_is_rejected(world: World, outcome: Any) -> None:
    response = world.send(world.visit(), world.submission(outcome=outcome))
    assert pointers(problem(response, 422, "invalid")) == ["/outcome"]


def test_answers_about_a_closed_store_must_be_valid(world: World) -> None:
    visit = world.visit()
    answers = {
        "greeting": {"value": "maybe"},
        "apology": {"value": "yes"},
        "wait": {"value": 1, "photos": [str(uuid.uuid4())]},
        "nothing": {"value": 1},
    }
    expected = ["/answers/nothing", "/answers/greeting/value", "/answers/wait/photos", "/answers/apology"]
    assert pointers(problem(world.send(visit, closed(world, answers)), 422, "invalid")) == expected
    # But they need not be complete: no comment on lost points, no other answer.
    ok(world.send(visit, closed(world, {"greeting": {"value": "no"}})), 201)
    shown = ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))
    assert shown["answers"]["greeting"]["value"] == "no"
    assert shown["answers"]["greeting"]["points_possible"] == 0
    assert shown["score"] == NO_SCORE


def test_accepted_visit_to_a_closed_store_is_not_counted(world: World) -> None:
    world.accepted_visit()
    before = counted(world)
    visit = found_closed(world, {**ALL_WELL, "problem": {"value": "yes"}, "apology": {"value": "no"}})
    bare = found_closed(world)
    decision = None
    for decided in ("accept", "return", "accept", "reject", "accept"):
        values = {"replaces": decision} if decision else {}
        decision = ok(world.review(visit, decided, **values), 200)["id"]
        assert counted(world) == before
        with world.database.read_snapshot() as session:
            assert list(totals.differences(session)) == []
    ok(world.review(bare, "accept"), 200)
    assert counted(world) == before
    with world.database.read_snapshot() as session:
        assert list(totals.differences(session)) == []


def test_store_that_was_always_closed_has_no_score(world: World) -> None:
    empty = counted(world)
    ok(world.review(found_closed(world), "accept"), 200)
    assert counted(world) == empty
    assert empty[0]["total"]["visits"] == 0


def test_manager_sees_that_a_store_was_closed(world: World) -> None:
    visit = found_closed(world, comment="Shutters down, no notice")
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    ok(world.review(visit, "accept"), 200)
    (row,) = world.manager.list_all("/visits")
    assert (row["outcome"], row["score"]) == ("store-closed", NO_SCORE)
    seen = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert (seen["outcome"], seen["answers"], seen["photos"]) == ("store-closed", {}, [])
    assert seen["comment"] == "Shutters down, no notice"
    assert ok(world.manager.get(f"/visits/{visit['id']}/submission")) == {
        "visit_id": visit["id"],
        "checklist_version": 1,
        "outcome": "store-closed",
        "score": NO_SCORE,
        "answers": {},
        "photos": [],
        "comment": "Shutters down, no notice",
    }
    (comment,) = world.manager.list_all("/comments")
    assert (comment["comment"], comment["points_possible"]) == ("Shutters down, no notice", 0)


def test_outcome_is_null_before_the_first_submission(world: World) -> None:
    visit = world.visit()
    assert visit["outcome"] is None
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["outcome"] is None
    ok(world.send(visit, closed(world)), 201)
    (row,) = world.reviewer.list_all("/visits?status=submitted")
    assert row["outcome"] == "store-closed"


def test_returned_closed_store_can_be_corrected_to_a_visit_and_is_counted(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, question=None)
    body = closed(world, photos=[photo_id], comment="No light")
    ok(world.send(visit, body), 201)
    ok(world.review(visit, "return"), 200)
    assert ok(world.shopper.get(f"/visits/{visit['id']}/submission")) == body
    ok(world.send(visit, world.submission(revision=2)), 201)
    # A reviewer looks at it whatever became of it.
    assert waits(world, visit)
    assert ok(world.reviewer.get(f"/visits/{visit['id']}"))["outcome"] == "visited"
    ok(world.review(visit, "accept", revision=2), 200)
    assert ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 1
    # The photo is no part of what was accepted.
    problem(world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}"), 404, "photo-not-found")
    with world.database.read_snapshot() as session:
        assert list(totals.differences(session)) == []


def test_visit_corrected_to_a_closed_store_is_no_longer_counted(world: World) -> None:
    visit = world.accepted_visit(shopper=world.shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]), 200)
    ok(world.send(visit, closed(world, revision=2)), 201)
    assert waits(world, visit)
    ok(world.review(visit, "accept", revision=2), 200)
    assert ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 0


def test_manual_or_cancelled_visit_can_have_a_closed_store(world: World) -> None:
    visit = world.visit()
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    ok(world.send(visit, closed(world)), 201)
    assert set(world.flags(visit)) == {"store-closed", "cancelled"}
    world.publish({**CHECKLIST, "key": "manual-visit", "review": "manual"})
    manual = world.visit(checklist_key="manual-visit")
    ok(world.send(manual, closed(world)), 201)
    assert waits(world, manual)


# Photos of the closed store.


def test_photos_of_a_closed_store_are_visible_to_all_who_see_the_visit(world: World) -> None:
    visit = world.visit()
    first = world.photo(visit, question=None)
    second = str(uuid.uuid4())
    receipt = ok(world.send(visit, closed(world, photos=[first, second])), 201)
    assert receipt["photos"] == [first, second]
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["photos"] == {
        "expected": 2,
        "stored": 1,
        "missing": [second],
        "unusable": [],
    }
    # The last photo completes the evidence, but never accepts the visit.
    assert not waits(world, visit)
    world.photo(visit, id=second, question=None)
    assert status(world, visit) == "submitted"
    assert waits(world, visit)
    seen = ok(world.reviewer.get(f"/visits/{visit['id']}"))
    assert {each["id"]: each["question"] for each in seen["photo_evidence"]} == {first: None, second: None}
    assert ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["photos"] == [first, second]
    ok(world.review(visit, "accept"), 200)
    assert ok(world.manager.get(f"/visits/{visit['id']}"))["photos"] == [first, second]
    assert ok(world.manager.get(f"/visits/{visit['id']}/submission"))["photos"] == [first, second]
    for end in ("", "/thumbnail"):
        path = f"/visits/{visit['id']}/photos/{first}{end}"
        assert (world.manager.get(path).status_code, world.manager.get(path).mimetype) == (200, "image/jpeg")
        for caller in (world.shopper, world.reviewer, world.admin):
            assert caller.get(path).status_code == 302


def test_photo_that_no_submission_names_is_hidden_from_managers(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, question=None)
    ok(world.send(visit, world.submission()), 201)
    assert status(world, visit) == "accepted"
    problem(world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}"), 404, "photo-not-found")
    assert world.reviewer.get(f"/visits/{visit['id']}/photos/{photo_id}").status_code == 302


def test_photos_of_private_questions_stay_private_for_a_closed_store(world: World) -> None:
    visit = world.visit()
    photos = {key: world.photo(visit, question=key) for key in ("greeting", "receipt", None)}
    answers = {key: {"photos": [photos[key]]} for key in ("greeting", "receipt")}
    body = closed(world, answers, photos=[photos[None]])
    assert ok(world.send(visit, body), 201)["photos"] == list(photos.values())
    ok(world.review(visit, "accept"), 200)
    shown = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert shown["photos"] == [photos[None]]
    assert list(shown["answers"]) == ["greeting"]
    for key, expected in (("greeting", 200), ("receipt", 404), (None, 200)):
        path = f"/visits/{visit['id']}/photos/{photos[key]}"
        assert world.manager.get(path).status_code == expected


def test_only_closed_stores_have_photos_without_a_question_and_at_most_three(world: World) -> None:
    visit = world.visit()
    ids = [str(uuid.uuid4()) for _ in range(4)]
    for body, expected in (
        (world.submission(photos=ids[:1]), ["/photos"]),
        (world.submission(outcome="visited", photos=ids[:1]), ["/photos"]),
        (closed(world, photos=ids), ["/photos"]),
        (closed(world, photos=[ids[0], ids[0]]), ["/photos/1"]),
        (closed(world, {"greeting": {"photos": ids[:1]}}, photos=ids[:1]), ["/photos/0"]),
        (closed(world, photos=["x"]), ["/photos/0"]),
        (closed(world, photos=ids[0]), ["/photos"]),
    ):
        assert pointers(problem(world.send(visit, body), 422, "invalid")) == expected, body
    ok(world.send(visit, closed(world, photos=ids[:3])), 201)
    for none in ([], None):
        ok(world.send(world.visit(), world.submission(photos=none)), 201)


def test_question_of_a_photo_can_be_omitted_or_null(world: World) -> None:
    visit = world.visit()
    photo_id = str(uuid.uuid4())
    assert declare(world, visit, id=photo_id).status_code == 201
    assert declare(world, visit, id=photo_id, question=None).status_code == 200
    # Until a submission names it, it may be declared for a question.
    assert declare(world, visit, id=photo_id, question="greeting").status_code == 200
    assert declare(world, visit, id=photo_id).status_code == 200
    ok(world.send(visit, closed(world, photos=[photo_id])), 201)
    assert declare(world, visit, id=photo_id).status_code == 200
    response = declare(world, visit, id=photo_id, question="greeting")
    assert pointers(problem(response, 422, "invalid")) == ["/question"]
    for question in ("", 5, "wait", "nothing"):
        response = declare(world, visit, question=question)
        assert pointers(problem(response, 422, "invalid")) == ["/question"], question


def test_photo_that_an_answer_names_must_be_declared_with_its_question(world: World) -> None:
    visit = world.visit()
    photo_id = str(uuid.uuid4())
    ok(world.send(visit, world.submission({**ALL_WELL, "receipt": {"photos": [photo_id]}})), 201)
    response = declare(world, visit, id=photo_id)
    assert pointers(problem(response, 422, "invalid")) == ["/question"]


def test_photo_named_for_another_question_is_rejected(world: World) -> None:
    visit = world.visit()
    of_question, of_store = world.photo(visit), world.photo(visit, question=None)
    response = world.send(visit, closed(world, {"greeting": {"photos": [of_store]}}, photos=[of_question]))
    expected = ["/answers/greeting/photos/0", "/photos/0"]
    assert pointers(problem(response, 422, "invalid")) == expected
    ok(world.send(visit, closed(world, {"greeting": {"photos": [of_question]}}, photos=[of_store])), 201)


def test_same_photo_in_another_visit_is_flagged(world: World) -> None:
    data = jpeg(seed=uuid.uuid4().int % 2**31)
    earlier, later = world.visit(), world.visit()
    first = world.photo(earlier, data)
    second = world.photo(later, data, question=None)
    ok(world.send(later, closed(world, photos=[second])), 201)
    shown = ok(world.reviewer.get(f"/visits/{later['id']}"))
    seen = {flag["code"]: flag for flag in shown["flags"]}
    assert set(seen) == {"store-closed", "photo-seen-before"}
    flag = seen["photo-seen-before"]
    assert (flag["photo_id"], flag["other_photo_id"]) == (second, first)
    # And the other way round, in a photo that arrives last.
    third = world.visit()
    photo_id = str(uuid.uuid4())
    ok(world.send(third, closed(world, photos=[photo_id])), 201)
    far = {"latitude": 52.5, "longitude": -0.1}
    world.photo(third, data, id=photo_id, question=None, position=far)
    assert set(world.flags(third)) == {"store-closed", "photo-seen-before", "photo-not-from-visit"}


def test_photos_that_do_not_arrive_are_flagged(world: World) -> None:
    visit = found_closed(world, photos=[str(uuid.uuid4())])
    worker = Worker(world.database, world.store)
    make_due(world, visit)
    worker.work()
    assert set(world.flags(visit)) == {"store-closed", "photos-missing"}
    assert waits(world, visit)


def test_distance_from_a_closed_store_is_flagged(world: World) -> None:
    visit = found_closed(world, position={"latitude": 51.6, "longitude": -0.1, "accuracy_m": 5})
    assert set(world.flags(visit)) == {"store-closed", "far-from-location"}
    assert ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["distance_m"] > 10_000
