"""The state of scores: values that change whenever a score may have changed, and cost little to read."""

import uuid
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import Session

from api.database.statements import Query, fetch_all, fetch_one
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
    versions = fetch_one(session, _VERSIONS, organization_id=actor.organization_id)
    assert versions is not None
    changes = sorted(change.id for change in list_changes(session, actor.organization_id))
    checklists = map(str, list_latest_version_ids(session, actor.organization_id))
    assigned = _ASSIGNED.get(actor.role)
    places = fetch_all(session, assigned, actor_id=actor.id) if assigned else []
    return [*versions, changes, *checklists, *sorted(str(place.id) for place in places)]


class _Versions(NamedTuple):
    places: int
    region_totals: int | None


class _PlaceId(NamedTuple):
    id: uuid.UUID


_VERSIONS = Query(
    _Versions,
    select(Organization.places_version.label("places"), RegionTotalsVersion.version.label("region_totals"))
    .join(RegionTotalsVersion, RegionTotalsVersion.organization_id == Organization.id, isouter=True)
    .where(Organization.id == bindparam("organization_id")),
)
_OF_CLIENT = ApiClientRegion.client_id == bindparam("actor_id")
#: The places that limit what people and API clients may see, by role
_ASSIGNED = {
    CLIENT: Query(_PlaceId, select(ApiClientRegion.region_id.label("id")).where(_OF_CLIENT)),
    MANAGER: Query(
        _PlaceId,
        union_all(
            select(UserRegion.region_id.label("id")).where(UserRegion.user_id == bindparam("actor_id")),
            select(UserLocation.location_id).where(UserLocation.user_id == bindparam("actor_id")),
        ),
    ),
}
