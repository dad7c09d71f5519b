"""Photos: what a phone declared, and what was kept of the bytes that came."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now, one_of

PHOTO_STATUSES = ("awaiting_upload", "stored", "unusable")
#: in the words of the index, by which alone it is found to serve a query
NOT_STORED = text("status = 'awaiting_upload'")


class Photo(Base):
    """A photo of a visit, under the id that the phone gave it.

    ``question`` is empty where the photo shows that the store was closed.
    ``upload_key`` names the bytes as they came, ``key`` and ``thumbnail_key`` the pictures that are kept.
    ``band_0`` … ``band_3`` are the difference hash in four pieces: two hashes that differ in three bits or
    fewer agree in one piece at least, which an index finds among a million photos. ``seen_in_visit_id`` and
    ``seen_photo_id`` name the same picture in another visit.
    """

    __tablename__ = "photos"
    __table_args__ = (
        Index(None, "organization_id", "sha256"),
        *(Index(None, "organization_id", f"band_{band}") for band in range(4)),
        # Of photos on their way alone: few rows, which operators count.
        Index(None, "declared_at", sqlite_where=NOT_STORED, postgresql_where=NOT_STORED),
        one_of("status", PHOTO_STATUSES),
    )

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    question: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="awaiting_upload")
    sha256: Mapped[str]
    size: Mapped[int]
    content_type: Mapped[str]
    upload_key: Mapped[str]
    declared_taken_at: Mapped[datetime | None]
    declared_position: Mapped[dict[str, Any] | None]
    declared_at: Mapped[datetime] = mapped_column(default=now)

    key: Mapped[str | None]
    thumbnail_key: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    difference_hash: Mapped[str | None]
    band_0: Mapped[int | None]
    band_1: Mapped[int | None]
    band_2: Mapped[int | None]
    band_3: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    position: Mapped[dict[str, Any] | None]
    make: Mapped[str | None]
    seen_in_visit_id: Mapped[uuid.UUID | None]
    seen_photo_id: Mapped[uuid.UUID | None]
    stored_at: Mapped[datetime | None]
    unusable_reason: Mapped[str | None]
