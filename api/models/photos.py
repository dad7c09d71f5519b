"""Photos: what a phone declared, and what is stored."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now, one_of

#: A removed photo was stored; its pictures were deleted when the organization no longer kept them.
PHOTO_STATUSES = ("awaiting_upload", "stored", "unusable", "removed")
#: the statuses of photos that have arrived
ARRIVED = ("stored", "removed")
#: The same condition as in the index, word for word. Otherwise the databases do not use the index.
NOT_STORED = text("status = 'awaiting_upload'")


class Photo(Base):
    """A photo of a visit. The phone chooses its ID.

    ``question`` is null if the photo shows that the store was closed, or if it ``is_receipt``: then it is for
    the shopper and reviewers alone.
    ``upload_key`` is the store's key of the uploaded file, ``key`` and ``thumbnail_key`` are those of the
    pictures that are kept, and null once these are removed.
    ``band_0`` … ``band_3`` are the difference hash in four parts. Two hashes that differ in at most three
    bits have at least one part in common, so an index finds similar photos among a million.
    ``seen_in_visit_id`` and ``seen_photo_id`` refer to the same picture in another visit.
    """

    __tablename__ = "photos"
    __table_args__ = (
        Index(None, "organization_id", "sha256"),
        *(Index(None, "organization_id", f"band_{band}") for band in range(4)),
        # Contains only photos that are not stored yet: few rows, which the metrics count.
        Index(None, "declared_at", sqlite_where=NOT_STORED, postgresql_where=NOT_STORED),
        # Contains only receipts, so that those without an expense are found among a million photos.
        Index(
            "ix_photos_receipts",
            "declared_at",
            sqlite_where=text("is_receipt = 1"),
            postgresql_where=text("is_receipt"),
        ),
        one_of("status", PHOTO_STATUSES),
    )

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    question: Mapped[str | None]
    is_receipt: Mapped[bool] = mapped_column(default=False, server_default=false())
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

    @property
    def has_arrived(self) -> bool:
        """Whether the photo was stored, even if its pictures were removed since."""
        return self.status in ARRIVED
