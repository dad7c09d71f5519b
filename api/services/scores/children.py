"""The children of a region: the regions and locations directly below it, each with its score."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.domain.months import Period
from api.models.places import Location, Region
from api.services.paging import Page, paginate
from api.services.scores.aggregates import Aggregate, PeriodAggregate, Places, aggregate_totals
from api.services.scores.coverage import cover_regions
from api.services.scores.places import Place, format_place
from api.services.scores.region_totals import Regions
from api.services.scores.subjects import CountedChecklists
from api.services.scores.verdicts import Comparisons


def list_children(
    session: Session,
    checklists: CountedChecklists,
    regions: Regions,
    region: Place,
    period: Period,
    comparisons: Comparisons,
    limit: int,
    cursor: str | None,
) -> Page:
    """Return a page of the children of a region: first its regions, then its locations, each sorted by code.

    They have the fields of ``schemas.scores.Child``. Raises INVALID for a cursor that this server did not
    issue.
    """
    connection, parameters = session.connection(), {"region_id": region.id}
    children = [
        *(("region", child) for child in connection.execute(_REGIONS, parameters)),
        *(("location", child) for child in connection.execute(_LOCATIONS, parameters)),
    ]
    page = paginate(children, lambda child: f"{child[0]}/{child[1].code}", limit, cursor)
    child_regions = [child for kind, child in page.items if kind == "region"]
    locations = [child for kind, child in page.items if kind == "location"]
    by_place: dict[Any, PeriodAggregate] = {}
    coverage = cover_regions(session, regions, [child.id for child in child_regions], period)
    for place, subject_id, aggregate in _aggregate_visits(session, checklists, coverage, period):
        by_place.setdefault(coverage.owners[place], PeriodAggregate()).add(aggregate, subject_id)
    numbers = [location.number for location in locations]
    for number, subject_id, aggregate in _aggregate_visits(session, checklists, numbers, period):
        by_place.setdefault(number, PeriodAggregate()).add(aggregate, subject_id)

    def format_child(name: str, child: Place, key: Any) -> dict[str, Any]:
        aggregate = by_place.get(key, PeriodAggregate())
        return {**comparisons.format_visits(aggregate), name: format_place(child)}

    items = [
        *(format_child("region", child, child.id) for child in child_regions),
        *(format_child("location", location, location.number) for location in locations),
    ]
    return Page(items, page.cursor)


def _aggregate_visits(
    session: Session, checklists: CountedChecklists, places: Places, period: Period
) -> Iterator[tuple[Any, int, Aggregate]]:
    """Yield a place, the subject of a checklist, and the aggregate of the visits of both."""
    visits = checklists.subject_ids("visit")
    for group in aggregate_totals(session, places, visits, period, "place", "subject_id", extra="outcomes"):
        yield *group.values, group.aggregate


_REGIONS = (
    select(Region.id, Region.code, Region.name)
    .where(Region.parent_id == bindparam("region_id"))
    .order_by(Region.code)
)
_LOCATIONS = (
    select(Location.number, Location.id, Location.code, Location.name)
    .where(Location.region_id == bindparam("region_id"))
    .order_by(Location.code)
)
