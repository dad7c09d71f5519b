"""The state of scores: values that change whenever a score may have changed, and cost little to read."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import Session

from api.domain.access import CLIENT, MANAGER, Actor
from api.models.api_clients import ApiClientRegion
from api.models.organizations import Organization
from api.models.scores import RegionTotalsVersion
from api.models.users import UserLocation, UserRegion
from api.services.scores.region_totals import list_changes
from api.services.scores.subjects import list_latest_version_ids


def read_state(session: Session, actor: Actor) -> list[Any]:
    """Return what the scores that an actor may see depend on, apart from the query.

    These are the totals, the places and their names, the checklists, and what the actor may see of them. All
    values are texts or numbers.
    """
    connection, parameters = session.connection(), {"organization_id": actor.organization_id}
    versions = connection.execute(_VERSIONS, parameters).one()
    changes = [change.id for change in list_changes(session, actor.organization_id)]
    checklists = map(str, list_latest_version_ids(session, actor.organization_id))
    return [*versions, sorted(changes), *checklists, *_read_assigned_places(session, actor)]


def _read_assigned_places(session: Session, actor: Actor) -> list[str]:
    """Return the IDs of the places that limit what the actor may see, sorted."""
    statement = _assigned_places(actor.role)
    if statement is None:
        return []
    return sorted(map(str, session.connection().scalars(statement, {"actor_id": actor.id})))


_VERSIONS = (
    select(Organization.places_version, RegionTotalsVersion.version)
    .join(RegionTotalsVersion, RegionTotalsVersion.organization_id == Organization.id, isouter=True)
    .where(Organization.id == bindparam("organization_id"))
)


@cache
def _assigned_places(role: str) -> Any:
    if role == CLIENT:
        return select(ApiClientRegion.region_id).where(ApiClientRegion.client_id == bindparam("actor_id"))
    if role == MANAGER:
        return union_all(
            select(UserRegion.region_id).where(UserRegion.user_id == bindparam("actor_id")),
            select(UserLocation.location_id).where(UserLocation.user_id == bindparam("actor_id")),
        )
    return None
