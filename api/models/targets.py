"""Targets: scores that locations and regions are to reach."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Target(HasId, Base):
    """The score that a location or a region is to reach over the latest ``months``.

    ``section`` is the key of a section of the checklist; null for whole visits.
    """

    __tablename__ = "targets"
    __table_args__ = (
        CheckConstraint("(region_id IS NULL) <> (location_id IS NULL)", name="place"),
        Index(None, "organization_id", "created_at", "id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    region_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("regions.id"))
    location_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("locations.id"))
    section: Mapped[str | None]
    score: Mapped[float]
    months: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
