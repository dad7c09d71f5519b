"""Webhooks and their deliveries, for administrators and API clients."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.webhooks import find_url_error, port_of
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.etags import IF_MATCH, live_response, require_match
from api.http.paging import page_response
from api.http.responses import ETAG, LOCATION_OF_NEW, empty_response, json_response
from api.http.transactions import IDEMPOTENCY_KEY, in_transaction, run_once
from api.models.webhooks import Webhook, WebhookDelivery
from api.services import webhook_deliveries, webhooks
from api.services.host_addresses import NOT_PUBLIC, AddressError, resolve
from schemas import webhooks as schemas
from schemas.base import PageQuery

routes = Routes("webhooks", __name__, description="Webhooks")

PERMISSION = "manage webhooks"
WEBHOOK, DELIVERY, DELIVERY_WITH_BODY = schemas.Webhook(), schemas.Delivery(), schemas.DeliveryWithBody()
#: the fields that PATCH changes
EDITED = tuple(schemas.WebhookEdit().fields)
#: A name that does not resolve in this time is accepted. Its addresses are checked on every attempt.
RESOLVE_SECONDS = 3.0


@routes.get("/webhooks", permission=PERMISSION)
@routes.arguments(PageQuery(), location="query")
@routes.response(200, schemas.WEBHOOK_PAGE())
def list_webhooks(query: dict[str, Any]) -> Response:
    """List webhooks.

    They are sorted by the time when they were created. API clients see those that they created, and
    administrators see all of the organization.
    """
    page = webhooks.list_webhooks(read_snapshot(), current_actor(), **{"cursor": None, **query})
    return page_response(page, WEBHOOK)


@routes.post("/webhooks", permission=PERMISSION, raises=[problems.TOO_MANY_WEBHOOKS])
@routes.arguments(schemas.WebhookNew())
@routes.response(201, schemas.WebhookWithSecret(), headers=LOCATION_OF_NEW)
def create_webhook(body: dict[str, Any]) -> Response:
    """Add a webhook.

    The response contains the secret that signs deliveries, in the format of Standard Webhooks. It cannot be
    read again.
    """
    _check_url(body)
    keys = app_context().settings.keys
    limited = in_transaction(lambda session: webhooks.create_webhook(session, current_actor(), body, keys))
    response = _secret_response({**WEBHOOK.dump(limited), **_get_secret(limited.webhook)})
    response.headers["Location"] = f"/api/v1/webhooks/{limited.webhook.id}"
    return response


@routes.get("/webhooks/<uuid:webhook_id>", permission=PERMISSION, raises=[problems.WEBHOOK_NOT_FOUND])
@routes.response(200, WEBHOOK)
def get_webhook(webhook_id: UUID) -> Response:
    """Get a webhook.

    It shows whether deliveries succeed at present.
    """
    webhook = webhooks.get_webhook(read_snapshot(), current_actor(), webhook_id)
    return live_response(WEBHOOK.dump(webhooks.get_limited(read_snapshot(), webhook)), EDITED)


@routes.patch(
    "/webhooks/<uuid:webhook_id>",
    permission=PERMISSION,
    raises=[problems.WEBHOOK_NOT_FOUND, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.WebhookEdit())
@routes.response(200, WEBHOOK, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_webhook(body: dict[str, Any], webhook_id: UUID) -> Response:
    """Change a webhook.

    With `"status": "enabled"`, it starts again without a history of failures. When a webhook is disabled, its
    pending deliveries fail. A delivery in the meantime does not make `If-Match` stale.
    """
    _check_url(body)

    def edit(session: Session) -> webhooks.LimitedWebhook:
        webhook = webhooks.get_webhook(session, current_actor(), webhook_id, lock=True)
        require_match(WEBHOOK.dump, webhooks.get_limited(session, webhook), edited=EDITED)
        return webhooks.update_webhook(session, current_actor(), webhook, body)

    return live_response(WEBHOOK.dump(in_transaction(edit)), EDITED)


@routes.delete("/webhooks/<uuid:webhook_id>", permission=PERMISSION, raises=[problems.WEBHOOK_NOT_FOUND])
@routes.response(204)
def delete_webhook(webhook_id: UUID) -> Response:
    """Delete a webhook.

    Its deliveries are deleted too. Those that are pending are not sent.
    """

    def delete(session: Session) -> None:
        webhooks.delete_webhook(
            session, webhooks.get_webhook(session, current_actor(), webhook_id, lock=True)
        )

    in_transaction(delete)
    return empty_response()


@routes.post("/webhooks/<uuid:webhook_id>/secret", permission=PERMISSION, raises=[problems.WEBHOOK_NOT_FOUND])
@routes.response(201, schemas.WebhookSecret())
def replace_webhook_secret(webhook_id: UUID) -> Response:
    """Replace the secret of a webhook.

    The response contains the new secret, which cannot be read again. For 24 hours, deliveries carry the
    signatures of both secrets.
    """

    def replace(session: Session) -> Webhook:
        webhook = webhooks.get_webhook(session, current_actor(), webhook_id, lock=True)
        webhooks.replace_secret(webhook, app_context().settings.keys)
        return webhook

    return _secret_response(_get_secret(in_transaction(replace)))


@routes.post(
    "/webhooks/<uuid:webhook_id>/test",
    permission=PERMISSION,
    raises=[problems.WEBHOOK_NOT_FOUND, problems.WEBHOOK_DISABLED],
)
@routes.response(202, DELIVERY, headers=LOCATION_OF_NEW)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def test_webhook(webhook_id: UUID) -> Response:
    """Send a test event.

    The receiver gets a signed `webhook.test` within seconds. Get the delivery to see what became of it.
    """

    def create(session: Session) -> WebhookDelivery:
        webhook = webhooks.get_webhook(session, current_actor(), webhook_id, lock=True)
        return webhooks.create_test(session, webhook)

    return run_once(
        create,
        DELIVERY.dump,
        get_location=lambda delivery: _get_address(webhook_id, delivery),
        get_status=lambda _delivery: 202,
    )


@routes.get(
    "/webhooks/<uuid:webhook_id>/deliveries", permission=PERMISSION, raises=[problems.WEBHOOK_NOT_FOUND]
)
@routes.arguments(schemas.DeliveriesQuery(), location="query")
@routes.response(200, schemas.DELIVERY_PAGE())
def list_webhook_deliveries(query: dict[str, Any], webhook_id: UUID) -> Response:
    """List the deliveries to a webhook.

    These are the deliveries of the last 30 days, newest first.
    """
    webhook = webhooks.get_webhook(read_snapshot(), current_actor(), webhook_id)
    page = webhook_deliveries.list_deliveries(read_snapshot(), webhook, **{"cursor": None, **query})
    return page_response(page, DELIVERY)


@routes.get(
    "/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>",
    permission=PERMISSION,
    raises=[problems.WEBHOOK_NOT_FOUND, problems.DELIVERY_NOT_FOUND],
)
@routes.response(200, DELIVERY_WITH_BODY)
def get_webhook_delivery(webhook_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Get a delivery.

    It contains the body that is sent, byte for byte.
    """
    webhook = webhooks.get_webhook(read_snapshot(), current_actor(), webhook_id)
    return webhook_deliveries.get_delivery(read_snapshot(), webhook, delivery_id)


@routes.post(
    "/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver",
    permission=PERMISSION,
    raises=[problems.WEBHOOK_NOT_FOUND, problems.DELIVERY_NOT_FOUND, problems.WEBHOOK_DISABLED],
)
@routes.response(202, DELIVERY)
def redeliver_webhook_delivery(webhook_id: UUID, delivery_id: UUID) -> Response:
    """Send a delivery again.

    The receiver gets the same `webhook-id` and body, with a new signature. If it fails, it is retried like a
    new delivery.
    """

    def redeliver(session: Session) -> WebhookDelivery:
        webhook = webhooks.get_webhook(session, current_actor(), webhook_id, lock=True)
        return webhook_deliveries.redeliver(session, webhook, delivery_id)

    return json_response(DELIVERY.dump(in_transaction(redeliver)), 202)


def _check_url(body: dict[str, Any]) -> None:
    """Reject a URL that no webhook may have. A name is looked up here, outside the transaction."""
    if "url" not in body:
        return
    allow_private = app_context().settings.webhook_allow_private
    error = find_url_error(body["url"], allow_private=allow_private)
    if error is not None:
        raise problems.invalid_field("/url", error)
    parts = urlsplit(body["url"])
    try:
        resolve(parts.hostname or "", port_of(parts), RESOLVE_SECONDS, allow_private=allow_private)
    except AddressError as address_error:
        if address_error.reason == NOT_PUBLIC:
            raise problems.invalid_field("/url", "The host has an address that is not public.") from None


def _get_secret(webhook: Webhook) -> dict[str, str]:
    return {"secret": webhooks.get_secret(webhook, app_context().settings.keys)}


def _secret_response(body: dict[str, Any]) -> Response:
    response = json_response(body, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


def _get_address(webhook_id: UUID, delivery: WebhookDelivery) -> str:
    return f"/api/v1/webhooks/{webhook_id}/deliveries/{delivery.id}"
