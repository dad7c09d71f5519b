"""Coverage: the totals that add up to a score of many places.

Regions with everything below them have totals of their own. Where those do not include the latest changes,
the totals of what is below are read instead.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain.access import MANAGER, Actor
from api.domain.months import Period
from api.models.places import Location, Region
from api.services import visibility
from api.services.scores.places import list_regions
from api.services.scores.region_totals import Regions


class Part(NamedTuple):
    """Regions with everything below them, or single locations, in some months."""

    region_ids: Sequence[uuid.UUID]
    location_numbers: Sequence[int]
    months: Sequence[int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Places that do not overlap, with each of their months once.

    ``owners`` says which of the requested regions each region or location number belongs to.
    """

    parts: Sequence[Part]
    owners: Mapping[uuid.UUID | int, uuid.UUID]


def cover_regions(
    session: Session, regions: Regions, region_ids: Iterable[uuid.UUID], period: Period
) -> Coverage:
    """Return what covers these regions, of which none is below another, with everything below them."""
    changed = regions.find_changed_months(regions.changes)
    up_to_date: dict[frozenset[int], list[uuid.UUID]] = defaultdict(list)
    parents_of_locations: dict[frozenset[int], list[uuid.UUID]] = defaultdict(list)
    owners: dict[uuid.UUID | int, uuid.UUID] = {}

    def cover(region_id: uuid.UUID, months: frozenset[int], owner: uuid.UUID) -> None:
        changed_months = changed.get(region_id, frozenset())
        below = months if changed_months is None else months & changed_months
        owners[region_id] = owner
        if months != below:
            up_to_date[months - below].append(region_id)
        if below:
            parents_of_locations[below].append(region_id)
            for child_id in regions.children[region_id]:
                cover(child_id, below, owner)

    for region_id in region_ids:
        cover(region_id, frozenset(period.months), region_id)
    parts = [Part(ids, (), sorted(months)) for months, ids in up_to_date.items()]
    for months, ids in parents_of_locations.items():
        locations = session.connection().execute(_LOCATIONS, {"region_ids": ids}).all()
        owners.update((number, owners[region_id]) for number, region_id in locations)
        parts.append(Part((), [number for number, _ in locations], sorted(months)))
    return Coverage(parts, owners)


def cover_everything(session: Session, actor: Actor, regions: Regions, period: Period) -> Coverage:
    """Return what covers all locations that the actor may see."""
    visible = {region.id: region.parent_id for region in list_regions(session, actor, None)}
    tops = [region_id for region_id, parent_id in visible.items() if parent_id not in visible]
    coverage = cover_regions(session, regions, tops, period)
    if actor.role != MANAGER:
        return coverage
    # Managers can be assigned to single locations, too.
    numbers = session.connection().scalars(_assigned_locations(), visibility.actor_parameters(actor)).all()
    return Coverage([*coverage.parts, Part((), numbers, period.months)], coverage.owners)


@cache
def _assigned_locations() -> Select[int]:
    manager = visibility.parametrized_actor(MANAGER)
    in_regions = select(Region.id).where(visibility.regions(manager))
    return select(Location.number).where(visibility.locations(manager), Location.region_id.not_in(in_regions))


_LOCATIONS: Select[int, uuid.UUID] = select(Location.number, Location.region_id).where(
    among(Location.region_id, "region_ids")
)
