"""Months, periods of months, and local times.

A month is an integer, year · 12 + month − 1, so that periods are ranges of integers. Outside the program it
is written ``YYYY-MM``. Visits belong to months in the time zone of their location.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

#: 0001-01 and 9999-12
FIRST_MONTH, LAST_MONTH = 12, 9999 * 12 + 11
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
#: the time zone in which each month begins first
_EARLIEST_ZONE = timezone(timedelta(hours=14))


def parse_month(text: str) -> int:
    """Return the number of a month ``YYYY-MM``. Raises ValueError if the text is not one."""
    match = _MONTH.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError("A month must have the format YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


def format_month(number: int) -> str:
    """Return the number of a month as ``YYYY-MM``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def get_month(day: date) -> int:
    """Return the number of the month that a day belongs to."""
    return day.year * 12 + day.month - 1


def get_first_day(number: int) -> date:
    """Return the first day of a month."""
    return date(number // 12, number % 12 + 1, 1)


def get_last_day(number: int) -> date:
    """Return the last day of a month."""
    year, month = number // 12, number % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def subtract_months(day: date, months: int) -> date:
    """Return the day that is this many months earlier, or the last day of its month if that is shorter."""
    last_day = get_last_day(get_month(day) - months)
    return last_day.replace(day=min(day.day, last_day.day))


def to_local_time(moment: datetime, time_zone: str) -> datetime:
    """Return a time in the given IANA time zone.

    Within a day of the ends of the range of ``datetime``, the time is returned unchanged.
    """
    try:
        return moment.astimezone(ZoneInfo(time_zone))
    except OverflowError:
        return moment


@dataclass(frozen=True, slots=True)
class Period:
    """A period of whole months, from ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def previous(self) -> "Period":
        """The period of the same length that ends immediately before this one."""
        return Period(2 * self.first - self.last - 1, self.first - 1)

    @property
    def months(self) -> range:
        """The numbers of the months, in order."""
        return range(self.first, self.last + 1)

    @property
    def quarters(self) -> "list[Period]":
        """The months in threes, counted back from the last one. The first quarter may be shorter."""
        lasts = reversed(range(self.last, self.first - 1, -3))
        return [Period(max(last - 2, self.first), last) for last in lasts]

    @classmethod
    def of(cls, first: int | None, last: int | None, moment: datetime | None = None) -> "Period":
        """Return a period, with defaults for the bounds that are None.

        The default of ``last`` is the current month in the time zone that is furthest ahead. The default of
        ``first`` makes the period twelve months long. Raises ValueError if the period ends before it begins,
        or is longer than fifty years.
        """
        if last is None:
            last = get_month((moment or datetime.now(UTC)).astimezone(_EARLIEST_ZONE).date())
        if first is None:
            first = max(last - 11, FIRST_MONTH)
        if first > last:
            raise ValueError("The period ends before it begins")
        if last - first >= 600:
            raise ValueError("The period is longer than fifty years")
        return cls(first, last)
