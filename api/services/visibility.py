"""The one place that defines which rows an actor may see, as filters that every query uses."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from api.domain.access import ADMIN, CLIENT, MANAGER, Actor
from api.models.api_clients import ApiClientRegion
from api.models.disputes import Dispute
from api.models.messages import Message
from api.models.places import Location, Region
from api.models.quotas import Quota
from api.models.saved_views import SavedView
from api.models.targets import Target
from api.models.users import UserLocation, UserRegion
from api.models.visits import Visit
from api.models.webhooks import Webhook


def select_subtree(roots: Select[uuid.UUID]) -> Select[uuid.UUID]:
    """Return the query for the IDs of the regions that ``roots`` selects and of all regions below them."""
    # The common table expression has no name, because one query may contain several subtrees.
    tree = roots.cte(recursive=True)
    tree = tree.union(select(Region.id).where(Region.parent_id == tree.c[0]))
    return select(tree.c[0])


def regions(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for regions: managers see the regions assigned to them, and all regions below."""
    in_organization = Region.organization_id == actor.organization_id
    if actor.can_see_everything:
        return in_organization
    if actor.role == MANAGER:
        return and_(in_organization, Region.id.in_(_select_managed_regions(actor)))
    if actor.role == CLIENT:
        return and_(in_organization, _in_client_regions(actor, Region.id))
    return false()


def locations(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for locations: managers see those assigned to them, and those of their regions."""
    in_organization = Location.organization_id == actor.organization_id
    if actor.can_see_everything:
        return in_organization
    if actor.role == MANAGER:
        assigned = select(UserLocation.location_id).where(UserLocation.user_id == actor.id)
        in_regions = Location.region_id.in_(_select_managed_regions(actor))
        return and_(in_organization, or_(Location.id.in_(assigned), in_regions))
    if actor.role == CLIENT:
        return and_(in_organization, _in_client_regions(actor, Location.region_id))
    return false()


def is_limited(session: Session, actor: Actor) -> bool:
    """Return whether the actor may see only some of the organization's regions."""
    if actor.role == CLIENT:
        return session.scalar(select(_select_client_regions(actor).exists())) is True
    return not actor.can_see_everything


def parametrized_actor(role: str) -> Actor:
    """Return an actor whose IDs are bind parameters, for statements that are built once per role."""
    parameters: dict[str, Any] = {
        "id": bindparam("actor_id"),
        "organization_id": bindparam("actor_organization_id"),
    }
    return Actor(**parameters, role=role)


def actor_parameters(actor: Actor) -> dict[str, uuid.UUID]:
    """Return the parameters of a statement that was built for a ``parametrized_actor``."""
    return {"actor_id": actor.id, "actor_organization_id": actor.organization_id}


def own_visits(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for the visits that are assigned to the actor."""
    return and_(Visit.shopper_id == actor.id, Visit.organization_id == actor.organization_id)


def watched_visits(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for visits of other people.

    Managers and API clients see only accepted ones, at their locations.
    """
    visible = planned_visits(actor)
    return visible if actor.can_see_everything else and_(Visit.status == "accepted", visible)


def planned_visits(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for visits of every status at the locations that the actor may see."""
    in_organization = Visit.organization_id == actor.organization_id
    if actor.can_see_everything:
        return in_organization
    if actor.role in (MANAGER, CLIENT):
        return and_(in_organization, Visit.location_id.in_(select(Location.id).where(locations(actor))))
    return false()


def disputes(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for disputes: managers and API clients see those of visits at their locations.

    They still see a dispute whose visit is no longer accepted. It shows nothing that they did not see before.
    Nobody sees disputes of visits that they made: shoppers do not learn that a store disputes.
    """
    of_others = Dispute.visit_id.not_in(select(Visit.id).where(own_visits(actor)))
    in_organization = and_(Dispute.organization_id == actor.organization_id, of_others)
    if actor.can_see_everything:
        return in_organization
    return and_(in_organization, Dispute.visit_id.in_(select(Visit.id).where(planned_visits(actor))))


def quotas(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for quotas: those of regions that the actor may see."""
    in_organization = Quota.organization_id == actor.organization_id
    if actor.can_see_everything:
        return in_organization
    return and_(in_organization, Quota.region_id.in_(select(Region.id).where(regions(actor))))


def targets(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for targets: those of locations and regions that the actor may see."""
    in_organization = Target.organization_id == actor.organization_id
    if actor.can_see_everything:
        return in_organization
    return and_(
        in_organization,
        or_(
            Target.region_id.in_(select(Region.id).where(regions(actor))),
            Target.location_id.in_(select(Location.id).where(locations(actor))),
        ),
    )


def own_messages(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for the messages about the actor's own visits."""
    return Message.visit_id.in_(select(Visit.id).where(own_visits(actor)))


def reviewed_messages(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for the messages that reviewers see: those about visits of other people."""
    in_organization = Message.organization_id == actor.organization_id
    return and_(in_organization, ~own_messages(actor)) if actor.can_see_everything else false()


def webhooks(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for webhooks: administrators see all, API clients those that they created."""
    in_organization = Webhook.organization_id == actor.organization_id
    if actor.role == CLIENT:
        return and_(in_organization, Webhook.creator_id == actor.id)
    return in_organization if actor.role == ADMIN else false()


def saved_views(actor: Actor) -> ColumnElement[bool]:
    """Return the filter for saved views: one's own, and shared ones of pages that the actor has."""
    shared = (
        SavedView.shared if actor.can_see_everything else and_(SavedView.shared, ~SavedView.for_reviewers)
    )
    return and_(
        SavedView.organization_id == actor.organization_id, or_(SavedView.owner_id == actor.id, shared)
    )


def find(
    session: Session,
    table: type[Any],
    row_id: uuid.UUID,
    visible: ColumnElement[bool],
    *,
    lock: bool = False,
) -> Any | None:
    """Return the row with this ID if it passes the filter ``visible``, else None.

    ``lock`` locks the row for an update, and refreshes it if this session has read it before.
    """
    query = select(table).where(table.id == row_id, visible)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _in_client_regions(actor: Actor, region_id: SQLColumnExpression[uuid.UUID]) -> ColumnElement[bool]:
    """Return the filter for a region's ID: an API client without regions covers the whole organization."""
    roots = _select_client_regions(actor)
    return or_(~roots.exists(), region_id.in_(select_subtree(roots)))


def _select_client_regions(actor: Actor) -> Select[uuid.UUID]:
    return select(ApiClientRegion.region_id).where(ApiClientRegion.client_id == actor.id)


def _select_managed_regions(actor: Actor) -> Select[uuid.UUID]:
    return select_subtree(select(UserRegion.region_id).where(UserRegion.user_id == actor.id))
