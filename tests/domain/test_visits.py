"""The life cycle of a visit."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from api.domain.visits import (
    DECISIONS,
    STATUS_AFTER,
    STATUSES,
    find_free_day,
    find_next_revision,
    find_period_end,
    violates_lockout,
)


@pytest.mark.parametrize(
    ("status", "latest", "expected"),
    [
        ("assigned", 0, 1),
        ("cancelled", 0, 1),
        ("declined", 0, 1),
        ("submitted", 1, None),
        ("accepted", 1, None),
        ("rejected", 1, None),
        ("returned", 1, 2),
        ("returned", 7, 8),
        ("submitted", 2, None),
    ],
)
def test_the_next_revision_depends_on_status_and_latest_revision(
    status: str, latest: int, expected: int | None
) -> None:
    assert find_next_revision(status, latest) == expected


def test_every_decision_leads_to_a_status() -> None:
    assert set(STATUS_AFTER) == set(DECISIONS)
    assert set(STATUS_AFTER.values()) < set(STATUSES)


@pytest.mark.parametrize(
    ("clock", "minutes", "due"),
    [
        ("10:00:00", 60, "11:00:00"),
        ("10:00:01", 60, "11:00:00"),
        ("10:59:59", 60, "11:00:00"),
        ("23:30:00", 60, "00:00:00"),
        ("10:07:00", 15, "10:15:00"),
        ("10:07:00", 1, "10:08:00"),
        ("10:07:00", 1440, "00:00:00"),
    ],
)
def test_a_period_ends_after_its_last_moment(clock: str, minutes: int, due: str) -> None:
    moment = datetime.fromisoformat(f"2026-03-29T{clock}+00:00")
    end = find_period_end(moment, minutes)
    assert end.strftime("%H:%M:%S") == due
    assert timedelta(0) < end - moment <= timedelta(minutes=minutes)


def test_a_period_ends_at_the_same_moment_in_every_time_zone() -> None:
    moment = datetime(2026, 3, 29, 10, 20, tzinfo=UTC)
    indian = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert find_period_end(indian, 60) == find_period_end(moment, 60) == datetime(2026, 3, 29, 11, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [7, 60, 420, 10080])
def test_all_periods_have_the_same_length(minutes: int) -> None:
    begin = datetime(2026, 3, 28, tzinfo=UTC)
    moments = (begin + timedelta(minutes=5 * i) for i in range(1000))
    ends = sorted({find_period_end(moment, minutes) for moment in moments})
    assert {later - earlier for earlier, later in pairwise(ends)} <= {timedelta(minutes=minutes)}


def span(opens: int, ends: int) -> tuple[datetime, datetime]:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return first + timedelta(days=opens), first + timedelta(days=ends)


@pytest.mark.parametrize(
    ("one", "other", "is_violation"),
    [
        (span(0, 2), span(32, 34), False),
        (span(0, 2), span(31, 33), True),
        (span(0, 10), span(5, 6), True),
        (span(0, 10), span(0, 10), True),
        (span(0, 40), span(69, 70), True),
        (span(0, 40), span(70, 71), False),
    ],
)
def test_the_lockout_is_measured_from_the_end_of_one_visit_to_the_opening_of_the_next(
    one: tuple[datetime, datetime], other: tuple[datetime, datetime], is_violation: bool
) -> None:
    assert violates_lockout(one, other, 30) is is_violation
    assert violates_lockout(other, one, 30) is is_violation


def test_free_day_follows_every_visit_that_locks_the_window_out() -> None:
    at = lambda day, hour=0: datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)  # noqa: E731
    window = (at(10), at(12))
    assert find_free_day(window, [], 30, "UTC") == date(2026, 1, 11)
    assert find_free_day(window, [(at(0), at(5))], 30, "UTC") == date(2026, 2, 5)
    assert find_free_day(window, [(at(0), at(5, 9))], 30, "UTC") == date(2026, 2, 6)
    # After the first visit, the window would be too near to the second.
    others = [(at(60), at(61)), (at(0), at(5))]
    assert find_free_day(window, others, 30, "UTC") == date(2026, 4, 2)
    # There is enough time between these two.
    others = [(at(90), at(91)), (at(0), at(5))]
    assert find_free_day(window, others, 30, "UTC") == date(2026, 2, 5)
    end_of_time = datetime(9999, 12, 30, tzinfo=UTC)
    assert find_free_day(window, [(at(0), end_of_time)], 30, "UTC") is None
