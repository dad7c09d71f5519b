"""Organizations that run a mystery-shopping programme."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.disputes import ANSWER_DAYS, DISPUTE_DAYS
from api.models.base import Base, HasId, new_version, now

#: those of the built-in checklists
DEFAULT_LANGUAGES = ["en", "es"]


class Organization(HasId, Base):
    """A company with its stores, people and checklists. Organizations share nothing.

    ``accent_color`` is the colour of its pages, as #rrggbb. ``accept_every_minutes`` is the length of its
    acceptance periods; null means that of the program. ``languages`` are those that its checklists are
    written in. ``require_second_factor`` are the roles whose people must have a second factor. Both are never
    null, although the columns, which were added later, allow it. ``logo_sha256`` is the hash of its logo, if
    it has one. Photos and personal data of visits are removed after ``keep_photos_months`` and
    ``keep_personal_data_months``; null means never. Managers hear of a location that has had no visit for
    ``no_visit_alert_days``; null means never. A visit can be disputed for ``dispute_days`` after its
    acceptance; 0 means never. A dispute is overdue after ``answer_days``. Shoppers are paid in ``currency``,
    or not at all if it is null: ``default_fee`` for a visit, and up to ``max_expenses`` in addition, in its
    smallest unit. They read ``briefing`` before a visit; each change of its text counts in
    ``briefing_version``. ``place_moves`` counts the locations and regions that were moved to another region,
    which may change what managers and API clients see. ``places_version`` is a new one after each
    edit of either.
    """

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(unique=True)
    lockout_days: Mapped[int] = mapped_column(default=30)
    accent_color: Mapped[str | None]
    accept_every_minutes: Mapped[int | None]
    languages: Mapped[list[Any]] = mapped_column(nullable=True, default=DEFAULT_LANGUAGES)
    require_second_factor: Mapped[list[Any]] = mapped_column(nullable=True, default=list)
    logo_sha256: Mapped[str | None]
    keep_photos_months: Mapped[int | None]
    keep_personal_data_months: Mapped[int | None]
    dispute_days: Mapped[int] = mapped_column(default=DISPUTE_DAYS, server_default=str(DISPUTE_DAYS))
    answer_days: Mapped[int] = mapped_column(default=ANSWER_DAYS, server_default=str(ANSWER_DAYS))
    no_visit_alert_days: Mapped[int | None] = mapped_column(default=90)
    currency: Mapped[str | None]
    default_fee: Mapped[int | None]
    max_expenses: Mapped[int | None]
    briefing: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    briefing_version: Mapped[int] = mapped_column(default=0, server_default="0")
    place_moves: Mapped[int] = mapped_column(default=0, server_default="0")
    places_version: Mapped[int] = mapped_column(BigInteger, default=new_version, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=now)


class OrganizationLogo(Base):
    """The bytes of an organization's logo, as PNG."""

    __tablename__ = "organization_logos"

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    data: Mapped[bytes]
