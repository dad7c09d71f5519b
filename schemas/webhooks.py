"""Webhooks, and the deliveries to them."""

from typing import Any

from marshmallow import fields, validate

from api.domain.webhooks import DELIVERY_STATUSES, EVENTS, MAX_URL_LENGTH, STATUSES, TEST
from schemas.base import Enum, Id, PageQuery, Schema, Text, Time, page_of

_EVENT_MEANINGS = """\
- `visit.accepted`: a visit was accepted, or an accepted visit shows something new. Read the visit again
- `visit.withdrawn`: an acceptance was taken back. Forget the visit
- `score.changed`: the score of a location changed, for a checklist and a month
- `export.ready`: an export can be downloaded"""


def _describe(description: str) -> dict[str, Any]:
    return {"description": f"{description.removesuffix('.')}."}


def _url(**options: Any) -> Text:
    description = (
        "Where events are sent: an https URL on port 443 or above 1023, without credentials and fragment. "
        "All addresses of its host must be public"
    )
    return Text(MAX_URL_LENGTH, metadata={"format": "uri", **_describe(description)}, **options)


def _events(**options: Any) -> fields.List:
    description = f"The events that are sent:\n\n{_EVENT_MEANINGS}"
    return fields.List(
        Enum(EVENTS), validate=validate.Length(min=1, max=50), metadata=_describe(description), **options
    )


def _region_ids(**options: Any) -> fields.List:
    description = (
        "The regions whose locations the events are about, each with everything below it. Without any, the "
        "webhook receives the events of all locations that its creator may see"
    )
    return fields.List(Id(), validate=validate.Length(max=1000), metadata=_describe(description), **options)


def _status(**options: Any) -> Enum:
    description = (
        "`disabled`: nothing is sent. A webhook is disabled when its receiver responds with 410, when every "
        "attempt failed for five days, or when the API client that created it is revoked"
    )
    return Enum(STATUSES, metadata=_describe(description), **options)


class WebhookNew(Schema):
    """A new webhook."""

    url = _url(required=True)
    events = _events(required=True)
    region_ids = _region_ids(load_default=list)


class WebhookEdit(Schema):
    """Changes of a webhook. Deliveries that are pending go to the new URL."""

    url = _url()
    events = _events()
    region_ids = _region_ids()
    status = _status()


class WebhookCreator(Schema):
    """Who created a webhook."""

    type = Enum(("user", "client"), required=True, metadata=_describe("A person, or an API client"))
    id = Id(required=True)


class Webhook(Schema):
    """An address of another system that receives events."""

    id = Id(required=True, attribute="webhook.id")
    url = _url(required=True, attribute="webhook.url")
    events = _events(required=True, attribute="webhook.events")
    region_ids = _region_ids(required=True)
    status = _status(required=True, attribute="webhook.status")
    disabled_reason = fields.String(
        required=True,
        allow_none=True,
        attribute="webhook.disabled_reason",
        metadata=_describe("Why the webhook was disabled automatically, or null"),
    )
    failing_since = Time(
        required=True,
        allow_none=True,
        attribute="webhook.failing_since",
        metadata=_describe("When the first attempt after the last success failed, or null"),
    )
    last_success_at = Time(
        required=True,
        allow_none=True,
        attribute="webhook.last_success_at",
        metadata=_describe("When the receiver last accepted a delivery, or null"),
    )
    created_by = fields.Nested(WebhookCreator(), required=True, metadata=_describe("Who created the webhook"))
    created_at = Time(required=True, attribute="webhook.created_at")


class WebhookSecret(Schema):
    """A new secret of a webhook, which is returned only this once."""

    secret = fields.String(
        required=True,
        metadata=_describe("The secret that signs deliveries. Store it now: it cannot be read again"),
    )


class WebhookWithSecret(Webhook, WebhookSecret):
    """A new webhook with its secret, which is returned only this once."""


class DeliveryAttempt(Schema):
    """An attempt to send a delivery."""

    at = fields.String(required=True, metadata={"format": "date-time", **_describe("When it began")})
    status = fields.Integer(
        required=True, allow_none=True, metadata=_describe("The status of the response, or null without one")
    )
    duration_ms = fields.Integer(required=True, metadata=_describe("How long it took, in milliseconds"))
    failure = fields.String(
        required=True,
        allow_none=True,
        metadata=_describe(
            "Null after a success. Otherwise `status` (not 2xx), `timeout`, `name-resolution`, "
            "`address-not-public`, `connection`, `tls`, `certificate`, `protocol` or `internal` (an error "
            "of this server)"
        ),
    )


class Delivery(Schema):
    """The delivery of one event to a webhook."""

    id = Id(required=True)
    event = Enum((*EVENTS, TEST), required=True, metadata=_describe("The event that is sent"))
    status = Enum(
        DELIVERY_STATUSES,
        required=True,
        metadata=_describe("`pending` until an attempt succeeds; `failed` after the last retry"),
    )
    created_at = Time(required=True, metadata=_describe("When the delivery was created"))
    next_attempt_at = Time(
        required=True,
        allow_none=True,
        metadata=_describe("When the next attempt is due, or null if there is none"),
    )
    attempts = fields.List(
        fields.Nested(DeliveryAttempt()),
        required=True,
        metadata=_describe("The latest attempts, oldest first"),
    )


class DeliveryWithBody(Delivery):
    """A delivery with the body that is sent."""

    body = fields.String(required=True, metadata=_describe("The body, byte for byte, on every attempt"))


class DeliveriesQuery(PageQuery):
    """Filters of the list of deliveries."""

    event = Enum((*EVENTS, TEST), metadata=_describe("Only deliveries of this event."))
    status = Enum(DELIVERY_STATUSES, metadata=_describe("Only deliveries with this status."))


WEBHOOK_PAGE = page_of(Webhook())
DELIVERY_PAGE = page_of(Delivery())
