"""Notices: who gets which, and the mornings on which they are due."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.domain.access import ROLES
from api.domain.notices import (
    ALERTS,
    KINDS,
    VISITS_ASSIGNED,
    WEEKLY_DIGEST,
    find_notice_day,
    is_due,
    list_kinds,
)
from schemas.notices import NoticeSwitches

MADRID = "Europe/Madrid"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_role_has_notices_and_every_notice_is_in_the_api() -> None:
    assert all(list_kinds(role) for role in ROLES)
    assert list(NoticeSwitches().fields) == list(KINDS)


@pytest.mark.parametrize(
    ("kind", "checked_at", "moment", "expected"),
    [
        # 07:00 in Madrid is 06:00 in UTC in winter, and 05:00 in summer.
        (ALERTS, "2026-11-30 12:00", "2026-12-01 05:59", False),
        (ALERTS, "2026-11-30 12:00", "2026-12-01 06:00", True),
        (ALERTS, "2026-06-30 12:00", "2026-07-01 05:00", True),
        (ALERTS, "2026-12-01 06:01", "2026-12-01 23:00", False),
        # 30 November is a Monday.
        (WEEKLY_DIGEST, "2026-11-25 12:00", "2026-11-30 05:59", False),
        (WEEKLY_DIGEST, "2026-11-25 12:00", "2026-11-30 06:00", True),
        # The worker was down on Monday.
        (WEEKLY_DIGEST, "2026-11-25 12:00", "2026-12-01 15:00", True),
        (WEEKLY_DIGEST, "2026-11-30 06:00", "2026-12-06 23:00", False),
        (VISITS_ASSIGNED, "2026-11-30 06:00", "2026-11-30 06:59", False),
        (VISITS_ASSIGNED, "2026-11-30 06:00", "2026-11-30 07:00", True),
        # The clock was wrong.
        (ALERTS, "2027-11-30 06:00", "2026-11-30 04:00", True),
    ],
)
def test_notices_are_due_once_in_each_period(kind: str, checked_at: str, moment: str, expected: bool) -> None:
    assert is_due(kind, utc(checked_at), utc(moment), MADRID) is expected


def test_a_reader_who_moves_west_does_not_get_the_same_morning_twice() -> None:
    assert not is_due(ALERTS, utc("2026-11-30 06:00"), utc("2026-11-30 12:00"), "America/New_York")
    assert is_due(ALERTS, utc("2026-11-30 06:00"), utc("2026-12-01 12:00"), "America/New_York")


def test_mornings_exist_on_days_on_which_the_clocks_change() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        morning = utc(f"{day} 05:00") + timedelta(hours=day.month == 10)
        assert find_notice_day(morning - timedelta(minutes=1), MADRID) == day - timedelta(days=1)
        assert find_notice_day(morning, MADRID) == day
