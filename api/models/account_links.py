"""Links with which people choose a password: invitations, and replacements of forgotten passwords."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.people import LINK_PURPOSES
from api.models.base import Base, now, one_of


class AccountLink(Base):
    """The current link of a person for a purpose. A new one replaces it.

    The token in the link is derived from ``id`` and a key of the program, so that a mail can be sent again.
    """

    __tablename__ = "account_links"
    __table_args__ = (one_of("purpose", LINK_PURPOSES),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now)
