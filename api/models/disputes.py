"""Disputes: what managers contest in accepted visits, and what reviewers decide."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.disputes import KINDS, OPEN, OUTCOMES, STATUSES
from api.models.base import Base, HasId, now, one_of


class Dispute(HasId, Base):
    """A dispute about an acceptance of a visit, of which there is at most one.

    ``acceptance_id`` is the decision with which the acceptance began, ``revision`` the one that was accepted.
    Once ``acceptance_ended``, because a reviewer took it back, the outcomes have no effect any longer. The
    dispute is overdue from ``due_at``. ``closed_at`` is when it was decided or withdrawn. ``decider_id`` is
    null unless it was decided.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        Index(None, "organization_id", "opened_at", "id"),
        Index(None, "visit_id"),
        Index(None, "acceptance_id", unique=True),
        one_of("status", STATUSES),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    revision: Mapped[int]
    acceptance_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("decisions.id"))
    acceptance_ended: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default=OPEN)
    opener_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    decider_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    opened_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class DisputedQuestion(Base):
    """A question of a dispute: why its answer is contested, and what was decided.

    ``amended`` is an object with the ``value`` of an amended answer: SQLite would not keep a number alone as
    JSON. The outcome and its reason are null until the dispute is decided.
    """

    __tablename__ = "disputed_questions"
    __table_args__ = (one_of("kind", KINDS), one_of("outcome", OUTCOMES))

    dispute_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reason: Mapped[str]
    outcome: Mapped[str | None]
    amended: Mapped[dict[str, Any] | None]
    outcome_reason: Mapped[str | None]

    @property
    def value(self) -> Any:
        """The value of an amended answer, otherwise None."""
        return self.amended and self.amended["value"]
