"""Outstanding visits, by the month in which their window opens."""

import uuid
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from api.domain import flags, visits
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period, get_month, to_local_time
from api.models.checklists import ChecklistVersion
from api.models.places import Location
from api.models.submissions import Flag
from api.models.visits import Visit


def count_outstanding_by_month(
    session: Session, period: Period, *conditions: ColumnElement[bool]
) -> Counter[int]:
    """Return the number of outstanding visits of each month of a period.

    The conditions are on visits and their locations. Sending answers does not change the month of a visit: it
    is the one in which its window opens, in the time zone of the location. A visit that was cancelled or
    declined before its answers arrived does not become outstanding again.
    """
    counts: Counter[int] = Counter()
    for opens_at, time_zone, count in session.execute(_select(period, conditions)):
        counts[get_month(to_local_time(opens_at, time_zone))] += count
    return counts


def count_outstanding_by_location(
    session: Session, period: Period, checklist_ids: Collection[uuid.UUID], *conditions: ColumnElement[bool]
) -> Counter[tuple[uuid.UUID, uuid.UUID, int]]:
    """Return the number of outstanding visits by the IDs of the checklist and the location, and by month."""
    counts: Counter[tuple[uuid.UUID, uuid.UUID, int]] = Counter()
    query = (
        _select(period, conditions, ChecklistVersion.checklist_id, Location.id)
        .join(ChecklistVersion, ChecklistVersion.id == Visit.checklist_version_id)
        .where(ChecklistVersion.checklist_id.in_(checklist_ids))
    )
    for opens_at, time_zone, count, checklist_id, location_id in session.execute(query):
        month = get_month(to_local_time(opens_at, time_zone))
        # The query returns visits around the period too.
        if period.first <= month <= period.last:
            counts[checklist_id, location_id, month] += count
    return counts


def _select(
    period: Period, conditions: tuple[ColumnElement[bool], ...], *more_groups: Any
) -> Select[*tuple[Any, ...]]:
    """Return the query for numbers of visits by opening time, time zone and ``more_groups``."""
    was_withdrawn = (
        select(Flag.visit_id).where(Flag.visit_id == Visit.id, Flag.code == flags.CANCELLED.code).exists()
    )
    return (
        select(Visit.opens_at, Location.time_zone, func.count(), *more_groups)
        .join(Location, Location.id == Visit.location_id)
        .where(
            *conditions,
            Visit.status.in_(visits.OUTSTANDING),
            ~was_withdrawn,
            # One more month at each end: the month of a visit depends on the time zone of its location.
            Visit.opens_at >= _get_month_start(period.first - 1),
            Visit.opens_at < _get_month_start(period.last + 2),
        )
        .group_by(Visit.opens_at, Location.time_zone, *more_groups)
    )


def _get_month_start(month: int) -> datetime:
    """Return the beginning of a month in UTC, within the supported years."""
    year, index = divmod(min(max(month, FIRST_MONTH), LAST_MONTH), 12)
    return datetime(year, index + 1, 1, tzinfo=UTC)
