"""The revisions of drafts: what a draft was, and who changed it."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased, load_only

from api.domain import problems
from api.domain.access import Actor
from api.models.base import now
from api.models.checklists import Checklist, DraftRevision
from api.models.users import User
from api.services.paging import Page, fetch_page

#: The edits of a person within this time are one revision.
REVISION_LENGTH = timedelta(minutes=10)
#: how long a revision is kept after another one has replaced it
KEEP_REVISIONS = timedelta(days=90)


def record_revision(
    session: Session, actor: Actor | None, checklist: Checklist, *, is_new: bool = False
) -> None:
    """Store the draft of a locked checklist in the revision of the person who changed it, and flush.

    The revision that the person began within ``REVISION_LENGTH`` is updated. Otherwise, or with ``is_new``, a
    new revision is stored. ``actor`` is None if the program itself wrote the draft.
    """
    user_id = None if actor is None or actor.is_client else actor.id
    begun = None if is_new else _find_begun(session, checklist, user_id)
    if begun is None:
        session.add(DraftRevision(checklist_id=checklist.id, user_id=user_id, document=checklist.draft))
    else:
        begun.document, begun.changed_at = checklist.draft, now()
    session.flush()


def _find_begun(session: Session, checklist: Checklist, user_id: uuid.UUID | None) -> DraftRevision | None:
    is_by_person = DraftRevision.user_id.is_(None) if user_id is None else DraftRevision.user_id == user_id
    query = select(DraftRevision).where(
        DraftRevision.checklist_id == checklist.id,
        DraftRevision.created_at > now() - REVISION_LENGTH,
        is_by_person,
    )
    return session.scalars(query.order_by(DraftRevision.changed_at.desc()).limit(1)).first()


def list_revisions(session: Session, checklist: Checklist, limit: int, cursor: str | None) -> Page:
    """Return a page of a draft's revisions without their documents, the latest first."""
    query = (
        select(DraftRevision, User.id, User.name)
        .outerjoin(User, User.id == DraftRevision.user_id)
        .where(DraftRevision.checklist_id == checklist.id)
        .options(load_only(DraftRevision.created_at, DraftRevision.changed_at))
    )
    page = fetch_page(
        session, query, DraftRevision.changed_at, DraftRevision.id, limit, cursor, descending=True
    )
    return Page([_describe(*row) for row in page.items], page.cursor)


def get_revision(session: Session, checklist: Checklist, revision_id: uuid.UUID) -> DraftRevision:
    """Return a revision of a checklist's draft. Raises REVISION_NOT_FOUND."""
    query = select(DraftRevision).where(
        DraftRevision.id == revision_id, DraftRevision.checklist_id == checklist.id
    )
    revision = session.scalars(query).one_or_none()
    if revision is None:
        raise problems.REVISION_NOT_FOUND()
    return revision


def describe_revision(session: Session, checklist: Checklist, revision_id: uuid.UUID) -> dict[str, Any]:
    """Return a revision with its document. Raises REVISION_NOT_FOUND."""
    revision = get_revision(session, checklist, revision_id)
    user = revision.user_id and session.get(User, revision.user_id)
    return {
        **_describe(revision, user.id if user else None, user.name if user else None),
        "document": revision.document,
    }


def _describe(revision: DraftRevision, user_id: uuid.UUID | None, name: str | None) -> dict[str, Any]:
    return {
        "id": revision.id,
        "changed_by": None if user_id is None else {"id": user_id, "name": name},
        "created_at": revision.created_at,
        "changed_at": revision.changed_at,
    }


def delete_old(session: Session) -> None:
    """Delete the revisions that were replaced more than ``KEEP_REVISIONS`` ago."""
    later = aliased(DraftRevision)
    was_replaced = (
        select(later.id)
        .where(
            later.checklist_id == DraftRevision.checklist_id,
            later.changed_at > DraftRevision.changed_at,
            later.created_at < now() - KEEP_REVISIONS,
        )
        .exists()
    )
    session.execute(delete(DraftRevision).where(was_replaced))
