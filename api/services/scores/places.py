"""The locations and regions that a score covers, as far as the actor may see them."""

import uuid
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.database.statements import Row, Statement, row, rows
from api.domain import problems
from api.domain.access import Actor
from api.models.places import Location, Region
from api.services import visibility


def get_location(session: Session, actor: Actor, location_id: uuid.UUID) -> Row:
    """Return a location: ``number``, ``id``, ``region_id``, ``code``, ``name``, ``closed``.

    Begins a transaction, so that all later statements of the session read the same snapshot. Raises
    ``LOCATION_NOT_FOUND`` if it does not exist or the actor may not see it.
    """
    session.connection()
    locations = list_locations(session, actor, location_id=location_id)
    if not locations:
        raise problems.LOCATION_NOT_FOUND()
    return locations[0]


def get_region(session: Session, actor: Actor, region_id: uuid.UUID) -> Row:
    """Return a region: ``id``, ``code``, ``name``.

    Begins a transaction, so that all later statements of the session read the same snapshot. Raises
    ``REGION_NOT_FOUND`` if it does not exist or the actor may not see it.
    """
    session.connection()
    region = row(
        session, _region_statement(actor.role), region_id=region_id, **visibility.actor_parameters(actor)
    )
    if region is None:
        raise problems.REGION_NOT_FOUND()
    return region


def list_locations(session: Session, actor: Actor, **filters: uuid.UUID | None) -> list[Row]:
    """Return the locations that the actor may see, sorted by code.

    ``region_id`` selects those in or below a region, ``location_id`` a single one.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    return rows(
        session, _locations_statement(actor.role, *values), **values, **visibility.actor_parameters(actor)
    )


def list_regions(session: Session, actor: Actor, top_id: uuid.UUID | None) -> list[Row]:
    """Return the regions that the actor may see: ``id``, ``parent_id``, ``code``, ``name``, ``closed``.

    With ``top_id``, only that region and those below it.
    """
    values = {} if top_id is None else {"region_id": top_id}
    statement = _regions_statement(actor.role, top_id is not None)
    return rows(session, statement, **values, **visibility.actor_parameters(actor))


def format_place(place: Any) -> dict[str, Any]:
    """Return a location or region as scores name it: the fields of ``schemas.base.NamedPlace``."""
    return {"id": place.id, "code": place.code, "name": place.name}


@cache
def _region_statement(role: str) -> Statement:
    visible = visibility.regions(visibility.parametrized_actor(role))
    return Statement(
        select(Region.id, Region.code, Region.name).where(Region.id == bindparam("region_id"), visible)
    )


@cache
def _locations_statement(role: str, *filters: str) -> Statement:
    conditions = [visibility.locations(visibility.parametrized_actor(role))]
    if "region_id" in filters:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        conditions.append(Location.region_id.in_(visibility.select_subtree(top)))
    if "location_id" in filters:
        conditions.append(Location.id == bindparam("location_id"))
    columns = ("number", "id", "region_id", "code", "name", "closed")
    return Statement(
        select(*(getattr(Location, name) for name in columns)).where(*conditions).order_by(Location.code)
    )


@cache
def _regions_statement(role: str, is_below_top: bool) -> Statement:
    conditions = [visibility.regions(visibility.parametrized_actor(role))]
    if is_below_top:
        top = select(Region.id).where(Region.id == bindparam("region_id"))
        conditions.append(Region.id.in_(visibility.select_subtree(top)))
    return Statement(
        select(Region.id, Region.parent_id, Region.code, Region.name, Region.closed).where(*conditions)
    )
