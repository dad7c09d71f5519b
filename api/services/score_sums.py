"""Sums out of the totals: which checklists count, over which locations, added up along any columns."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, cast, func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import Question, Section
from api.domain.months import Period
from api.domain.scoring import NO_VISITS, Sums
from api.models.checklists import Checklist, ChecklistVersion
from api.models.places import Location
from api.models.scores import Tally, Total
from api.services.checklists import Published, published


class Sum(NamedTuple):
    """A place over a period: how many visits asked, their sums, and what is counted of whole visits."""

    asked: int = 0
    sums: Sums = NO_VISITS
    critical_failures: int = 0
    passed: int = 0

    def plus(self, other: "Sum") -> "Sum":
        """Return the sum of both."""
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


@dataclass(frozen=True)
class Counted:
    """The checklists whose visits count, by id: the one named, or all but self-checks."""

    latest: dict[uuid.UUID, Published]
    versions: dict[uuid.UUID, list[Published]]

    @cached_property
    def of_subject(self) -> dict[int, tuple[Published, str, str]]:
        """Subject id → the latest version of its checklist, its kind and its key."""
        return {
            subject_id: (version, kind, key)
            for version in self.latest.values()
            for (kind, key), subject_id in version.subjects.items()
        }

    def subject_ids(self, *kinds: str) -> list[int]:
        """Return the ids of all subjects of some kinds."""
        return sorted(subject_id for subject_id, (_, kind, _) in self.of_subject.items() if kind in kinds)

    def question(self, version: Published, key: str) -> tuple[Question, Section]:
        """Return a question and its section, as the newest version that has it words them."""
        for each in self.versions[version.checklist_id]:
            for section in each.document.sections:
                for question in section.questions:
                    if question.key == key:
                        return question, section
        raise LookupError(key)

    def section(self, version: Published, key: str) -> Section:
        """Return a section as the newest version that has it words it."""
        for each in self.versions[version.checklist_id]:
            for section in each.document.sections:
                if section.key == key:
                    return section
        raise LookupError(key)

    def position(self, version: Published, kind: str, key: str) -> tuple[str, int, int, str]:
        """Return where a section or question stands in reports: as in its checklist, what left it last."""
        order = version.document.sections if kind == "section" else version.document.questions
        keys = [each.key for each in order]
        where = (0, keys.index(key)) if key in keys else (1, 0)
        return (version.document.key, *where, key)


def counted(session: Session, actor: Actor, checklist_key: str | None) -> Counted:
    """Return the checklists that a score is over: self-checks only where that checklist is named."""
    rows = session.execute(
        select(Checklist.id, Checklist.key, ChecklistVersion.id)
        .join(ChecklistVersion, ChecklistVersion.checklist_id == Checklist.id)
        .where(Checklist.organization_id == actor.organization_id)
        .order_by(Checklist.key, ChecklistVersion.version.desc())
    )
    versions: dict[uuid.UUID, list[Published]] = {}
    for checklist_id, key, version_id in rows:
        if checklist_key in (None, key):
            versions.setdefault(checklist_id, []).append(published(session, version_id))
    if checklist_key is not None and not versions:
        raise problems.CHECKLIST_NOT_FOUND()
    latest = {
        checklist_id: newest[0]
        for checklist_id, newest in versions.items()
        if checklist_key is not None or newest[0].document.channel != "self_check"
    }
    return Counted(latest, versions)


def sums(
    session: Session,
    where: ColumnElement[bool] | None,
    subject_ids: Sequence[int],
    period: Period,
    *by: SQLColumnExpression[Any],
) -> list[tuple[tuple[Any, ...], Sum]]:
    """Add up totals in one statement; returns (values of ``by``, sum). ``where`` is over locations."""
    numbers = (
        Total.asked,
        Total.visits,
        Total.earned,
        Total.possible,
        Total.earned_squared,
        Total.product,
        Total.possible_squared,
        Total.critical_failures,
        Total.passed,
    )
    # Grouped by label: PostgreSQL does not see that two expressions with parameters are the same.
    labels = [f"by_{index}" for index in range(len(by))]
    columns: list[Any] = [column.label(label) for column, label in zip(by, labels, strict=True)]
    query = _within(
        select(*columns, *(cast(func.sum(number), BigInteger) for number in numbers)),
        Total,
        where,
        subject_ids,
        period,
    ).group_by(*labels)
    width = len(by)
    return [
        (tuple(row[:width]), Sum(row[width], Sums(*row[width + 1 : width + 7]), row[-2], row[-1]))
        for row in session.execute(query)
    ]


def tallies(
    session: Session, where: ColumnElement[bool] | None, subject_ids: Sequence[int], period: Period
) -> dict[int, dict[str, int]]:
    """Add up how often each question was answered in each way, by subject."""
    query = _within(
        select(Tally.subject_id, Tally.answer, cast(func.sum(Tally.times), BigInteger)),
        Tally,
        where,
        subject_ids,
        period,
    ).group_by(Tally.subject_id, Tally.answer)
    found: dict[int, dict[str, int]] = {}
    for subject_id, answer, times in session.execute(query):
        found.setdefault(subject_id, {})[answer] = times
    return found


def _within(
    query: Any,
    table: type[Total] | type[Tally],
    where: ColumnElement[bool] | None,
    subject_ids: Sequence[int],
    period: Period,
) -> Any:
    query = query.where(table.subject_id.in_(subject_ids), table.month.between(period.first, period.last))
    if where is not None:
        query = query.where(table.location_number.in_(select(Location.number).where(where)))
    return query
