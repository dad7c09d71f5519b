"""Quotas: how many visits each location of a region is to have in each month, quarter or year."""

import hmac
import math
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from api.domain.months import LAST_MONTH, Period

#: period → its length in months
PERIODS = {"month": 1, "quarter": 3, "year": 12}
#: the greatest number of visits of a location in a period, and of days between two of them
MAX_VISITS, MAX_DAYS_BETWEEN = 100, 365
SEED_LENGTH = 32


class Count(NamedTuple):
    """The visits that a quota requires, and those that are accepted, in progress and missing."""

    required: int = 0
    accepted: int = 0
    out: int = 0

    @property
    def missing(self) -> int:
        """The visits that have yet to be assigned."""
        return max(0, self.required - self.accepted - self.out)


def get_period(per: str, month: int) -> Period:
    """Return the month, quarter or year of the calendar that a month is in."""
    length = PERIODS[per]
    first = month - month % length
    return Period(first, min(first + length - 1, LAST_MONTH))


def list_periods(per: str, span: Period) -> Iterator[Period]:
    """Yield the months, quarters or years that have a month in ``span``."""
    period = get_period(per, span.first)
    while period.first <= span.last:
        yield period
        if period.last == LAST_MONTH:
            return
        period = get_period(per, period.last + 1)


def draw_extra_visits(seed: bytes, location_id: UUID, period: Period, expected: float) -> int:
    """Draw by lot how many extra visits a location gets in a period; on average, ``expected``.

    The number is geometrically distributed, P(K ≥ k) = (μ / (1 + μ))ᵏ with the mean μ: however many visits a
    location has had, another one is always just as likely. It is drawn from the secret ``seed``, so that it
    stays the same within a period, also if other locations open or close.
    """
    if expected <= 0:
        return 0
    message = f"{location_id} {period.first}".encode()
    number = int.from_bytes(hmac.digest(seed, message, "sha256")[:8], "big")
    uniform = (number + 0.5) / 2**64  # between 0 and 1, without both
    return int(math.log(uniform) / math.log(expected / (1 + expected)))
