"""Deliveries to webhooks: created from the log of changes, claimed by the worker, and retried.

Whoever changes a webhook and its deliveries locks the webhook first.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from api.domain import problems
from api.domain.access import WEBHOOKS_WRITE
from api.domain.audit import WEBHOOK_REDELIVERED
from api.domain.changes import EXPORT_READY
from api.domain.times import format_utc
from api.domain.webhooks import (
    DELIVERED,
    DISABLE_AFTER,
    ENABLED,
    FAILED,
    FAILED_TOO_LONG,
    GONE,
    KEEP_DELIVERIES,
    PENDING,
    build_body,
    find_messages,
    find_retry_wait,
)
from api.models.api_clients import ApiClient, ApiClientRegion
from api.models.base import now
from api.models.changes import Change
from api.models.places import Location, Region
from api.models.webhooks import Webhook, WebhookDelivery, WebhookRegion, is_pending
from api.services import webhooks
from api.services.audit.recording import record
from api.services.paging import Page, fetch_page
from api.services.region_limits import read_regions

#: changes that one transaction publishes
BATCH_SIZE = 200
#: How long an attempt belongs to one worker. An attempt takes 15 seconds; the rest is for a busy machine.
LEASE = timedelta(seconds=25)
#: attempts of a delivery that are stored; redeliveries may add any number
MAX_ATTEMPTS_STORED = 50

_IS_UNPUBLISHED = ~Change.is_published  # as in the index


# From changes to deliveries.


def has_unpublished(session: Session) -> bool:
    """Return whether there is a change to publish."""
    return session.scalar(select(exists().where(_IS_UNPUBLISHED))) is True


def publish_changes(session: Session) -> int:
    """Create the deliveries of the oldest unpublished changes, and return how many changes these were.

    On PostgreSQL, the lock lets one worker publish at a time, so that deliveries are created in the order of
    the changes.
    """
    changes = session.scalars(
        select(Change).where(_IS_UNPUBLISHED).order_by(Change.number).limit(BATCH_SIZE).with_for_update()
    ).all()
    receivers = _read_receivers(session, {change.organization_id for change in changes})
    if receivers:
        regions = _RegionsAbove(session, changes)
        for change in changes:
            at = change.created_at
            for event, data in find_messages(change.kind, change.visit_id, change.data):
                body = build_body(event, at, data)
                session.add_all(
                    WebhookDelivery(
                        webhook_id=receiver.webhook_id,
                        change_number=change.number,
                        visit_id=change.visit_id,
                        event=event,
                        body=body,
                    )
                    for receiver in receivers[change.organization_id]
                    if receiver.receives(event, change, regions)
                )
    session.execute(
        update(Change)
        .where(Change.number.in_([change.number for change in changes]))
        .values(is_published=True)
    )
    return len(changes)


class _RegionsAbove:
    """The regions that contain the locations of changes: the region of each, and all regions above."""

    def __init__(self, session: Session, changes: Sequence[Change]) -> None:
        location_ids = {change.location_id for change in changes if change.location_id}
        locations = select(Location.id, Location.region_id).where(Location.id.in_(location_ids))
        self._region_of = dict(session.execute(locations).all())
        above = (
            select(Region.id, Region.parent_id)
            .where(Region.id.in_(set(self._region_of.values())))
            .cte(recursive=True)
        )
        above = above.union(select(Region.id, Region.parent_id).where(Region.id == above.c.parent_id))
        self._parent_of = dict(session.execute(select(above.c.id, above.c.parent_id)).all())

    def of(self, location_id: uuid.UUID) -> Iterable[uuid.UUID]:
        """Yield the region of a location, and all regions above it."""
        region_id: uuid.UUID | None = self._region_of[location_id]
        while region_id is not None:
            yield region_id
            region_id = self._parent_of[region_id]


@dataclass(frozen=True, slots=True)
class _Receiver:
    """An enabled webhook, and the sets of regions each of which limits what it receives."""

    webhook_id: uuid.UUID
    events: frozenset[str]
    client_id: uuid.UUID | None
    limits: Sequence[Collection[uuid.UUID]]

    def receives(self, event: str, change: Change, regions: _RegionsAbove) -> bool:
        """Return whether an event of a change is for this webhook."""
        if event not in self.events:
            return False
        if change.kind == EXPORT_READY:
            return self.client_id is None or str(self.client_id) == change.data["requested_by"]
        if change.location_id is None:
            return not self.limits
        above = set(regions.of(change.location_id)) if self.limits else set()
        return all(above.intersection(limit) for limit in self.limits)


def _read_receivers(
    session: Session, organization_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[_Receiver]]:
    """Return the enabled webhooks of organizations, by organization; empty if there is none.

    A webhook of an API client receives nothing from outside the client's regions, and nothing while the
    client may not manage webhooks.
    """
    rows = session.execute(
        select(Webhook, ApiClient.scopes, ApiClient.revoked_at)
        .outerjoin(ApiClient, ApiClient.id == Webhook.creator_id)
        .where(Webhook.organization_id.in_(organization_ids), Webhook.status == ENABLED)
    ).all()
    enabled = [
        webhook
        for webhook, scopes, revoked_at in rows
        if not webhook.created_by_client or (revoked_at is None and WEBHOOKS_WRITE in scopes)
    ]
    ids = [webhook.id for webhook in enabled]
    client_ids = [webhook.creator_id for webhook in enabled if webhook.created_by_client]
    regions = read_regions(session, WebhookRegion.webhook_id, ids)
    regions |= read_regions(session, ApiClientRegion.client_id, client_ids)
    receivers: dict[uuid.UUID, list[_Receiver]] = defaultdict(list)
    for webhook in enabled:
        limits = [limit for limit in (regions[webhook.id], regions.get(webhook.creator_id)) if limit]
        client_id = webhook.creator_id if webhook.created_by_client else None
        receivers[webhook.organization_id].append(
            _Receiver(webhook.id, frozenset(webhook.events), client_id, limits)
        )
    return receivers


# From deliveries to attempts.


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker may attempt until the lease ends, and what the attempt needs."""

    delivery_id: uuid.UUID
    webhook_id: uuid.UUID
    number: int
    event: str
    body: str
    url: str
    secrets: Sequence[str]
    secret_replacements: Sequence[str]


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """An enabled webhook with deliveries that are due. ``is_failing`` is whether it fails at present."""

    id: uuid.UUID
    is_failing: bool


def list_due_webhooks(session: Session) -> list[DueWebhook]:
    """Return the webhooks with deliveries that are due, the longest waiting first."""
    oldest = (
        select(func.min(WebhookDelivery.next_attempt_at))
        .where(WebhookDelivery.webhook_id == Webhook.id, is_pending(WebhookDelivery))
        .correlate(Webhook)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Webhook.id, Webhook.failing_since)
        .where(Webhook.status == ENABLED, oldest <= now())
        .order_by(oldest)
    )
    return [DueWebhook(webhook_id, failing_since is not None) for webhook_id, failing_since in rows]


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery whose next attempt is due."""

    id: uuid.UUID
    webhook: DueWebhook
    claims: int


def list_due(session: Session, webhook: DueWebhook, limit: int) -> list[DueDelivery]:
    """Return up to ``limit`` deliveries to a webhook that are due, the longest waiting first.

    A delivery waits for the earlier ones of the same visit.
    """
    moment = now()
    rows = session.execute(
        select(WebhookDelivery.id, WebhookDelivery.claims)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            is_pending(WebhookDelivery),
            WebhookDelivery.next_attempt_at <= moment,
            or_(WebhookDelivery.leased_until.is_(None), WebhookDelivery.leased_until <= moment),
            is_first_of_visit(),
        )
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(limit)
    )
    return [DueDelivery(delivery_id, webhook, claims) for delivery_id, claims in rows]


def is_first_of_visit() -> ColumnElement[bool]:
    """Return the condition that a pending delivery does not wait for an earlier one of the same visit."""
    same_visit = aliased(WebhookDelivery)
    # A scalar, because PostgreSQL would turn NOT EXISTS into a join that reads all pending deliveries.
    first = (
        select(func.min(same_visit.change_number))
        .where(
            same_visit.webhook_id == WebhookDelivery.webhook_id,
            same_visit.visit_id == WebhookDelivery.visit_id,
            is_pending(same_visit),
        )
        .correlate(WebhookDelivery)
        .scalar_subquery()
    )
    return or_(WebhookDelivery.visit_id.is_(None), WebhookDelivery.change_number == first)


def claim(session: Session, due: Sequence[DueDelivery]) -> list[Claim]:
    """Claim due deliveries, and return those that no other worker has claimed in the meantime."""
    claimed = {}
    for delivery in sorted(due, key=lambda delivery: delivery.id):
        result = session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.id == delivery.id,
                WebhookDelivery.claims == delivery.claims,
                is_pending(WebhookDelivery),
            )
            .values(claims=delivery.claims + 1, leased_until=now() + LEASE)
        )
        if result.rowcount:  # type: ignore[attr-defined]
            claimed[delivery.id] = delivery.claims + 1
    rows = session.execute(
        select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id.in_(claimed))
    )
    return [
        Claim(
            delivery_id=delivery.id,
            webhook_id=webhook.id,
            number=claimed[delivery.id],
            event=delivery.event,
            body=delivery.body,
            url=webhook.url,
            secrets=webhook.secrets,
            secret_replacements=webhook.secret_replacements,
        )
        for delivery, webhook in rows
    ]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it ended: the HTTP status if one was received, and why it failed, or None."""

    at: datetime
    status: int | None
    failure: str | None
    duration_ms: int
    retry_after: timedelta | None = None
    is_gone: bool = False


def record_attempt(session: Session, claim: Claim, attempt: Attempt, jitter: float) -> str:
    """Store an attempt, and decide what follows from it.

    Returns the outcome: ``delivered``, ``retry``, ``failed``, ``disabled`` if the webhook was disabled, or
    ``superseded`` if the delivery is no longer this worker's. ``jitter`` is from -1 to 1.
    """
    webhook = session.get(Webhook, claim.webhook_id, with_for_update=True)
    delivery = session.get(WebhookDelivery, claim.delivery_id, with_for_update=True)
    if webhook is None or delivery is None:
        return "superseded"
    if delivery.status != PENDING or delivery.claims != claim.number:
        return "superseded"
    entry = {
        "at": format_utc(attempt.at),
        "status": attempt.status,
        "duration_ms": attempt.duration_ms,
        "failure": attempt.failure,
    }
    delivery.leased_until = None
    delivery.attempts = [*delivery.attempts, entry][-MAX_ATTEMPTS_STORED:]
    if attempt.failure is None:
        delivery.status, delivery.next_attempt_at = DELIVERED, None
        webhook.failing_since, webhook.last_success_at = None, now()
        return "delivered"
    delivery.failures += 1
    webhook.failing_since = webhook.failing_since or attempt.at
    has_failed_too_long = now() - webhook.failing_since >= DISABLE_AFTER
    if attempt.is_gone or has_failed_too_long:
        session.flush()
        webhooks.disable(session, webhook, GONE if attempt.is_gone else FAILED_TOO_LONG)
        return "disabled"
    wait = find_retry_wait(delivery.failures, jitter, attempt.retry_after)
    if wait is None:
        delivery.status, delivery.next_attempt_at = FAILED, None
        return "failed"
    delivery.next_attempt_at = now() + wait
    return "retry"


# Listed and requested again.


def list_deliveries(
    session: Session, webhook: Webhook, limit: int, cursor: str | None, **filters: Any
) -> Page:
    """Return a page of a webhook's deliveries, newest first. A filter is a column's value."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    for name, value in filters.items():
        query = query.where(getattr(WebhookDelivery, name) == value)
    return fetch_page(
        session, query, WebhookDelivery.created_at, WebhookDelivery.id, limit, cursor, descending=True
    )


def get_delivery(
    session: Session, webhook: Webhook, delivery_id: uuid.UUID, *, lock: bool = False
) -> WebhookDelivery:
    """Return a delivery to a webhook; ``lock`` locks it for an update. Raises DELIVERY_NOT_FOUND."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook.id
    )
    delivery = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if delivery is None:
        raise problems.DELIVERY_NOT_FOUND()
    return delivery


def redeliver(session: Session, webhook: Webhook, delivery_id: uuid.UUID) -> WebhookDelivery:
    """Send a delivery to a locked webhook again, as soon as possible and with all retries.

    If an attempt is running, its success counts. Raises DELIVERY_NOT_FOUND and WEBHOOK_DISABLED.
    """
    delivery = get_delivery(session, webhook, delivery_id, lock=True)
    webhooks.check_enabled(webhook)
    delivery.failures = 0
    delivery.status, delivery.next_attempt_at = PENDING, now()
    record(session, WEBHOOK_REDELIVERED, webhook)
    session.flush()
    return delivery


def delete_old(session: Session) -> None:
    """Delete deliveries that are older than ``KEEP_DELIVERIES``."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at < now() - KEEP_DELIVERIES))
