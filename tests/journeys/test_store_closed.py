"""Closed stores: evidence instead of answers, a review, and no score."""

import hashlib
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.services.scores import recount
from tests.journeys.test_flags import is_waiting, make_due, status
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


def closed_submission(world: World, answers: Any = None, **values: Any) -> dict[str, Any]:
    """Return a submission of revision 1 about a closed store."""
    return world.submission(answers or {}, outcome="store-closed", **values)


def visit_closed_store(world: World, answers: Any = None, **values: Any) -> Any:
    """Send a visit to a closed store, which waits for a reviewer, and return it."""
    visit = world.visit()
    ok(world.send(visit, closed_submission(world, answers, **values)), 201)
    return visit


def declare(world: World, visit: Any, **values: Any) -> TestResponse:
    """Declare a photo, without a question unless ``values`` has one."""
    data = jpeg()
    declaration = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
        **values,
    }
    photo_id = declaration.pop("id", None) or str(uuid.uuid4())
    return world.shopper.put(f"/visits/{visit['id']}/photos/{photo_id}", declaration)


def read_counts(world: World) -> Any:
    """Return the store's score and the manager's tables of scores and answers."""
    path = f"/locations/{world.location['id']}"
    tables = (f"by=location{parameters}" for parameters in ("", ",question", "&include=made,months,change"))
    return (
        ok(world.manager.get(f"{path}/score")),
        [world.manager.list_all(f"/scores?{table}") for table in tables],
    )


def test_closed_store_without_answers_is_stored_flagged_and_reviewed(world: World) -> None:
    visit = world.visit()
    body = closed_submission(world, comment="Shutters down, no notice")
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
    # The body without the default is other content.
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
    assert pointers(problem(world.send(visit, closed_submission(world, answers)), 422, "invalid")) == expected
    # Answers need not be complete: neither other answers nor a comment on lost points are required.
    ok(world.send(visit, closed_submission(world, {"greeting": {"value": "no"}})), 201)
    submission = ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))
    assert submission["answers"]["greeting"]["value"] == "no"
    assert submission["answers"]["greeting"]["points_possible"] == 0
    assert submission["score"] == NO_SCORE


def test_accepted_visit_to_a_closed_store_is_not_counted(world: World) -> None:
    world.accepted_visit()
    before = read_counts(world)
    visit = visit_closed_store(world, {**ALL_WELL, "problem": {"value": "yes"}, "apology": {"value": "no"}})
    visit_without_answers = visit_closed_store(world)
    decision = None
    for choice in ("accept", "return", "accept", "reject", "accept"):
        values = {"replaces": decision} if decision else {}
        decision = ok(world.review(visit, choice, **values), 200)["id"]
        assert read_counts(world) == before
        with world.database.read_snapshot() as session:
            assert list(recount.find_differences(session)) == []
    ok(world.review(visit_without_answers, "accept"), 200)
    assert read_counts(world) == before
    with world.database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []


def test_store_that_was_always_closed_has_no_score(world: World) -> None:
    empty = read_counts(world)
    ok(world.review(visit_closed_store(world), "accept"), 200)
    assert read_counts(world) == empty
    assert empty[0]["total"]["visits"] == 0


def test_manager_sees_that_a_store_was_closed(world: World) -> None:
    visit = visit_closed_store(world, comment="Shutters down, no notice")
    problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    ok(world.review(visit, "accept"), 200)
    (row,) = world.manager.list_all("/visits")
    assert (row["outcome"], row["score"]) == ("store-closed", NO_SCORE)
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert (details["outcome"], details["answers"], details["photos"]) == ("store-closed", {}, [])
    assert details["comment"] == "Shutters down, no notice"
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
    ok(world.send(visit, closed_submission(world)), 201)
    (row,) = world.reviewer.list_all("/visits?status=submitted")
    assert row["outcome"] == "store-closed"


def test_returned_closed_store_can_be_corrected_to_a_visit_and_is_counted(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, question=None)
    body = closed_submission(world, photos=[photo_id], comment="No light")
    ok(world.send(visit, body), 201)
    ok(world.review(visit, "return"), 200)
    assert ok(world.shopper.get(f"/visits/{visit['id']}/submission")) == body
    ok(world.send(visit, world.submission(revision=2)), 201)
    # A reviewer decides on the correction, whatever its outcome.
    assert is_waiting(world, visit)
    assert ok(world.reviewer.get(f"/visits/{visit['id']}"))["outcome"] == "visited"
    ok(world.review(visit, "accept", revision=2), 200)
    assert ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 1
    # The photo does not belong to the accepted revision.
    problem(world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}"), 404, "photo-not-found")
    with world.database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []


def test_visit_corrected_to_a_closed_store_is_no_longer_counted(world: World) -> None:
    visit = world.accepted_visit(shopper=world.shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]), 200)
    ok(world.send(visit, closed_submission(world, revision=2)), 201)
    assert is_waiting(world, visit)
    ok(world.review(visit, "accept", revision=2), 200)
    assert ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 0


def test_manual_or_cancelled_visit_can_have_a_closed_store(world: World) -> None:
    visit = world.visit()
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    ok(world.send(visit, closed_submission(world)), 201)
    assert set(world.flags(visit)) == {"store-closed", "cancelled"}
    world.publish({**CHECKLIST, "key": "manual-visit", "review": "manual"})
    manual = world.visit(checklist_key="manual-visit")
    ok(world.send(manual, closed_submission(world)), 201)
    assert is_waiting(world, manual)


# Photos of closed stores.


def test_photos_of_a_closed_store_are_visible_to_all_who_see_the_visit(world: World) -> None:
    visit = world.visit()
    first = world.photo(visit, question=None)
    second = str(uuid.uuid4())
    receipt = ok(world.send(visit, closed_submission(world, photos=[first, second])), 201)
    assert receipt["photos"] == [first, second]
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["photos"] == {
        "expected": 2,
        "stored": 1,
        "missing": [second],
        "unusable": [],
    }
    # The last photo completes the evidence, but never accepts the visit.
    assert not is_waiting(world, visit)
    world.photo(visit, id=second, question=None)
    assert status(world, visit) == "submitted"
    assert is_waiting(world, visit)
    details = ok(world.reviewer.get(f"/visits/{visit['id']}"))
    assert {photo["id"]: photo["question"] for photo in details["photo_evidence"]} == {
        first: None,
        second: None,
    }
    assert ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["photos"] == [first, second]
    ok(world.review(visit, "accept"), 200)
    assert ok(world.manager.get(f"/visits/{visit['id']}"))["photos"] == [first, second]
    assert ok(world.manager.get(f"/visits/{visit['id']}/submission"))["photos"] == [first, second]
    for suffix in ("", "/thumbnail"):
        path = f"/visits/{visit['id']}/photos/{first}{suffix}"
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
    body = closed_submission(world, answers, photos=[photos[None]])
    assert ok(world.send(visit, body), 201)["photos"] == list(photos.values())
    ok(world.review(visit, "accept"), 200)
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert details["photos"] == [photos[None]]
    assert list(details["answers"]) == ["greeting"]
    for key, expected in (("greeting", 200), ("receipt", 404), (None, 200)):
        path = f"/visits/{visit['id']}/photos/{photos[key]}"
        assert world.manager.get(path).status_code == expected


def test_only_closed_stores_have_photos_without_a_question_and_at_most_three(world: World) -> None:
    visit = world.visit()
    ids = [str(uuid.uuid4()) for _ in range(4)]
    for body, expected in (
        (world.submission(photos=ids[:1]), ["/photos"]),
        (world.submission(outcome="visited", photos=ids[:1]), ["/photos"]),
        (closed_submission(world, photos=ids), ["/photos"]),
        (closed_submission(world, photos=[ids[0], ids[0]]), ["/photos/1"]),
        (closed_submission(world, {"greeting": {"photos": ids[:1]}}, photos=ids[:1]), ["/photos/0"]),
        (closed_submission(world, photos=["x"]), ["/photos/0"]),
        (closed_submission(world, photos=ids[0]), ["/photos"]),
    ):
        assert pointers(problem(world.send(visit, body), 422, "invalid")) == expected, body
    ok(world.send(visit, closed_submission(world, photos=ids[:3])), 201)
    for no_photos in ([], None):
        ok(world.send(world.visit(), world.submission(photos=no_photos)), 201)


def test_question_of_a_photo_can_be_omitted_or_null(world: World) -> None:
    visit = world.visit()
    photo_id = str(uuid.uuid4())
    assert declare(world, visit, id=photo_id).status_code == 201
    assert declare(world, visit, id=photo_id, question=None).status_code == 200
    # Until a submission names the photo, it can be declared for a question.
    assert declare(world, visit, id=photo_id, question="greeting").status_code == 200
    assert declare(world, visit, id=photo_id).status_code == 200
    ok(world.send(visit, closed_submission(world, photos=[photo_id])), 201)
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
    question_photo, store_photo = world.photo(visit), world.photo(visit, question=None)
    response = world.send(
        visit, closed_submission(world, {"greeting": {"photos": [store_photo]}}, photos=[question_photo])
    )
    expected = ["/answers/greeting/photos/0", "/photos/0"]
    assert pointers(problem(response, 422, "invalid")) == expected
    ok(
        world.send(
            visit, closed_submission(world, {"greeting": {"photos": [question_photo]}}, photos=[store_photo])
        ),
        201,
    )


def test_same_photo_in_another_visit_is_flagged(world: World) -> None:
    data = jpeg(seed=uuid.uuid4().int % 2**31)
    earlier, later = world.visit(), world.visit()
    first = world.photo(earlier, data)
    second = world.photo(later, data, question=None)
    ok(world.send(later, closed_submission(world, photos=[second])), 201)
    details = ok(world.reviewer.get(f"/visits/{later['id']}"))
    flags = {flag["code"]: flag for flag in details["flags"]}
    assert set(flags) == {"store-closed", "photo-seen-before"}
    flag = flags["photo-seen-before"]
    assert (flag["photo_id"], flag["other_photo_id"]) == (second, first)
    # A photo that arrives after the submission is flagged, too.
    third = world.visit()
    photo_id = str(uuid.uuid4())
    ok(world.send(third, closed_submission(world, photos=[photo_id])), 201)
    far = {"latitude": 52.5, "longitude": -0.1}
    world.photo(third, data, id=photo_id, question=None, position=far)
    assert set(world.flags(third)) == {"store-closed", "photo-seen-before", "photo-not-from-visit"}


def test_photos_that_do_not_arrive_are_flagged(world: World) -> None:
    visit = visit_closed_store(world, photos=[str(uuid.uuid4())])
    make_due(world, visit)
    world.run_due_tasks()
    assert set(world.flags(visit)) == {"store-closed", "photos-missing"}
    assert is_waiting(world, visit)


def test_distance_from_a_closed_store_is_flagged(world: World) -> None:
    visit = visit_closed_store(world, position={"latitude": 51.6, "longitude": -0.1, "accuracy_m": 5})
    assert set(world.flags(visit)) == {"store-closed", "far-from-location"}
    assert ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["distance_m"] > 10_000
