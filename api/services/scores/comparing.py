"""Comparing rows: their order and change, their worst section and weakest question."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.scoring import (
    Change,
    Sums,
    change,
    share,
    subtract_scores,
    visit_interval_uncut,
    wilson_interval,
)
from api.domain.verdicts import BELOW
from api.services.scores.grouping import TableRow, group_rows
from api.services.scores.places import Place
from api.services.scores.query import RowQuery
from api.services.scores.subjects import CountedChecklists
from api.services.scores.verdicts import get_comparisons

#: Different scores differ by far more than 1 / _SCALE: multiplied by it, they are integers that sort exactly.
_SCALE = 10**30


#: Integers and floats that sort rows before their members do
SortValues = tuple[float, ...]


def sort_key(query: RowQuery, row: TableRow) -> tuple[Any, ...]:
    """Return the values that a row is sorted by, which are also its cursor.

    Equal rows are sorted by their members.
    """
    values = get_sort_values(query)(row.current.total.sums, row.previous.total.sums)
    return (*values, *(value for member in row.members for value in member.order), *row.key)


def get_sort_values(query: RowQuery) -> Callable[[Sums, Sums], SortValues]:
    """Return the function from the current and the previous sums of a row to what sorts it first.

    Sorted by score or difference, indicative rows come last, and rows without a score after them.
    """
    column, sign = query.sort.removeprefix("-"), -1 if query.sort.startswith("-") else 1

    def by_name(_current: Sums, _previous: Sums) -> SortValues:
        return ()

    def by_visits(current: Sums, _previous: Sums) -> SortValues:
        return (sign * current.visits,)

    def by_score(current: Sums, _previous: Sums) -> SortValues:
        if not current.possible:
            return (2, 0)
        return (int(current.is_indicative), sign * (current.earned * _SCALE // current.possible))

    def by_difference(current: Sums, previous: Sums) -> SortValues:
        difference = subtract_scores(current, previous)
        return (2, 0) if difference is None else (int(current.is_indicative), sign * difference)

    return {"name": by_name, "visits": by_visits, "score": by_score, "difference": by_difference}[column]


def get_change(query: RowQuery, row: TableRow) -> Change:
    """Return the change of a row since the previous period."""
    return change(
        row.current.total.sums,
        row.previous.total.sums,
        comparable=len(row.current.subject_ids | row.previous.subject_ids) <= 1,
        interval_of=visit_interval_uncut if query.subject_kind == "visit" else wilson_interval,
    )


def find_worst_sections(
    session: Session,
    actor: Actor,
    query: RowQuery,
    checklists: CountedChecklists,
    locations: Sequence[Place],
) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the section with the lowest score of each location, by the key of the location's row.

    The values have the fields of ``schemas.scores.WorstSection``. A section with enough visits precedes
    indicative ones. Of equal sections, the first in the checklist is returned.
    """
    by_section = replace(query, by=("location", "section"), sort="score", include=frozenset())
    worst: dict[tuple[str, ...], dict[str, Any]] = {}
    rows = group_rows(session, actor, by_section, checklists, locations)
    for row in sorted(rows, key=lambda row: sort_key(by_section, row)):
        sums = row.current.total.sums
        if sums.possible:
            _, section = row.members
            figures = {"score": share(sums.earned, sums.possible), "visits": sums.visits}
            worst.setdefault(row.key[:1], {**section.value, **figures})
    return worst


def find_weakest_questions(
    session: Session,
    actor: Actor,
    query: RowQuery,
    checklists: CountedChecklists,
    locations: Sequence[Place],
) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return what explains a low score best, by the key of a location's row.

    It is the question clearly below its comparison that cost the location the most points against it. The
    values have the fields of ``schemas.scores.WeakestQuestion``. Locations without such a question are
    missing.
    """
    by_question = replace(query, by=("location", "question"), include=frozenset())
    comparisons = get_comparisons(session, actor, checklists, query.period, "question")
    most_lost: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = {}
    rows = group_rows(session, actor, by_question, checklists, locations)
    for row in sorted(rows, key=lambda row: sort_key(by_question, row)):
        verdict = comparisons.judge(row.current, "question")
        if verdict.verdict != BELOW or verdict.comparison is None:
            continue
        sums = row.current.total.sums
        lost = verdict.comparison * sums.possible - sums.earned
        if lost > most_lost.get(row.key[:1], (0.0,))[0]:
            _, question = row.members
            figures = {"score": share(sums.earned, sums.possible), "visits": sums.visits}
            weakest = {**question.value, **figures, "comparison": verdict.comparison}
            most_lost[row.key[:1]] = lost, weakest
    return {key: weakest for key, (_, weakest) in most_lost.items()}
