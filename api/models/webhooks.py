"""Webhooks: addresses of other systems that receive events, and the deliveries to them."""

import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.webhooks import DELIVERY_STATUSES, ENABLED, PENDING, STATUSES
from api.models.base import Base, HasId, now, one_of

_IS_PENDING = text(f"status = '{PENDING}'")


def is_pending(deliveries: Any) -> ColumnElement[bool]:
    """Return the condition that a delivery is pending; ``deliveries`` is the table or an alias of it.

    The databases use an index of pending rows only if the condition is the same, not with a parameter.
    """
    pending: ColumnElement[str] = literal_column(f"'{PENDING}'")
    return cast(ColumnElement[bool], deliveries.status == pending)


class Webhook(HasId, Base):
    """A webhook of an administrator or an API client.

    ``creator_id`` is the ID of a person or of an API client. ``secrets`` are its latest signing secrets,
    encrypted, the current one first; they are never null, although the column, which was added later, allows
    it. ``secret_replacements`` are the times, in ISO format, of their changes.
    ``failing_since`` is the time of the first failed attempt after the last success.
    """

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "organization_id", "created_at", "id"), one_of("status", STATUSES))

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    creator_id: Mapped[uuid.UUID]
    created_by_client: Mapped[bool]
    url: Mapped[str]
    events: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(default=ENABLED)
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    secrets: Mapped[list[Any]] = mapped_column(nullable=True)
    secret_replacements: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookRegion(Base):
    """Limits a webhook to a region and everything below it. A webhook without regions has no limit."""

    __tablename__ = "webhook_regions"

    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhooks.id"), primary_key=True)
    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"), primary_key=True)


class WebhookDelivery(HasId, Base):
    """The delivery of one event to a webhook. Its ID is the ``webhook-id`` of every attempt.

    ``change_number`` orders the deliveries of a visit; it is null for tests. ``body`` is the text that is
    sent. ``next_attempt_at`` is null unless the delivery is pending. While an attempt runs, no other worker
    begins one before ``leased_until``. ``claims`` counts the attempts that were begun, and is a fencing token
    as in ``Event``. ``failures`` counts those that failed since the delivery was created or requested again.
    ``attempts`` are the latest ones, as the API shows them.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(None, "webhook_id", "created_at", "id"),
        Index(None, "created_at"),
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_attempt_at",
            postgresql_where=_IS_PENDING,
            sqlite_where=_IS_PENDING,
        ),
        Index(
            "ix_webhook_deliveries_order",
            "webhook_id",
            "visit_id",
            "change_number",
            postgresql_where=_IS_PENDING,
            sqlite_where=_IS_PENDING,
        ),
        one_of("status", DELIVERY_STATUSES),
    )

    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhooks.id"))
    change_number: Mapped[int | None] = mapped_column(BigInteger)
    visit_id: Mapped[uuid.UUID | None]
    event: Mapped[str]
    body: Mapped[str]
    status: Mapped[str] = mapped_column(default=PENDING)
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now)
    leased_until: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
