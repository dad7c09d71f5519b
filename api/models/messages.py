"""Messages of reviewers to shoppers, each with its answer."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.messages import get_status
from api.models.base import Base, HasId, now


class Message(HasId, Base):
    """A reviewer's question about a visit, or about one question of its checklist, and the shopper's answer.

    ``question`` is the key of the question, or null. The row is deleted when the visit no longer belongs to
    its shopper.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "visit_id"),
        Index(None, "organization_id", "asked_at", "id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    question: Mapped[str | None]
    text: Mapped[str]
    reviewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def status(self) -> str:
        """The status: open, answered or withdrawn."""
        return get_status(self.answered_at, self.withdrawn_at)
