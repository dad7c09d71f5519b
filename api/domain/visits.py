"""The life cycle of a visit: its statuses, revisions and deadlines."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

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


def violates_lockout(first: tuple[datetime, datetime], second: tuple[datetime, datetime], days: int) -> bool:
    """Return whether two visits of a shopper to a location are less than ``days`` days apart.

    Each visit is a pair: the time at which its window opens, and the time at which it ends.
    """
    earlier, later = sorted((first, second))
    return later[0] - earlier[1] < timedelta(days=days)
