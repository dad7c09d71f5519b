"""Disputes: a manager contests answers of an accepted visit, and a reviewer decides question by question.

``docs/scoring.md`` explains what the outcomes do to scores.
"""

from datetime import date, datetime, timedelta

from api.domain.months import to_local_time
from api.domain.rates import rate_figures

#: An open dispute stays open until somebody decides it or withdraws it.
OPEN, DECIDED, WITHDRAWN = STATUSES = ("open", "decided", "withdrawn")
#: why a manager contests an answer
KINDS = ("fact", "evidence", "not_applicable", "other")
#: what a reviewer decides about a question
KEPT, SET_ASIDE, AMENDED = OUTCOMES = ("kept", "set_aside", "amended")
#: the outcomes that overturn an answer
OVERTURNED = frozenset({SET_ASIDE, AMENDED})

DISPUTE_DAYS, ANSWER_DAYS = 7, 7
"""The defaults of the settings of an organization, in days."""


def find_last_day(accepted_at: datetime, days: int, time_zone: str) -> date:
    """Return the last day on which an acceptance can be disputed, in the time zone of the location.

    It is the day on which ``days`` times 24 hours are over. The whole day counts, because managers see days
    only, not the time of the acceptance.
    """
    return to_local_time(accepted_at + timedelta(days=days), time_zone).date()


def is_overdue(status: str, due_at: datetime, moment: datetime) -> bool:
    """Return whether a dispute should have been decided by now."""
    return status == OPEN and moment >= due_at


def overturn_figures(decided: int, overturned: int) -> dict[str, object]:
    """Return an overturn rate with the fields of the schema ``OverturnRate``.

    It is the proportion of decided questions that were set aside or amended, with Wilson's 95 % interval. All
    figures but ``decided`` are None for fewer than 10 decided questions.
    """
    figures = rate_figures(overturned, decided)
    return {
        "decided": decided,
        "overturned": None if figures["rate"] is None else overturned,
        "rate": figures["rate"],
        "interval": figures["interval"],
    }
