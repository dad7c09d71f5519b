"""Decisions on visits, each with its author and reason, and claims of the visits that wait for one."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.visits import DECISIONS
from api.models.base import Base, HasId, now, one_of

_IS_BY_REVIEWER = "reviewer_id IS NOT NULL"


class Decision(HasId, Base):
    """A decision on a revision. ``reviewer_id`` is null for an automatic acceptance.

    The current decision is the one on the visit's latest revision that no other decision replaces and that
    was not undone. ``undone_at`` is when the reviewer took it back, so that the visit waits again.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "visit_id", "revision"),
        Index(None, "replaces_id", unique=True),
        Index(
            "ix_decisions_by_reviewers",
            "reviewer_id",
            "decided_at",
            "id",
            postgresql_where=text(_IS_BY_REVIEWER),
            sqlite_where=text(_IS_BY_REVIEWER),
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
    undone_at: Mapped[datetime | None]


class ReviewClaim(Base):
    """A reviewer is looking at a visit that waits for a decision, until ``expires_at``.

    A decision deletes it. Once expired, it means nothing: the next claim replaces it, or the cleanup deletes
    it.
    """

    __tablename__ = "review_claims"

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    reviewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]
