"""Payments to shoppers: the items of each visit, and what was approved of them when."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.payments import KINDS
from api.models.base import Base, now, one_of


class PaymentItem(Base):
    """The fee of a visit, or an expense that its shopper claims. The phone chooses the ID of an expense.

    Amounts are in the smallest unit of the visit's currency. ``receipts`` are the IDs of photos.
    ``approved_amount`` is null until a reviewer sets it, or accepts the visit; ``reason`` is why it differs
    from ``amount``. ``decider_id`` is null for an automatic acceptance.
    """

    __tablename__ = "payment_items"
    __table_args__ = (
        Index(None, "organization_id", "claimed_at", "id"),
        one_of("kind", KINDS),
    )

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str]
    amount: Mapped[int]
    description: Mapped[str | None]
    receipts: Mapped[list[Any]] = mapped_column(default=list)
    claimed_at: Mapped[datetime] = mapped_column(default=now)
    approved_amount: Mapped[int | None]
    reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class Payment(Base):
    """An amount that became due, or is no longer due if it is negative. Rows never change.

    The sum of an item's rows is what its visit is paid for it. What was exported for a day therefore stays
    true, and a later change of an amount is a payment of a later day.
    """

    __tablename__ = "payments"
    __table_args__ = (
        ForeignKeyConstraint(["visit_id", "item_id"], ["payment_items.visit_id", "payment_items.id"]),
        Index(None, "visit_id", "item_id"),
        Index(None, "organization_id", "approved_at"),
    )

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    item_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    approved_at: Mapped[datetime]
