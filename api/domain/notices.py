"""Notices: the mails that people can switch off, who gets which, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from api.domain.access import ADMIN, MANAGER, REVIEWER, SHOPPER

#: how often a notice is checked: every few minutes, every morning, or every Monday morning
PROMPT, DAILY, WEEKLY = "prompt", "daily", "weekly"

WEEKLY_DIGEST = "weekly_digest"
ALERTS = "alerts"
DISPUTE_OUTCOMES = "dispute_outcomes"
REVIEWS_WAITING = "reviews_waiting"
DISPUTES_OPENED = "disputes_opened"
WEBHOOKS_FAILING = "webhooks_failing"
QUOTAS_SHORT = "quotas_short"
VISITS_ASSIGNED = "visits_assigned"
VISITS_CLOSING = "visits_closing"
VISITS_RETURNED = "visits_returned"


@dataclass(frozen=True, slots=True)
class Kind:
    """The role that a notice is for, and how often it is checked."""

    role: str
    schedule: str


KINDS: Mapping[str, Kind] = {
    WEEKLY_DIGEST: Kind(MANAGER, WEEKLY),
    ALERTS: Kind(MANAGER, DAILY),
    DISPUTE_OUTCOMES: Kind(MANAGER, DAILY),
    REVIEWS_WAITING: Kind(REVIEWER, DAILY),
    DISPUTES_OPENED: Kind(REVIEWER, DAILY),
    WEBHOOKS_FAILING: Kind(ADMIN, DAILY),
    QUOTAS_SHORT: Kind(ADMIN, DAILY),
    VISITS_ASSIGNED: Kind(SHOPPER, PROMPT),
    VISITS_CLOSING: Kind(SHOPPER, PROMPT),
    VISITS_RETURNED: Kind(SHOPPER, PROMPT),
}

#: Managers hear of the visits to a location only when this many can be reported together.
MIN_VISITS_TOGETHER = 3
#: The results of a location are those of this many months, up to the month of the latest visits.
RESULT_MONTHS = 6
#: An alert judges a drop more strictly than the pages, because it is made for every location on every day.
DROP_CONFIDENCE = 0.998
#: why managers are alerted to a place
DROP, TARGET_MISSED, CRITICAL_FAILURE, NO_VISIT = REASONS = (
    "drop",
    "target_missed",
    "critical_failure",
    "no_visit",
)
#: the hour at which the day of notices begins, for readers and for the visits to a location
MORNING = time(7)
#: What has been the case for longer is no longer news, for example if no mails were sent for a while.
FRESH: Mapping[str, timedelta] = {
    PROMPT: timedelta(days=2),
    DAILY: timedelta(days=4),
    WEEKLY: timedelta(days=8),
}
#: Within this time, an administrator or a reviewer can undo what they did, and nobody hears of it.
UNDO_TIME = timedelta(minutes=10)
#: Administrators hear of a quota that lacks visits once, this long before its period ends.
SHORTFALL_DAYS = 7
CLOSING_SOON = timedelta(hours=48)
WAITING_LONG = timedelta(hours=48)
#: A webhook that fails for a shorter time is retried soon.
FAILING_LONG = timedelta(hours=1)
#: The least time between two checks. Visits that are assigned one by one share a mail, and a reader who
#: changes their time zone does not get the mail of one morning twice.
_MIN_INTERVALS = {PROMPT: timedelta(hours=1), DAILY: timedelta(hours=12), WEEKLY: timedelta(days=3)}


def list_kinds(role: str) -> list[str]:
    """Return the notices for a role, in the order in which they are shown."""
    return [name for name, kind in KINDS.items() if kind.role == role]


def is_due(kind: str, checked_at: datetime, moment: datetime, time_zone: str = "UTC") -> bool:
    """Return whether it is time to check a notice again that was last checked at ``checked_at``.

    Mornings are those of the reader's ``time_zone``.
    """
    if checked_at > moment:
        return True  # the clock was wrong then
    schedule = KINDS[kind].schedule
    if moment - checked_at < _MIN_INTERVALS[schedule]:
        return False
    return schedule == PROMPT or checked_at < _find_last_morning(moment, time_zone, schedule)


def _find_last_morning(moment: datetime, time_zone: str, schedule: str) -> datetime:
    """Return the last 07:00 up to ``moment``, or the last one on a Monday if the schedule is weekly."""
    day = find_notice_day(moment, time_zone)
    if schedule == WEEKLY:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, MORNING, ZoneInfo(time_zone))


def find_notice_day(moment: datetime, time_zone: str) -> date:
    """Return the day on which notices are sent; until 07:00, that is the day before.

    Managers may hear of visits on earlier days than this one.
    """
    local = moment.astimezone(ZoneInfo(time_zone))
    return local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)
