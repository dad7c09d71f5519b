"""Previews of publishing: what it would change, and what past visits would have scored."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import Checklist as Document
from api.domain.checklist import fill_defaults
from api.domain.checklist_changes import Change, find_changes
from api.domain.problems import FieldError
from api.domain.publishing import is_too_large
from api.domain.replay import PastVisit, Place, Replay, replay
from api.domain.visits import VISITED
from api.models.checklists import ChecklistVersion
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklist_overviews import count_visits, sum_visits
from api.services.checklists import (
    check_draft,
    differs,
    get_draft,
    get_latest_version,
    get_numbered_version,
    get_version,
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a draft would do.

    ``version`` is the number of the current version, or None. ``replay`` is None for a draft with errors, for
    a first version, and if no visits were requested. ``visits_out`` is the number of visits in progress that
    stay with an older version.
    """

    version: int | None
    retired: bool
    has_changes: bool
    errors: list[FieldError]
    changes: list[Change]
    replay: Replay | None
    visits_out: int


def preview(session: Session, actor: Actor, key: str, visits: int) -> Preview:
    """Preview the publishing of a draft, with a replay of up to ``visits`` of the last accepted visits.

    Raises DRAFT_NOT_FOUND.
    """
    checklist = get_draft(session, actor, key)
    errors = check_draft(session, checklist).errors
    current = get_latest_version(session, checklist)
    if current is None:
        return Preview(None, False, True, errors, [], None, 0)
    has_changes = differs(checklist.draft, current)
    changes = [] if is_too_large(checklist.draft) else find_changes(json.loads(current.text), checklist.draft)
    version_ids = session.scalars(
        select(ChecklistVersion.id).where(ChecklistVersion.checklist_id == checklist.id)
    ).all()
    replayed = None
    if visits and not errors:
        draft = Document.from_document(fill_defaults(checklist.draft), current.document.version + 1)
        past_visits = _read_past_visits(session, actor, version_ids, visits)
        replayed = replay(past_visits, current.document, draft)
    older_ids = [version_id for version_id in version_ids if has_changes or version_id != current.id]
    return Preview(
        version=current.document.version,
        retired=checklist.retired_at is not None,
        has_changes=has_changes,
        errors=errors,
        changes=changes,
        replay=replayed,
        visits_out=sum_visits(count_visits(session, older_ids).values())["visits_out"],
    )


def find_version_changes(session: Session, actor: Actor, key: str, number: int) -> list[Change]:
    """Return what a published version changed, compared with the previous one. The first changed nothing.

    Raises CHECKLIST_NOT_FOUND.
    """
    version = get_numbered_version(session, actor, key, number)
    if number == 1:
        return []
    previous = get_numbered_version(session, actor, key, number - 1)
    return find_changes(json.loads(previous.text), json.loads(version.text))


def _read_past_visits(
    session: Session, actor: Actor, version_ids: Sequence[uuid.UUID], limit: int
) -> list[PastVisit]:
    """Return the last accepted visits to open stores with one of these versions."""
    rows = session.execute(
        select(
            *(Location.id, Location.code, Location.name),
            *(Visit.day, Visit.checklist_version_id, Submission.content, Submission.amendments),
        )
        .join(Location, Location.id == Visit.location_id)
        .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
        .where(
            Visit.organization_id == actor.organization_id,
            Visit.checklist_version_id.in_(version_ids),
            Visit.status == "accepted",
            Submission.outcome == VISITED,
        )
        .order_by(Visit.day.desc(), Visit.id.desc())
        .limit(limit)
    )
    return [
        PastVisit(
            Place(*place), day, get_version(session, version_id).document, content["answers"], amendments
        )
        for *place, day, version_id, content, amendments in rows
    ]
