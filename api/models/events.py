"""Events: tasks for the worker, written in the transaction that causes them (transactional outbox)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Event(HasId, Base):
    """A task for the worker, due at a time.

    ``attempts`` is a fencing token: a worker whose lease has ended finds another number and stops. Mails have
    the ``user_id`` of the person whom they go to, and ``data`` is for what no other column has.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "due_at", "id"),)

    kind: Mapped[str]
    visit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"))
    revision: Mapped[int | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    data: Mapped[dict[str, Any] | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
