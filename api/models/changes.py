"""Changes: the log of what API clients learn of, read by the change feed and sent to webhooks."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from api.models.base import Base, now


class current_transaction_id(FunctionElement[int]):
    """The ID of the transaction on PostgreSQL. On SQLite, where writers take turns, it is 0."""

    type = BigInteger()
    inherit_cache = True


@compiles(current_transaction_id, "sqlite")
def _compile_for_sqlite(_function: current_transaction_id, _compiler: SQLCompiler, **_options: Any) -> str:
    return "0"


@compiles(current_transaction_id, "postgresql")
def _compile_for_postgresql(
    _function: current_transaction_id, _compiler: SQLCompiler, **_options: Any
) -> str:
    return "(pg_current_xact_id()::text::bigint)"


class Change(Base):
    """A change, written in the transaction that causes it.

    Transactions can commit in another order than their numbers. A reader of PostgreSQL that only takes rows
    whose ``transaction_id`` is below the oldest transaction in progress, sorted by (transaction_id, number),
    misses none. The changes of one visit always become visible in the order of their numbers.

    ``data`` is fixed when the change happens, and never says who the shopper was. ``is_published`` is true
    once the worker has created the deliveries to webhooks.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index(None, "organization_id", "transaction_id", "number"),
        Index(
            "ix_changes_unpublished",
            "number",
            postgresql_where=text("NOT is_published"),
            sqlite_where=text("is_published = 0"),
        ),
        # A number is never used twice, even if the last row was removed.
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, server_default=current_transaction_id())
    # Without foreign keys, which would lock the same two rows in every submission. The visit has them.
    organization_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    kind: Mapped[str]
    visit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"))
    revision: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    is_published: Mapped[bool] = mapped_column(default=False)
