"""Regions and locations: read, created and updated. Imports are in ``place_imports``."""

import uuid
from collections.abc import Iterable, Mapping, Set
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.database.search import contains, escape
from api.domain import problems
from api.domain.access import Actor
from api.domain.problems import FieldError
from api.domain.visits import WITHDRAWN
from api.models.base import new_version
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.visits import Visit
from api.services import visibility
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page
from api.services.scores.region_totals import list_moves

COORDINATES = ("latitude", "longitude")
MISSING_COORDINATE = "A position needs both a latitude and a longitude."


def get_region(session: Session, actor: Actor, region_id: uuid.UUID, *, lock: bool = False) -> Region:
    """Return a region that the actor may see; ``lock`` locks all regions of the organization for an update.

    Regions are updated one after the other, because two simultaneous moves could create a cycle.

    Raises REGION_NOT_FOUND.
    """
    if lock:
        lock_organization(session, actor.organization_id)
    region: Region | None = visibility.find(session, Region, region_id, visibility.regions(actor))
    if region is None:
        raise problems.REGION_NOT_FOUND()
    return region


def get_location(session: Session, actor: Actor, location_id: uuid.UUID, *, lock: bool = False) -> Location:
    """Return a location that the actor may see; ``lock`` locks its row for an update.

    The organization is locked first, as whoever edits places does. Otherwise two of them could deadlock.

    Raises LOCATION_NOT_FOUND.
    """
    if lock:
        lock_organization(session, actor.organization_id)
    visible = visibility.locations(actor)
    location: Location | None = visibility.find(session, Location, location_id, visible, lock=lock)
    if location is None:
        raise problems.LOCATION_NOT_FOUND()
    return location


def list_regions(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the regions that the actor may see, sorted by code; see ``_filter``."""
    query = _filter(select(Region).where(visibility.regions(actor)), Region, filters)
    return fetch_page(session, query, Region.code, Region.id, limit, cursor)


def list_locations(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the locations that the actor may see, sorted by code.

    ``within`` is the ID of a region; for other filters, see ``_filter``.
    """
    query = select(Location).where(visibility.locations(actor))
    if (top := filters.pop("within", None)) is not None:
        visible_top = select(Region.id).where(Region.id == top, visibility.regions(actor))
        query = query.where(Location.region_id.in_(visibility.select_subtree(visible_top)))
    query = _filter(query, Location, filters)
    return fetch_page(session, query, Location.code, Location.id, limit, cursor)


def create_region(session: Session, actor: Actor, values: Mapping[str, Any]) -> Region:
    """Create a region.

    Raises INVALID for an unknown parent, and ALREADY_EXISTS for a code in use.
    """
    _check_parent(session, actor, values.get("parent_id"))
    region = Region(organization_id=actor.organization_id, **values)
    _save(session, region)
    return region


def create_location(session: Session, actor: Actor, values: Mapping[str, Any]) -> Location:
    """Create a location.

    Raises INVALID for an unknown region or half a position, and ALREADY_EXISTS for a code in use.
    """
    _check_region(session, actor, values["region_id"], "/region_id")
    if missing := find_missing_coordinate(values):
        raise problems.invalid_field(f"/{missing}", MISSING_COORDINATE)
    location = Location(organization_id=actor.organization_id, **values)
    _save(session, location)
    return location


def update_region(session: Session, actor: Actor, region: Region, values: Mapping[str, Any]) -> Region:
    """Update a locked region.

    Raises INVALID for an unknown parent or one below the region, and ALREADY_EXISTS for a code in use.
    """
    parent_id = values.get("parent_id")
    if "parent_id" in values:
        if parent_id != region.parent_id:
            _check_parent(session, actor, parent_id)
        if parent_id is not None:
            subtree = visibility.select_subtree(select(Region.id).where(Region.id == region.id))
            if session.scalar(select(Region.id).where(Region.id == parent_id, Region.id.in_(subtree))):
                raise problems.invalid_field("/parent_id", "A region cannot be moved below itself.")
        if parent_id != region.parent_id:
            record_moves(session, actor, {region.parent_id, parent_id})
    _update(session, region, values)
    return region


def update_location(
    session: Session, actor: Actor, location: Location, values: Mapping[str, Any]
) -> Location:
    """Update a locked location. When it moves to another region, its visits and scores move with it.

    Raises INVALID for an unknown region or half a position, and ALREADY_EXISTS for a code in use.
    """
    if "region_id" in values:
        _check_region(session, actor, values["region_id"], "/region_id")
        if values["region_id"] != location.region_id:
            record_moves(session, actor, {location.region_id, values["region_id"]})
    if not values.keys().isdisjoint(COORDINATES):
        position = {name: values.get(name, getattr(location, name)) for name in COORDINATES}
        if missing := find_missing_coordinate(position):
            raise problems.invalid_field(f"/{missing}", MISSING_COORDINATE)
    _update(session, location, values)
    return location


def count_visits(session: Session, actor: Actor, location_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return the number of visits to each location that the actor may see, without those that were withdrawn.

    A location without visits is omitted.
    """
    query = (
        select(Visit.location_id, func.count())
        .where(Visit.location_id.in_(list(location_ids)), *_seen_visits(actor))
        .group_by(Visit.location_id)
    )
    return dict(session.execute(query).all())


def count_in_regions(
    session: Session, actor: Actor, region_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, tuple[int, int]]:
    """Return the number of locations that are directly in each region, and that of the visits to them.

    Only those count that the actor may see. A region without locations is omitted.
    """
    ids = list(region_ids)
    visits = dict(
        session.execute(
            select(Location.region_id, func.count())
            .join(Visit, Visit.location_id == Location.id)
            .where(Location.region_id.in_(ids), *_seen_visits(actor))
            .group_by(Location.region_id)
        ).all()
    )
    locations = session.execute(
        select(Location.region_id, func.count())
        .where(Location.region_id.in_(ids), visibility.locations(actor))
        .group_by(Location.region_id)
    )
    return {region_id: (count, visits.get(region_id, 0)) for region_id, count in locations}


def _seen_visits(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return visibility.watched_visits(actor), Visit.status.not_in(WITHDRAWN)


def _filter(query: Any, table: type[Any], filters: Mapping[str, Any]) -> Any:
    """Add filters: ``q`` is a part of code or name, ``status`` is open or closed, others a column's value."""
    for name, value in filters.items():
        if name == "q":
            query = query.where(contains(escape(value), table.code, table.name))
        elif name == "status":
            query = query.where(table.closed == (value == "closed"))
        else:
            query = query.where(getattr(table, name) == value)
    return query


def check_regions(session: Session, actor: Actor, region_ids: Iterable[uuid.UUID]) -> None:
    """Raise INVALID with a pointer to each region, at ``/region_ids``, that the actor may not see."""
    ids = list(region_ids)
    visible_ids = set(session.scalars(select(Region.id).where(Region.id.in_(ids), visibility.regions(actor))))
    errors = [
        FieldError(f"/region_ids/{index}", "This region does not exist.")
        for index, region_id in enumerate(ids)
        if region_id not in visible_ids
    ]
    if errors:
        raise problems.INVALID(errors=errors)


def _check_parent(session: Session, actor: Actor, parent_id: uuid.UUID | None) -> None:
    """Reject a parent that the actor may not see, and a region outside of the actor's own regions."""
    _check_region(session, actor, parent_id, "/parent_id")
    if parent_id is None and visibility.is_limited(session, actor):
        raise problems.invalid_field("/parent_id", "This API client may write only within its regions.")


def _check_region(session: Session, actor: Actor, region_id: uuid.UUID | None, field: str) -> None:
    if region_id is not None and not visibility.find(session, Region, region_id, visibility.regions(actor)):
        raise problems.invalid_field(field, "This region does not exist.")


def find_missing_coordinate(position: Mapping[str, Any]) -> str | None:
    """Return the name of the coordinate that is missing while the other one is present, or None."""
    missing = [name for name in COORDINATES if position.get(name) is None]
    return missing[0] if len(missing) == 1 else None


def record_moves(session: Session, actor: Actor, region_ids: Set[uuid.UUID | None]) -> None:
    """Record that places move from and to these regions: their scores change, and who sees the places may."""
    session.execute(
        update(Organization)
        .where(Organization.id == actor.organization_id)
        .values(place_moves=Organization.place_moves + 1)
    )
    list_moves(session, region_ids)


def update_columns(row: Any, values: Mapping[str, Any]) -> None:
    """Set columns of a row to ``values``."""
    for name, value in values.items():
        setattr(row, name, value)


def _update(session: Session, row: Any, values: Mapping[str, Any]) -> None:
    update_columns(row, values)
    _save(session, row)


def _save(session: Session, row: Any) -> None:
    session.add(row)
    store(session, row.organization_id, "This code is already in use.")


def store(session: Session, organization_id: uuid.UUID, detail: str) -> None:
    """Store changes of places; raises ALREADY_EXISTS with ``detail`` for a code that is in use."""
    new_places = update(Organization).where(Organization.id == organization_id)
    with session.no_autoflush:  # the organization is locked before the places
        session.execute(new_places.values(places_version=new_version()))
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS(detail) from None
