"""The installation: its name in tokens, and how its database is connected with its photo store."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now


class Installation(Base):
    """The only row, which a migration creates. ``token_issuer`` names the installation in its tokens.

    ``store_mark`` is the mark that the photo store has. ``former_store_mark`` is the previous one. The store
    still has it if a process ended after it wrote the new mark to the database and before it wrote it to the
    store.
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token_issuer: Mapped[uuid.UUID | None]
    store_mark: Mapped[str]
    former_store_mark: Mapped[str | None]
    marked_at: Mapped[datetime] = mapped_column(default=now)


class UnneededObject(Base):
    """An object of the photo store that a sweep found unneeded. The next sweep may remove it."""

    __tablename__ = "unneeded_objects"

    key: Mapped[str] = mapped_column(primary_key=True)
    found_at: Mapped[datetime] = mapped_column(default=now)
