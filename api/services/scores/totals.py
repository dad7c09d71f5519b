"""Totals: the sums that scores are calculated from, stored by location, month and subject.

They change in the transaction that accepts a visit, withdraws its acceptance or decides a dispute about it.
The same transaction lists the change for ``region_totals``.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence, Set
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import Executable, inspect

from api.database.statements import BulkInsert, Writer, insert_rows
from api.domain.scoring import Points, Sums, VisitScore
from api.models.base import new_version
from api.models.scores import SHARED_ANSWERS, DisputeEffect, Tally, Total, TotalChange, VisitTotal
from api.services.checklists import PublishedVersion

#: The first columns of a total are its key: location, month and subject. The others are sums.
KEY_LENGTH = len(inspect(Total).primary_key)
SUM_COLUMNS = Total.__table__.columns.keys()[KEY_LENGTH:]
#: How many of these columns the totals of whole visits have too
VISIT_SUMS = len(VisitTotal.__table__.columns) - KEY_LENGTH

#: The key of a total, as numbers: location, month, subject. The key of a tally has the answer as well.
Key = tuple[Any, ...]


class CountedVisit(NamedTuple):
    """A visit as the totals count it."""

    version: PublishedVersion
    location_number: int
    month: int
    score: VisitScore


def add_visits(writer: Writer, visits: Iterable[CountedVisit]) -> None:
    """Add the points and answers of accepted visits to the totals of their locations and months.

    Each row changes once, whatever the number of visits.
    """
    _change(writer, ((visit, 1) for visit in visits))


def remove_visit(writer: Writer, visit: CountedVisit) -> None:
    """Subtract the points and answers of a visit that is no longer accepted."""
    _change(writer, [(visit, -1)])


def replace_score(writer: Writer, visit: CountedVisit, score: VisitScore) -> None:
    """Replace the points and answers of an accepted visit by those of another score."""
    _change(writer, [(visit, -1), (visit._replace(score=score), 1)])


def add_dispute_effect(writer: Writer, visit: CountedVisit, earned: int, possible: int) -> None:
    """Add the points that a dispute changed in an accepted visit, or subtract them again if negated."""
    subject_id = visit.version.subjects["visit", ""]
    row = (visit.location_number, visit.month, subject_id, earned, possible)
    insert_rows(writer, _ADD_EFFECTS, [row])
    _list_changes(writer, {(visit.location_number, visit.month)})


def get_contributions(
    version: PublishedVersion, location_number: int, month: int, score: VisitScore
) -> tuple[list[tuple[int, ...]], list[tuple[Any, ...]]]:
    """Return the rows of totals and the rows of tallies that one visit adds, each sorted by key."""
    subjects = version.subjects

    def total_row(
        kind: str, key: str, points: Points, failures: int = 0, passed: int = 0, answers: tuple[str, ...] = ()
    ) -> tuple[int, ...]:
        total_key = location_number, month, subjects[kind, key]
        return (*total_key, 1, *Sums.of(points), failures, passed, *_count_shared_answers(answers))

    total_rows = [
        total_row("visit", "", score.points, int(bool(score.critical_failures)), int(score.passed)),
        *(total_row("section", key, points) for key, points in score.points_by_section().items()),
        *(total_row("fundamental", key, points) for key, points in score.points_by_fundamental().items()),
        *(
            total_row("question", question.key, question.points, answers=question.tallies)
            for question in score.questions
        ),
    ]
    tally_rows = [
        (location_number, month, subjects["question", question.key], answer, 1)
        for question in score.questions
        for answer in question.tallies
        if answer not in SHARED_ANSWERS
    ]
    return sorted(total_rows), sorted(tally_rows)


def list_visit_rows(
    total_rows: Iterable[Sequence[int]], visit_subjects: Collection[int]
) -> list[tuple[int, ...]]:
    """Return the rows of whole visits among rows of totals, as their own table has them, sorted by key."""
    return sorted(
        (subject_id, number, month, *sums[:VISIT_SUMS])
        for number, month, subject_id, *sums in total_rows
        if subject_id in visit_subjects
    )


@lru_cache(maxsize=100)
def _count_shared_answers(answers: tuple[str, ...]) -> tuple[int, ...]:
    """Count each of ``SHARED_ANSWERS`` among the answers to a question."""
    return tuple(int(answer in answers) for answer in SHARED_ANSWERS)


def _change(writer: Writer, visits: Iterable[tuple[CountedVisit, int]]) -> None:
    """Add visits to the totals and tallies, or subtract those whose sign is -1.

    The rows are in key order, so that transactions that change the same rows never deadlock.
    """
    sums: dict[Key, list[int]] = {}
    tallies: Counter[Key] = Counter()
    visit_subjects = set()
    for visit, sign in visits:
        visit_subjects.add(visit.version.subjects["visit", ""])
        contributed_rows, tally_rows = get_contributions(*visit)
        for row in contributed_rows:
            key, numbers = row[:KEY_LENGTH], row[KEY_LENGTH:]
            before = sums.get(key, repeat(0))
            sums[key] = [total + sign * number for total, number in zip(before, numbers, strict=False)]
        for *tally_key, times in tally_rows:
            tallies[tuple(tally_key)] += sign * times
    total_rows = sorted((*key, *numbers) for key, numbers in sums.items())
    insert_rows(writer, _ADD_TOTALS, total_rows)
    insert_rows(writer, _ADD_VISIT_TOTALS, list_visit_rows(total_rows, visit_subjects))
    insert_rows(writer, _ADD_TALLIES, sorted((*key, times) for key, times in tallies.items()))
    _list_changes(writer, {(number, month) for number, month, _ in sums})


def _list_changes(writer: Writer, months: Set[tuple[int, int]]) -> None:
    """List that these locations and months have changed, for ``region_totals``."""
    insert_rows(writer, _ADD_CHANGES, [(new_version(), *location_month) for location_month in sorted(months)])


def _upsert(table: type[Total | VisitTotal | Tally | DisputeEffect]) -> BulkInsert:
    """Return the statement that inserts rows, or adds them to the rows that have the same key."""
    columns = table.__table__.columns

    def on_conflict(insert: Any) -> Executable:
        sums = {
            column.name: column + insert.excluded[column.name] for column in columns if not column.primary_key
        }
        upsert: Executable = insert.on_conflict_do_update(
            index_elements=table.__table__.primary_key, set_=sums
        )
        return upsert

    return BulkInsert(table, columns.keys(), on_conflict)


_ADD_TOTALS, _ADD_VISIT_TOTALS = _upsert(Total), _upsert(VisitTotal)
_ADD_TALLIES, _ADD_EFFECTS = _upsert(Tally), _upsert(DisputeEffect)
_ADD_CHANGES = BulkInsert(TotalChange, ("id", "location_number", "month"))
