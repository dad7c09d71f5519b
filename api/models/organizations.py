"""Organizations that run a mystery-shopping programme."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class Organization(HasId, Base):
    """A company with its stores, people and checklists. Organizations share nothing.

    ``accent_color`` is the colour of its pages, as #rrggbb.
    """

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(unique=True)
    lockout_days: Mapped[int] = mapped_column(default=30)
    accent_color: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
