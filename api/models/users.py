"""Users, and the regions and locations of managers."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.access import ROLES
from api.models.base import Base, HasId, now, one_of


class User(HasId, Base):
    """A person of an organization. ``email`` is stored case-folded.

    ``password_hash`` is empty until they accept their invitation. ``language`` and ``time_zone`` are those
    of mails to them. ``disabled_at`` is null unless the account is disabled.

    An organization may have one row whose ``email`` and ``name`` are empty: the anonymous user, who stands
    for people that were deleted.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("organization_id", "email"),
        Index(None, "email"),
        one_of("role", ROLES),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"))
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


#: the condition that a row is a person, and not the anonymous user
IS_PERSON = User.email != ""
#: the name that others see; null for the anonymous user
SHOWN_NAME = func.nullif(User.name, "")


class UserRegion(Base):
    """Gives a manager access to a region and everything below it."""

    __tablename__ = "user_regions"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"), primary_key=True)


class UserLocation(Base):
    """Gives a manager access to a location."""

    __tablename__ = "user_locations"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("locations.id"), primary_key=True)
