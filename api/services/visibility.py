"""The one place that says which rows an actor may see, as filters that every query passes through."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from api.domain.access import MANAGER, Actor
from api.models.places import Location, Region
from api.models.users import UserLocation, UserRegion
from api.models.visits import Visit

#: the sessions of nobody
NO_FAMILY = uuid.UUID(int=0)


def select_subtree(seeds: Select[uuid.UUID]) -> Select[uuid.UUID]:
    """Return the ids of the regions that ``seeds`` selects and of all regions below them."""
    # Without a name, since a query may ask for more than one tree.
    tree = seeds.cte(recursive=True)
    tree = tree.union(select(Region.id).where(Region.parent_id == tree.c[0]))
    return select(tree.c[0])


def regions(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for regions: a manager sees those he is named for, and below."""
    in_organization = Region.organization_id == actor.organization_id
    if actor.sees_everything:
        return in_organization
    if actor.role == MANAGER:
        return and_(in_organization, Region.id.in_(_regions_of(actor)))
    return false()


def locations(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for locations: a manager sees those named for him and those of his regions."""
    in_organization = Location.organization_id == actor.organization_id
    if actor.sees_everything:
        return in_organization
    if actor.role == MANAGER:
        named = select(UserLocation.location_id).where(UserLocation.user_id == actor.id)
        return and_(in_organization, or_(Location.id.in_(named), Location.region_id.in_(_regions_of(actor))))
    return false()


def parametrized_actor(role: str) -> Actor:
    """Return an actor of a role whose ids are parameters, for statements that are built once."""
    parameters: dict[str, Any] = {
        "id": bindparam("actor_id"),
        "organization_id": bindparam("actor_organization_id"),
    }
    return Actor(**parameters, role=role, family_id=NO_FAMILY)


def actor_parameters(actor: Actor) -> dict[str, uuid.UUID]:
    """Return the parameters of a statement that was built for ``anyone``."""
    return {"actor_id": actor.id, "actor_organization_id": actor.organization_id}


def own_visits(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for the visits that the actor makes himself."""
    return and_(Visit.shopper_id == actor.id, Visit.organization_id == actor.organization_id)


def watched_visits(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for others' visits: managers see accepted ones only, of their locations."""
    in_organization = Visit.organization_id == actor.organization_id
    if actor.sees_everything:
        return in_organization
    if actor.role == MANAGER:
        theirs = select(Location.id).where(locations(actor))
        return and_(in_organization, Visit.status == "accepted", Visit.location_id.in_(theirs))
    return false()


def find(
    session: Session,
    table: type[Any],
    row_id: uuid.UUID,
    visible: ColumnElement[bool],
    *,
    lock: bool = False,
) -> Any | None:
    """Return the row with that id if the filter lets it be seen, else None.

    ``lock`` holds it for an edit, and reads anew what this session may have read before.
    """
    query = select(table).where(table.id == row_id, visible)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _regions_of(actor: Actor) -> Select[uuid.UUID]:
    return select_subtree(select(UserRegion.region_id).where(UserRegion.user_id == actor.id))
