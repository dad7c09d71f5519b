"""Changes: the log that the change feed and webhooks read, written in the transactions that cause them."""

import uuid
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from api.database.statements import Command, Query, Writer, execute, fetch_one
from api.domain.changes import EXPORT_READY, VISIT_ACCEPTED, VISIT_AMENDED
from api.domain.months import format_month, get_month
from api.models.base import now
from api.models.changes import Change
from api.models.exports import Export
from api.models.reviews import Decision
from api.services.checklists import PublishedVersion

_INSERT_CHANGE = Command(insert(Change).inline())


class _Revision(NamedTuple):
    revision: int


_EARLIER_ACCEPTANCE = Query(
    _Revision,
    select(Decision.revision)
    .where(
        Decision.visit_id == bindparam("visit_id"),
        Decision.revision < bindparam("revision"),
        Decision.decision == "accept",
    )
    .limit(1),
)


def record_visit_change(
    writer: Writer,
    kind: str,
    *,
    visit_id: uuid.UUID,
    revision: int,
    version: PublishedVersion,
    location_id: uuid.UUID,
    location_code: str,
    day: date,
    changes_score: bool,
    dispute_id: uuid.UUID | None = None,
) -> None:
    """Record a change of an accepted visit, in the transaction that changes the visit.

    ``kind`` is one of ``api.domain.changes``. ``changes_score`` is whether totals change with it.
    ``dispute_id`` is the dispute that a change is about.
    """
    if kind == VISIT_ACCEPTED and _was_accepted_before(writer, visit_id, revision):
        kind = VISIT_AMENDED
    execute(
        writer,
        _INSERT_CHANGE,
        organization_id=version.organization_id,
        location_id=location_id,
        kind=kind,
        visit_id=visit_id,
        revision=revision,
        data={
            "location": {"id": str(location_id), "code": location_code},
            "checklist": {"key": version.document.key, "version": version.document.version},
            "day": day.isoformat(),
            "month": format_month(get_month(day)),
            "changes_score": changes_score,
            **({"dispute_id": str(dispute_id)} if dispute_id else {}),
        },
        created_at=now(),
        is_published=False,
    )


def record_export(session: Session, export: Export) -> None:
    """Record that an export is ready, in the transaction that makes it so."""
    session.add(
        Change(
            organization_id=export.organization_id,
            kind=EXPORT_READY,
            data={
                "export": {"id": str(export.id), "kind": export.kind, "format": export.format},
                "requested_by": str(export.requester_id),
            },
        )
    )
    session.flush()


def _was_accepted_before(writer: Writer, visit_id: uuid.UUID, revision: int) -> bool:
    """Return whether an earlier revision of a visit was accepted."""
    if revision == 1:
        return False
    return fetch_one(writer, _EARLIER_ACCEPTANCE, visit_id=visit_id, revision=revision) is not None
