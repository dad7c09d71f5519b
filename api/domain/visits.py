"""The life of a visit: which status may follow which, and why."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

STATUSES = ("assigned", "submitted", "accepted", "returned", "rejected", "cancelled", "declined")
DECISIONS = ("accept", "return", "reject")

#: what the shopper found: an open store, or a closed one
VISITED, STORE_CLOSED = OUTCOMES = ("visited", "store-closed")

#: the status that a decision gives a visit
STATUS_AFTER = {"accept": "accepted", "return": "returned", "reject": "rejected"}

#: the statuses of a visit that its shopper no longer has to make
WITHDRAWN = ("cancelled", "declined")
#: the statuses in which the next revision is accepted; answers for a withdrawn visit are not lost
ACCEPTS_FIRST_REVISION = frozenset({"assigned", *WITHDRAWN})
ACCEPTS_NEXT_REVISION = frozenset({"returned"})

#: the statuses in which a visit is outstanding: managers must not see when its answers come
OUTSTANDING = frozenset({"assigned", "submitted", "returned"})
#: the statuses in which a visit may go to another shopper
REASSIGNABLE = frozenset({"assigned", "declined"})

ACCEPTANCE_DUE = "acceptance-due"
PHOTOS_DUE = "photos-due"
PHOTO_DEADLINE = timedelta(days=7)
_FIRST_PERIOD = datetime(1970, 1, 1, tzinfo=UTC)


def get_outcome(content: Mapping[str, Any]) -> str:
    """Return the outcome that a submission states; it is a visit unless the store was closed."""
    outcome: str = content.get("outcome") or VISITED
    return outcome


def find_next_revision(status: str, latest: int) -> int | None:
    """Return the number of the revision that a visit accepts next, or None if it accepts none now."""
    if latest == 0:
        return 1 if status in ACCEPTS_FIRST_REVISION else None
    return latest + 1 if status in ACCEPTS_NEXT_REVISION else None


def find_period_end(moment: datetime, minutes: int) -> datetime:
    """Return when the period of ``minutes`` that ``moment`` lies in is full; all begin with 1970 in UTC."""
    period = timedelta(minutes=minutes)
    return _FIRST_PERIOD + ((moment - _FIRST_PERIOD) // period + 1) * period


def violates_lockout(first: tuple[datetime, datetime], second: tuple[datetime, datetime], days: int) -> bool:
    """Return whether two visits of a shopper to a location, each (opens, ends), break the lock-out days."""
    earlier, later = sorted((first, second))
    return later[0] - earlier[1] < timedelta(days=days)
