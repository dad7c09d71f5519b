"""Progress: how many visits of a region are accepted and how many are outstanding, by month."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK
from api.domain.months import Period, format_month
from api.domain.privacy import find_countable_regions
from api.models.places import Location, Region
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.outstanding_visits import count_outstanding_by_month


def count_visits_by_month(
    session: Session, actor: Actor, top: Region, period: Period
) -> list[dict[str, Any]]:
    """Return the numbers of outstanding (``out``) and accepted visits at or below a region, for each month.

    ``self_checks`` are those of the accepted visits that stores made themselves.

    Only counts by region and month are disclosed, so that no store is warned in advance. Sending answers does
    not change them: a visit is outstanding, in the month in which its window opens, until it is accepted.

    Managers and API clients get None for ``out`` if the number would stand for only one or two stores.
    """
    region_ids = visibility.select_subtree(select(Region.id).where(Region.id == top.id))
    in_region = and_(Visit.organization_id == actor.organization_id, Location.region_id.in_(region_ids))
    is_disclosed = actor.can_see_everything or _is_countable(session, top)
    outstanding = count_outstanding_by_month(session, period, in_region) if is_disclosed else None
    accepted, self_checks = _count_accepted(session, in_region, period)
    return [
        {
            "month": format_month(month),
            "out": None if outstanding is None else outstanding[month],
            "accepted": accepted[month],
            "self_checks": self_checks[month],
        }
        for month in period.months
    ]


def _is_countable(session: Session, top: Region) -> bool:
    in_organization = Region.organization_id == top.organization_id
    parents = session.execute(select(Region.id, Region.parent_id).where(in_organization))
    locations = session.execute(
        select(Location.region_id, func.count())
        .where(Location.organization_id == top.organization_id, Location.closed.is_(False))
        .group_by(Location.region_id)
    )
    return top.id in find_countable_regions(dict(parents.all()), dict(locations.all()))


def _count_accepted(
    session: Session, in_region: ColumnElement[bool], period: Period
) -> tuple[Counter[int | None], Counter[int | None]]:
    """Return the numbers of all accepted visits and of the self-checks among them, by month."""
    counts = session.execute(
        select(Visit.month, Visit.checklist_version_id, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(in_region, Visit.status == "accepted", Visit.month.between(period.first, period.last))
        .group_by(Visit.month, Visit.checklist_version_id)
    )
    accepted: Counter[int | None] = Counter()
    self_checks: Counter[int | None] = Counter()
    for month, version_id, count in counts:
        accepted[month] += count
        if get_version(session, version_id).document.channel == SELF_CHECK:
            self_checks[month] += count
    return accepted, self_checks
