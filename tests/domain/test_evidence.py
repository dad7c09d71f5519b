"""The rules of the flags, tested at and just beyond their limits."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.domain.checklist import Checklist, fill_defaults
from api.domain.evidence import (
    Position,
    Times,
    correct_times,
    find_long_comments,
    flag_pace,
    flag_photo,
    flag_position,
    flag_timing,
    measure_distance,
)
from api.domain.flags import Flag
from tests.support.world import CHECKLIST

RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)
STARTED, FINISHED = RECEIVED - timedelta(hours=2), RECEIVED - timedelta(hours=1)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
STORE = Position(51.5, -0.1)
#: the ends of the calendar
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def codes(flags: list[Flag]) -> list[str]:
    return [flag.code for flag in flags]


def metres_north(metres: float, accuracy: float = 0.0) -> Position:
    return Position(STORE.latitude + math.degrees(metres / 6_371_000), STORE.longitude, accuracy)


# The phone's clock.


@pytest.mark.parametrize("off", [timedelta(0), 10 * MINUTE, -10 * MINUTE])
def test_a_clock_up_to_ten_minutes_off_corrects_nothing(off: timedelta) -> None:
    times = correct_times(STARTED, FINISHED, RECEIVED + off, RECEIVED)
    assert times == Times(STARTED, FINISHED, timedelta(0), None)


@pytest.mark.parametrize(
    ("off", "detail"),
    [
        (10 * MINUTE + SECOND, "The phone's clock was 10 minutes ahead."),
        (-10 * MINUTE - SECOND, "The phone's clock was 10 minutes behind."),
        (3 * DAY, "The phone's clock was 3 days ahead."),
        (-HOUR, "The phone's clock was 1 hour behind."),
    ],
)
def test_a_clock_more_than_ten_minutes_off_moves_the_times_by_the_difference(
    off: timedelta, detail: str
) -> None:
    times = correct_times(STARTED + off, FINISHED + off, RECEIVED + off, RECEIVED)
    assert (times.started_at, times.finished_at, times.shift) == (STARTED, FINISHED, -off)
    assert times.flag == Flag("clock-off", detail)


def test_with_device_time_an_old_visit_is_not_corrected() -> None:
    long_ago = 500 * DAY
    times = correct_times(STARTED - long_ago, FINISHED - long_ago, RECEIVED, RECEIVED)
    assert times == Times(STARTED - long_ago, FINISHED - long_ago, timedelta(0), None)


def test_a_clock_set_after_the_visit_cannot_make_it_finish_in_the_future() -> None:
    times = correct_times(STARTED + 5 * DAY, FINISHED + 5 * DAY, RECEIVED, RECEIVED)
    assert (times.finished_at, times.started_at) == (RECEIVED, RECEIVED - HOUR)
    assert times.flag is not None
    assert times.flag.code == "clock-off"
    within_tolerance = correct_times(STARTED, RECEIVED + 10 * MINUTE, RECEIVED, RECEIVED)
    assert within_tolerance.flag is None


def test_without_device_time_a_visit_can_finish_when_it_is_received() -> None:
    assert correct_times(STARTED, RECEIVED, None, RECEIVED) == Times(STARTED, RECEIVED, timedelta(0), None)


def test_without_device_time_a_visit_that_finished_after_its_receipt_ends_at_its_receipt() -> None:
    times = correct_times(RECEIVED - HOUR, RECEIVED + SECOND, None, RECEIVED)
    assert times.finished_at == RECEIVED
    assert times.started_at == RECEIVED - HOUR - SECOND
    assert times.shift == -SECOND
    assert times.flag == Flag(
        "clock-off",
        "According to the phone's clock, the visit finished 1 minute after it was received. "
        "Its times were corrected by the time of receipt.",
    )


def test_without_device_time_a_visit_that_started_400_days_ago_is_not_corrected() -> None:
    started = RECEIVED - 400 * DAY
    assert correct_times(started, started + HOUR, None, RECEIVED).flag is None


def test_without_device_time_a_visit_that_started_earlier_ends_at_its_receipt() -> None:
    started = RECEIVED - 400 * DAY - SECOND
    times = correct_times(started, started + HOUR, None, RECEIVED)
    assert (times.started_at, times.finished_at) == (RECEIVED - HOUR, RECEIVED)
    assert times.flag is not None
    assert "399 days before it was received" in times.flag.detail


def test_a_visit_cannot_last_longer_than_400_days() -> None:
    times = correct_times(RECEIVED - 500 * DAY, RECEIVED - MINUTE, None, RECEIVED)
    assert times.started_at == times.finished_at == RECEIVED
    assert times.flag is not None


@pytest.mark.parametrize("device_time", [None, RECEIVED])
def test_a_visit_that_finished_before_it_started_is_flagged_and_starts_when_it_finished(
    device_time: datetime | None,
) -> None:
    times = correct_times(FINISHED, STARTED, device_time, RECEIVED)
    assert times.started_at == times.finished_at == STARTED
    assert times.flag == Flag(
        "clock-off", "According to the phone's clock, the visit finished before it started."
    )


@pytest.mark.parametrize("started", [FIRST, LAST, RECEIVED])
@pytest.mark.parametrize("finished", [FIRST, LAST, RECEIVED])
@pytest.mark.parametrize("device_time", [None, FIRST, LAST, RECEIVED])
def test_no_clock_leads_to_a_time_outside_the_calendar(
    started: datetime, finished: datetime, device_time: datetime | None
) -> None:
    times = correct_times(started, finished, device_time, RECEIVED)
    assert times.started_at <= times.finished_at <= RECEIVED + 10 * MINUTE
    for taken_at in (FIRST, LAST):
        flag_photo(
            uuid4(),
            times=times,
            channel="in_person",
            taken_at=taken_at,
            position=None,
            location=None,
            seen_in_visit_id=None,
            seen_photo_id=None,
        )


# The window.


def test_a_visit_from_the_opening_to_the_closing_is_not_flagged() -> None:
    assert flag_timing(Times(STARTED, FINISHED, timedelta(0), None), STARTED, FINISHED) == []


def test_a_visit_outside_its_window_is_early_and_late() -> None:
    times = Times(STARTED - SECOND, FINISHED + SECOND, timedelta(0), None)
    flags = flag_timing(times, STARTED, FINISHED)
    assert [(flag.code, flag.detail) for flag in flags] == [
        ("late", "Finished 1 minute after the window closed."),
        ("early", "Started 1 minute before the window opened."),
    ]
    much_later = flag_timing(Times(STARTED, FINISHED + 49 * HOUR, timedelta(0), None), STARTED, FINISHED)
    assert much_later[0].detail == "Finished 2 days after the window closed."


# The position.


def test_300_metres_are_accepted_and_301_are_flagged() -> None:
    assert flag_position("in_person", metres_north(299.9), STORE) == []
    flags = flag_position("in_person", metres_north(301), STORE)
    assert codes(flags) == ["far-from-location"]
    assert flags[0].detail == "The phone was 301 m from the location, give or take 0 m."


def test_the_accuracy_is_deducted_from_the_distance() -> None:
    assert flag_position("in_person", metres_north(1299.9, 1000), STORE) == []
    flags = flag_position("in_person", metres_north(1301, 1000), STORE)
    assert flags[0].detail == "The phone was 1.3 km from the location, give or take 1.0 km."


@pytest.mark.parametrize("channel", ["telephone", "message", "self_check"])
def test_only_a_visit_in_person_must_be_near_the_location(channel: str) -> None:
    assert flag_position(channel, metres_north(5000), STORE) == []


def test_without_a_position_there_is_no_flag() -> None:
    assert flag_position("in_person", None, STORE) == []
    assert flag_position("in_person", metres_north(5000), None) == []


def test_the_distance_is_along_the_surface_of_the_earth() -> None:
    london, new_york = Position(51.5074, -0.1278), Position(40.7128, -74.006)
    assert measure_distance(london, new_york) == pytest.approx(5_570_000, rel=0.001)
    assert measure_distance(Position(0, 179.999), Position(0, -179.999)) == pytest.approx(222.4, abs=0.1)
    assert measure_distance(Position(90, 0), Position(-90, 0)) == pytest.approx(math.pi * 6_371_000)
    assert measure_distance(STORE, STORE) == 0


# The pace.


def test_less_than_two_seconds_per_question_is_too_fast() -> None:
    assert flag_pace(STARTED, STARTED + 8 * SECOND, 4) == []
    flags = flag_pace(STARTED, STARTED + timedelta(seconds=7.9), 4)
    assert flags == [Flag("too-fast", "4 questions were answered in 7.9 seconds.")]
    assert flag_pace(STARTED, STARTED + SECOND, 1)[0].detail == "1 question was answered in 1.0 seconds."


def test_a_visit_without_answers_is_never_too_fast_but_a_reversed_one_is() -> None:
    assert flag_pace(STARTED, STARTED, 0) == []
    assert flag_pace(FINISHED, STARTED, 0) == []
    assert flag_pace(FINISHED, STARTED, 1)[0].detail == "1 question was answered in 0.0 seconds."


# Photos.


def flags_of_photo(**values: Any) -> list[Flag]:
    defaults: dict[str, Any] = {
        "times": Times(STARTED, FINISHED, timedelta(0), None),
        "channel": "in_person",
        "taken_at": None,
        "position": None,
        "location": STORE,
        "seen_in_visit_id": None,
        "seen_photo_id": None,
    }
    return flag_photo(uuid4(), **{**defaults, **values})


def test_a_photo_without_metadata_is_not_flagged() -> None:
    assert flags_of_photo() == []


@pytest.mark.parametrize(
    ("taken_at", "detail"),
    [
        (STARTED - HOUR, None),
        (STARTED - HOUR - SECOND, "The photo was taken 1 hour before the visit started."),
        (FINISHED + HOUR, None),
        (FINISHED + HOUR + SECOND, "The photo was taken 1 hour after the visit finished."),
    ],
)
def test_a_photo_can_be_taken_an_hour_before_or_after_the_visit(
    taken_at: datetime, detail: str | None
) -> None:
    assert [flag.detail for flag in flags_of_photo(taken_at=taken_at)] == ([detail] if detail else [])


def test_the_time_of_a_photo_is_corrected_like_its_visit() -> None:
    times = Times(STARTED, FINISHED, -3 * DAY, None)
    assert flags_of_photo(times=times, taken_at=STARTED + 3 * DAY) == []
    assert codes(flags_of_photo(times=times, taken_at=STARTED)) == ["photo-not-from-visit"]


@pytest.mark.parametrize(("channel", "flagged"), [("in_person", 1), ("self_check", 1), ("telephone", 0)])
def test_a_photo_from_over_a_kilometre_away_is_flagged_for_visits_on_site(channel: str, flagged: int) -> None:
    assert flags_of_photo(channel=channel, position=metres_north(999)) == []
    assert len(flags_of_photo(channel=channel, position=metres_north(1001))) == flagged
    assert flags_of_photo(channel=channel, position=metres_north(1001), location=None) == []


def test_a_photo_from_another_time_and_place_has_one_flag_with_both_reasons() -> None:
    flags = flags_of_photo(taken_at=STARTED - 3 * HOUR, position=metres_north(2500))
    assert [flag.detail for flag in flags] == [
        "The photo was taken 3 hours before the visit started and taken 2.5 km from the location."
    ]


def test_a_photo_seen_before_refers_to_the_other_visit() -> None:
    other, photo = uuid4(), uuid4()
    (flag,) = flags_of_photo(seen_in_visit_id=other, seen_photo_id=photo)
    assert (flag.code, flag.other_visit_id, flag.other_photo_id) == ("photo-seen-before", other, photo)
    assert flag.photo_id is not None


# Comments.

DOCUMENT = Checklist.from_document(fill_defaults(CHECKLIST), 1)
THIRTY = "x" * 30


def comments(answers: dict[str, Any] | None = None, comment: str | None = None) -> set[str]:
    return set(find_long_comments(DOCUMENT, {"answers": answers or {}, "comment": comment}))


def test_comments_and_texts_of_thirty_characters_are_compared() -> None:
    assert comments(comment=THIRTY) == {THIRTY}
    assert comments(comment=THIRTY[1:]) == set()
    assert comments({"greeting": {"value": "no", "comment": "y" * 30}}) == {"y" * 30}
    assert comments({"story": {"value": "z" * 30}}) == {"z" * 30}
    assert comments({"story": {"value": None}, "thanks": {"not_applicable": True}}) == set()


def test_each_comment_has_the_key_of_its_question() -> None:
    answers = {"wait": {"value": 5, "comment": "W" * 30}, "story": {"value": "s" * 30}}
    assert find_long_comments(DOCUMENT, {"answers": answers, "comment": THIRTY}) == {
        "w" * 30: "wait",
        "s" * 30: "story",
        THIRTY: None,
    }


def test_only_texts_are_compared_by_value() -> None:
    assert comments({"receipt": {"photos": [str(uuid4())]}, "clock": {"value": THIRTY}}) == set()


def test_case_and_spaces_are_ignored() -> None:
    one = comments(comment="The  tall man at the till\nnever looked up ")
    assert one == comments(comment=" the tall MAN at the till never lookedup")
    assert one != comments(comment="The small man at the till never looked up")
    assert comments(comment="STRASSE " * 5) == comments(comment="straße " * 5)


def test_spaces_do_not_make_a_short_comment_long() -> None:
    assert comments(comment="short" + " " * 40 + "words") == set()
    assert comments(comment="  " + "four words make it so " + "x" * 8) != set()
