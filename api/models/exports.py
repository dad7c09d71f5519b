"""Exports: files that people and API clients request, and that the worker builds."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.exports import ALL_FORMATS, KINDS, STATUSES
from api.models.base import Base, HasId, now, one_of

#: The same condition as in the index, word for word.
IS_RUNNING = text("status = 'running'")


class Export(HasId, Base):
    """An export: what it contains, how far it is, and where its file is.

    ``requester_id`` is the ID of a person or of an API client, and ``requester_role`` their role at the time
    of the request. ``checklist`` is a key. ``by`` and ``include`` are those of score rows.

    ``attempts`` is a fencing token: a worker whose lease has ended finds another number and stops. ``done``
    and ``of`` count rows; ``of`` is null until they are counted. ``failure`` is in words for the requester.

    ``location_numbers`` are all locations that the file is about, and ``key`` is its key in the store.
    """

    __tablename__ = "exports"
    __table_args__ = (
        # At most one export of an organization runs at a time, whatever several workers do.
        Index(
            "uq_exports_running", "organization_id", unique=True,
            sqlite_where=IS_RUNNING, postgresql_where=IS_RUNNING,
        ),
        Index(None, "requester_id", "created_at", "id"),
        Index(None, "status", "created_at"),
        one_of("kind", KINDS),
        one_of("format", ALL_FORMATS),
        one_of("status", STATUSES),
    )  # fmt: skip

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    requester_id: Mapped[uuid.UUID]
    requester_role: Mapped[str]
    kind: Mapped[str]
    format: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    region_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("regions.id"))
    location_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("locations.id"))
    checklist: Mapped[str | None]
    by: Mapped[list[Any] | None]
    include: Mapped[list[Any] | None]
    language: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)

    status: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    of: Mapped[int | None] = mapped_column(BigInteger)
    failure: Mapped[str | None]

    location_numbers: Mapped[list[Any] | None]
    key: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
