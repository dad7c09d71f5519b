"""The locations and regions that a score covers, limited to those that the actor may see."""

import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain import problems
from api.domain.access import Actor
from api.models.places import Location, Region
from api.services import visibility

_LOCATION_COLUMNS = ("number", "id", "region_id", "code", "name", "closed")
_LOCATIONS = select(Location.number, Location.id, Location.code, Location.name).where(
    among(Location.number, "numbers")
)
#: A location or region: a row with ``id``, ``code``, ``name`` and further columns
Place = Row[*tuple[Any, ...]]


def get_location(session: Session, actor: Actor, location_id: uuid.UUID) -> Place:
    """Return a location: ``number``, ``id``, ``region_id``, ``code``, ``name``, ``closed``.

    Raises ``LOCATION_NOT_FOUND`` if it does not exist or the actor may not see it.
    """
    locations = list_locations(session, actor, location_id=location_id)
    if not locations:
        raise problems.LOCATION_NOT_FOUND()
    return locations[0]


def get_region(session: Session, actor: Actor, region_id: uuid.UUID) -> Place:
    """Return a region: ``id``, ``code``, ``name``.

    Raises ``REGION_NOT_FOUND`` if it does not exist or the actor may not see it.
    """
    parameters = {"region_id": region_id, **visibility.actor_parameters(actor)}
    region = session.connection().execute(_region_statement(actor.role), parameters).first()
    if region is None:
        raise problems.REGION_NOT_FOUND()
    return region


def list_locations(session: Session, actor: Actor, **filters: uuid.UUID | None) -> Sequence[Place]:
    """Return the locations that the actor may see, sorted by code, with the columns of ``get_location``.

    ``region_id`` selects those in or below a region, ``location_id`` a single one.
    """
    return _list_locations(session, actor, _LOCATION_COLUMNS, filters)


def list_location_codes(session: Session, actor: Actor, **filters: uuid.UUID | None) -> Sequence[Place]:
    """Return what ``list_locations`` does, but only ``number``, ``code`` and ``closed``.

    On SQLite, most of the time for a location goes into the conversion of its IDs.
    """
    return _list_locations(session, actor, ("number", "code", "closed"), filters)


def read_locations(session: Session, numbers: Sequence[int]) -> dict[int, Place]:
    """Return locations by their numbers: ``number``, ``id``, ``code``, ``name``."""
    return {place.number: place for place in session.connection().execute(_LOCATIONS, {"numbers": numbers})}


def _list_locations(
    session: Session, actor: Actor, columns: tuple[str, ...], filters: Mapping[str, uuid.UUID | None]
) -> Sequence[Place]:
    values = {name: value for name, value in filters.items() if value is not None}
    statement = _locations_statement(actor.role, columns, *values)
    return session.connection().execute(statement, {**values, **visibility.actor_parameters(actor)}).all()


def list_regions(session: Session, actor: Actor, top_id: uuid.UUID | None) -> Sequence[Place]:
    """Return the regions that the actor may see: ``id``, ``parent_id``, ``code``, ``name``, ``closed``.

    With ``top_id``, only that region and those below it.
    """
    values = {} if top_id is None else {"region_id": top_id}
    statement = _regions_statement(actor.role, top_id is not None)
    return session.connection().execute(statement, {**values, **visibility.actor_parameters(actor)}).all()


def format_place(place: Place) -> dict[str, Any]:
    """Return a location or region as scores name it: the fields of ``schemas.base.NamedPlace``."""
    return {"id": place.id, "code": place.code, "name": place.name}


@cache
def _region_statement(role: str) -> Select[*tuple[Any, ...]]:
    visible = visibility.regions(visibility.parametrized_actor(role))
    return select(Region.id, Region.code, Region.name).where(Region.id == bindparam("region_id"), visible)


@cache
def _locations_statement(role: str, columns: tuple[str, ...], *filters: str) -> Select[*tuple[Any, ...]]:
    conditions = [visibility.locations(visibility.parametrized_actor(role))]
    if "region_id" in filters:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        conditions.append(Location.region_id.in_(visibility.select_subtree(top)))
    if "location_id" in filters:
        conditions.append(Location.id == bindparam("location_id"))
    statement = select(*(getattr(Location, name) for name in columns)).where(*conditions)
    return statement.order_by(Location.code)


@cache
def _regions_statement(role: str, is_below_top: bool) -> Select[*tuple[Any, ...]]:
    conditions = [visibility.regions(visibility.parametrized_actor(role))]
    if is_below_top:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        conditions.append(Region.id.in_(visibility.select_subtree(top)))
    return select(Region.id, Region.parent_id, Region.code, Region.name, Region.closed).where(*conditions)
