"""The regions that limit API clients and webhooks, each with everything below it."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.services.audit.recording import add_change

#: The column with the owner, of a table whose rows have an owner and a ``region_id``.
Owner = InstrumentedAttribute[uuid.UUID]


def replace_regions(session: Session, owner: Owner, row: Any, region_ids: Iterable[uuid.UUID]) -> None:
    """Limit an owner to regions, instead of those that limited it before. Without any, it has no limit.

    ``row`` is the API client or webhook that ``owner`` refers to.
    """
    table: Any = owner.class_
    new_ids = sorted(set(region_ids))
    add_change(session, row, "region_ids", read_regions(session, owner, [row.id])[row.id], new_ids)
    session.execute(delete(table).where(owner == row.id))
    session.add_all(table(**{owner.key: row.id}, region_id=region_id) for region_id in new_ids)
    session.flush()


def read_regions(
    session: Session, owner: Owner, owner_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return the IDs of the regions that limit each of the owners, sorted."""
    regions: dict[uuid.UUID, list[uuid.UUID]] = {owner_id: [] for owner_id in owner_ids}
    rows = select(owner, owner.class_.region_id).where(owner.in_(regions))
    for owner_id, region_id in session.execute(rows.order_by(owner.class_.region_id)):
        regions[owner_id].append(region_id)
    return regions
