"""Checklists: drafts, published versions that never change, and retirement."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.statements import Query, Runner, fetch_all, fetch_one
from api.domain import checklist as checklist_documents
from api.domain import problems, publishing
from api.domain.access import Actor
from api.domain.checklist import Checklist as Document
from api.domain.fields import KEY
from api.domain.problems import FieldError
from api.models.base import now
from api.models.checklists import Checklist, ChecklistVersion
from api.models.scores import Subject
from api.services.draft_revisions import get_revision, record_revision
from api.services.paging import Page, fetch_page

MAX_VERSION = 2**31 - 1
BUILT_IN_FOLDER = Path(__file__).parent.parent / "checklists"


@dataclass(frozen=True, slots=True, eq=False)
class PublishedVersion:
    """A published version: its document, and the IDs of its subjects by (kind, key).

    ``text`` is the JSON of the document, ``sha256`` the hash of that text in hexadecimal.
    """

    id: uuid.UUID
    checklist_id: uuid.UUID
    organization_id: uuid.UUID
    document: Document
    text: str
    sha256: str
    subjects: Mapping[tuple[str, str], int]


#: Versions never change, so each process parses a version once. The caches are cleared when they are full.
_versions_by_id: dict[uuid.UUID, PublishedVersion] = {}
#: by organization, key and number
_versions_by_number: dict[tuple[uuid.UUID, str, int], PublishedVersion] = {}
_CACHE_SIZE = 500


class _Version(NamedTuple):
    checklist_id: uuid.UUID
    organization_id: uuid.UUID
    version: int
    document: str
    sha256: str


_VERSION = Query(
    _Version,
    select(
        ChecklistVersion.checklist_id,
        Checklist.organization_id,
        ChecklistVersion.version,
        ChecklistVersion.document,
        ChecklistVersion.sha256,
    )
    .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
    .where(ChecklistVersion.id == bindparam("version_id")),
)


def get_version(runner: Runner, version_id: uuid.UUID) -> PublishedVersion:
    """Return the published version with this ID, which must exist."""
    cached = _versions_by_id.get(version_id)
    if cached is not None:
        return cached
    version = fetch_one(runner, _VERSION, version_id=version_id)
    assert version is not None
    if len(_versions_by_id) >= _CACHE_SIZE:
        _versions_by_id.clear()
    return _versions_by_id.setdefault(
        version_id,
        PublishedVersion(
            id=version_id,
            checklist_id=version.checklist_id,
            organization_id=version.organization_id,
            document=Document.from_document(json.loads(version.document), version.version),
            text=version.document,
            sha256=version.sha256,
            subjects=read_subject_ids(runner, version.checklist_id),
        ),
    )


class _Subject(NamedTuple):
    kind: str
    key: str
    id: int


_SUBJECTS = Query(
    _Subject,
    select(Subject.kind, Subject.key, Subject.id).where(Subject.checklist_id == bindparam("checklist_id")),
)


def read_subject_ids(runner: Runner, checklist_id: uuid.UUID) -> dict[tuple[str, str], int]:
    """Return the IDs of a checklist's subjects: (kind, key) → ID."""
    rows = fetch_all(runner, _SUBJECTS, checklist_id=checklist_id)
    return {(kind, key): subject_id for kind, key, subject_id in rows}


def list_latest_versions(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the latest ``PublishedVersion`` of each checklist in use, sorted by key."""
    query = select(Checklist).where(
        Checklist.organization_id == actor.organization_id,
        Checklist.latest_version > 0,
        Checklist.retired_at.is_(None),
    )
    page = fetch_page(session, query, Checklist.key, Checklist.id, limit, cursor)
    latest = session.execute(
        select(Checklist.id, ChecklistVersion.id)
        .join(ChecklistVersion, _is_latest())
        .where(Checklist.id.in_([checklist.id for checklist in page.items]))
    )
    version_ids = dict(latest.all())
    versions = [get_version(session, version_ids[checklist.id]) for checklist in page.items]
    return Page(versions, page.cursor)


def get_numbered_version(runner: Runner, actor: Actor, key: str, number: int) -> PublishedVersion:
    """Return a published version of a checklist of the actor's organization.

    Raises CHECKLIST_NOT_FOUND.
    """
    name = (actor.organization_id, key, number)
    cached = _versions_by_number.get(name)
    if cached is not None:
        return cached
    version = None
    if KEY.fullmatch(key) and number <= MAX_VERSION:
        version = fetch_one(
            runner, _VERSION_ID, organization_id=actor.organization_id, key=key, version=number
        )
    if version is None:
        raise problems.CHECKLIST_NOT_FOUND()
    if len(_versions_by_number) >= _CACHE_SIZE:
        _versions_by_number.clear()
    return _versions_by_number.setdefault(name, get_version(runner, version.id))


class _VersionId(NamedTuple):
    id: uuid.UUID


_VERSION_ID = Query(
    _VersionId,
    select(ChecklistVersion.id)
    .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
    .where(
        Checklist.organization_id == bindparam("organization_id"),
        Checklist.key == bindparam("key"),
        ChecklistVersion.version == bindparam("version"),
    ),
)


def get_current_versions(
    session: Session, organization_id: uuid.UUID, keys: set[str]
) -> dict[str, ChecklistVersion]:
    """Return the versions that new visits use: checklist key → version, without unknown and retired ones."""
    rows = session.execute(
        select(Checklist.key, ChecklistVersion)
        .join(ChecklistVersion, _is_latest())
        .where(
            Checklist.organization_id == organization_id,
            Checklist.key.in_(keys),
            Checklist.retired_at.is_(None),
        )
    )
    return dict(rows.all())


def get_latest_version(session: Session, checklist: Checklist) -> PublishedVersion | None:
    """Return the current version of a checklist, or None if none is published."""
    query = select(ChecklistVersion.id).join(Checklist, _is_latest()).where(Checklist.id == checklist.id)
    version_id = session.scalar(query)
    return None if version_id is None else get_version(session, version_id)


def differs(draft: Mapping[str, Any], version: PublishedVersion) -> bool:
    """Return whether publishing a draft would create another version than this current one."""
    complete = checklist_documents.fill_defaults(draft)
    return {**complete, "version": version.document.version} != json.loads(version.text)


def create_draft(session: Session, actor: Actor, document: Mapping[str, Any]) -> Checklist:
    """Create a checklist with a draft.

    Raises INVALID for a malformed key, and ALREADY_EXISTS if the organization has a checklist with this key.
    """
    if not KEY.fullmatch(document["key"]):
        raise problems.invalid_field(
            "/key", "Use 1 to 64 lowercase letters, digits, hyphens and underscores for the key."
        )
    checklist = Checklist(organization_id=actor.organization_id, key=document["key"], draft=dict(document))
    session.add(checklist)
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("A checklist with this key already exists.") from None
    record_revision(session, actor, checklist)
    return checklist


def get_draft(session: Session, actor: Actor, key: str, *, lock: bool = False) -> Checklist:
    """Return the checklist with its draft; ``lock`` locks its row for an update.

    Raises DRAFT_NOT_FOUND.
    """
    checklist = find_checklist(session, actor, key, lock=lock)
    if checklist is None:
        raise problems.DRAFT_NOT_FOUND()
    return checklist


def replace_draft(
    session: Session, actor: Actor, checklist: Checklist, document: Mapping[str, Any]
) -> Checklist:
    """Replace the draft of a locked checklist.

    Raises INVALID if the document has another key.
    """
    if document["key"] != checklist.key:
        raise problems.invalid_field("/key", "The key of a checklist cannot be changed.")
    if document != checklist.draft:
        checklist.draft = dict(document)
        record_revision(session, actor, checklist)
    return checklist


def restore_revision(session: Session, actor: Actor, checklist: Checklist, revision_id: uuid.UUID) -> None:
    """Make the draft of a locked checklist what it was, and store that as a new revision.

    Raises REVISION_NOT_FOUND.
    """
    checklist.draft = get_revision(session, checklist, revision_id).document
    record_revision(session, actor, checklist, is_new=True)


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """The result of checking a draft: its content, the latest version then, and the errors to correct."""

    draft: Mapping[str, Any]
    latest_version: int
    errors: list[FieldError]


def check_draft(session: Session, checklist: Checklist) -> DraftCheck:
    """Return the errors that prevent a draft from being published.

    This is slow, so run it on a read snapshot and not in the write transaction.
    """
    errors = publishing.find_errors(checklist.draft)
    if not errors:
        version_ids = session.scalars(
            select(ChecklistVersion.id)
            .where(ChecklistVersion.checklist_id == checklist.id)
            .order_by(ChecklistVersion.version)
        )
        documents = [get_version(session, version_id).document for version_id in version_ids]
        errors = publishing.find_changed_meanings(checklist.draft, documents)
    return DraftCheck(checklist.draft, checklist.latest_version, errors)


def publish(
    session: Session, actor: Actor, key: str, checked: DraftCheck | None = None
) -> tuple[PublishedVersion, bool]:
    """Publish the draft as the next version, unless it equals the latest one. A retired checklist returns.

    ``checked`` is a check from before the transaction. A draft that has changed since is checked again.
    Returns the current version, and whether it is new.

    Raises DRAFT_NOT_FOUND, and INVALID with the errors of the draft.
    """
    checklist = get_draft(session, actor, key, lock=True)
    if checked is None or (checked.draft, checked.latest_version) != (
        checklist.draft,
        checklist.latest_version,
    ):
        checked = check_draft(session, checklist)
    return _publish(session, checklist, checked, None if actor.is_client else actor.id)


def retire(session: Session, actor: Actor, key: str) -> None:
    """Retire a checklist: it cannot be assigned any more, but visits that have it are not affected.

    Raises CHECKLIST_NOT_FOUND.
    """
    checklist = find_checklist(session, actor, key, lock=True)
    if checklist is None or not checklist.latest_version:
        raise problems.CHECKLIST_NOT_FOUND()
    checklist.retired_at = checklist.retired_at or now()
    session.flush()


def publish_built_in_checklists(session: Session, organization_id: uuid.UUID) -> None:
    """Publish the built-in checklists in a new organization, with the same checks as its own."""
    for file in sorted(BUILT_IN_FOLDER.glob("*.json")):
        document = json.loads(file.read_text())
        checklist = Checklist(organization_id=organization_id, key=document["key"], draft=document)
        session.add(checklist)
        session.flush()
        record_revision(session, None, checklist)
        _publish(session, checklist, check_draft(session, checklist), None)


def _publish(
    session: Session, checklist: Checklist, checked: DraftCheck, publisher_id: uuid.UUID | None
) -> tuple[PublishedVersion, bool]:
    if checked.errors:
        raise problems.INVALID(
            "Correct these errors in the draft before you publish it.", errors=checked.errors
        )
    checklist.retired_at = None
    latest = get_latest_version(session, checklist)
    if latest and not differs(checklist.draft, latest):
        session.flush()
        return latest, False
    complete = checklist_documents.fill_defaults(checklist.draft)
    checklist.latest_version += 1
    document = {"key": complete.pop("key"), "version": checklist.latest_version, **complete}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    version = ChecklistVersion(
        checklist_id=checklist.id,
        version=checklist.latest_version,
        document=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        published_by=publisher_id,
    )
    session.add(version)
    session.flush()
    _register_subjects(session, checklist.id, Document.from_document(document, version.version))
    return get_version(session, version.id), True


def _register_subjects(session: Session, checklist_id: uuid.UUID, document: Document) -> None:
    scored = [question for question in document.questions if not question.private]
    subjects = {("visit", "")}
    subjects |= {("question", question.key) for question in scored}
    subjects |= {("fundamental", question.fundamental) for question in scored if question.fundamental}
    subjects |= {
        ("section", section.key)
        for section in document.sections
        if any(not question.private for question in section.questions)
    }
    session.execute(
        insert(session, Subject).on_conflict_do_nothing(),
        [{"checklist_id": checklist_id, "kind": kind, "key": key} for kind, key in sorted(subjects)],
    )


def find_checklist(session: Session, actor: Actor, key: str, *, lock: bool = False) -> Checklist | None:
    """Return the checklist of the actor's organization with this key, or None; ``lock`` locks its row."""
    if not KEY.fullmatch(key):
        return None  # a malformed key may contain characters that the database rejects
    query = select(Checklist).where(Checklist.organization_id == actor.organization_id, Checklist.key == key)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def require_checklist(session: Session, actor: Actor, key: str) -> Checklist:
    """Return the checklist in use with this key; raises INVALID if there is none."""
    checklist = find_checklist(session, actor, key)
    if checklist is None or not checklist.latest_version or checklist.retired_at is not None:
        raise problems.invalid_field("/checklist_key", "There is no published checklist with this key.")
    return checklist


def select_filtered(table: Any, visible: ColumnElement[bool], filters: Mapping[str, Any]) -> Select[Any]:
    """Return the query for the visible rows of a table that refers to checklists.

    ``filters`` are columns with their values, or the ``checklist_key``.
    """
    query = select(table).where(visible)
    for name, value in filters.items():
        if name == "checklist_key":
            query = query.join(Checklist, Checklist.id == table.checklist_id).where(Checklist.key == value)
        else:
            query = query.where(getattr(table, name) == value)
    return query


def _is_latest() -> Any:
    return (ChecklistVersion.checklist_id == Checklist.id) & (
        ChecklistVersion.version == Checklist.latest_version
    )
