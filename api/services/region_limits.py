"""The regions that limit API clients and webhooks, each with everything below it."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

#: The column with the owner, of a table whose rows have an owner and a ``region_id``.
Owner = InstrumentedAttribute[uuid.UUID]


def replace_regions(
    session: Session, owner: Owner, owner_id: uuid.UUID, region_ids: Iterable[uuid.UUID]
) -> None:
    """Limit an owner to regions, instead of those that limited it before. Without any, it has no limit."""
    table: Any = owner.class_
    session.execute(delete(table).where(owner == owner_id))
    session.add_all(
        table(**{owner.key: owner_id}, region_id=region_id) for region_id in dict.fromkeys(region_ids)
    )
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
