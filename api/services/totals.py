"""Totals: kept in the transaction that accepts a visit or takes it back, and proved by a recount."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, select
from sqlalchemy.orm import Session

from api.domain.months import month_name
from api.domain.scoring import QuestionScore, Sums, VisitScore, score_visit, share
from api.models.checklists import Checklist
from api.models.places import Location
from api.models.scores import SHARED_ANSWERS, Subject, Tally, Total
from api.models.statements import Runner, Statement, insert_many, many
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import Published, published

_SUMMED = (
    "asked",
    "visits",
    "earned",
    "possible",
    "earned_squared",
    "product",
    "possible_squared",
    "critical_failures",
    "passed",
    *SHARED_ANSWERS,
)
_TOTAL = ("location_number", "subject_id", "month", *_SUMMED)


class Cell(NamedTuple):
    """Where a total or a tally is kept; ``answer`` is empty for a total."""

    location_number: int
    subject_id: int
    month: int
    answer: str = ""


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
    on: Runner, version: Published, location_number: int, month: int, score: VisitScore, sign: int = 1
) -> None:
    """Add an accepted visit to its place and month, or take it back with ``sign`` −1.

    Rows are taken in key order, so that two visits at once never wait for each other in a ring.
    """
    totals, tallies = shares_of(version, location_number, month, score)
    many(on, _ADD_TOTALS, [total_row(cell, numbers, sign) for cell, numbers in sorted(totals.items())])
    if tallies:
        many(on, _ADD_TALLIES, [tally_row(cell, times * sign) for cell, times in sorted(tallies.items())])


def _adding(table: type[Total] | type[Tally], summed: tuple[str, ...]) -> Statement:
    """Return the statement that adds a row to the one with the same key, or begins it."""

    def build(dialect: str) -> Executable:
        names = table.__table__.columns.keys()
        statement = insert_many(dialect, table, names)
        key = [name for name in names if name not in summed]
        added = {name: getattr(table, name) + statement.excluded[name] for name in summed}
        upsert: Executable = statement.on_conflict_do_update(index_elements=key, set_=added)
        return upsert

    return Statement(build)


_ADD_TOTALS = _adding(Total, _SUMMED)
_ADD_TALLIES = _adding(Tally, ("times",))


def shares_of(
    version: Published, location_number: int, month: int, score: VisitScore
) -> tuple[dict[Cell, tuple[int, ...]], dict[Cell, int]]:
    """Return what one visit adds to the totals and to the tallies, by cell."""

    def cell(kind: str, key: str, answer: str = "") -> Cell:
        return Cell(location_number, version.subjects[kind, key], month, answer)

    def numbers(
        sums: Sums, failures: int = 0, passed: int = 0, given: tuple[str, ...] = ()
    ) -> tuple[int, ...]:
        return (1, *sums, failures, passed, *_shared(given))

    totals = {
        cell("visit", ""): numbers(
            Sums.of(score.points), int(bool(score.critical_failures)), int(score.passed)
        )
    }
    for key, points in score.points_by_section().items():
        totals[cell("section", key)] = numbers(Sums.of(points))
    for key, points in score.points_by_fundamental().items():
        totals[cell("fundamental", key)] = numbers(Sums.of(points))
    tallies = {}
    for question in score.questions:
        totals[cell("question", question.key)] = numbers(Sums.of(question.points), given=question.tallies)
        for answer in question.tallies:
            if answer not in SHARED_ANSWERS:
                tallies[cell("question", question.key, answer)] = 1
    return totals, tallies


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
        version = published(session, version_id)
        score = score_visit(version.document, submission.content["answers"])
        if result_of(score) != submission.result:
            yield f"visit {visit_id}: its stored score is not what its answers score"
        some_totals, some_tallies = shares_of(version, number, month, score)
        for cell, numbers in some_totals.items():
            totals.setdefault(cell, Counter()).update(dict(zip(_SUMMED, numbers, strict=True)))
        tallies.update(some_tallies)

    names = _Names(session)
    for total in session.scalars(select(Total).execution_options(yield_per=1000)):
        cell = Cell(total.location_number, total.subject_id, total.month)
        stored = {name: getattr(total, name) for name in _SUMMED}
        counted = totals.pop(cell, Counter())
        for name in _SUMMED:
            if stored[name] != counted[name]:
                yield f"{names.of(cell)}: {name} is {stored[name]}, a recount gives {counted[name]}"
    for cell in totals:
        yield f"{names.of(cell)}: is missing"
    for tally in session.scalars(select(Tally).execution_options(yield_per=1000)):
        cell = Cell(tally.location_number, tally.subject_id, tally.month, tally.answer)
        times = tallies.pop(cell, 0)
        if tally.times != times:
            yield f"{names.of(cell)}: was counted {tally.times} times, a recount gives {times}"
    for cell in tallies:
        yield f"{names.of(cell)}: is missing"


def total_row(cell: Cell, numbers: tuple[int, ...], sign: int = 1) -> dict[str, int]:
    """Return the row of a total."""
    signed = numbers if sign == 1 else [sign * number for number in numbers]
    return dict(zip(_TOTAL, (*cell[:3], *signed), strict=True))


def tally_row(cell: Cell, times: int) -> dict[str, Any]:
    """Return the row of a tally."""
    return {**cell._asdict(), "times": times}


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
        answer = f" = {cell.answer}" if cell.answer else ""
        return (
            f"location {self.locations[cell.location_number]}, {month_name(cell.month)}, "
            f"{self.subjects[cell.subject_id]}{answer}"
        )
