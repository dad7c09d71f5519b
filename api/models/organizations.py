"""Organizations that run a mystery-shopping programme."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Organization(HasId, Base):
    """A company with its stores, people and checklists. Organizations share nothing.

    ``accent_color`` is the colour of its pages, as #rrggbb. ``place_moves`` counts the locations and regions
    that were moved to another region, which may change what managers and API clients see.
    """

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(unique=True)
    lockout_days: Mapped[int] = mapped_column(default=30)
    accent_color: Mapped[str | None]
    place_moves: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=now)
