"""The backlog in the database, for operators: only counts, each read from an index and limited."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.orm import Session

from api.domain.visits import ACCEPTANCE_DUE, PHOTO_DEADLINE, PHOTOS_DUE
from api.domain.webhooks import DISABLED
from api.models.base import now
from api.models.changes import Change
from api.models.events import Event
from api.models.organizations import Organization
from api.models.photos import NOT_STORED, Photo
from api.models.visits import Visit
from api.models.webhooks import Webhook, WebhookDelivery, is_pending
from api.services.webhook_deliveries import is_first_of_visit

#: counting stops here, so that the cost of a reading does not grow with the backlog
COUNT_LIMIT = 10_000
#: earlier than every time in the database. A range comparison always uses the index; IS NOT NULL does not
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_IS_DUE = Event.due_at <= bindparam("moment")
_SOONEST = (
    select(Event.kind, _IS_DUE.label("is_due"))
    .order_by(Event.due_at, Event.id)
    .limit(COUNT_LIMIT)
    .subquery("soonest")
)
_TASKS = select(_SOONEST.c.kind, _SOONEST.c.is_due, func.count()).group_by(_SOONEST.c.kind, _SOONEST.c.is_due)
_OLDEST_DUE = select(func.min(Event.due_at)).where(_IS_DUE)
_WAITING_VISITS = (
    select(literal(1))
    .where(Visit.organization_id == Organization.id, Visit.waiting_since > _EARLIEST)
    .correlate(Organization)
    .limit(COUNT_LIMIT)
    .subquery("waiting_visits")
)
#: reads one range of the index for each organization
_REVIEWS = select(
    select(func.count()).select_from(_WAITING_VISITS).correlate(Organization).scalar_subquery()
).select_from(Organization)
_PENDING_PHOTOS = (
    select(Photo.declared_at)
    .where(NOT_STORED, Photo.declared_at > bindparam("since"))
    .order_by(Photo.declared_at)
    .limit(COUNT_LIMIT)
    .subquery()
)
_PHOTOS = select(func.count(), func.min(_PENDING_PHOTOS.c.declared_at)).select_from(_PENDING_PHOTOS)
_UNPUBLISHED = select(func.count()).select_from(
    select(Change.number).where(~Change.is_published).limit(COUNT_LIMIT).subquery()
)
#: A delivery that waits for an earlier one of its visit does not show that the worker is late.
_DUE_DELIVERIES = (
    select(WebhookDelivery.next_attempt_at)
    .where(
        is_pending(WebhookDelivery),
        WebhookDelivery.next_attempt_at <= bindparam("moment"),
        is_first_of_visit(),
    )
    .limit(COUNT_LIMIT)
    .subquery("due_deliveries")
)
_DELIVERIES = select(func.count(), func.min(_DUE_DELIVERIES.c.next_attempt_at)).select_from(_DUE_DELIVERIES)
_IS_FAILING = Webhook.failing_since.is_not(None)
_WEBHOOKS = select(Webhook.status, _IS_FAILING, func.count()).group_by(Webhook.status, _IS_FAILING)
_SIZE = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}


def read_gauges(session: Session) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the values of the backlog gauges: name of the gauge → values of its labels → value."""
    moment = now()
    kinds = (ACCEPTANCE_DUE, PHOTOS_DUE)
    tasks: dict[tuple[str, ...], float] = {(kind, state): 0 for kind in kinds for state in ("due", "later")}
    for kind, is_due, count in session.execute(_TASKS, {"moment": moment}):
        tasks[kind, "due" if is_due else "later"] = count
    acceptance = sum(count for (kind, _), count in tasks.items() if kind == ACCEPTANCE_DUE)
    oldest_due = session.scalar(_OLDEST_DUE, {"moment": moment})
    photos, oldest_photo = session.execute(_PHOTOS, {"since": moment - PHOTO_DEADLINE}).one()
    due_deliveries, oldest_delivery = session.execute(_DELIVERIES, {"moment": moment}).one()
    webhooks: dict[tuple[str, ...], float] = {("working",): 0, ("failing",): 0, ("disabled",): 0}
    for status, is_failing, count in session.execute(_WEBHOOKS):
        webhooks["disabled" if status == DISABLED else "failing" if is_failing else "working",] += count
    return {
        "worker_tasks_waiting": tasks,
        "worker_oldest_due_task_seconds": {(): _measure_age(moment, oldest_due)},
        "visits_waiting": {("acceptance",): acceptance, ("review",): sum(session.scalars(_REVIEWS))},
        "photos_waiting": {(): photos},
        "photos_oldest_waiting_seconds": {(): _measure_age(moment, oldest_photo)},
        "changes_unpublished": {(): session.scalars(_UNPUBLISHED).one()},
        "webhook_deliveries_due": {(): due_deliveries},
        "webhook_oldest_due_delivery_seconds": {(): _measure_age(moment, oldest_delivery)},
        "webhooks": webhooks,
        "database_size_bytes": {(): session.scalars(_SIZE[session.get_bind().dialect.name]).one()},
    }


def _measure_age(moment: datetime, since: datetime | None) -> float:
    """Return the seconds from ``since`` to ``moment``, or 0 if there is nothing to measure."""
    return 0.0 if since is None else (moment - since).total_seconds()
