"""Stored responses of POST requests, by Idempotency-Key."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now


class StoredResponse(Base):
    """The first response to a caller's request with a key. ``status`` is null until it is known.

    ``caller_id`` is the ID of a person or of an API client.

    ``request_sha256`` is an HMAC-SHA-256 of method, path and body.
    """

    __tablename__ = "remembered_answers"

    caller_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status: Mapped[int | None]
    location: Mapped[str | None]
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
