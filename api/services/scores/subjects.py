"""Subjects: what totals refer to, and which checklists count in a score.

A subject is a checklist's whole visits, one of its sections, fundamentals or questions.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.database.statements import Query, fetch_all
from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import SELF_CHECK, Question, Section
from api.models.checklists import Checklist, ChecklistVersion
from api.services.checklists import PublishedVersion, get_version

#: The kinds of subjects that are parts of a visit
PARTS = ("section", "fundamental", "question")


class Subject(NamedTuple):
    """What a total refers to; ``key`` is empty for whole visits."""

    version: PublishedVersion
    kind: str
    key: str


class Wording(NamedTuple):
    """A section, or a question with its section; ``order`` is its position in reports."""

    order: tuple[str, int, int]
    section: Section
    question: Question | None = None


class CountedChecklists:
    """The checklists that count in a score, each in its latest version."""

    def __init__(self, session: Session, latest: Iterable[PublishedVersion]) -> None:
        self._session = session
        self._older_version_ids: dict[uuid.UUID, Sequence[uuid.UUID]] = {}
        self.latest = list(latest)

    @cached_property
    def subjects(self) -> dict[int, Subject]:
        """All subjects by ID, including those that only older versions have."""
        subjects: dict[int, Subject] = {}
        for version in self.latest:
            subjects |= _subjects_of(version)
        return subjects

    def subject_ids(self, *kinds: str) -> list[int]:
        """Return the IDs of all subjects of these kinds, in ascending order."""
        return sorted(subject_id for subject_id, subject in self.subjects.items() if subject.kind in kinds)

    def get_wording(self, subject: Subject) -> Wording:
        """Return the wording of a section or question in the newest version that has it.

        It is ordered as in the checklist. What only older versions have comes last.
        """
        name = (subject.kind, subject.key)
        wordings = _wordings_of(subject.version, 0)
        if name in wordings:
            return wordings[name]
        for age, version_id in enumerate(self._get_older_version_ids(subject.version), start=1):
            wordings = _wordings_of(get_version(self._session, version_id), age)
            if name in wordings:
                return wordings[name]
        raise LookupError(name)

    def _get_older_version_ids(self, version: PublishedVersion) -> Sequence[uuid.UUID]:
        """Return the IDs of the checklist's versions before this one, the newest first."""
        if version.checklist_id not in self._older_version_ids:
            self._older_version_ids[version.checklist_id] = self._session.scalars(
                select(ChecklistVersion.id)
                .where(
                    ChecklistVersion.checklist_id == version.checklist_id,
                    ChecklistVersion.version < version.document.version,
                )
                .order_by(ChecklistVersion.version.desc())
            ).all()
        return self._older_version_ids[version.checklist_id]


@lru_cache(maxsize=500)
def _subjects_of(version: PublishedVersion) -> Mapping[int, Subject]:
    """Return the subjects of a version's checklist by their IDs."""
    return {subject_id: Subject(version, kind, key) for (kind, key), subject_id in version.subjects.items()}


@lru_cache(maxsize=500)
def _wordings_of(version: PublishedVersion, age: int) -> Mapping[tuple[str, str], Wording]:
    """Return the sections and questions of a version by (kind, key); ``age`` counts the newer versions."""
    wordings: dict[tuple[str, str], Wording] = {}
    checklist = version.document
    for index, section in enumerate(checklist.sections):
        wordings["section", section.key] = Wording((checklist.key, age, index), section)
        for question in section.questions:
            order = (checklist.key, age, len(wordings))
            wordings["question", question.key] = Wording(order, section, question)
    return wordings


def get_counted_checklists(session: Session, actor: Actor, checklist_key: str | None) -> CountedChecklists:
    """Return the checklists that count: the one with this key, or all except self-checks.

    Raises ``CHECKLIST_NOT_FOUND`` if the organization has no published checklist with this key.
    """
    organization_id = actor.organization_id
    if checklist_key is not None:
        parameters = {"organization_id": organization_id, "key": checklist_key}
        version_ids = session.connection().scalars(_LATEST_BY_KEY, parameters).all()
        if not version_ids:
            raise problems.CHECKLIST_NOT_FOUND()
        return CountedChecklists(session, (get_version(session, version_id) for version_id in version_ids))
    versions = list_latest_versions(session, organization_id)
    return CountedChecklists(
        session, (version for version in versions if version.document.channel != SELF_CHECK)
    )


def list_latest_versions(session: Session, organization_id: uuid.UUID) -> list[PublishedVersion]:
    """Return the latest version of each checklist of an organization, also of self-checks, by key."""
    return [
        get_version(session, version_id) for version_id in list_latest_version_ids(session, organization_id)
    ]


def list_latest_version_ids(session: Session, organization_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the ID of the latest version of each checklist of an organization, by key."""
    return [row.id for row in fetch_all(session, _LATEST_IDS, organization_id=organization_id)]


_LATEST = (
    select(ChecklistVersion.id)
    .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
    .where(
        Checklist.organization_id == bindparam("organization_id"),
        Checklist.latest_version == ChecklistVersion.version,
    )
    .order_by(Checklist.key)
)


class _VersionId(NamedTuple):
    id: uuid.UUID


_LATEST_IDS = Query(_VersionId, _LATEST)
_LATEST_BY_KEY = _LATEST.where(Checklist.key == bindparam("key"))
