"""The life cycle of a visit: its statuses, revisions and deadlines."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.domain.months import to_local_time
from api.domain.problems import ROTATION_LOCKOUT

STATUSES = ("assigned", "submitted", "accepted", "returned", "rejected", "cancelled", "declined")
DECISIONS = ("accept", "return", "reject")

#: the outcomes of a visit: the store was open, or closed
VISITED, STORE_CLOSED = OUTCOMES = ("visited", "store-closed")

#: by decision: the status of the visit afterwards
STATUS_AFTER = {"accept": "accepted", "return": "returned", "reject": "rejected"}

#: the statuses in which the shopper no longer has to make the visit
WITHDRAWN = ("cancelled", "declined")
#: The statuses in which a revision is accepted. A withdrawn visit accepts one too, so that no answers are
#: lost.
ACCEPTS_FIRST_REVISION = frozenset({"assigned", *WITHDRAWN})
ACCEPTS_NEXT_REVISION = frozenset({"returned"})

#: the statuses of visits in progress; managers must not see when the answers of such a visit arrive
OUTSTANDING = frozenset({"assigned", "submitted", "returned"})
#: the statuses in which a visit can be reassigned to another shopper
REASSIGNABLE = frozenset({"assigned", "declined"})

LOCKOUT = ROTATION_LOCKOUT.code
#: the codes of what prevents a visit from being assigned
ORDER_PROBLEMS = (
    "location-not-found",
    "location-closed",
    "checklist-not-found",
    "shopper-not-found",
    "not-a-shopper",
    "window-closes-early",
    LOCKOUT,
)

ACCEPTANCE_DUE = "acceptance-due"
PHOTOS_DUE = "photos-due"
PHOTO_DEADLINE = timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def get_outcome(content: Mapping[str, Any]) -> str:
    """Return the outcome of a submission. It defaults to ``visited``."""
    outcome: str = content.get("outcome") or VISITED
    return outcome


def find_next_revision(status: str, latest: int) -> int | None:
    """Return the number of the revision that a visit accepts next, or None if it does not accept one.

    ``latest`` is the number of the latest revision, or 0 if there is none.
    """
    if latest == 0:
        return 1 if status in ACCEPTS_FIRST_REVISION else None
    return latest + 1 if status in ACCEPTS_NEXT_REVISION else None


def find_period_end(moment: datetime, minutes: int) -> datetime:
    """Return the end of the period of ``minutes`` that contains ``moment``.

    Periods follow one another without gaps, beginning on 1 January 1970 in UTC.
    """
    period = timedelta(minutes=minutes)
    return _EPOCH + ((moment - _EPOCH) // period + 1) * period


#: the time at which the window of a visit opens, and the time at which the visit ends
Span = tuple[datetime, datetime]


def violates_lockout(first: Span, second: Span, days: int) -> bool:
    """Return whether two visits of a shopper to a location are less than ``days`` days apart."""
    earlier, later = sorted((first, second))
    return later[0] - earlier[1] < timedelta(days=days)


def find_free_day(span: Span, others: Iterable[Span], days: int, time_zone: str) -> date | None:
    """Return the first day on which the window ``span`` could open without violating the lock-out.

    ``others`` are the other visits of the shopper to the location. The window keeps its length and the local
    time at which it opens. Returns None if that day is beyond the range of ``datetime``.
    """
    opens_at = to_local_time(span[0], time_zone)
    length = span[1] - span[0]
    try:
        for other in sorted(others, key=lambda other: other[1]):
            moved = (opens_at.astimezone(UTC), opens_at.astimezone(UTC) + length)
            if violates_lockout(moved, other, days):
                free_at = to_local_time(other[1] + timedelta(days=days), time_zone)
                next_day = free_at.time() > opens_at.time()
                opens_at = opens_at.replace(year=free_at.year, month=free_at.month, day=free_at.day)
                opens_at += timedelta(days=next_day)
    except (OverflowError, ValueError):
        return None
    return opens_at.date()
