"""Months, periods and local times."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.domain.months import Period, format_month, get_month, parse_month, to_local_time


@pytest.mark.parametrize(
    ("text", "number"), [("2026-01", 24312), ("2025-12", 24311), ("0001-01", 12), ("9999-12", 119999)]
)
def test_a_month_is_parsed_and_formatted(text: str, number: int) -> None:
    assert parse_month(text) == number
    assert format_month(number) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "0000-01",
        "2026-1",
        "26-01",
        "2026-01-01",
        " 2026-01",
        "2026-01\n",
        "２０２６-01",
    ],
)
def test_invalid_months_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        parse_month(text)


def test_the_month_of_a_day() -> None:
    assert get_month(date(2026, 1, 31)) == parse_month("2026-01")
    assert get_month(date(2025, 12, 31)) == parse_month("2025-12")


@pytest.mark.parametrize(
    ("moment", "zone", "local_time"),
    [
        ("2026-01-31T23:30:00+00:00", "Europe/London", "2026-01-31 23:30"),
        ("2026-01-31T23:30:00+00:00", "Europe/Madrid", "2026-02-01 00:30"),
        ("2026-01-31T23:30:00+00:00", "Pacific/Kiritimati", "2026-02-01 13:30"),
        ("2026-02-01T07:59:00+00:00", "America/Los_Angeles", "2026-01-31 23:59"),
        # The hour that is skipped in spring, and the one that is repeated in autumn.
        ("2026-03-29T00:59:59+00:00", "Europe/London", "2026-03-29 00:59"),
        ("2026-03-29T01:00:00+00:00", "Europe/London", "2026-03-29 02:00"),
        ("2026-10-25T00:30:00+00:00", "Europe/London", "2026-10-25 01:30"),
        ("2026-10-25T01:30:00+00:00", "Europe/London", "2026-10-25 01:30"),
        # A month that ends in summer time, an hour earlier than in UTC.
        ("2026-06-30T23:00:00+00:00", "Europe/London", "2026-07-01 00:00"),
        ("2026-06-30T22:59:59+00:00", "Europe/London", "2026-06-30 23:59"),
    ],
)
def test_a_time_is_converted_to_the_time_zone_of_the_location(
    moment: str, zone: str, local_time: str
) -> None:
    assert to_local_time(datetime.fromisoformat(moment), zone).strftime("%Y-%m-%d %H:%M") == local_time


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=["first", "last"]
)
def test_the_ends_of_the_calendar_can_be_converted(moment: datetime) -> None:
    for zone in ("America/Los_Angeles", "Pacific/Kiritimati"):
        assert abs(
            to_local_time(moment, zone).replace(tzinfo=None) - moment.replace(tzinfo=None)
        ) < timedelta(days=1)


def test_the_default_period_is_the_year_that_ends_in_the_time_zone_furthest_ahead() -> None:
    moment = datetime(2026, 1, 31, 9, 59, tzinfo=UTC)
    assert Period.of(None, None, moment) == Period(parse_month("2025-02"), parse_month("2026-01"))
    moment += timedelta(minutes=1)
    assert Period.of(None, None, moment).last == parse_month("2026-02")


def test_the_previous_period_has_the_same_length_and_ends_immediately_before() -> None:
    period = Period.of(parse_month("2026-01"), parse_month("2026-03"))
    assert period.previous == Period(parse_month("2025-10"), parse_month("2025-12"))
    assert list(period.months) == [24312, 24313, 24314]
    single_month = Period(5, 5)
    assert single_month.previous == Period(4, 4)


def test_quarters_are_counted_back_from_the_last_month() -> None:
    assert Period(10, 15).quarters == [Period(10, 12), Period(13, 15)]
    assert Period(10, 14).quarters == [Period(10, 11), Period(12, 14)]
    assert Period(10, 10).quarters == [Period(10, 10)]


def test_reversed_and_too_long_periods_are_rejected() -> None:
    with pytest.raises(ValueError, match="ends before"):
        Period.of(2, 1)
    with pytest.raises(ValueError, match="fifty years"):
        Period.of(0, 600)
    assert len(Period.of(0, 599).months) == 600
