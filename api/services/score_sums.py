"""Sums out of the totals: which checklists count, over which locations, added up along any columns."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Label,
    Row,
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
from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK, Question, Section
from api.domain.months import Period
from api.domain.scoring import NO_VISITS, Sums
from api.models.checklists import Checklist, ChecklistVersion
from api.models.places import Location, Region
from api.models.scores import SHARED_ANSWERS, Tally, Total
from api.services import visibility
from api.services.checklists import PublishedVersion, get_version

#: the kinds of subjects that are parts of a visit
PARTS = ("section", "fundamental", "question")


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

    version: PublishedVersion
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


@lru_cache(maxsize=500)
def _subjects(version: PublishedVersion) -> Mapping[int, Subject]:
    """Return the subjects of a version's checklist by their ids."""
    return {subject_id: Subject(version, kind, key) for (kind, key), subject_id in version.subjects.items()}


@lru_cache(maxsize=500)
def _wordings(version: PublishedVersion, age: int) -> Mapping[tuple[str, str], Wording]:
    """Return the sections and questions of a version that has so many later ones."""
    known: dict[tuple[str, str], Wording] = {}
    checklist = version.document
    for s, section in enumerate(checklist.sections):
        known["section", section.key] = Wording((checklist.key, age, s), section)
        for question in section.questions:
            known["question", question.key] = Wording((checklist.key, age, len(known)), section, question)
    return known


class Counted:
    """The checklists whose visits count, in their latest versions: the one named, or all but self-checks."""

    def __init__(self, session: Session, latest: Iterable[PublishedVersion]) -> None:
        self._session = session
        self._older: dict[uuid.UUID, Sequence[uuid.UUID]] = {}
        self.latest = list(latest)

    @cached_property
    def subjects(self) -> dict[int, Subject]:
        """Every subject by its id; those that a checklist has no more are in here as well."""
        found: dict[int, Subject] = {}
        for version in self.latest:
            found |= _subjects(version)
        return found

    def subject_ids(self, *kinds: str) -> list[int]:
        """Return the ids of all subjects of some kinds."""
        return sorted(subject_id for subject_id, each in self.subjects.items() if each.kind in kinds)

    def wording(self, subject: Subject) -> Wording:
        """Return a section or question as the newest version that has it words it.

        Its order is that of the checklist; what the latest version has no more comes last.
        """
        wanted = (subject.kind, subject.key)
        known = _wordings(subject.version, 0)
        if wanted in known:
            return known[wanted]
        for age, version_id in enumerate(self._older_than(subject.version), start=1):
            known = _wordings(get_version(self._session, version_id), age)
            if wanted in known:
                return known[wanted]
        raise LookupError(wanted)

    def _older_than(self, version: PublishedVersion) -> Sequence[uuid.UUID]:
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
    organization_id = actor.organization_id
    if checklist_key is not None:
        parameters = {"organization_id": organization_id, "key": checklist_key}
        named = session.scalars(_LATEST_NAMED, parameters).all()
        if not named:
            raise problems.CHECKLIST_NOT_FOUND()
        return Counted(session, (get_version(session, version_id) for version_id in named))
    version_ids = session.scalars(_LATEST, {"organization_id": organization_id}).all()
    latest = (get_version(session, version_id) for version_id in version_ids)
    return Counted(session, (each for each in latest if each.document.channel != SELF_CHECK))


_LATEST = (
    select(ChecklistVersion.id)
    .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
    .where(
        Checklist.organization_id == bindparam("organization_id"),
        Checklist.latest_version == ChecklistVersion.version,
    )
    .order_by(Checklist.key)
)
_LATEST_NAMED = _LATEST.where(Checklist.key == bindparam("key"))


def locations(session: Session, actor: Actor, **within: uuid.UUID | None) -> list[Row[*tuple[Any, ...]]]:
    """Return the locations that the actor may see, by code.

    Only those in or below ``region_id``, or with ``location_id``, where these are given.
    """
    given = {name: value for name, value in within.items() if value is not None}
    return list(
        session.execute(_locations(actor.role, *given), {**given, **visibility.actor_parameters(actor)})
    )


@cache
def _locations(role: str, *given: str) -> Select[*tuple[Any, ...]]:
    where = [visibility.locations(visibility.parametrized_actor(role))]
    if "region_id" in given:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        where.append(Location.region_id.in_(visibility.select_subtree(top)))
    if "location_id" in given:
        where.append(Location.id == bindparam("location_id"))
    columns = ("number", "id", "region_id", "code", "name", "closed")
    return select(*(getattr(Location, each) for each in columns)).where(*where).order_by(Location.code)


def _sum(number: Any) -> Label[int]:
    """Add a column up; PostgreSQL's sum would come back as a decimal."""
    return cast(func.sum(number), BigInteger).label(number.key)


_OF_ALL = (
    Total.asked,
    Total.visits,
    Total.earned,
    Total.possible,
    Total.earned_squared,
    Total.product,
    Total.possible_squared,
)
#: what more is added up of subjects of a kind
_OF_SOME = {
    "visit": (Total.critical_failures, Total.passed),
    "question": tuple(getattr(Total, answer) for answer in SHARED_ANSWERS),
}
#: what totals can be added up by
_BY: Mapping[str, SQLColumnExpression[Any]] = {
    "subject_id": Total.subject_id,
    "location_number": Total.location_number,
    "month": Total.month,
    #: 1 from a month on, 0 before it
    "since": case((Total.month >= bindparam("since", type_=Integer), 1), else_=0),
}


def sums(
    session: Session,
    places: Sequence[int],
    subject_ids: Sequence[int],
    period: Period,
    *by: str,
    of: str = "",
    **since: int,
) -> list[tuple[Row[*tuple[Any, ...]], Sum]]:
    """Add up totals of places, by their numbers, by any of ``_BY``; returns (row with ``by_…`` of each, sum).

    ``of`` "visit" adds up critical failures and passes too, and "question" how often ``SHARED_ANSWERS`` were
    given, which then stand in the rows.
    """
    extra = 2 if of == "visit" else 0
    width = len(by)
    statement = _sums(by, of, session.get_bind().dialect.name == "sqlite")
    return [
        (
            each,
            Sum(each[width], Sums._make(each[width + 1 : width + 7]), *each[width + 7 : width + 7 + extra]),
        )
        for each in session.execute(statement, {**_within(places, subject_ids, period), **since})
    ]


@cache
def _sums(by: tuple[str, ...], of: str, on_sqlite: bool) -> Select[*tuple[Any, ...]]:
    # Grouped by label: PostgreSQL does not see that two expressions with parameters are the same.
    labels = [f"by_{name}" for name in by]
    named: list[Any] = [_BY[name].label(label) for name, label in zip(by, labels, strict=True)]
    numbers = (*_OF_ALL, *_OF_SOME.get(of, ()))
    within = _is_within(Total)
    if not on_sqlite or by != ("subject_id",):
        return select(*named, *map(_sum, numbers)).where(*within).group_by(*labels)
    # SQLite sorts what it groups, unless it lies so: added up by place first, little is left to sort.
    place = select(*named, *map(_sum, numbers)).where(*within)
    of_place = place.group_by(Total.location_number, Total.subject_id).subquery().c
    again = [_sum(of_place[number.key]) for number in numbers]
    return select(of_place.by_subject_id, *again).group_by(of_place.by_subject_id)


def tallies(
    session: Session, places: Sequence[int], subject_ids: Sequence[int], period: Period
) -> dict[int, dict[str, int]]:
    """Add up how often each question was answered with what is its own, by subject."""
    found: dict[int, dict[str, int]] = {}
    for each in session.execute(_TALLIES, _within(places, subject_ids, period)):
        if each.times:
            found.setdefault(each.subject_id, {})[each.answer] = each.times
    return found


def _is_within(table: type[Total] | type[Tally]) -> list[ColumnElement[bool]]:
    """Return the filter for rows of some places and subjects, of a period."""
    return [
        among(table.location_number, "places"),
        table.month.between(bindparam("first"), bindparam("last")),
        among(table.subject_id, "subject_ids"),
    ]


def _within(places: Sequence[int], subject_ids: Sequence[int], period: Period) -> dict[str, Any]:
    """Return the parameters of that filter."""
    return {"places": places, "subject_ids": subject_ids, "first": period.first, "last": period.last}


_TALLIES = (
    select(Tally.subject_id, Tally.answer, _sum(Tally.times))
    .where(*_is_within(Tally))
    .group_by(Tally.subject_id, Tally.answer)
)
