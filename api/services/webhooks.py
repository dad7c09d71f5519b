"""Webhooks: created, changed and tested by administrators and API clients."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import WEBHOOK_TESTED
from api.domain.webhooks import (
    CLIENT_REVOKED,
    DISABLED,
    ENABLED,
    FAILED,
    MAX_SIGNATURES,
    TEST,
    build_body,
    generate_secret,
)
from api.keys import Keys
from api.models.base import now
from api.models.webhooks import Webhook, WebhookDelivery, WebhookRegion, is_pending
from api.services import visibility
from api.services.audit.recording import record
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page
from api.services.places import check_regions
from api.services.region_limits import read_regions, replace_regions

MAX_WEBHOOKS = 100
#: what the secrets of webhooks are encrypted for
KEY_PURPOSE = "secrets of webhooks"


@dataclass(frozen=True, slots=True)
class LimitedWebhook:
    """A webhook with the regions that it is limited to. Without regions, it covers everything."""

    webhook: Webhook
    region_ids: list[uuid.UUID]

    @property
    def created_by(self) -> dict[str, Any]:
        """Who created it, in the shape of ``schemas.webhooks.WebhookCreator``."""
        return {
            "type": "client" if self.webhook.created_by_client else "user",
            "id": self.webhook.creator_id,
        }


def create_webhook(session: Session, actor: Actor, values: Mapping[str, Any], keys: Keys) -> LimitedWebhook:
    """Create a webhook of the actor, with a secret.

    Raises INVALID for regions that the actor may not know of, and TOO_MANY_WEBHOOKS.
    """
    check_regions(session, actor, values["region_ids"])
    lock_organization(session, actor.organization_id)
    count = session.scalar(
        select(func.count()).select_from(Webhook).where(Webhook.organization_id == actor.organization_id)
    )
    if (count or 0) >= MAX_WEBHOOKS:
        raise problems.TOO_MANY_WEBHOOKS(f"An organization can have at most {MAX_WEBHOOKS} webhooks.")
    webhook = Webhook(
        organization_id=actor.organization_id,
        creator_id=actor.id,
        created_by_client=actor.is_client,
        url=values["url"],
        secrets=[_create_secret(keys)],
        events=_deduplicate(values["events"]),
    )
    session.add(webhook)
    session.flush()
    replace_regions(session, WebhookRegion.webhook_id, webhook, values["region_ids"])
    return get_limited(session, webhook)


def update_webhook(
    session: Session, actor: Actor, webhook: Webhook, values: Mapping[str, Any]
) -> LimitedWebhook:
    """Update a locked webhook; disabling it also ends its pending deliveries.

    Raises INVALID for regions that the actor may not know of.
    """
    webhook.url = values.get("url", webhook.url)
    if "events" in values:
        webhook.events = _deduplicate(values["events"])
    if "region_ids" in values:
        check_regions(session, actor, values["region_ids"])
        replace_regions(session, WebhookRegion.webhook_id, webhook, values["region_ids"])
    status = values.get("status", webhook.status)
    if status != webhook.status:
        if status == DISABLED:
            disable(session, webhook, None)
        else:
            _enable(webhook)
    session.flush()
    return get_limited(session, webhook)


def delete_webhook(session: Session, webhook: Webhook) -> None:
    """Delete a locked webhook with its deliveries."""
    for table in (WebhookDelivery, WebhookRegion):
        session.execute(delete(table).where(table.webhook_id == webhook.id))
    session.delete(webhook)
    session.flush()


def disable(session: Session, webhook: Webhook, reason: str | None) -> None:
    """Disable a locked webhook. Deliveries that are pending fail, so that nothing old is sent later.

    ``reason`` is None if its owner asked for it.
    """
    webhook.status, webhook.disabled_reason = DISABLED, reason
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id, is_pending(WebhookDelivery))
        .values(status=FAILED, next_attempt_at=None)
    )
    session.flush()


def disable_those_of_client(session: Session, client_id: uuid.UUID) -> None:
    """Disable the webhooks of an API client that was revoked, so that nothing pending is sent either."""
    enabled = select(Webhook).where(
        Webhook.creator_id == client_id, Webhook.created_by_client, Webhook.status == ENABLED
    )
    for webhook in session.scalars(enabled.order_by(Webhook.id).with_for_update()):
        disable(session, webhook, CLIENT_REVOKED)


def _enable(webhook: Webhook) -> None:
    """Enable a webhook as if it had never failed."""
    webhook.status, webhook.disabled_reason, webhook.failing_since = ENABLED, None, None


def get_webhook(session: Session, actor: Actor, webhook_id: uuid.UUID, *, lock: bool = False) -> Webhook:
    """Return a webhook that the actor may manage; ``lock`` locks it for an update.

    Raises WEBHOOK_NOT_FOUND.
    """
    webhook = visibility.find(session, Webhook, webhook_id, visibility.webhooks(actor), lock=lock)
    if webhook is None:
        raise problems.WEBHOOK_NOT_FOUND()
    return webhook


def list_webhooks(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of ``LimitedWebhook`` that the actor may manage, oldest first."""
    query = select(Webhook).where(visibility.webhooks(actor))
    page = fetch_page(session, query, Webhook.created_at, Webhook.id, limit, cursor)
    return Page(_add_regions(session, page.items), page.cursor)


def get_limited(session: Session, webhook: Webhook) -> LimitedWebhook:
    """Return a webhook with its regions."""
    return _add_regions(session, [webhook])[0]


def get_secret(webhook: Webhook, keys: Keys) -> str:
    """Return the current secret of a webhook, as it is shown once."""
    return keys.decrypt(KEY_PURPOSE, webhook.secrets[0])


def replace_secret(webhook: Webhook, keys: Keys) -> None:
    """Replace the secret of a locked webhook. The former ones also sign for ``SECRET_OVERLAP``.

    Beyond MAX_SIGNATURES secrets, the oldest stops signing before that.
    """
    webhook.secrets = [_create_secret(keys), *webhook.secrets][:MAX_SIGNATURES]
    webhook.secret_replacements = [*webhook.secret_replacements, now().isoformat()][1 - MAX_SIGNATURES :]


def _create_secret(keys: Keys) -> str:
    return keys.encrypt(KEY_PURPOSE, generate_secret())


def create_test(session: Session, webhook: Webhook) -> WebhookDelivery:
    """Add the delivery of a test event. Raises WEBHOOK_DISABLED."""
    check_enabled(webhook)
    moment = now()
    delivery = WebhookDelivery(
        webhook_id=webhook.id,
        event=TEST,
        body=build_body(TEST, moment, {"webhook_id": str(webhook.id)}),
        created_at=moment,
        next_attempt_at=moment,
    )
    session.add(delivery)
    record(session, WEBHOOK_TESTED, webhook)
    session.flush()
    return delivery


def check_enabled(webhook: Webhook) -> None:
    """Raise WEBHOOK_DISABLED for a disabled webhook."""
    if webhook.status == DISABLED:
        raise problems.WEBHOOK_DISABLED("Set its `status` to `enabled` first.")


def _deduplicate(events: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _add_regions(session: Session, webhooks: Sequence[Webhook]) -> list[LimitedWebhook]:
    regions = read_regions(session, WebhookRegion.webhook_id, [webhook.id for webhook in webhooks])
    return [LimitedWebhook(webhook, regions[webhook.id]) for webhook in webhooks]
