"""Progress: how many visits of a region are accepted and how many are outstanding, by month."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from api.domain import flags, visits
from api.domain.access import Actor
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period, local, month_name, month_of
from api.models.places import Location, Region
from api.models.submissions import Flag
from api.models.visits import Visit
from api.services import visibility


def count_visits_by_month(
    session: Session, actor: Actor, top: Region, period: Period
) -> list[dict[str, Any]]:
    """Return for each month how many visits at or below a region are accepted and how many are outstanding.

    These are only counts by region and month, so that no store is warned in advance. Submitting answers does
    not change them: a visit is outstanding, in the month in which its window opens, until it is accepted. A
    visit that was cancelled or declined before its answers came does not become outstanding again.
    """
    region_ids = visibility.select_subtree(select(Region.id).where(Region.id == top.id))
    in_region = and_(Visit.organization_id == actor.organization_id, Location.region_id.in_(region_ids))
    was_withdrawn = (
        select(Flag.visit_id).where(Flag.visit_id == Visit.id, Flag.code == flags.CANCELLED.code).exists()
    )
    outstanding = session.execute(
        select(Visit.opens_at, Location.time_zone, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(
            in_region,
            Visit.status.in_(visits.OUTSTANDING),
            ~was_withdrawn,
            # A month more at each end: which month it is depends on the time zones below.
            Visit.opens_at >= _beginning(period.first - 1),
            Visit.opens_at < _beginning(period.last + 2),
        )
        .group_by(Visit.opens_at, Location.time_zone)
    )
    accepted = session.execute(
        select(Visit.month, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(in_region, Visit.status == "accepted", Visit.month.between(period.first, period.last))
        .group_by(Visit.month)
    )
    outstanding_by_month: Counter[int] = Counter()
    for opens_at, time_zone, count in outstanding:
        outstanding_by_month[month_of(local(opens_at, time_zone))] += count
    accepted_by_month = dict(accepted.all())
    return [
        {
            "month": month_name(month),
            "out": outstanding_by_month[month],
            "accepted": accepted_by_month.get(month, 0),
        }
        for month in period.months
    ]


def _beginning(month: int) -> datetime:
    """Return when a month begins in UTC, within the supported years."""
    year, index = divmod(min(max(month, FIRST_MONTH), LAST_MONTH), 12)
    return datetime(year, index + 1, 1, tzinfo=UTC)
