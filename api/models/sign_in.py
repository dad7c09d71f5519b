"""Signing in: token families, and the numbers of failures."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, now


class TokenFamily(HasId, Base):
    """A session: one sign-in and all tokens that were issued for it since.

    ``current`` is the refresh token that was issued last, ``previous`` the one that it was issued for.
    ``previous`` works again until ``current`` is first used, because the response with ``current`` may have
    been lost. ``generation`` counts the refresh tokens that were used. A token of the current generation that
    is not ``current`` was revoked before its first use. ``device`` describes the browser in words, such as
    "Firefox on Windows". ``last_used_at`` is the time when tokens were issued last.
    """

    __tablename__ = "token_families"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), index=True)
    current: Mapped[uuid.UUID]
    previous: Mapped[uuid.UUID | None]
    generation: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    device: Mapped[str | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignInFailure(Base):
    """The number of failed sign-ins, or of forgotten passwords, in a window of time.

    The key is, for example, an account at an address.
    """

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_ends_at: Mapped[datetime] = mapped_column(index=True)
    failures: Mapped[int]
