"""Regions, which form a tree, and their locations, the stores."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Region(HasId, Base):
    """A part of the organization. Managers can be assigned to it."""

    __tablename__ = "regions"
    __table_args__ = (
        UniqueConstraint("organization_id", "code"),
        Index(None, "organization_id", "external_id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("regions.id"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    external_id: Mapped[str | None]
    closed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Location(Base):
    """A store. ``number`` is its short key in the totals, which no response contains."""

    __tablename__ = "locations"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("organization_id", "code"),
        Index(None, "organization_id", "external_id"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    code: Mapped[str]
    name: Mapped[str]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    time_zone: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    external_id: Mapped[str | None]
    closed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
