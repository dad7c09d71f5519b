"""Months and days as managers read them: ``YYYY-MM``, in the location's time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

#: 0001-01 and 9999-12
FIRST_MONTH, LAST_MONTH = 12, 9999 * 12 + 11
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
#: where on earth a month begins first
_EARLIEST_ZONE = timezone(timedelta(hours=14))


def parse_month(text: str) -> int:
    """Return a month ``YYYY-MM`` as year · 12 + month − 1; raises ValueError for anything else."""
    match = _MONTH.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError("A month is written YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


def format_month(number: int) -> str:
    """Return ``YYYY-MM`` for the number of a month."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def get_month(day: date) -> int:
    """Return the number of the month in which a day lies."""
    return day.year * 12 + day.month - 1


def to_local_time(moment: datetime, time_zone: str) -> datetime:
    """Return a moment as the clocks at a location show it."""
    try:
        return moment.astimezone(ZoneInfo(time_zone))
    except OverflowError:  # within a day of the calendar's ends
        return moment


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def previous(self) -> "Period":
        """The equally long period just before."""
        return Period(2 * self.first - self.last - 1, self.first - 1)

    @property
    def months(self) -> range:
        """The months' numbers, in order."""
        return range(self.first, self.last + 1)

    @classmethod
    def of(cls, first: int | None, last: int | None, moment: datetime | None = None) -> "Period":
        """Return the period asked for; left out, it is the year that ends with the month latest on earth.

        Raises ValueError when it would end before it begins, or spans over fifty years.
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
