"""Quotas: how many visits the locations of a region are to have."""

import secrets
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.quotas import PERIODS, SEED_LENGTH
from api.models.base import Base, HasId, now, one_of


class Quota(HasId, Base):
    """The number of visits that each location at or below a region is to have in each period.

    ``days_between`` is the least number of days between two visits to a location. ``extra`` visits are drawn
    by lot from the secret ``seed``, on average that many for each visit.
    """

    __tablename__ = "quotas"
    __table_args__ = (
        UniqueConstraint("region_id", "checklist_id", "per"),
        Index(None, "organization_id", "created_at", "id"),
        one_of("per", tuple(PERIODS)),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"))
    visits: Mapped[int]
    per: Mapped[str]
    days_between: Mapped[int]
    extra: Mapped[float]
    seed: Mapped[bytes] = mapped_column(default=lambda: secrets.token_bytes(SEED_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=now)
