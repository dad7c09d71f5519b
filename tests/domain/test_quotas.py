"""Quotas: periods of the calendar, and extra visits drawn by lot."""

from statistics import mean
from uuid import UUID

import pytest

from api.domain.months import Period, parse_month
from api.domain.quotas import Count, draw_extra_visits, get_period, list_periods

SEED, OTHER_SEED = bytes(32), bytes(31) + b"1"
MONTH = Period(24_312, 24_312)


def months(first: str, last: str) -> Period:
    return Period(parse_month(first), parse_month(last))


@pytest.mark.parametrize(
    ("per", "first", "last"),
    [("month", "2026-05", "2026-05"), ("quarter", "2026-04", "2026-06"), ("year", "2026-01", "2026-12")],
)
def test_period_is_that_of_the_calendar(per: str, first: str, last: str) -> None:
    assert get_period(per, parse_month("2026-05")) == months(first, last)


def test_periods_that_overlap_a_span_are_listed() -> None:
    assert list(list_periods("quarter", months("2026-03", "2026-04"))) == [
        months("2026-01", "2026-03"),
        months("2026-04", "2026-06"),
    ]
    assert list(list_periods("year", months("9999-12", "9999-12"))) == [months("9999-01", "9999-12")]


def test_missing_visits_are_neither_accepted_nor_in_progress() -> None:
    assert Count(required=3, accepted=1, out=1).missing == 1
    assert Count(required=1, accepted=2).missing == 0


def draw(seed: bytes, count: int, expected: float, period: Period = MONTH) -> list[int]:
    return [draw_extra_visits(seed, UUID(int=number), period, expected) for number in range(count)]


def test_lot_stays_the_same_within_a_period_and_differs_between_periods() -> None:
    assert draw(SEED, 200, 0.5) == draw(SEED, 200, 0.5)
    assert draw(SEED, 200, 0.5) != draw(SEED, 200, 0.5, Period(MONTH.first + 1, MONTH.last + 1))
    assert draw(SEED, 200, 0.5) != draw(OTHER_SEED, 200, 0.5)


def test_extra_visits_are_as_many_as_expected_and_have_no_end() -> None:
    extra = draw(SEED, 20_000, 0.2)
    assert mean(extra) == pytest.approx(0.2, abs=0.01)
    # However many extra visits a location has had, one in six has another.
    for number in (1, 2):
        had = [count for count in extra if count >= number]
        assert mean(count > number for count in had) == pytest.approx(0.2 / 1.2, abs=0.04)
    assert draw(SEED, 3, 0) == [0, 0, 0]
