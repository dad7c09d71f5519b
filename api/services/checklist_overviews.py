"""Checklists and their versions as administrators see them: who changed what and when, and the visits."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.checklist import Checklist as Document
from api.domain.fields import read_rows
from api.domain.question_types import read_type
from api.domain.visits import OUTSTANDING, WITHDRAWN
from api.models.checklists import Checklist, ChecklistVersion, DraftRevision
from api.models.users import User
from api.models.visits import Visit
from api.services.checklists import (
    check_draft,
    differs,
    find_checklist,
    get_version,
)
from api.services.paging import Page, fetch_page, paginate

#: what the list can contain in addition
DRAFTS, RETIRED = "drafts", "retired"


def summarize(document: Document) -> dict[str, Any]:
    """Return the row of a version in the list of checklists."""
    return {
        "key": document.key,
        "version": document.version,
        "title": document.title,
        "channel": document.channel,
        "question_count": document.question_count,
        "points_possible": document.points_possible,
    }


def list_overviews(
    session: Session, actor: Actor, include: Iterable[str], limit: int, cursor: str | None
) -> Page:
    """Return a page of the overviews of checklists, sorted by key.

    ``include`` may contain DRAFTS, for checklists that were never published, and RETIRED.
    """
    query = select(Checklist).where(Checklist.organization_id == actor.organization_id)
    if DRAFTS not in include:
        query = query.where(Checklist.latest_version > 0)
    if RETIRED not in include:
        query = query.where(Checklist.retired_at.is_(None))
    page = fetch_page(session, query, Checklist.key, Checklist.id, limit, cursor)
    ids = [checklist.id for checklist in page.items]
    version_ids: dict[uuid.UUID, dict[int, uuid.UUID]] = {checklist_id: {} for checklist_id in ids}
    versions = select(ChecklistVersion.checklist_id, ChecklistVersion.version, ChecklistVersion.id)
    for checklist_id, number, version_id in session.execute(
        versions.where(ChecklistVersion.checklist_id.in_(ids))
    ):
        version_ids[checklist_id][number] = version_id
    changes = _find_latest_changes(session, ids)
    visits = count_visits(session, [row for rows in version_ids.values() for row in rows.values()])
    rows = [
        {
            **_describe(session, checklist, version_ids[checklist.id].get(checklist.latest_version)),
            **changes[checklist.id],
            **sum_visits(visits[version_id] for version_id in version_ids[checklist.id].values()),
        }
        for checklist in page.items
    ]
    return Page(rows, page.cursor)


def _describe(session: Session, checklist: Checklist, latest_id: uuid.UUID | None) -> dict[str, Any]:
    latest = None if latest_id is None else get_version(session, latest_id)
    has_changes = latest is None or differs(checklist.draft, latest)
    status = "draft" if latest is None else "retired" if checklist.retired_at else "published"
    return {
        **(summarize(latest.document) if latest else _summarize_draft(checklist.draft)),
        "status": status,
        "has_changes": has_changes,
        # What was published has no errors.
        "error_count": len(check_draft(session, checklist).errors) if has_changes else 0,
    }


def _summarize_draft(draft: Mapping[str, Any]) -> dict[str, Any]:
    questions = [
        question for section in read_rows(draft, "sections") for question in read_rows(section, "questions")
    ]
    return {
        "key": draft["key"],
        "version": None,
        "title": draft.get("title"),
        "channel": draft.get("channel"),
        "question_count": len(questions),
        "points_possible": sum(read_type(question).points_possible for question in questions),
    }


def _find_latest_changes(session: Session, checklist_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return who last changed the draft of each checklist, and when."""
    latest_id = (
        select(DraftRevision.id)
        .where(DraftRevision.checklist_id == Checklist.id)
        .order_by(DraftRevision.changed_at.desc(), DraftRevision.id.desc())
        .limit(1)
        .correlate(Checklist)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Checklist.id, DraftRevision.changed_at, User.id, User.name)
        .join(DraftRevision, DraftRevision.id == latest_id)
        .outerjoin(User, User.id == DraftRevision.user_id)
        .where(Checklist.id.in_(checklist_ids))
    )
    return {row[0]: _describe_change(*row[1:]) for row in rows}


def _describe_change(changed_at: datetime, user_id: uuid.UUID | None, name: str | None) -> dict[str, Any]:
    """Return who changed something and when. Without a person, ``changed_by`` is None."""
    return {
        "changed_by": None if user_id is None else {"id": user_id, "name": name},
        "changed_at": changed_at,
    }


def list_versions(session: Session, actor: Actor, key: str, limit: int, cursor: str | None) -> Page:
    """Return a page of the versions of a checklist, the latest first. Raises CHECKLIST_NOT_FOUND."""
    checklist = find_checklist(session, actor, key)
    if checklist is None or not checklist.latest_version:
        raise problems.CHECKLIST_NOT_FOUND()
    rows = session.execute(
        select(
            ChecklistVersion.version,
            ChecklistVersion.id,
            ChecklistVersion.published_at,
            User.id,
            User.name,
        )
        .outerjoin(User, User.id == ChecklistVersion.published_by)
        .where(ChecklistVersion.checklist_id == checklist.id)
        .order_by(ChecklistVersion.version.desc())
    ).all()
    page = paginate(rows, lambda row: str(row[0]), limit, cursor)
    visits = count_visits(session, [row[1] for row in page.items])
    items = [
        {
            **summarize(get_version(session, version_id).document),
            **_describe_change(*change),
            **sum_visits([visits[version_id]]),
        }
        for _, version_id, *change in page.items
    ]
    return Page(items, page.cursor)


def count_visits(session: Session, version_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Counter[str]]:
    """Return the number of visits by status, for each of these versions."""
    counts: dict[uuid.UUID, Counter[str]] = {version_id: Counter() for version_id in version_ids}
    rows = session.execute(
        select(Visit.checklist_version_id, Visit.status, func.count())
        .where(Visit.checklist_version_id.in_(version_ids))
        .group_by(Visit.checklist_version_id, Visit.status)
    )
    for version_id, status, count in rows:
        counts[version_id][status] = count
    return counts


def sum_visits(counts: Iterable[Counter[str]]) -> dict[str, int]:
    """Return the number of visits that were not withdrawn, and how many of them are in progress."""
    by_status = sum(counts, Counter())
    return {
        "visits": sum(count for status, count in by_status.items() if status not in WITHDRAWN),
        "visits_out": sum(by_status[status] for status in OUTSTANDING),
    }
