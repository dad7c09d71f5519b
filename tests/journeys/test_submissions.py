"""Submissions: stored exactly once, permanently, and never lost."""

import hashlib
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import product
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api.models.submissions import CommentFingerprint, Flag, Submission
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem

COMMENT = "The tall man at the till never looked up from his screen"


def send_text(world: World, visit: Any, text: str, shopper: Caller | None = None) -> TestResponse:
    """Send a body of JSON text."""
    headers = {"Content-Type": "application/json", "Device-Time": datetime.now(UTC).isoformat()}
    path = f"/visits/{visit['id']}/submission"
    return (shopper or world.shopper).put(path, data=text.encode(), headers=headers)


def canonical(value: Any) -> str:
    """Return the canonical JSON (RFC 8785), implemented independently for numbers of moderate size."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def count_rows(world: World, visit: Any) -> list[int]:
    """Return the numbers of stored submissions, flags and comments of a visit."""
    visit_id = uuid.UUID(visit["id"])
    with world.database.read_snapshot() as session:
        return [
            session.scalars(select(func.count()).select_from(table).where(table.visit_id == visit_id)).one()
            for table in (Submission, Flag, CommentFingerprint)
        ]


def publish_with_number(world: World) -> None:
    """Publish the checklist with a number question."""
    document = deepcopy(CHECKLIST)
    document["sections"][0]["questions"].append(
        {"key": "spent", "type": "number", "text": "What did you spend?", "required": False}
    )
    world.checklist = world.publish(document)


# Replays.


def test_first_submission_returns_a_receipt(world: World) -> None:
    visit = world.visit()
    body = world.submission()
    before = datetime.now(UTC)
    receipt = ok(world.send(visit, body), 201)
    assert list(receipt) == ["visit_id", "revision", "received_at", "content_sha256", "photos"]
    assert (receipt["visit_id"], receipt["revision"], receipt["photos"]) == (visit["id"], 1, [])
    assert before <= datetime.fromisoformat(receipt["received_at"]) <= datetime.now(UTC)
    assert receipt["received_at"].endswith("Z")


def test_replay_returns_the_same_receipt_byte_for_byte(world: World) -> None:
    visit = world.visit()
    body = world.submission()
    first = world.send(visit, body)
    for headers in ({}, {"Device-Time": "2001-01-01T00:00:00Z"}, {"Device-Time": "no time at all"}):
        replay = world.send(visit, body, headers=headers)
        assert (replay.status_code, replay.data) == (200, first.data)
    assert count_rows(world, visit) == [1, 0, 0]


@pytest.mark.parametrize("decision", ["accept", "return", "reject"])
def test_replay_returns_the_receipt_after_any_decision(world: World, decision: str) -> None:
    visit = world.visit()
    body = world.submission(comment=COMMENT + str(uuid.uuid4()), started_at=world.submission()["finished_at"])
    first = world.send(visit, body)
    assert first.status_code == 201
    assert "too-fast" in world.flags(visit)
    ok(world.review(visit, decision), 200)
    status = ok(world.shopper.get(f"/visits/{visit['id']}"))["status"]
    replay = world.send(visit, body)
    assert (replay.status_code, replay.data) == (200, first.data)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == status
    problem(world.send(visit, {**body, "comment": "other"}), 409, "submission-conflict")


def test_replay_of_the_first_revision_works_after_the_second(world: World) -> None:
    visit = world.late_visit()
    first = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    ok(world.review(visit, "return"))
    second = {**first, "revision": 2, "comment": "corrected"}
    receipt = world.send(visit, second)
    assert (receipt.status_code, receipt.get_json()["revision"]) == (201, 2)
    for body, revision in ((first, 1), (second, 2)):
        assert ok(world.send(visit, body), 200)["revision"] == revision
    problem(world.send(visit, {**first, "comment": "other"}), 409, "submission-conflict")


def test_four_simultaneous_replays_are_stored_once_with_one_receipt(world: World) -> None:
    visit = world.visit()
    body = world.submission(comment=COMMENT + str(uuid.uuid4()))
    world.shopper  # noqa: B018
    barrier = Barrier(4)

    def send(_: int) -> TestResponse:
        barrier.wait()
        return world.send(visit, body)

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(send, range(4)))
    assert sorted(response.status_code for response in responses) == [200, 200, 200, 201]
    assert len({response.data for response in responses}) == 1
    assert count_rows(world, visit) == [1, 0, 1]
    score = ok(world.admin.get(f"/locations/{world.location['id']}/score"))
    assert score["total"]["visits"] == 1


def test_of_four_simultaneous_contents_one_is_stored(world: World) -> None:
    visit = world.visit()
    world.shopper  # noqa: B018
    barrier = Barrier(4)

    def send(number: int) -> TestResponse:
        body = world.submission(comment=f"I am number {number}")
        barrier.wait()
        return world.send(visit, body)

    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(send, range(4)))
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    stored = next(response.get_json() for response in responses if response.status_code == 201)
    content = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    digest = hashlib.sha256(canonical(content).encode()).hexdigest()
    assert digest == stored["content_sha256"]


# Equal content.


def test_hash_is_computed_from_the_canonical_json(world: World) -> None:
    publish_with_number(world)
    body = world.submission(
        {
            **ALL_WELL,
            "greeting": {"value": "no", "comment": 'Ein "Ärger" \\ mit\tTab \x7f \u2028 und 🙂'},
            "spent": {"value": 12.5},
        },
        comment=None,
    )
    receipt = ok(world.send(world.visit(), body), 201)
    assert receipt["content_sha256"] == hashlib.sha256(canonical(body).encode()).hexdigest()


def test_order_spaces_and_number_formats_do_not_change_the_content(world: World) -> None:
    publish_with_number(world)
    visit = world.visit()
    body = world.submission({**ALL_WELL, "spent": {"value": 100}})
    body["position"] = {"latitude": 51.5, "longitude": 0, "accuracy_m": 10}
    first = world.send(visit, body)
    assert first.status_code == 201
    text = json.dumps(dict(reversed(body.items())), indent=3)
    for old, new in (('"value": 100', '"value": 1.0E+2'), ("51.5", "51.500"), (": 10\n", ": 10.0\n")):
        assert old in text
        text = text.replace(old, new)
    text = text.replace('"longitude": 0', '"longitude": -0.0').replace('"greeting"', '"\\u0067reeting"')
    replay = send_text(world, visit, text)
    assert (replay.status_code, replay.data) == (200, first.data), replay.data


def test_largest_number_is_accepted(world: World) -> None:
    publish_with_number(world)
    for value in (2**53, -(2**53), 2**53 - 1):
        visit = world.visit()
        body = world.submission({**ALL_WELL, "spent": {"value": value}})
        receipt = ok(world.send(visit, body), 201)
        assert receipt["content_sha256"] == hashlib.sha256(canonical(body).encode()).hexdigest()
    text = json.dumps(world.submission({**ALL_WELL, "spent": {"value": 2**53 + 1}}))
    problem(send_text(world, world.visit(), text), 400, "malformed-request")


@pytest.mark.parametrize("field", ["position", "comment"])
def test_null_and_omitted_are_different_content(world: World, field: str) -> None:
    visit = world.visit()
    body = world.submission(**{field: None})
    omitted = {name: value for name, value in body.items() if name != field}
    ok(world.send(visit, body), 201)
    problem(world.send(visit, omitted), 409, "submission-conflict")
    other_visit = world.visit()
    ok(world.send(other_visit, omitted), 201)
    problem(world.send(other_visit, body), 409, "submission-conflict")


def test_other_content_for_a_stored_revision_is_a_conflict(world: World) -> None:
    visit = world.visit()
    body = world.submission()
    ok(world.send(visit, body), 201)
    changes: list[dict[str, Any]] = [
        {"comment": "other"},
        {"position": None},
        {"finished_at": "2026-01-01T00:00:00+00:00"},
        {"answers": {**ALL_WELL, "wait": {"value": 21}}},
        {"answers": {**ALL_WELL, "wait": {"value": 20, "comment": None}}},
        {"answers": {}},
        {"checklist_version": 2},
    ]
    for change in changes:
        problem(world.send(visit, {**body, **change}), 409, "submission-conflict")
    assert ok(world.shopper.get(f"/visits/{visit['id']}/submission")) == body


# Revisions.


def test_first_revision_must_be_number_one(world: World) -> None:
    visit = world.visit()
    for unexpected in (-1, 0, 2, 2**53):
        problem(world.send(visit, world.submission(revision=unexpected)), 409, "revision-unexpected")
    assert count_rows(world, visit) == [0, 0, 0]


def test_next_revision_is_accepted_only_for_a_returned_visit(world: World) -> None:
    visit = world.late_visit()
    second = world.submission(revision=2)
    problem(world.send(visit, second), 409, "revision-unexpected")  # submitted
    decision = ok(world.review(visit, "reject"))
    problem(world.send(visit, second), 409, "revision-unexpected")
    decision = ok(world.review(visit, "accept", replaces=decision["id"]))
    problem(world.send(visit, second), 409, "revision-unexpected")
    ok(world.review(visit, "return", replaces=decision["id"]))
    problem(world.send(visit, {**second, "revision": 3}), 409, "revision-unexpected")
    ok(world.send(visit, second), 201)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["revision"] == 2
    problem(world.send(visit, {**second, "revision": 3}), 409, "revision-unexpected")


def test_first_revision_sets_the_month_permanently(world: World) -> None:
    moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-31T00:00:00Z"}
    madrid = world.new_location(time_zone="Europe/Madrid")
    visit = world.visit(location=madrid, window=window)
    times = {
        "started_at": moment.isoformat(),
        "finished_at": (moment + timedelta(minutes=10)).isoformat(),
    }
    ok(world.send(visit, world.submission(**times)), 201)
    details = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert details["day"] == "2026-02-01"
    ok(world.review(visit, "return"))
    later = {
        "started_at": (moment + timedelta(days=40)).isoformat(),
        "finished_at": (moment + timedelta(days=40, minutes=10)).isoformat(),
    }
    ok(world.send(visit, world.submission(revision=2, **later)), 201)
    ok(world.review(visit, "accept", revision=2))
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["day"] == "2026-02-01"
    score = ok(world.admin.get(f"/locations/{madrid['id']}/score?from=2026-01&to=2026-04"))
    months = [month["month"] for month in score["months"] if month["visits"]]
    assert months == ["2026-02"]


# Errors that the shopper has to correct.

MISSING: Any = object()


WRONG_ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"wait": MISSING}, "/answers/wait/value"),
    ({"wait": {"value": None, "comment": "I forgot"}}, "/answers/wait/value"),
    ({"greeting": {"value": "no"}}, "/answers/greeting/comment"),
    ({"greeting": {"value": "maybe"}}, "/answers/greeting/value"),
    ({"greeting": {"value": {"yes": True}}}, "/answers/greeting/value"),
    ({"greeting": {"value": ["yes"]}}, "/answers/greeting/value"),
    ({"greeting": {"value": "yes", "comment": 5}}, "/answers/greeting/comment"),
    ({"greeting": {"value": "yes", "photos": ["x"]}}, "/answers/greeting/photos/0"),
    ({"greeting": {"value": "yes", "photos": [str(uuid.uuid1())]}}, "/answers/greeting/photos/0"),
    ({"greeting": {"value": "yes", "photo": []}}, "/answers/greeting/photo"),
    ({"greeting": {"not_applicable": True}}, "/answers/greeting/not_applicable"),
    ({"greeting": {"value": "yes", "not_applicable": "true"}}, "/answers/greeting/not_applicable"),
    ({"greeting": None}, "/answers/greeting"),
    ({"greeting": "yes"}, "/answers/greeting"),
    ({"wait": {"value": -1}}, "/answers/wait/value"),
    ({"wait": {"value": 5.5}}, "/answers/wait/value"),
    ({"wait": {"value": "5"}}, "/answers/wait/value"),
    ({"wait": {"value": True}}, "/answers/wait/value"),
    ({"apology": {"value": "yes"}}, "/answers/apology"),
    ({"value": {"value": "yes"}}, "/answers/value"),
    ({"a/b~c": {"value": "yes"}}, "/answers/a~1b~0c"),
    ({"story": {"value": "  "}}, "/answers/story/value"),
    ({"clock": {"value": "24:00"}}, "/answers/clock/value"),
    ({"receipt": {"value": "a photo"}}, "/answers/receipt/value"),
    ({"wait": {"value": 5, "photos": [str(uuid.uuid4())]}}, "/answers/wait/photos"),
]


def test_correctable_errors_are_rejected_with_pointers_and_nothing_is_stored(world: World) -> None:
    visit = world.visit()
    for answers, pointer in WRONG_ANSWERS:
        all_answers = {
            key: answer for key, answer in {**ALL_WELL, **answers}.items() if answer is not MISSING
        }
        body = problem(world.send(visit, world.submission(all_answers, comment=COMMENT)), 422, "invalid")
        assert pointers(body) == [pointer], answers
    assert count_rows(world, visit) == [0, 0, 0]
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["revision"]) == ("assigned", 0)
    problem(world.shopper.get(f"/visits/{visit['id']}/submission"), 404, "submission-not-found")


WRONG_FORMS: list[tuple[dict[str, Any], str]] = [
    ({"revision": "1"}, "/revision"),
    ({"revision": True}, "/revision"),
    ({"revision": 1.5}, "/revision"),
    ({"checklist_version": None}, "/checklist_version"),
    ({"checklist_version": 2}, "/checklist_version"),
    ({"started_at": "2026-01-01T00:00:00"}, "/started_at"),
    ({"finished_at": "yesterday"}, "/finished_at"),
    ({"position": {"latitude": 91, "longitude": 0}}, "/position/latitude"),
    ({"position": {"latitude": 1}}, "/position/longitude"),
    ({"position": {"latitude": 1, "longitude": 0, "accuracy_m": -1}}, "/position/accuracy_m"),
    ({"position": {"latitude": 1, "longitude": 0, "altitude": 1}}, "/position/altitude"),
    ({"answers": []}, "/answers"),
    ({"answers": None}, "/answers"),
    ({"comment": 5}, "/comment"),
    ({"score": 100}, "/score"),
]


def test_malformed_submission_is_rejected_with_a_pointer(world: World) -> None:
    visit = world.visit()
    for values, pointer in WRONG_FORMS:
        body = problem(world.send(visit, {**world.submission(), **values}), 422, "invalid")
        assert pointers(body) == [pointer], values
    assert count_rows(world, visit) == [0, 0, 0]


def test_photo_named_twice_or_for_another_question_is_rejected(world: World) -> None:
    visit = world.visit()
    photo_id = world.declare(visit, b"bytes")["id"]
    repeated = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id, photo_id]}}
    body = problem(world.send(visit, world.submission(repeated)), 422, "invalid")
    assert pointers(body) == ["/answers/greeting/photos/1"]
    misplaced = {**ALL_WELL, "receipt": {"photos": [photo_id]}}
    body = problem(world.send(visit, world.submission(misplaced, comment=COMMENT)), 422, "invalid")
    assert pointers(body) == ["/answers/receipt/photos/0"]
    assert count_rows(world, visit) == [0, 0, 0]


def test_times_at_the_limits_of_the_calendar_are_stored_and_flagged(world: World) -> None:
    los_angeles = world.new_location(time_zone="America/Los_Angeles")
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    for moment, device_time in product((first, last), (None, first, last)):
        visit = world.visit(location=los_angeles)
        body = world.submission(started_at=moment, finished_at=moment)
        headers = {"Device-Time": device_time} if device_time else {}
        ok(world.send(visit, body, headers=headers), 201)
        assert world.flags(visit)
        ok(world.review(visit, "accept"))
        ok(world.manager.get(f"/visits/{visit['id']}"))


# Answers that are stored although something happened in between.


def test_answers_to_a_cancelled_visit_are_stored_for_a_reviewer(world: World) -> None:
    visit = world.visit()
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    body = world.submission()
    first = world.send(visit, body)
    assert first.status_code == 201
    details = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert details["status"] == "submitted"
    assert world.flags(visit) == {"cancelled": "The visit was cancelled before its answers were received."}
    assert visit["id"] in [row["visit_id"] for row in world.reviewer.list_all("/reviews")]
    assert world.send(visit, body).data == first.data
    ok(world.review(visit, "accept"))


def test_answers_to_a_declined_visit_are_stored_for_a_reviewer(world: World) -> None:
    visit = world.visit()
    ok(world.shopper.post(f"/visits/{visit['id']}/decline", {"reason": "No bus"}))
    ok(world.send(visit, world.submission()), 201)
    assert world.flags(visit) == {"cancelled": "The visit was declined before its answers were received."}
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "submitted"


def test_answers_to_a_reassigned_visit_are_stored(world: World) -> None:
    visit = world.visit()
    other_shopper = world.person("shopper")
    new_visit = ok(world.admin.post(f"/visits/{visit['id']}/reassign", {"shopper_id": other_shopper.id}), 201)
    ok(world.send(visit, world.submission()), 201)
    ok(world.send(new_visit, world.submission(), other_shopper), 201)
    assert "cancelled" in world.flags(visit)
    assert world.flags(new_visit) == {}


def test_visit_with_answers_cannot_be_cancelled(world: World) -> None:
    visit = world.late_visit()
    first = world.shopper.get(f"/visits/{visit['id']}/submission")
    problem(world.admin.post(f"/visits/{visit['id']}/cancel"), 409, "wrong-status")
    assert world.send(visit, first.get_json()).status_code == 200


def test_answers_after_the_window_closed_are_stored(world: World) -> None:
    visit = world.late_visit()
    assert list(world.flags(visit)) == ["late"]


def test_answers_to_a_retired_checklist_are_stored(world: World) -> None:
    visit = world.visit()
    ok(world.admin.post("/checklists/visit/retire"))
    ok(world.send(visit, world.submission()), 201)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "accepted"


def test_newer_version_does_not_change_an_assigned_visit(world: World) -> None:
    visit = world.visit()
    document = deepcopy(CHECKLIST)
    document["sections"][0]["questions"].append({"key": "smile", "text": "A smile?", "type": "yes_no"})
    assert world.publish(document)["version"] == 2
    newer = world.visit(world.person("shopper"))
    assert (visit["checklist"]["version"], newer["checklist"]["version"]) == (1, 2)
    answers = {**ALL_WELL, "smile": {"value": "yes"}}
    body = world.send(visit, world.submission(answers, checklist_version=2))
    assert sorted(pointers(problem(body, 422, "invalid"))) == ["/answers/smile", "/checklist_version"]
    ok(world.send(visit, world.submission()), 201)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "accepted"


# Who may send and read answers.


def test_shopper_reads_their_own_latest_revision(world: World) -> None:
    visit = world.visit()
    path = f"/visits/{visit['id']}/submission"
    problem(world.shopper.get(path), 404, "submission-not-found")
    body = world.submission({**ALL_WELL, "receipt": {"photos": [str(uuid.uuid4())]}})
    body["answers"]["clock"] = {"value": "14:35"}
    ok(world.send(visit, body), 201)
    assert ok(world.shopper.get(path)) == body
    ok(world.review(visit, "return"))
    corrected = {**body, "revision": 2, "answers": ALL_WELL}
    ok(world.send(visit, corrected), 201)
    assert ok(world.shopper.get(path)) == corrected


def test_people_cannot_send_or_read_answers_of_others(world: World) -> None:
    visit = world.visit()
    unknown = {"id": str(uuid.uuid4())}
    for caller in (world.person("shopper"), world.manager, world.reviewer, world.admin):
        problem(world.send(visit, world.submission(), caller), 404, "visit-not-found")
    foreign_admin = World(world.app).person("admin")
    for caller in (world.person("shopper"), world.manager, foreign_admin):
        hidden = problem(caller.get(f"/visits/{visit['id']}/submission"), 404, "visit-not-found")
        missing = problem(caller.get(f"/visits/{unknown['id']}/submission"), 404, "visit-not-found")
        without_request_fields: Callable[[Any], Any] = lambda body: {  # noqa: E731
            key: value for key, value in body.items() if key not in ("instance", "request_id")
        }
        assert without_request_fields(hidden) == without_request_fields(missing)
    problem(world.send(visit, world.submission(), world.anonymous), 401, "not-signed-in")


def test_manager_can_send_a_self_check(world: World) -> None:
    document = {**CHECKLIST, "key": "own-check", "channel": "self_check"}
    world.publish(document)
    visit = world.visit(world.manager, checklist_key="own-check")
    assert ok(world.manager.get(f"/visits/{visit['id']}"))["status"] == "assigned"
    far = {"latitude": 50.0, "longitude": 0.0}
    body = world.submission(position=far)
    ok(world.send(visit, body, world.manager), 201)
    assert ok(world.manager.get(f"/visits/{visit['id']}"))["status"] == "accepted"
    assert ok(world.send(visit, body, world.manager), 200)
    visits = ok(world.manager.get("/visits?mine=true"))["items"]
    assert [row["id"] for row in visits] == [visit["id"]]


def test_reviewers_and_managers_read_answers_with_points(world: World) -> None:
    answers = {**ALL_WELL, "wait": {"value": 45, "comment": "two tills shut"}, "clock": {"value": "14:35"}}
    answers["thanks"] = {"not_applicable": True}
    answers["receipt"] = {"photos": [str(uuid.uuid4())]}
    visit = world.visit()
    body = world.submission(answers, comment="All in all")
    ok(world.send(visit, body), 201)
    problem(world.manager.get(f"/visits/{visit['id']}/submission"), 404, "visit-not-found")
    ok(world.review(visit, "accept"))
    for caller in (world.manager, world.reviewer):
        submission = ok(caller.get(f"/visits/{visit['id']}/submission"))
        wait = submission["answers"]["wait"]
        assert (wait["value"], wait["comment"]) == (45, "two tills shut")
        assert (wait["points_earned"], wait["points_possible"]) == (2, 4)
        assert submission["answers"]["thanks"]["not_applicable"] is True
        assert submission["score"]["points_earned"] == 4
        assert submission["comment"] == "All in all"
        is_manager = caller is world.manager
        assert submission["answers"]["clock"]["value"] == ("afternoon" if is_manager else "14:35")
        assert ("receipt" in submission["answers"]) is not is_manager
        assert (
            ("started_at" in submission)
            is ("position" in submission)
            is ("clock_shift" in submission)
            is not is_manager
        )


def test_reviewer_sees_the_distance_from_the_location(world: World) -> None:
    near, unknown = world.visit(), world.visit()
    north = {"latitude": 51.501, "longitude": -0.1, "accuracy_m": 12}
    ok(world.send(near, world.submission(position=north)), 201)
    ok(world.send(unknown, world.submission(position=None)), 201)
    submissions = [
        ok(world.reviewer.get(f"/visits/{submission['id']}/submission")) for submission in (near, unknown)
    ]
    assert [submission["distance_m"] for submission in submissions] == [111, None]  # a thousandth of a degree
    assert "distance_m" not in ok(world.manager.get(f"/visits/{near['id']}/submission"))
