"""Aggregates: totals added up over places and months.

Each function takes the places either as numbers of locations, or as a ``Coverage``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    inspect,
    select,
)
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.sums import sum_of
from api.domain.months import Period
from api.domain.scoring import NO_POINTS, NO_VISITS, Points, Sums, visit_figures
from api.models.scores import (
    SHARED_ANSWERS,
    DisputeEffect,
    RegionDisputeEffect,
    RegionTally,
    RegionTotal,
    Tally,
    Total,
)
from api.services.scores.coverage import Coverage


class Aggregate(NamedTuple):
    """Totals of places over a period.

    ``asked`` counts the visits whose checklist version has the subject, ``sums.visits`` those of them with
    points possible. ``critical_failures`` and ``passed`` are 0 except for whole visits.
    """

    asked: int = 0
    sums: Sums = NO_VISITS
    critical_failures: int = 0
    passed: int = 0

    def plus(self, other: "Aggregate") -> "Aggregate":
        """Return the sum of both."""
        if not self.asked:
            return other
        return Aggregate(
            self.asked + other.asked,
            self.sums + other.sums,
            self.critical_failures + other.critical_failures,
            self.passed + other.passed,
        )

    def format_visits(self) -> dict[str, Any]:
        """Return the score of whole visits: the fields of ``schemas.scores.VisitFigures``."""
        return visit_figures(self.sums, self.critical_failures, self.passed)


EMPTY = Aggregate()


@dataclass(slots=True)
class PeriodAggregate:
    """An aggregate over a period, and those of its subjects that had points possible.

    All of them are whole visits, or the same part of a visit, so there is one for each checklist.
    """

    total: Aggregate = EMPTY
    subject_ids: frozenset[int] = frozenset()

    def add(self, aggregate: Aggregate, subject_id: int) -> None:
        """Add an aggregate of one subject."""
        self.total = self.total.plus(aggregate)
        if aggregate.sums.visits and subject_id not in self.subject_ids:
            self.subject_ids |= {subject_id}


def add_up(aggregates: Iterable[Aggregate]) -> Aggregate:
    """Return the sum of all aggregates."""
    total = EMPTY
    for aggregate in aggregates:
        total = total.plus(aggregate)
    return total


#: What is added up: the totals of some locations in all months, or those of a coverage
Places = Sequence[int] | Coverage
#: Columns that are added up for subjects of every kind
_SUMS = ("asked", *Sums._fields)
#: Further columns, for whole visits or for questions only
Extra = Literal["", "outcomes", "answers"]
_EXTRA_SUMS: Mapping[Extra, Sequence[str]] = {
    "": (),
    "outcomes": ("critical_failures", "passed"),
    "answers": SHARED_ANSWERS,
}


class Group(NamedTuple):
    """A group of totals: the values of ``group_by``, their aggregate, and the counts of shared answers."""

    values: tuple[Any, ...]
    aggregate: Aggregate
    answers: tuple[int, ...]

    def plus(self, other: "Group") -> "Group":
        """Return the sum of both, which have the same values."""
        answers = tuple(map(add, self.answers, other.answers))
        return Group(self.values, self.aggregate.plus(other.aggregate), answers)


def aggregate_totals(
    session: Session,
    places: Places,
    subject_ids: Sequence[int],
    period: Period,
    *group_by: str,
    extra: Extra = "",
    **parameters: int,
) -> list[Group]:
    """Add up the totals of places and subjects over a period, grouped by what ``group_by`` names.

    It names columns, ``place`` (the number of a location or the ID of a region) or ``since``, which is 1 from
    the month of that parameter on and 0 before it.

    With ``extra="outcomes"``, aggregates have critical failures and passes. With ``extra="answers"``, groups
    have the count of each of ``SHARED_ANSWERS``.
    """
    # The columns: groups, ``asked``, the six sums, and the extra ones.
    asked = len(group_by)
    sums, extras = asked + 1, asked + 7
    groups: dict[tuple[Any, ...], Group] = {}
    for source in _list_sources(places, Total, RegionTotal):
        statement = _aggregate_statement(source.table, source.has_months, group_by, extra)
        for row in _execute(session, statement, source, subject_ids, period, parameters):
            columns = tuple(row)
            outcomes, answers = (columns[extras:], ()) if extra == "outcomes" else ((), columns[extras:])
            aggregate = Aggregate(columns[asked], Sums._make(columns[sums:extras]), *outcomes)
            group = Group(columns[:asked], aggregate, answers)
            other = groups.get(group.values)
            groups[group.values] = other.plus(group) if other else group
    return list(groups.values())


class _Source(NamedTuple):
    """The rows of a table that belong to some places, in some months or in all."""

    table: Any
    place_ids: Sequence[Any]
    months: Sequence[int] = ()

    @property
    def has_months(self) -> bool:
        return bool(self.months)


def _list_sources(places: Places, location_table: type[Any], region_table: type[Any]) -> Iterator[_Source]:
    """Yield what is added up for places, from two tables that have the same sums."""
    if not isinstance(places, Coverage):
        yield _Source(location_table, places)
        return
    for part in places.parts:
        if part.region_ids:
            yield _Source(region_table, part.region_ids, part.months)
        if part.location_numbers:
            yield _Source(location_table, part.location_numbers, part.months)


def _execute(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    source: _Source,
    subject_ids: Sequence[int],
    period: Period,
    parameters: Mapping[str, int],
) -> Iterable[Any]:
    months = {"months": source.months} if source.has_months else {}
    return session.connection().execute(
        statement,
        {
            "place_ids": source.place_ids,
            "subject_ids": subject_ids,
            "first": period.first,
            "last": period.last,
            **months,
            **parameters,
        },
    )


@cache
def _aggregate_statement(
    table: Any, has_months: bool, group_by: tuple[str, ...], extra: Extra
) -> Select[*tuple[Any, ...]]:
    # Grouped by label: PostgreSQL does not recognize two expressions with parameters as the same.
    labels = [f"by_{name}" for name in group_by]
    groups = [_group_of(table, name).label(label) for name, label in zip(group_by, labels, strict=True)]
    sums = [sum_of(getattr(table, name)) for name in (*_SUMS, *_EXTRA_SUMS[extra])]
    return select(*groups, *sums).where(*_filter(table, has_months)).group_by(*labels)


def count_answers(
    session: Session, places: Places, subject_ids: Sequence[int], period: Period
) -> dict[int, Counter[str]]:
    """Return how often each answer was given, by subject ID and answer.

    Only answers that are specific to a question are included, such as the options of a choice. The answers in
    ``SHARED_ANSWERS`` are counted in the totals (``extra="answers"``).
    """
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for source in _list_sources(places, Tally, RegionTally):
        statement = _tally_statement(source.table, source.has_months)
        for subject_id, answer, times in _execute(session, statement, source, subject_ids, period, {}):
            if times:
                counts[subject_id][answer] += times
    return counts


def sum_dispute_effects(
    session: Session, places: Places, subject_ids: Sequence[int], period: Period
) -> Points:
    """Return what decided disputes changed in the points of whole visits: those with minus those without."""
    effect = NO_POINTS
    for source in _list_sources(places, DisputeEffect, RegionDisputeEffect):
        statement = _effect_statement(source.table, source.has_months)
        for earned, possible in _execute(session, statement, source, subject_ids, period, {}):
            effect += Points(earned or 0, possible or 0)
    return effect


def _group_of(table: type[Any], name: str) -> ColumnElement[Any]:
    """Return what totals are grouped by."""
    if name == "place":
        return _place_of(table)
    if name == "since":
        return case((table.month >= bindparam("since", type_=Integer), 1), else_=0)
    column: ColumnElement[Any] = getattr(table, name)
    return column


def _place_of(table: type[Any]) -> ColumnElement[Any]:
    """Return the column with the place of a row: the number of a location, or the ID of a region."""
    column: ColumnElement[Any] = inspect(table).primary_key[0]
    return column


def _filter(table: type[Any], has_months: bool) -> list[ColumnElement[bool]]:
    """Return the conditions that select the rows of some places and subjects in a period."""
    conditions = [
        among(_place_of(table), "place_ids"),
        table.month.between(bindparam("first"), bindparam("last")),
        among(table.subject_id, "subject_ids"),
    ]
    return [*conditions, among(table.month, "months")] if has_months else conditions


@cache
def _tally_statement(table: Any, has_months: bool) -> Select[*tuple[Any, ...]]:
    return (
        select(table.subject_id, table.answer, sum_of(table.times))
        .where(*_filter(table, has_months))
        .group_by(table.subject_id, table.answer)
    )


@cache
def _effect_statement(table: Any, has_months: bool) -> Select[*tuple[Any, ...]]:
    return select(sum_of(table.earned), sum_of(table.possible)).where(*_filter(table, has_months))
