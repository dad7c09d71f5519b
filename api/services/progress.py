"""Progress: how many visits of a region are made and how many still out, by month."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from api.domain import visits
from api.domain.access import Actor
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period, local, month_name, month_of
from api.models.places import Location, Region
from api.models.submissions import Flag
from api.models.visits import Visit
from api.services import visibility


def of_region(session: Session, actor: Actor, top: Region, period: Period) -> list[dict[str, Any]]:
    """Return for each month how many visits at or below a region are accepted and how many still out.

    Counts alone, by region and month: nobody learns which store is to be visited when. Nothing moves as
    answers come: a visit is out, in the month in which its window opens, until it is accepted. One that was
    called off before its answers came is not out again.
    """
    under = visibility.below(select(Region.id).where(Region.id == top.id))
    in_region = and_(Visit.organization_id == actor.organization_id, Location.region_id.in_(under))
    called_off = select(Flag.visit_id).where(Flag.visit_id == Visit.id, Flag.code == "cancelled").exists()
    out = session.execute(
        select(Visit.opens_at, Location.time_zone, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(
            in_region,
            Visit.status.in_(visits.OUT),
            ~called_off,
            # A month wider than asked for: the time zones decide below.
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
    opening: Counter[int] = Counter()
    for opens_at, time_zone, number in out:
        opening[month_of(local(opens_at, time_zone))] += number
    counted = dict(accepted.all())
    return [
        {"month": month_name(month), "out": opening[month], "accepted": counted.get(month, 0)}
        for month in period.months
    ]


def _beginning(month: int) -> datetime:
    """Return when a month begins in UTC, within the years that there are."""
    year, index = divmod(min(max(month, FIRST_MONTH), LAST_MONTH), 12)
    return datetime(year, index + 1, 1, tzinfo=UTC)
