"""Totals: kept in the transaction that accepts a visit or takes it back, and proved by a recount."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Executable, inspect, select
from sqlalchemy.orm import Session

from api.database.statements import BulkInsert, Writer, insert_rows
from api.domain.months import format_month
from api.domain.scoring import Points, QuestionScore, Sums, VisitScore, score_visit, share
from api.domain.visits import STORE_CLOSED, get_outcome
from api.models.checklists import Checklist
from api.models.places import Location
from api.models.scores import SHARED_ANSWERS, Subject, Tally, Total
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import PublishedVersion, get_version

#: so many columns of a total say where it is kept, the others are sums
TOTAL_KEY = len(inspect(Total).primary_key)
_SUMMED = Total.__table__.columns.keys()[TOTAL_KEY:]


#: where a total or a tally is kept: location, subject and month by their numbers, and of a tally the answer
Cell = tuple[Any, ...]


def result_of(score: VisitScore) -> dict[str, Any]:
    """Return a visit's score as it is stored, question by question."""
    return {
        "earned": score.earned,
        "possible": score.possible,
        "passed": score.passed,
        "critical_failures": list(score.critical_failures),
        "questions": [
            [q.key, q.section, q.fundamental, q.earned, q.possible, q.critical_failure, list(q.tallies)]
            for q in score.questions
        ],
    }


def visit_score(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a visit scored as it is shown, out of its stored result."""
    return {
        "points_earned": result["earned"],
        "points_possible": result["possible"],
        "score": share(result["earned"], result["possible"]),
        "passed": result["passed"],
        "critical_failures": result["critical_failures"],
    }


def score_of(result: Mapping[str, Any]) -> VisitScore:
    """Return the score that was stored with a revision."""
    return VisitScore(
        result["earned"],
        result["possible"],
        result["passed"],
        tuple(result["critical_failures"]),
        tuple(_question_score(row) for row in result["questions"]),
    )


def _question_score(row: Sequence[Any]) -> QuestionScore:
    key, section, fundamental, earned, possible, critical_failure, tallies = row
    return QuestionScore(key, section, fundamental, earned, possible, critical_failure, tuple(tallies))


def add(
    writer: Writer,
    version: PublishedVersion,
    location_number: int,
    month: int,
    score: VisitScore,
    sign: int = 1,
) -> None:
    """Add an accepted visit to its place and month, or take it back with ``sign`` −1.

    Rows are taken in key order, so that two visits at once never wait for each other in a ring.
    """
    totals, tallies = shares_of(version, location_number, month, score)
    if sign == -1:
        totals = [(*row[:TOTAL_KEY], *(-number for number in row[TOTAL_KEY:])) for row in totals]
        tallies = [(*cell, -times) for *cell, times in tallies]
    insert_rows(writer, _ADD_TOTALS, totals)
    insert_rows(writer, _ADD_TALLIES, tallies)


def _adding(table: type[Total] | type[Tally]) -> BulkInsert:
    """Return the statement that adds rows to those with the same key, or begins them."""
    columns = table.__table__.columns

    def on_conflict(insert: Any) -> Executable:
        added = {each.name: each + insert.excluded[each.name] for each in columns if not each.primary_key}
        upsert: Executable = insert.on_conflict_do_update(
            index_elements=table.__table__.primary_key, set_=added
        )
        return upsert

    return BulkInsert(table, columns.keys(), on_conflict)


_ADD_TOTALS, _ADD_TALLIES = _adding(Total), _adding(Tally)


def shares_of(
    version: PublishedVersion, location_number: int, month: int, score: VisitScore
) -> tuple[list[tuple[int, ...]], list[tuple[Any, ...]]]:
    """Return what one visit adds to the totals and to the tallies: rows of either, in key order."""
    subjects = version.subjects

    def total(
        kind: str, key: str, points: Points, failures: int = 0, passed: int = 0, given: tuple[str, ...] = ()
    ) -> tuple[int, ...]:
        cell = location_number, subjects[kind, key], month
        return (*cell, 1, *Sums.of(points), failures, passed, *_shared(given))

    totals = [
        total("visit", "", score.points, int(bool(score.critical_failures)), int(score.passed)),
        *(total("section", key, points) for key, points in score.points_by_section().items()),
        *(total("fundamental", key, points) for key, points in score.points_by_fundamental().items()),
        *(total("question", each.key, each.points, given=each.tallies) for each in score.questions),
    ]
    tallies = [
        (location_number, subjects["question", question.key], month, answer, 1)
        for question in score.questions
        for answer in question.tallies
        if answer not in SHARED_ANSWERS
    ]
    return sorted(totals), sorted(tallies)


@lru_cache(maxsize=100)
def _shared(given: tuple[str, ...]) -> tuple[int, ...]:
    """Count each of ``SHARED_ANSWERS`` among the answers to a question."""
    return tuple(int(answer in given) for answer in SHARED_ANSWERS)


def differences(session: Session) -> Iterator[str]:
    """Score every accepted visit again from its answers; yield each stored figure that differs, in words."""
    totals: dict[Cell, Counter[str]] = {}
    tallies: Counter[Cell] = Counter()
    accepted = session.execute(
        select(Visit.id, Visit.checklist_version_id, Visit.month, Location.number, Submission)
        .join(Location, Location.id == Visit.location_id)
        .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
        .where(Visit.status == "accepted")
        .execution_options(yield_per=500)
    )
    for visit_id, version_id, month, number, submission in accepted:
        assert month is not None
        version = get_version(session, version_id)
        outcome = get_outcome(submission.content)
        if outcome != submission.outcome:
            yield f"visit {visit_id}: its stored outcome is not what was sent"
        score = score_visit(version.document, submission.content["answers"], outcome)
        if result_of(score) != submission.result:
            yield f"visit {visit_id}: its stored score is not what its answers score"
        if outcome == STORE_CLOSED:
            continue
        some_totals, some_tallies = shares_of(version, number, month, score)
        for row in some_totals:
            shares = dict(zip(_SUMMED, row[TOTAL_KEY:], strict=True))
            totals.setdefault(row[:TOTAL_KEY], Counter()).update(shares)
        for *answered, times in some_tallies:
            tallies[tuple(answered)] += times

    names = _Names(session)
    for total in session.scalars(select(Total).execution_options(yield_per=1000)):
        cell: Cell = total.location_number, total.subject_id, total.month
        stored = {name: getattr(total, name) for name in _SUMMED}
        counted = totals.pop(cell, Counter())
        for name in _SUMMED:
            if stored[name] != counted[name]:
                yield f"{names.of(cell)}: {name} is {stored[name]}, a recount gives {counted[name]}"
    for cell in totals:
        yield f"{names.of(cell)}: is missing"
    for tally in session.scalars(select(Tally).execution_options(yield_per=1000)):
        cell = tally.location_number, tally.subject_id, tally.month, tally.answer
        times = tallies.pop(cell, 0)
        if tally.times != times:
            yield f"{names.of(cell)}: was counted {tally.times} times, a recount gives {times}"
    for cell in tallies:
        yield f"{names.of(cell)}: is missing"


class _Names:
    """Cells in words, for the list of differences; read when there is one."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def subjects(self) -> dict[int, str]:
        rows = self.session.execute(
            select(Subject.id, Checklist.key, Subject.kind, Subject.key).join(
                Checklist, Checklist.id == Subject.checklist_id
            )
        )
        return {subject_id: " ".join(words).strip() for subject_id, *words in rows}

    @cached_property
    def locations(self) -> dict[int, uuid.UUID]:
        return dict(self.session.execute(select(Location.number, Location.id)).all())

    def of(self, cell: Cell) -> str:
        location_number, subject_id, month, *answer = cell
        return (
            f"location {self.locations[location_number]}, {format_month(month)}, "
            f"{self.subjects[subject_id]}{''.join(f' = {each}' for each in answer)}"
        )
