"""Aggregates: totals added up over places and months."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Label,
    Select,
    SQLColumnExpression,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain.months import Period
from api.domain.scoring import NO_VISITS, Points, Sums, visit_figures
from api.models.scores import SHARED_ANSWERS, DisputeEffect, Tally, Total


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

    def include(self, other: "PeriodAggregate") -> None:
        """Add another aggregate."""
        self.total = self.total.plus(other.total)
        self.subject_ids |= other.subject_ids


def add_up(aggregates: Iterable[Aggregate]) -> Aggregate:
    """Return the sum of all aggregates."""
    total = EMPTY
    for aggregate in aggregates:
        total = total.plus(aggregate)
    return total


#: Columns that are added up for subjects of every kind
_SUMS = (
    Total.asked,
    Total.visits,
    Total.earned,
    Total.possible,
    Total.earned_squared,
    Total.product,
    Total.possible_squared,
)
#: Further columns, for whole visits or for questions only
Extra = Literal["", "outcomes", "answers"]
_EXTRA_SUMS: Mapping[Extra, Sequence[Any]] = {
    "": (),
    "outcomes": (Total.critical_failures, Total.passed),
    "answers": tuple(getattr(Total, answer) for answer in SHARED_ANSWERS),
}
#: What totals can be grouped by
_GROUPS: Mapping[str, SQLColumnExpression[Any]] = {
    "subject_id": Total.subject_id,
    "location_number": Total.location_number,
    "month": Total.month,
    # 1 from the month ``since`` on, 0 before it
    "since": case((Total.month >= bindparam("since", type_=Integer), 1), else_=0),
}


class Group(NamedTuple):
    """A group of totals: the values of ``group_by``, their aggregate, and the counts of shared answers."""

    values: tuple[int, ...]
    aggregate: Aggregate
    answers: tuple[int, ...]


def aggregate_totals(
    session: Session,
    location_numbers: Sequence[int],
    subject_ids: Sequence[int],
    period: Period,
    *group_by: str,
    extra: Extra = "",
    **parameters: int,
) -> list[Group]:
    """Add up the totals of locations and subjects over a period, grouped by keys of ``_GROUPS``.

    With ``extra="outcomes"``, aggregates have critical failures and passes. With ``extra="answers"``, groups
    have the count of each of ``SHARED_ANSWERS``. ``since`` is the parameter of the group of that name.
    """
    statement = aggregate_statement(group_by, extra, session.get_bind().dialect.name)
    filters = _filter_parameters(location_numbers, subject_ids, period)
    # The columns: groups, ``asked``, the six sums, and the extra ones.
    asked = len(group_by)
    sums, extras = asked + 1, asked + 7
    groups = []
    for row in session.connection().execute(statement, {**filters, **parameters}):
        columns = tuple(row)
        outcomes, answers = (columns[extras:], ()) if extra == "outcomes" else ((), columns[extras:])
        aggregate = Aggregate(columns[asked], Sums._make(columns[sums:extras]), *outcomes)
        groups.append(Group(columns[:asked], aggregate, answers))
    return groups


@cache
def aggregate_statement(group_by: tuple[str, ...], extra: Extra, dialect: str) -> Select[*tuple[Any, ...]]:
    """Return the statement of ``aggregate_totals`` for a dialect, by its name."""
    # Grouped by label: PostgreSQL does not recognize two expressions with parameters as the same.
    labels = [f"by_{name}" for name in group_by]
    groups: list[Any] = [_GROUPS[name].label(label) for name, label in zip(group_by, labels, strict=True)]
    columns = (*_SUMS, *_EXTRA_SUMS[extra])
    conditions = _filter(Total)
    if dialect != "sqlite" or group_by != ("subject_id",):
        return select(*groups, *map(_sum_of, columns)).where(*conditions).group_by(*labels)
    # SQLite sorts rows to group them, unless they are stored in that order, as they are by location and
    # subject. Grouped by these first, few rows are left to sort.
    by_location = select(*groups, *map(_sum_of, columns)).where(*conditions)
    inner = by_location.group_by(Total.location_number, Total.subject_id).subquery().c
    outer_sums = [_sum_of(inner[column.key]) for column in columns]
    return select(inner.by_subject_id, *outer_sums).group_by(inner.by_subject_id)


def count_answers(
    session: Session, location_numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[int, dict[str, int]]:
    """Return how often each answer was given, by subject ID and answer.

    Only answers that are specific to a question are included, such as the options of a choice. The answers in
    ``SHARED_ANSWERS`` are counted in the totals (``extra="answers"``).
    """
    counts: dict[int, dict[str, int]] = {}
    parameters = _filter_parameters(location_numbers, subject_ids, period)
    for row in session.connection().execute(_tally_statement(), parameters):
        if row.times:
            counts.setdefault(row.subject_id, {})[row.answer] = row.times
    return counts


def sum_dispute_effects(
    session: Session, location_numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> Points:
    """Return what decided disputes changed in the points of whole visits: those with minus those without."""
    parameters = _filter_parameters(location_numbers, subject_ids, period)
    earned, possible = session.connection().execute(_effect_statement(), parameters).one()
    return Points(earned or 0, possible or 0)


def _sum_of(column: Any) -> Label[int]:
    """Return the sum of a column as an integer; PostgreSQL returns sums as decimals."""
    return cast(func.sum(column), BigInteger).label(column.key)


def _filter(table: type[Total | Tally | DisputeEffect]) -> list[ColumnElement[bool]]:
    """Return the conditions that select the rows of some locations and subjects in a period."""
    return [
        among(table.location_number, "location_numbers"),
        table.month.between(bindparam("first"), bindparam("last")),
        among(table.subject_id, "subject_ids"),
    ]


def _filter_parameters(
    location_numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[str, Any]:
    """Return the parameters of ``_filter``."""
    return {
        "location_numbers": location_numbers,
        "subject_ids": subject_ids,
        "first": period.first,
        "last": period.last,
    }


@cache
def _tally_statement() -> Select[*tuple[Any, ...]]:
    return (
        select(Tally.subject_id, Tally.answer, _sum_of(Tally.times))
        .where(*_filter(Tally))
        .group_by(Tally.subject_id, Tally.answer)
    )


@cache
def _effect_statement() -> Select[*tuple[Any, ...]]:
    columns = (_sum_of(DisputeEffect.earned), _sum_of(DisputeEffect.possible))
    return select(*columns).where(*_filter(DisputeEffect))
