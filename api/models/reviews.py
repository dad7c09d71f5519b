"""Decisions on visits, each with its author and reason."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.visits import DECISIONS
from api.models.base import Base, HasId, now, one_of

#: The databases use an index of some rows only if the condition is the same, not with parameters.
_IS_RETURN = "decision = 'return'"


def is_return() -> ColumnElement[bool]:
    """Return the condition that a decision returns a visit, in the words of the index of such decisions."""
    return Decision.decision == literal_column("'return'")


class Decision(HasId, Base):
    """A decision on a revision. ``reviewer_id`` is null for an automatic acceptance.

    The current decision is the one on the visit's latest revision that no other decision replaces.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "visit_id", "revision"),
        Index(None, "replaces_id", unique=True),
        # Every minute, the worker looks for recent ones: with 100,000 visits, 1 ms instead of 226 ms.
        Index(
            "ix_decisions_returns",
            "decided_at",
            postgresql_where=text(_IS_RETURN),
            sqlite_where=text(_IS_RETURN),
        ),
        one_of("decision", DECISIONS),
    )

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    revision: Mapped[int]
    decision: Mapped[str]
    reason: Mapped[str | None]
    question_reasons: Mapped[dict[str, Any] | None]
    message_to_shopper: Mapped[str | None]
    reviewer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("decisions.id"))
    decided_at: Mapped[datetime] = mapped_column(default=now)
