"""Whole visits by location, for tables of locations."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.database.sums import sum_of
from api.domain.months import Period
from api.domain.scoring import Sums
from api.models.scores import VisitTotal
from api.services.scores.aggregates import Aggregate, PeriodAggregate

_OUTCOMES = ("asked", "critical_failures", "passed")


def read_sums(
    session: Session, numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[int, Sums]:
    """Return the sums of the visits to locations, by the number of the location, where there are any.

    As in the other functions, ``subject_ids`` are those of the whole visits that count.
    """
    rows = _add_up(session, numbers, subject_ids, period, ("location_number",), Sums._fields)
    return {row[0]: Sums._make(row[1:]) for row in rows}


def read_visits(
    session: Session, numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[int, PeriodAggregate]:
    """Return the visits to locations, by the number of the location."""
    visits = {number: PeriodAggregate() for number in numbers}
    for row in _add_up(session, numbers, subject_ids, period, ("location_number", "subject_id")):
        visits[row.location_number].add(_to_aggregate(row), row.subject_id)
    return visits


def read_months(
    session: Session, numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[int, dict[int, Aggregate]]:
    """Return the visits to locations by the number of the location and by month, where there are any."""
    months: dict[int, dict[int, Aggregate]] = {number: {} for number in numbers}
    for row in _add_up(session, numbers, subject_ids, period, ("location_number", "month")):
        months[row.location_number][row.month] = _to_aggregate(row)
    return months


def find_subjects(
    session: Session, numbers: Sequence[int], subject_ids: Sequence[int], period: Period
) -> Sequence[int]:
    """Return the subjects that visits to these locations had points possible in."""
    parameters = _filter_parameters(numbers, subject_ids, period)
    return (
        session.connection().scalars(_find_statement(has_one_subject=len(subject_ids) == 1), parameters).all()
    )


def _to_aggregate(row: Row[*tuple[Any, ...]]) -> Aggregate:
    """Return the aggregate of a row with two columns before its sums."""
    return Aggregate(row.asked, Sums._make(row[2:8]), row.critical_failures, row.passed)


def _add_up(
    session: Session,
    numbers: Sequence[int],
    subject_ids: Sequence[int],
    period: Period,
    group_by: tuple[str, ...],
    columns: tuple[str, ...] = (*Sums._fields, *_OUTCOMES),
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the sums of columns by what ``group_by`` names, which comes first in each row."""
    statement = _sum_statement(group_by, columns, has_one_subject=len(subject_ids) == 1)
    parameters = _filter_parameters(numbers, subject_ids, period)
    return session.connection().execute(statement, parameters).all()


@cache
def _sum_statement(
    group_by: tuple[str, ...], columns: tuple[str, ...], *, has_one_subject: bool
) -> Select[*tuple[Any, ...]]:
    groups = [getattr(VisitTotal, name) for name in group_by]
    sums = [sum_of(getattr(VisitTotal, name)) for name in columns]
    return select(*groups, *sums).where(*_filter(has_one_subject)).group_by(*groups)


@cache
def _find_statement(*, has_one_subject: bool) -> Select[int]:
    conditions = *_filter(has_one_subject), VisitTotal.visits > 0
    return select(VisitTotal.subject_id).where(*conditions).distinct()


def _filter(has_one_subject: bool) -> list[ColumnElement[bool]]:
    """Return the conditions that select the visits of some locations and subjects in a period."""
    return [
        # With the first column of the key fixed, SQLite groups rows as it reads them, and does not sort.
        VisitTotal.subject_id == bindparam("subject_id")
        if has_one_subject
        else among(VisitTotal.subject_id, "subject_ids"),
        among(VisitTotal.location_number, "numbers"),
        VisitTotal.month.between(bindparam("first"), bindparam("last")),
    ]


def _filter_parameters(numbers: Sequence[int], subject_ids: Sequence[int], period: Period) -> dict[str, Any]:
    """Return the parameters of ``_filter``."""
    subjects = {"subject_id": subject_ids[0]} if len(subject_ids) == 1 else {"subject_ids": subject_ids}
    return {"numbers": numbers, "first": period.first, "last": period.last, **subjects}
