"""Checklists: drafted, published as versions that never change, retired."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.database.statements import Statement, row
from api.domain import checklist as documents
from api.domain import problems, publishing
from api.domain.access import Actor
from api.domain.checklist import Checklist as Document
from api.domain.fields import KEY
from api.domain.problems import FieldError
from api.models.base import now
from api.models.checklists import Checklist, ChecklistVersion
from api.models.scores import Subject
from api.services.paging import Page, fetch_page

MAX_VERSION = 2**31 - 1
BUILT_IN_FOLDER = Path(__file__).parent.parent / "checklists"


@dataclass(frozen=True, slots=True, eq=False)
class PublishedVersion:
    """A published version, read once: its document and the subjects that its scores are kept under."""

    id: uuid.UUID
    checklist_id: uuid.UUID
    organization_id: uuid.UUID
    document: Document
    text: str
    sha256: str
    subjects: Mapping[tuple[str, str], int]


#: Versions never change, so each is parsed once a process.
_published: dict[uuid.UUID, PublishedVersion] = {}
#: the same by organization, key and number
_named: dict[tuple[uuid.UUID, str, int], PublishedVersion] = {}
_KEPT = 500


def get_version(session: Session, version_id: uuid.UUID) -> PublishedVersion:
    """Return a published version by its id."""
    known = _published.get(version_id)
    if known is None:
        version, checklist = session.execute(
            select(ChecklistVersion, Checklist)
            .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
            .where(ChecklistVersion.id == version_id)
        ).one()
        if len(_published) >= _KEPT:
            _published.clear()
        known = _published[version_id] = PublishedVersion(
            id=version.id,
            checklist_id=checklist.id,
            organization_id=checklist.organization_id,
            document=Document.from_document(json.loads(version.document), version.version),
            text=version.document,
            sha256=version.sha256,
            subjects=read_subject_ids(session, checklist.id),
        )
    return known


def read_subject_ids(session: Session, checklist_id: uuid.UUID) -> dict[tuple[str, str], int]:
    """Return the ids of a checklist's subjects by (kind, key)."""
    rows = session.execute(
        select(Subject.kind, Subject.key, Subject.id).where(Subject.checklist_id == checklist_id)
    )
    return {(kind, key): subject_id for kind, key, subject_id in rows}


def list_latest_versions(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of the latest published versions, by key, as ``Published``."""
    query = select(Checklist).where(
        Checklist.organization_id == actor.organization_id,
        Checklist.latest_version > 0,
        Checklist.retired_at.is_(None),
    )
    found = fetch_page(session, query, Checklist.key, Checklist.id, limit, cursor)
    current = session.execute(
        select(Checklist.id, ChecklistVersion.id)
        .join(ChecklistVersion, _is_latest())
        .where(Checklist.id.in_([checklist.id for checklist in found.items]))
    )
    version_ids = dict(current.all())
    return Page([get_version(session, version_ids[each.id]) for each in found.items], found.cursor)


def get_numbered_version(session: Session, actor: Actor, key: str, number: int) -> PublishedVersion:
    """Return one published version of a checklist of the actor's organization."""
    name = (actor.organization_id, key, number)
    known = _named.get(name)
    if known is not None:
        return known
    found = None
    if KEY.fullmatch(key) and number <= MAX_VERSION:
        found = row(session, _VERSION_ID, organization_id=actor.organization_id, key=key, version=number)
    if found is None:
        raise problems.CHECKLIST_NOT_FOUND()
    if len(_named) >= _KEPT:
        _named.clear()
    return _named.setdefault(name, get_version(session, found.id))


_VERSION_ID = Statement(
    select(ChecklistVersion.id)
    .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
    .where(
        Checklist.organization_id == bindparam("organization_id"),
        Checklist.key == bindparam("key"),
        ChecklistVersion.version == bindparam("version"),
    )
)


def get_current_versions(
    session: Session, organization_id: uuid.UUID, keys: set[str]
) -> dict[str, ChecklistVersion]:
    """Return the version that a visit assigned now is pinned to, for each key that has one."""
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


def create_draft(session: Session, actor: Actor, document: Mapping[str, Any]) -> Checklist:
    """Begin a checklist with a draft; its key must be new."""
    if not KEY.fullmatch(document["key"]):
        raise problems.invalid(
            "/key", "A key is made of lower-case letters, digits, - and _, 64 at the most."
        )
    checklist = Checklist(organization_id=actor.organization_id, key=document["key"], draft=dict(document))
    session.add(checklist)
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("There is a checklist with this key already.") from None
    return checklist


def get_draft(session: Session, actor: Actor, key: str, *, lock: bool = False) -> Checklist:
    """Return the checklist whose draft is asked for; ``lock`` holds it for an edit."""
    checklist = _find(session, actor, key, lock=lock)
    if checklist is None:
        raise problems.DRAFT_NOT_FOUND()
    return checklist


def replace_draft(session: Session, checklist: Checklist, document: Mapping[str, Any]) -> Checklist:
    """Put another document in a draft's place; the key stays."""
    if document["key"] != checklist.key:
        raise problems.invalid("/key", "A checklist keeps its key.")
    checklist.draft = dict(document)
    session.flush()
    return checklist


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """A draft as it was looked at, after which version, and what stands against publishing it."""

    draft: Mapping[str, Any]
    latest_version: int
    faults: list[FieldError]


def check_draft(session: Session, checklist: Checklist) -> DraftCheck:
    """Look for what stands against publishing a draft; takes its time, so do it on a snapshot."""
    faults = publishing.faults(checklist.draft)
    if not faults:
        earlier = session.scalars(
            select(ChecklistVersion)
            .where(ChecklistVersion.checklist_id == checklist.id)
            .order_by(ChecklistVersion.version)
        )
        before = [Document.from_document(json.loads(each.document), each.version) for each in earlier]
        faults = publishing.changed_meanings(checklist.draft, before)
    return DraftCheck(checklist.draft, checklist.latest_version, faults)


def publish(
    session: Session, actor: Actor, key: str, checked: DraftCheck | None = None
) -> tuple[PublishedVersion, bool]:
    """Publish the draft as the next version, and tell whether there is a new one.

    What was not checked before, or has changed since, is checked now. Refuses a draft with faults, each with
    its pointer. A retired checklist comes back with it.
    """
    checklist = get_draft(session, actor, key, lock=True)
    if checked is None or (checked.draft, checked.latest_version) != (
        checklist.draft,
        checklist.latest_version,
    ):
        checked = check_draft(session, checklist)
    return _publish(session, checklist, checked, actor.id)


def retire(session: Session, actor: Actor, key: str) -> None:
    """Take a checklist from the list: no new visits, while those assigned go on."""
    checklist = _find(session, actor, key, lock=True)
    if checklist is None or not checklist.latest_version:
        raise problems.CHECKLIST_NOT_FOUND()
    checklist.retired_at = checklist.retired_at or now()
    session.flush()


def publish_built_in_checklists(session: Session, organization_id: uuid.UUID) -> None:
    """Give a new organization the built-in checklists, through the same door as its own."""
    for file in sorted(BUILT_IN_FOLDER.glob("*.json")):
        document = json.loads(file.read_text())
        checklist = Checklist(organization_id=organization_id, key=document["key"], draft=document)
        session.add(checklist)
        session.flush()
        _publish(session, checklist, check_draft(session, checklist), None)


def _publish(
    session: Session, checklist: Checklist, checked: DraftCheck, publisher_id: uuid.UUID | None
) -> tuple[PublishedVersion, bool]:
    if checked.faults:
        raise problems.INVALID("The draft cannot be published yet.", errors=checked.faults)
    checklist.retired_at = None
    complete = documents.complete(checklist.draft)
    latest = session.scalars(
        select(ChecklistVersion).join(Checklist, _is_latest()).where(Checklist.id == checklist.id)
    ).one_or_none()
    if latest and {**complete, "version": latest.version} == json.loads(latest.document):
        session.flush()
        return get_version(session, latest.id), False
    checklist.latest_version += 1
    document = {"key": complete.pop("key"), "version": checklist.latest_version, **complete}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    made = ChecklistVersion(
        checklist_id=checklist.id,
        version=checklist.latest_version,
        document=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        published_by=publisher_id,
    )
    session.add(made)
    session.flush()
    _register_subjects(session, checklist.id, Document.from_document(document, made.version))
    return get_version(session, made.id), True


def _register_subjects(session: Session, checklist_id: uuid.UUID, document: Document) -> None:
    scored = [question for question in document.questions if not question.private]
    wanted = {("visit", "")}
    wanted |= {("question", question.key) for question in scored}
    wanted |= {("fundamental", question.fundamental) for question in scored if question.fundamental}
    wanted |= {
        ("section", section.key)
        for section in document.sections
        if any(not question.private for question in section.questions)
    }
    session.execute(
        insert(session, Subject).on_conflict_do_nothing(),
        [{"checklist_id": checklist_id, "kind": kind, "key": key} for kind, key in sorted(wanted)],
    )


def _find(session: Session, actor: Actor, key: str, *, lock: bool = False) -> Checklist | None:
    if not KEY.fullmatch(key):
        return None  # what cannot be a key may hold what a database does not take
    query = select(Checklist).where(Checklist.organization_id == actor.organization_id, Checklist.key == key)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _is_latest() -> Any:
    return (ChecklistVersion.checklist_id == Checklist.id) & (
        ChecklistVersion.version == Checklist.latest_version
    )
