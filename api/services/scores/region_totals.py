"""Totals of regions: those of all locations below a region, added up by the worker.

Whatever changes the totals of a location, or moves a place, lists a ``TotalChange`` in its transaction. The
worker later adds up the months and regions concerned, and removes the changes that it has included. A region
and month without a listed change is therefore always exact; ``coverage`` reads others from what is below.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Uuid,
    bindparam,
    delete,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.lists import among
from api.database.statements import Query, fetch_all
from api.database.sums import sum_of
from api.models.base import new_version
from api.models.places import Location, Region
from api.models.scores import (
    DisputeEffect,
    RegionDisputeEffect,
    RegionTally,
    RegionTotal,
    RegionTotalsVersion,
    Tally,
    Total,
    TotalChange,
)

#: The tables of regions, each with that of locations which it adds up
TABLES: Mapping[Any, Any] = {
    RegionTotal: Total,
    RegionTally: Tally,
    RegionDisputeEffect: DisputeEffect,
}
#: How many regions with changes are added up in one transaction. On SQLite, other writers wait for it.
REGIONS_AT_ONCE = 10

#: Months, or all of them
Months = frozenset[int] | None


class ListedChange(NamedTuple):
    """A change of a region's totals in a month, or of all its months, that is not included yet."""

    id: int
    region_id: uuid.UUID
    month: int | None


def list_changes(session: Session, organization_id: uuid.UUID) -> list[ListedChange]:
    """Return the changes that the totals of an organization's regions do not include yet."""
    return fetch_all(session, _CHANGES, organization_id=organization_id)


class Regions:
    """The regions of an organization as a tree, and the changes that their totals do not include yet."""

    def __init__(self, session: Session, organization_id: uuid.UUID) -> None:
        # Changes come first: if a region moves between the two queries, its move remains listed.
        self.changes = list_changes(session, organization_id)
        rows = fetch_all(session, _PARENTS, organization_id=organization_id)
        self._parents = {row.id: row.parent_id for row in rows}
        self.children: dict[uuid.UUID, list[uuid.UUID]] = {region_id: [] for region_id in self._parents}
        for region_id, parent_id in self._parents.items():
            if parent_id is not None:
                self.children[parent_id].append(region_id)

    def list_path(self, region_id: uuid.UUID) -> list[uuid.UUID]:
        """Return a region and those above it, from the bottom to the top."""
        path: list[uuid.UUID] = []
        above: uuid.UUID | None = region_id
        while above is not None:
            path.append(above)
            above = self._parents[above]
        return path

    def find_changed_months(self, changes: Iterable[ListedChange]) -> dict[uuid.UUID, Months]:
        """Return the months of each region that these changes concern."""
        changed: dict[uuid.UUID, Months] = {}
        for _, region_id, month in changes:
            for above in self.list_path(region_id):
                months = changed.get(above, frozenset())
                changed[above] = None if month is None or months is None else months | {month}
        return changed


def list_organizations_with_changes(session: Session) -> Sequence[uuid.UUID]:
    """Return the organizations whose regions must be added up."""
    of_locations = select(Location.organization_id).join(
        TotalChange, TotalChange.location_number == Location.number
    )
    of_regions = select(Region.organization_id).join(TotalChange, TotalChange.region_id == Region.id)
    return session.scalars(union(of_locations, of_regions)).all()


def list_moves(session: Session, region_ids: Iterable[uuid.UUID | None]) -> None:
    """List that regions lost or gained a location or a region. None is the top level."""
    changed = {region_id for region_id in region_ids if region_id is not None}
    session.add_all(TotalChange(region_id=region_id) for region_id in sorted(changed))


def list_everything(session: Session) -> None:
    """List that all regions have changed, so that all of them are added up again."""
    list_moves(session, session.scalars(select(Region.id)))


def add_up_regions(session: Session, organization_id: uuid.UUID) -> bool:
    """Add up some regions of an organization that have changed; return whether others remain.

    Changes that are listed meanwhile remain listed, even if they are already included.
    """
    _lock(session, organization_id)
    regions = Regions(session, organization_id)
    if not regions.changes:
        return False
    chosen = set(sorted({change.region_id for change in regions.changes})[:REGIONS_AT_ONCE])
    included = [change for change in regions.changes if change.region_id in chosen]
    changed = regions.find_changed_months(included)
    for region_id in sorted(changed, key=lambda changed_id: len(regions.list_path(changed_id)), reverse=True):
        _add_up(session, region_id, changed[region_id])
    session.connection().execute(_REMOVE_CHANGES, {"ids": [change.id for change in included]})
    session.execute(
        update(RegionTotalsVersion)
        .where(RegionTotalsVersion.organization_id == organization_id)
        .values(version=new_version())
    )
    return len(included) < len(regions.changes)


def _lock(session: Session, organization_id: uuid.UUID) -> None:
    """Let other workers wait, which could overwrite regions that are above those of both."""
    row = insert(session, RegionTotalsVersion).values(organization_id=organization_id, version=new_version())
    session.execute(row.on_conflict_do_nothing())
    of_organization = RegionTotalsVersion.organization_id == organization_id
    session.execute(select(RegionTotalsVersion.version).where(of_organization).with_for_update())


def _add_up(session: Session, region_id: uuid.UUID, months: Months) -> None:
    """Replace what is stored for a region in these months."""
    parameters: dict[str, Any] = {"region": region_id}
    if months is not None:
        parameters["months"] = sorted(months)
    for table in TABLES:
        for statement in _replacement(table, has_months=months is not None):
            session.connection().execute(statement, parameters)


@cache
def _replacement(table: Any, *, has_months: bool) -> Sequence[Executable]:
    """Return the statements that remove a region's rows and add them up from what is directly below."""
    columns = table.__table__.columns.keys()[1:]
    keys = [name for name in columns if getattr(table, name).primary_key]

    def rows_of(source: type[Any], *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        if has_months:
            conditions += (among(source.month, "months"),)
        return select(*(getattr(source, name) for name in columns)).where(*conditions)

    region_id = bindparam("region", type_=Uuid())
    locations = select(Location.number).where(Location.region_id == region_id)
    children = select(Region.id).where(Region.parent_id == region_id)
    below = union_all(
        rows_of(TABLES[table], TABLES[table].location_number.in_(locations)),
        rows_of(table, table.region_id.in_(children)),
    ).subquery()
    sums = [below.c[name] if name in keys else sum_of(below.c[name]) for name in columns]
    added_up = select(region_id.label("region_id"), *sums).group_by(*(below.c[name] for name in keys))
    removal = delete(table).where(table.region_id == region_id)
    if has_months:
        removal = removal.where(among(table.month, "months"))
    return removal, table.__table__.insert().from_select(["region_id", *columns], added_up)


class _Parent(NamedTuple):
    id: uuid.UUID
    parent_id: uuid.UUID | None


_PARENTS = Query(
    _Parent,
    select(Region.id, Region.parent_id).where(Region.organization_id == bindparam("organization_id")),
)
_OF_LOCATIONS = (
    select(TotalChange.id, Location.region_id, TotalChange.month)
    .join(Location, Location.number == TotalChange.location_number)
    .where(Location.organization_id == bindparam("organization_id"))
)
_OF_REGIONS = (
    select(TotalChange.id, TotalChange.region_id, TotalChange.month)
    .join(Region, Region.id == TotalChange.region_id)
    .where(Region.organization_id == bindparam("organization_id"))
)
_CHANGES = Query(ListedChange, union_all(_OF_LOCATIONS, _OF_REGIONS))
_REMOVE_CHANGES = delete(TotalChange).where(among(TotalChange.id, "ids"))
