"""Second factors: the secret of an authenticator app, and recovery codes in place of it."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, now


class SecondFactor(Base):
    """The second factor of a person. It is not in use until ``confirmed_at`` is set.

    ``secret`` is encrypted. ``last_step`` is the time step of the code that was used last: neither this code
    nor an earlier one is accepted again.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Base):
    """A recovery code that was not used yet. Its row is deleted when it is used."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_sha256: Mapped[str] = mapped_column(primary_key=True)
