"""The rows of a table: totals grouped by one or two dimensions, such as location and section.

Rows by location alone are in ``location_table``.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS_BY_KEY
from api.domain.months import format_month
from api.services.scores.aggregates import EMPTY, Aggregate, PeriodAggregate, Places, aggregate_totals
from api.services.scores.coverage import cover_everything, cover_regions
from api.services.scores.places import Place, list_regions
from api.services.scores.query import RowQuery
from api.services.scores.region_totals import Regions
from api.services.scores.reports import format_question, format_section
from api.services.scores.subjects import CountedChecklists, Subject


class Member(NamedTuple):
    """A member of a dimension, such as one location: its key, its value in a row, and its sort values."""

    key: str
    value: Any
    order: tuple[Any, ...]


@dataclass(slots=True)
class TableRow:
    """A row of a table. ``is_always_shown`` is true for rows that appear even without visits."""

    key: tuple[str, ...]
    members: tuple[Member, ...]
    is_always_shown: bool = False
    current: PeriodAggregate = field(default_factory=PeriodAggregate)
    previous: PeriodAggregate = field(default_factory=PeriodAggregate)
    months: dict[int, Aggregate] = field(default_factory=dict)


def group_rows(
    session: Session,
    actor: Actor,
    query: RowQuery,
    checklists: CountedChecklists,
    locations: Sequence[Place],
) -> list[TableRow]:
    """Return the rows of a table, in no particular order; ``locations`` only if ``query.needs_locations``."""
    dimensions = _Dimensions(session, actor, query, checklists, locations)
    table = {row.key: row for row in dimensions.list_permanent_rows()}
    for cell in _list_cells(session, actor, query, checklists, locations, dimensions.list_levels()):
        for members in product(*dimensions.list_members(cell)):
            key = tuple([member.key for member in members])
            row = table.get(key)
            if row is None:
                row = table[key] = TableRow(key, members)
            if cell.month < query.period.first:
                row.previous.add(cell.aggregate, cell.subject_id)
                continue
            row.current.add(cell.aggregate, cell.subject_id)
            if query.has_months:
                row.months[cell.month] = row.months.get(cell.month, EMPTY).plus(cell.aggregate)
    return [row for row in table.values() if row.is_always_shown or row.current.total.asked]


class _Cell(NamedTuple):
    """Totals at the finest level that a table needs.

    ``place`` is the number of a location, the ID of a region, or None if rows do not differ by place. If they
    do not differ by month either, ``month`` is the first month of the period, or the month before it for the
    previous period.
    """

    subject_id: int
    place: Any
    month: int
    aggregate: Aggregate


def cover_rows(session: Session, actor: Actor, query: RowQuery, locations: Sequence[Place]) -> Places:
    """Return everything that the rows of a table count; for ``locations``, see ``group_rows``."""
    if query.needs_locations:
        return [location.number for location in locations]
    regions = Regions(session, actor.organization_id)
    if query.region_id is None:
        return cover_everything(session, actor, regions, query.covered_period)
    return cover_regions(session, regions, [query.region_id], query.covered_period)


def _list_cells(
    session: Session,
    actor: Actor,
    query: RowQuery,
    checklists: CountedChecklists,
    locations: Sequence[Place],
    levels: Iterable[Sequence[uuid.UUID]],
) -> Iterator[_Cell]:
    """Yield all cells of a table. In a table by region, each region of ``levels`` has cells of its own."""
    if "region" not in query.by or query.needs_locations:
        places = cover_rows(session, actor, query, locations)
        yield from _aggregate_cells(session, query, checklists, places)
        return
    regions = Regions(session, actor.organization_id)
    for region_ids in levels:
        coverage = cover_regions(session, regions, region_ids, query.covered_period)
        for cell in _aggregate_cells(session, query, checklists, coverage):
            yield cell._replace(place=coverage.owners[cell.place])


def _aggregate_cells(
    session: Session, query: RowQuery, checklists: CountedChecklists, places: Places
) -> Iterator[_Cell]:
    first_month = query.period.first
    group_by, parameters = ["subject_id"], {}
    if query.has_places:
        group_by.append("place")
    if query.has_months or "month" in query.by:
        group_by.append("month")
    elif query.has_previous:
        group_by.append("since")
        parameters["since"] = first_month
    for values, aggregate, _ in aggregate_totals(
        session,
        places,
        checklists.subject_ids(query.subject_kind),
        query.covered_period,
        *group_by,
        extra="outcomes" if query.subject_kind == "visit" else "",
        **parameters,
    ):
        month = first_month
        if group_by[-1] == "month":
            month = values[-1]
        elif group_by[-1] == "since" and not values[-1]:
            month = first_month - 1
        yield _Cell(values[0], values[1] if query.has_places else None, month, aggregate)


class _Dimensions:
    """The members of a table's dimensions, and which of them a cell belongs to."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        query: RowQuery,
        checklists: CountedChecklists,
        locations: Iterable[Place],
    ) -> None:
        self._query = query
        self._checklists = checklists
        self._subject_members: dict[tuple[str, int], Member] = {}
        self._locations: dict[int, Place] = {}
        self._location_members: dict[int, Member] = {}
        self._regions: dict[uuid.UUID, Place] = {}
        self._region_members: dict[uuid.UUID, Member] = {}
        if query.needs_locations:
            self._locations = {location.number: location for location in locations}
        if "location" in query.by:
            self._location_members = {
                number: place_member(location) for number, location in self._locations.items()
            }
        if "region" in query.by:
            self._regions = {region.id: region for region in list_regions(session, actor, query.region_id)}
            self._region_members = {
                region_id: place_member(region) for region_id, region in self._regions.items()
            }

    def list_levels(self) -> Iterator[list[uuid.UUID]]:
        """Yield the regions level by level, from the top to the bottom. Those of a level do not overlap."""
        level = [region.id for region in self._regions.values() if region.parent_id not in self._regions]
        while level:
            yield level
            above = set(level)
            level = [region.id for region in self._regions.values() if region.parent_id in above]

    def list_permanent_rows(self) -> Iterator[TableRow]:
        """Yield the rows that appear even without visits: those of open regions, and of months."""
        members: Iterable[Member] = ()
        if self._query.by == ("region",) and self._query.location_id is None:
            members = (
                self._region_members[region_id]
                for region_id, region in self._regions.items()
                if not region.closed
            )
        elif self._query.by == ("month",):
            members = map(_month_member, self._query.period.months)
        for member in members:
            yield TableRow((member.key,), (member,), is_always_shown=True)

    def list_members(self, cell: _Cell) -> Iterator[Sequence[Member]]:
        """Yield the members that a cell belongs to, dimension by dimension.

        There are several where regions are nested.
        """
        for dimension in self._query.by:
            if dimension == "location":
                yield (self._location_members[cell.place],)
            elif dimension == "region":
                yield tuple(self._list_regions(cell.place))
            elif dimension == "month":
                yield (_month_member(cell.month),)
            else:
                yield (self._get_subject_member(dimension, cell.subject_id),)

    def _list_regions(self, place: Any) -> Iterator[Member]:
        """Yield the member of a region, or those of all regions above a location."""
        if place in self._region_members:
            yield self._region_members[place]
            return
        # Actors see a region with all regions below it. Nothing above a hidden region is therefore visible.
        region_id = self._locations[place].region_id
        while region_id in self._regions:
            yield self._region_members[region_id]
            region_id = self._regions[region_id].parent_id

    def _get_subject_member(self, dimension: str, subject_id: int) -> Member:
        member = self._subject_members.get((dimension, subject_id))
        if member is None:
            subject = self._checklists.subjects[subject_id]
            member = _subject_member(self._checklists, dimension, subject)
            self._subject_members[dimension, subject_id] = member
        return member


def place_member(place: Place) -> Member:
    """Return a location or region as the member of a dimension."""
    return Member(str(place.id), place, (place.code,))


def _month_member(month: int) -> Member:
    return Member(format_month(month), format_month(month), (month,))


_FUNDAMENTAL_ORDER = {key: index for index, key in enumerate(FUNDAMENTALS_BY_KEY)}


def _subject_member(checklists: CountedChecklists, dimension: str, subject: Subject) -> Member:
    """Return a subject as a member of the dimension checklist, fundamental, section or question."""
    checklist, key = subject.version.document, subject.key
    if dimension == "checklist":
        return Member(checklist.key, {"key": checklist.key, "title": checklist.title}, (checklist.key,))
    if dimension == "fundamental":
        return Member(key, {"key": key, "title": FUNDAMENTALS_BY_KEY[key].title}, (_FUNDAMENTAL_ORDER[key],))
    format_name = format_section if dimension == "section" else format_question
    order = checklists.get_wording(subject).order
    return Member(f"{checklist.key}/{key}", format_name(checklists, subject), order)
