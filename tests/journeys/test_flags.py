"""Every flag over HTTP: raised when its evidence is complete, and described in words."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from api.models.base import now
from api.models.events import Event
from api.models.submissions import Submission
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

pytestmark = pytest.mark.one_database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAR = {"latitude": 51.6, "longitude": -0.1, "accuracy_m": 50}


def status(world: World, visit: Any) -> str:
    current: str = ok(world.admin.get(f"/visits/{visit['id']}"))["status"]
    return current


def is_waiting(world: World, visit: Any) -> bool:
    return visit["id"] in [row["visit_id"] for row in world.reviewer.list_all("/reviews")]


def device_time(moment: datetime) -> dict[str, str]:
    return {"Device-Time": moment.isoformat()}


def times(started: datetime, finished: datetime) -> dict[str, str]:
    return {"started_at": started.isoformat(), "finished_at": finished.isoformat()}


def with_photo(photo_id: str | None = None) -> dict[str, Any]:
    photo_id = photo_id or str(uuid.uuid4())
    return {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}


def make_due(world: World, visit: Any) -> None:
    """Make the events of a visit due, as if the time had passed."""
    world.database.write(
        lambda session: session.execute(
            update(Event).where(Event.visit_id == uuid.UUID(visit["id"])).values(due_at=now())
        )
    )


def test_visit_without_flags_is_accepted(world: World) -> None:
    visit = world.visit()
    comment = f"A long comment that is unique: {uuid.uuid4()}"
    body = world.submission({**with_photo(world.photo(visit)), "story": {"value": comment[::-1]}})
    ok(world.send(visit, {**body, "comment": comment}), 201)
    assert world.flags(visit) == {}
    assert status(world, visit) == "accepted"
    assert not is_waiting(world, visit)


def test_visit_after_its_window_is_flagged_late(world: World) -> None:
    visit = world.late_visit()
    assert world.flags(visit) == {"late": "Finished 1 day after the window closed."}
    assert status(world, visit) == "submitted"
    (row,) = world.reviewer.list_all("/reviews")
    assert row["visit_id"] == visit["id"]
    assert [flag["code"] for flag in row["flags"]] == ["late"]


def test_visit_before_its_window_is_flagged_early(world: World) -> None:
    tomorrow = datetime.now(UTC) + DAY
    window = {"opens_at": tomorrow.isoformat(), "closes_at": (tomorrow + DAY).isoformat()}
    visit = world.visit(window=window)
    ok(world.send(visit, world.submission()), 201)
    assert world.flags(visit) == {"early": "Started 1 day before the window opened."}


def test_wrong_clock_is_flagged_and_times_are_corrected(world: World) -> None:
    visit = world.visit()
    moment = datetime.now(UTC) + 30 * DAY
    body = world.submission(**times(moment - HOUR, moment - HOUR / 2))
    ok(world.send(visit, body, headers=device_time(moment)), 201)
    assert world.flags(visit) == {"clock-off": "The phone's clock was 30 days ahead."}
    details = ok(world.admin.get(f"/visits/{visit['id']}"))
    difference = datetime.fromisoformat(details["started_at"]) - (datetime.now(UTC) - HOUR)
    assert abs(difference) < timedelta(minutes=1)
    submission = ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))
    assert submission["clock_shift"] == pytest.approx(-30 * 86400, abs=60)
    assert submission["started_at"] == body["started_at"]


@pytest.mark.parametrize("minutes", [-9, 9])
def test_slightly_wrong_clock_is_not_flagged(world: World, minutes: int) -> None:
    visit = world.visit()
    headers = device_time(datetime.now(UTC) + timedelta(minutes=minutes))
    ok(world.send(visit, world.submission(), headers=headers), 201)
    assert world.flags(visit) == {}


@pytest.mark.parametrize("headers", [{}, {"Device-Time": "half past nine"}])
def test_without_device_time_plausible_times_are_accepted(world: World, headers: dict[str, str]) -> None:
    visit = world.visit()
    ok(world.send(visit, world.submission(), headers=headers), 201)
    assert world.flags(visit) == {}
    future = world.visit()
    moment = datetime.now(UTC)
    body = world.submission(**times(moment, moment + 3 * HOUR))
    ok(world.send(future, body, headers=headers), 201)
    flags = world.flags(future)
    assert list(flags) == ["clock-off"]
    assert "corrected by the time of receipt" in flags["clock-off"]
    old = world.visit()
    body = world.submission(**times(moment - 401 * DAY, moment - 401 * DAY + HOUR))
    ok(world.send(old, body, headers=headers), 201)
    assert list(world.flags(old)) == ["clock-off"]
    details = ok(world.admin.get(f"/visits/{old['id']}"))
    assert datetime.now(UTC) - datetime.fromisoformat(details["finished_at"]) < timedelta(minutes=1)


def test_visit_that_ends_before_it_starts_is_stored_and_flagged(world: World) -> None:
    visit = world.visit()
    body = world.submission()
    body["started_at"], body["finished_at"] = body["finished_at"], body["started_at"]
    ok(world.send(visit, body), 201)
    assert set(world.flags(visit)) == {"clock-off", "too-fast"}


def test_visit_far_from_its_location_is_flagged(world: World) -> None:
    visit = world.visit()
    ok(world.send(visit, world.submission(position=FAR)), 201)
    assert world.flags(visit) == {
        "far-from-location": "The phone was 11.1 km from the location, give or take 50 m."
    }


def test_distance_allows_for_the_accuracy_and_needs_both_positions(world: World) -> None:
    inaccurate = world.visit()
    ok(world.send(inaccurate, world.submission(position={**FAR, "accuracy_m": 11_000})), 201)
    without_phone_position = world.visit()
    ok(world.send(without_phone_position, world.submission(position=None)), 201)
    without_position = world.visit(location=world.new_location(latitude=None, longitude=None))
    ok(world.send(without_position, world.submission(position=FAR)), 201)
    assert [world.flags(visit) for visit in (inaccurate, without_phone_position, without_position)] == [
        {},
        {},
        {},
    ]


def test_visit_that_is_too_fast_is_flagged(world: World) -> None:
    finished = datetime.now(UTC)
    too_fast, slow_enough = world.visit(), world.visit()
    ok(world.send(too_fast, world.submission(**times(finished - timedelta(seconds=7), finished))), 201)
    ok(world.send(slow_enough, world.submission(**times(finished - timedelta(seconds=8), finished))), 201)
    assert world.flags(too_fast) == {"too-fast": "4 questions were answered in 7.0 seconds."}
    assert world.flags(slow_enough) == {}


@pytest.mark.parametrize("photo_first", [True, False])
def test_photo_of_another_visit_is_flagged(world: World, photo_first: bool) -> None:
    picture = jpeg(seed=uuid.uuid4().int % 2**31)
    first, second = world.visit(), world.visit()
    earlier_id = world.photo(first, picture)
    ok(world.send(first, world.submission(with_photo(earlier_id))), 201)
    photo_id = str(uuid.uuid4())
    if photo_first:
        world.photo(second, picture, id=photo_id)
    ok(world.send(second, world.submission(with_photo(photo_id))), 201)
    if not photo_first:
        assert world.flags(second) == {}
        world.photo(second, picture, id=photo_id)
    assert world.flags(first) == {}
    assert world.flags(second) == {"photo-seen-before": "The same picture is in another visit."}
    assert (status(world, first), status(world, second)) == ("accepted", "submitted")
    assert is_waiting(world, second)
    (flag,) = ok(world.admin.get(f"/visits/{second['id']}"))["flags"]
    assert (flag["photo_id"], flag["other_visit_id"]) == (photo_id, first["id"])
    assert flag["other_photo_id"] == earlier_id


def test_photo_repeated_in_its_visit_or_another_organization_is_not_flagged(world: World) -> None:
    picture = jpeg(seed=uuid.uuid4().int % 2**31)
    other_world = World(world.app)
    other_visit, visit = other_world.visit(), world.visit()
    ok(
        other_world.send(
            other_visit, other_world.submission(with_photo(other_world.photo(other_visit, picture)))
        ),
        201,
    )
    photos = [world.photo(visit, picture), world.photo(visit, picture)]
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": photos}}
    ok(world.send(visit, world.submission(answers)), 201)
    assert world.flags(visit) == {}


@pytest.mark.parametrize("photo_first", [True, False])
def test_photo_taken_outside_the_visit_is_flagged(world: World, photo_first: bool) -> None:
    visit = world.visit()
    declaration = {
        "id": str(uuid.uuid4()),
        "taken_at": (datetime.now(UTC) - 5 * HOUR).isoformat(),
        "position": {"latitude": 51.52, "longitude": -0.1, "accuracy_m": 5},
    }
    if photo_first:
        world.photo(visit, **declaration)
    ok(world.send(visit, world.submission(with_photo(declaration["id"]))), 201)
    if not photo_first:
        world.photo(visit, **declaration)
    assert world.flags(visit) == {
        "photo-not-from-visit": "The photo was taken 4 hours before the visit started "
        "and taken 2.2 km from the location."
    }
    assert is_waiting(world, visit)
    (evidence,) = ok(world.admin.get(f"/visits/{visit['id']}"))["photo_evidence"]
    assert (evidence["id"], evidence["question"]) == (declaration["id"], "greeting")
    assert datetime.fromisoformat(evidence["taken_at"]) == datetime.fromisoformat(declaration["taken_at"])
    assert evidence["position"]["latitude"] == 51.52


def test_time_of_a_photo_is_corrected_like_the_times_of_its_visit(world: World) -> None:
    ahead = datetime.now(UTC) + 30 * DAY
    visit = world.visit()
    photo_id = world.photo(visit, taken_at=(ahead - HOUR).isoformat())
    body = world.submission(with_photo(photo_id), **times(ahead - HOUR, ahead - HOUR / 2))
    ok(world.send(visit, body, headers=device_time(ahead)), 201)
    assert list(world.flags(visit)) == ["clock-off"]


def test_photo_that_no_answer_names_is_not_flagged(world: World) -> None:
    visit = world.visit()
    world.photo(visit, taken_at="2020-01-01T00:00:00Z")
    ok(world.send(visit, world.submission()), 201)
    assert world.flags(visit) == {}
    assert status(world, visit) == "accepted"


def test_comment_of_another_visit_is_flagged(world: World) -> None:
    text = f"Nobody looked up when I came in {uuid.uuid4()}"
    first, second, third = world.visit(), world.visit(), world.visit()
    ok(world.send(first, world.submission(comment=text)), 201)
    ok(world.send(second, world.submission({**ALL_WELL, "story": {"value": f"  {text.upper()}"}})), 201)
    answers = {**ALL_WELL, "wait": {"value": 5, "comment": text.replace(" ", "\n ")}}
    ok(world.send(third, world.submission(answers)), 201)
    assert world.flags(first) == {}
    for visit, question in ((second, "story"), (third, "wait")):
        assert world.flags(visit) == {"comment-seen-before": "The same comment is in another visit."}
        (flag,) = ok(world.admin.get(f"/visits/{visit['id']}"))["flags"]
        assert (flag["question"], flag["other_visit_id"]) == (question, first["id"])
        assert flag["other_question"] is None  # the comment was on the whole visit


def test_flag_of_a_repeated_comment_names_the_question_of_the_other_visit(world: World) -> None:
    text = f"Nobody looked up when I came in {uuid.uuid4()}"
    first, second = world.visit(), world.visit()
    ok(world.send(first, world.submission({**ALL_WELL, "story": {"value": text}})), 201)
    ok(world.send(second, world.submission(comment=text)), 201)
    (flag,) = ok(world.admin.get(f"/visits/{second['id']}"))["flags"]
    assert (flag["question"], flag["other_question"]) == (None, "story")


def test_short_comments_and_those_of_the_same_visit_or_another_organization_are_not_flagged(
    world: World,
) -> None:
    text = f"It was as it always is {uuid.uuid4()}"
    other_world = World(world.app)
    ok(other_world.send(other_world.visit(), other_world.submission(comment=text)), 201)
    short_visits = [world.visit(), world.visit()]
    for visit in short_visits:
        ok(world.send(visit, world.submission(comment="x" * 29)), 201)
    visit = world.late_visit(comment=text)
    ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(comment=text, revision=2)), 201)
    assert [world.flags(short_visit) for short_visit in short_visits] == [{}, {}]
    assert list(world.flags(visit)) == ["late"]


@pytest.mark.both_databases
def test_of_two_simultaneous_visits_with_one_comment_one_is_flagged(world: World) -> None:
    text = f"Nobody looked up when I came in {uuid.uuid4()}"
    pair = [world.visit(), world.visit()]
    barrier = Barrier(2)

    def send(visit: Any) -> int:
        body = world.submission({**ALL_WELL, "story": {"value": text * 2}}, comment=text)
        barrier.wait()
        return world.send(visit, body).status_code

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(send, pair)) == [201, 201]
    assert sorted(list(world.flags(visit)) for visit in pair) == [[], ["comment-seen-before"]]
    assert sorted(status(world, visit) for visit in pair) == ["accepted", "submitted"]


def test_visit_is_not_accepted_before_its_last_photo_is_stored(world: World) -> None:
    visit = world.visit()
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [first, second]}}
    ok(world.send(visit, world.submission(answers)), 201)
    assert status(world, visit) == "submitted"
    photos = ok(world.shopper.get(f"/visits/{visit['id']}"))["photos"]
    assert photos == {"expected": 2, "stored": 0, "missing": [first, second], "unusable": []}
    world.photo(visit, id=second)
    assert status(world, visit) == "submitted"
    assert not is_waiting(world, visit)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["photos"]["missing"] == [first]
    world.photo(visit, id=first)
    assert status(world, visit) == "accepted"


def test_photos_missing_after_seven_days_are_flagged(world: World) -> None:
    visit = world.visit()
    body = world.submission(with_photo())
    ok(world.send(visit, body), 201)
    assert not is_waiting(world, visit)
    with world.database.read_snapshot() as session:
        event = session.query(Event).filter_by(visit_id=uuid.UUID(visit["id"])).one()
        submission = session.get_one(Submission, (uuid.UUID(visit["id"]), 1))
        assert event.due_at - submission.received_at == 7 * DAY
    world.run_due_tasks()
    assert world.flags(visit) == {}
    make_due(world, visit)
    world.run_due_tasks()
    assert world.flags(visit) == {"photos-missing": "1 photo is still missing after seven days."}
    # An undone decision does not start the seven days again.
    decision = ok(world.review(visit, "return"))
    ok(world.reviewer.post(f"/visits/{visit['id']}/review/undo", {"decision_id": decision["id"]}))
    (row,) = world.reviewer.list_all("/reviews")
    assert row["visit_id"] == visit["id"]
    with world.database.read_snapshot() as session:
        assert not session.query(Event).filter_by(visit_id=uuid.UUID(visit["id"])).count()
    # A photo that arrives later is stored, and the visit still waits for its reviewer.
    world.photo(visit, id=body["answers"]["greeting"]["photos"][0])
    assert status(world, visit) == "submitted"
    assert is_waiting(world, visit)


def test_photos_stored_in_time_are_not_flagged(world: World) -> None:
    visit = world.visit()
    photo_id = str(uuid.uuid4())
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    world.photo(visit, id=photo_id)
    make_due(world, visit)
    world.run_due_tasks()
    assert world.flags(visit) == {}
    assert status(world, visit) == "accepted"


def test_missing_photos_of_an_earlier_revision_are_not_flagged(world: World) -> None:
    visit = world.visit()
    ok(world.send(visit, world.submission(with_photo())), 201)
    ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(revision=2)), 201)
    make_due(world, visit)
    world.run_due_tasks()
    assert world.flags(visit) == {}
    assert status(world, visit) == "accepted"


def test_visit_with_a_manual_checklist_waits_for_a_reviewer(world: World) -> None:
    world.publish({**CHECKLIST, "key": "manual-visit", "review": "manual"})
    visit = world.visit(checklist_key="manual-visit")
    ok(world.send(visit, world.submission()), 201)
    assert world.flags(visit) == {}
    assert status(world, visit) == "submitted"
    assert is_waiting(world, visit)


def test_corrected_visit_that_was_flagged_waits_for_a_reviewer_again(world: World) -> None:
    visit = world.visit()
    finished = datetime.now(UTC)
    ok(world.send(visit, world.submission(**times(finished, finished))), 201)
    assert list(world.flags(visit)) == ["too-fast"]
    ok(world.review(visit, "return"))
    ok(world.send(visit, world.submission(revision=2)), 201)
    assert list(world.flags(visit)) == ["too-fast"], "flags of earlier revisions are still shown"
    assert status(world, visit) == "submitted"
    assert [row["visit_id"] for row in ok(world.reviewer.get("/reviews"))["items"]] == [visit["id"]]
    ok(world.review(visit, "accept", revision=2))
    assert status(world, visit) == "accepted"


def test_flags_are_hidden_from_the_shopper(world: World) -> None:
    visit = world.late_visit()
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert "flags" not in details
    assert "photo_evidence" not in details


def test_cancelled_visit_is_flagged_in_every_revision(world: World) -> None:
    visit = world.visit()
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    ok(world.send(visit, world.submission()), 201)
    for revision in (2, 3):
        ok(world.review(visit, "return", revision=revision - 1))
        ok(world.send(visit, world.submission(revision=revision)), 201)
        assert world.flags(visit) == {
            "cancelled": "The visit was cancelled before its answers were received."
        }
        assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "submitted"
