"""Rows that other rows refer to."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session


def read_by_id(session: Session, table: type[Any], ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Any]:
    """Return the rows of a table with these IDs, by ID. None among the IDs is ignored."""
    wanted = {row_id for row_id in ids if row_id is not None}
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(wanted)))}
