"""The audit log."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class AuditEntry(HasId, Base):
    """What somebody did to one thing, or to ``subject_count`` things of a kind. Triggers reject changes.

    ``actor_id`` is the ID of a person or of an API client. It is null for the program itself, and for
    somebody who could not log in. ``subject_id`` is null if the entry is about several things.

    ``changes`` are ``{"field", "before", "after"}``. Those that identify a person are in
    ``personal_changes``, the only column that can be cleared, so that a person can be deleted.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "organization_id", "at", "id"),
        Index(None, "organization_id", "actor_id", "at", "id"),
        Index(None, "organization_id", "subject_id", "at", "id"),
        Index(None, "at"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    actor_id: Mapped[uuid.UUID | None]
    is_client: Mapped[bool] = mapped_column(default=False)
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    subject_count: Mapped[int] = mapped_column(default=1)
    changes: Mapped[list[Any]] = mapped_column(default=list)
    personal_changes: Mapped[list[Any] | None]
    request_id: Mapped[str | None]
