"""Sums out of the totals: which checklists count, over which locations, added up along any columns."""

import uuid
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, case, cast, func, not_, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK, Question, Section
from api.domain.months import Period
from api.domain.scoring import NO_VISITS, Sums
from api.models.checklists import Checklist, ChecklistVersion
from api.models.places import Location
from api.models.scores import Tally, Total
from api.services.checklists import Published, published

#: the kinds of subjects that are parts of a visit
PARTS = ("section", "fundamental", "question")

#: the numbers of locations; ``None`` stands for all of the organization
Places = Select[int] | Sequence[int] | None


class Sum(NamedTuple):
    """A place over a period: how many visits asked, their sums, and what is counted of whole visits."""

    asked: int = 0
    sums: Sums = NO_VISITS
    critical_failures: int = 0
    passed: int = 0

    def plus(self, other: "Sum") -> "Sum":
        """Return the sum of both."""
        if not self.asked:
            return other
        return Sum(
            self.asked + other.asked,
            self.sums + other.sums,
            self.critical_failures + other.critical_failures,
            self.passed + other.passed,
        )


NOTHING = Sum()


def pooled(sums: Iterable[Sum]) -> Sum:
    """Return the sum of all."""
    whole = NOTHING
    for each in sums:
        whole = whole.plus(each)
    return whole


class Subject(NamedTuple):
    """What a total is about; ``key`` is empty for whole visits."""

    version: Published
    kind: str
    key: str

    @property
    def checklist_id(self) -> uuid.UUID:
        """The checklist that it belongs to."""
        return self.version.checklist_id


class Wording(NamedTuple):
    """A section, or a question with its section, and where reports show it."""

    order: tuple[str, int, int]
    section: Section
    question: Question | None = None


class Counted:
    """The checklists whose visits count, in their latest versions: the one named, or all but self-checks."""

    def __init__(self, session: Session, latest: Iterable[Published]) -> None:
        self._session = session
        self._wordings: dict[uuid.UUID, dict[tuple[str, str], Wording]] = {}
        self._older: dict[uuid.UUID, Sequence[uuid.UUID]] = {}
        self.latest = list(latest)

    @cached_property
    def subjects(self) -> dict[int, Subject]:
        """Every subject by its id; those that a checklist has no more are in here as well."""
        return {
            subject_id: Subject(version, kind, key)
            for version in self.latest
            for (kind, key), subject_id in version.subjects.items()
        }

    def subject_ids(self, *kinds: str) -> list[int]:
        """Return the ids of all subjects of some kinds."""
        return sorted(subject_id for subject_id, each in self.subjects.items() if each.kind in kinds)

    def wording(self, subject: Subject) -> Wording:
        """Return a section or question as the newest version that has it words it.

        Its order is that of the checklist; what the latest version has no more comes last.
        """
        wanted = (subject.kind, subject.key)
        known = self._wordings_of(subject.version, 0)
        if wanted in known:
            return known[wanted]
        for age, version_id in enumerate(self._older_than(subject.version), start=1):
            known = self._wordings_of(published(self._session, version_id), age)
            if wanted in known:
                return known[wanted]
        raise LookupError(wanted)

    def _wordings_of(self, version: Published, age: int) -> dict[tuple[str, str], Wording]:
        known = self._wordings.get(version.id)
        if known is None:
            known = self._wordings[version.id] = {}
            checklist = version.document
            for s, section in enumerate(checklist.sections):
                known["section", section.key] = Wording((checklist.key, age, s), section)
                for question in section.questions:
                    order = (checklist.key, age, len(known))
                    known["question", question.key] = Wording(order, section, question)
        return known

    def _older_than(self, version: Published) -> Sequence[uuid.UUID]:
        if version.checklist_id not in self._older:
            self._older[version.checklist_id] = self._session.scalars(
                select(ChecklistVersion.id)
                .where(
                    ChecklistVersion.checklist_id == version.checklist_id,
                    ChecklistVersion.version < version.document.version,
                )
                .order_by(ChecklistVersion.version.desc())
            ).all()
        return self._older[version.checklist_id]


def counted(session: Session, actor: Actor, checklist_key: str | None) -> Counted:
    """Return the checklists that a score is over: self-checks only where that checklist is named."""
    query = (
        select(ChecklistVersion.id)
        .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
        .where(
            Checklist.organization_id == actor.organization_id,
            Checklist.latest_version == ChecklistVersion.version,
        )
        .order_by(Checklist.key)
    )
    if checklist_key is not None:
        query = query.where(Checklist.key == checklist_key)
    latest = [published(session, version_id) for version_id in session.scalars(query).all()]
    if checklist_key is not None:
        if not latest:
            raise problems.CHECKLIST_NOT_FOUND()
        return Counted(session, latest)
    return Counted(session, (each for each in latest if each.document.channel != SELF_CHECK))


def places(session: Session, actor: Actor, where: ColumnElement[bool]) -> Places:
    """Return the locations that a filter holds; if they are all there are, sums are quicker without it."""
    outside = session.scalar(
        select(Location.number).where(Location.organization_id == actor.organization_id, not_(where)).limit(1)
    )
    return None if outside is None else select(Location.number).where(where)


def _sum(number: Any) -> Any:
    """Add a column up; PostgreSQL's sum would come back as a decimal."""
    return cast(func.sum(number), BigInteger)


_OF_ALL = tuple(
    map(
        _sum,
        (
            Total.asked,
            Total.visits,
            Total.earned,
            Total.possible,
            Total.earned_squared,
            Total.product,
            Total.possible_squared,
        ),
    )
)
_OF_WHOLE_VISITS = (*_OF_ALL, _sum(Total.critical_failures), _sum(Total.passed))


def sums(
    session: Session,
    places: Places,
    subject_ids: Sequence[int],
    period: Period,
    *by: SQLColumnExpression[Any],
    whole_visits: bool = False,
) -> list[tuple[tuple[Any, ...], Sum]]:
    """Add up totals in one statement; returns (values of ``by``, sum).

    ``whole_visits`` counts critical failures and passes too; parts of visits have none.
    """
    # Grouped by label: PostgreSQL does not see that two expressions with parameters are the same.
    labels = [f"by_{index}" for index in range(len(by))]
    columns: list[Any] = [column.label(label) for column, label in zip(by, labels, strict=True)]
    numbers = _OF_WHOLE_VISITS if whole_visits else _OF_ALL
    query = select(*columns, *numbers).where(*_within(Total, places, subject_ids, period)).group_by(*labels)
    width = len(by)
    return [
        (tuple(row[:width]), Sum(row[width], Sums(*row[width + 1 : width + 7]), *row[width + 7 :]))
        for row in session.execute(query)
    ]


def tallies(
    session: Session, places: Places, subject_ids: Sequence[int], period: Period
) -> dict[int, dict[str, int]]:
    """Add up how often each question was answered in each way, by subject."""
    query = (
        select(Tally.subject_id, Tally.answer, _sum(Tally.times))
        .where(*_within(Tally, places, subject_ids, period))
        .group_by(Tally.subject_id, Tally.answer)
    )
    found: dict[int, dict[str, int]] = {}
    for subject_id, answer, times in session.execute(query):
        if times:
            found.setdefault(subject_id, {})[answer] = times
    return found


#: all that questions are counted as which have no answers of their own, as scales and choices have
FIXED_ANSWERS = ("yes", "no", "answered", "not_applicable")
_OF_FIXED_ANSWERS = tuple(_sum(case((Tally.answer == each, Tally.times), else_=0)) for each in FIXED_ANSWERS)


def fixed_tallies(
    session: Session, places: Places, subject_ids: Sequence[int], period: Period
) -> dict[int, dict[str, int]]:
    """Do as ``tallies`` for questions with fixed answers: without a sort, SQLite is twice as fast."""
    query = (
        select(Tally.subject_id, *_OF_FIXED_ANSWERS)
        .where(*_within(Tally, places, subject_ids, period))
        .group_by(Tally.subject_id)
    )
    return {
        subject_id: {answer: times for answer, times in zip(FIXED_ANSWERS, counts, strict=True) if times}
        for subject_id, *counts in session.execute(query)
    }


def _within(
    table: type[Total] | type[Tally], places: Places, subject_ids: Sequence[int], period: Period
) -> list[ColumnElement[bool]]:
    """Return the filter for rows of some subjects, of a period, of places of the subjects' organization."""
    conditions: list[ColumnElement[bool]] = [
        table.subject_id.in_(subject_ids),
        table.month.between(period.first, period.last),
    ]
    if places is not None:
        conditions.append(table.location_number.in_(places))
    return conditions
