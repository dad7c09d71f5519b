"""What every table shares: naming convention, random IDs and UTC times."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api.database.types import UtcTime

#: Constraints need names, or migrations could not change them on SQLite.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcTime,
        uuid.UUID: Uuid,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


def now() -> datetime:
    """Return the server's time, in UTC."""
    return datetime.now(UTC)


def new_version() -> int:
    """Return a random version. Unlike a count, it is never used twice, even after a backup is restored."""
    return secrets.randbits(62)


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """Return a named constraint: ``column`` has one of ``values``."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({quoted})", name=column)


class HasId:
    """Adds a random ID as the primary key. It reveals nothing about the order of creation."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
