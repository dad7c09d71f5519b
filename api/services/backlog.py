"""What waits in the database, for operators: counts alone, each read by an index and up to a bound."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.orm import Session

from api.domain.visits import ACCEPTANCE_DUE, PHOTOS_DUE, PHOTOS_MAY_TAKE
from api.models.base import now
from api.models.events import Event
from api.models.organizations import Organization
from api.models.photos import NOT_STORED, Photo
from api.models.visits import Visit

#: counting stops here, so that a look costs the same whatever has piled up
COUNT_LIMIT = 10_000
#: before every moment that the database holds: a range that an index is read by, as IS NOT NULL is not always
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_DUE = Event.due_at <= bindparam("moment")
_SOONEST = (
    select(Event.kind, _DUE.label("due"))
    .order_by(Event.due_at, Event.id)
    .limit(COUNT_LIMIT)
    .subquery("soonest")
)
_TASKS = select(_SOONEST.c.kind, _SOONEST.c.due, func.count()).group_by(_SOONEST.c.kind, _SOONEST.c.due)
_OLDEST_DUE = select(func.min(Event.due_at)).where(_DUE)
_OF_ONE = (
    select(literal(1))
    .where(Visit.organization_id == Organization.id, Visit.waiting_since > _EVER)
    .correlate(Organization)
    .limit(COUNT_LIMIT)
    .subquery("of_one")
)
#: one range of the index for each organization
_REVIEWS = select(
    select(func.count()).select_from(_OF_ONE).correlate(Organization).scalar_subquery()
).select_from(Organization)
_NOT_STORED = (
    select(Photo.declared_at)
    .where(NOT_STORED, Photo.declared_at > bindparam("since"))
    .order_by(Photo.declared_at)
    .limit(COUNT_LIMIT)
    .subquery()
)
_PHOTOS = select(func.count(), func.min(_NOT_STORED.c.declared_at)).select_from(_NOT_STORED)
_SIZE = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}


def read_gauges(session: Session) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the gauges of what waits: by name, and by the values of its labels."""
    moment = now()
    kinds = (ACCEPTANCE_DUE, PHOTOS_DUE)
    tasks: dict[tuple[str, ...], float] = {(kind, state): 0 for kind in kinds for state in ("due", "later")}
    for kind, due, count in session.execute(_TASKS, {"moment": moment}):
        tasks[kind, "due" if due else "later"] = count
    accepting = sum(count for (kind, _), count in tasks.items() if kind == ACCEPTANCE_DUE)
    oldest_due = session.scalar(_OLDEST_DUE, {"moment": moment})
    photos, oldest_photo = session.execute(_PHOTOS, {"since": moment - PHOTOS_MAY_TAKE}).one()
    return {
        "worker_tasks_waiting": tasks,
        "worker_oldest_due_task_seconds": {(): _age(moment, oldest_due)},
        "visits_waiting": {("acceptance",): accepting, ("review",): sum(session.scalars(_REVIEWS))},
        "photos_waiting": {(): photos},
        "photos_oldest_waiting_seconds": {(): _age(moment, oldest_photo)},
        "database_size_bytes": {(): session.scalars(_SIZE[session.get_bind().dialect.name]).one()},
    }


def _age(moment: datetime, began: datetime | None) -> float:
    return 0.0 if began is None else (moment - began).total_seconds()
