"""The queue of reviewers: the visits that wait for a decision, and who is looking at which of them."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.reviews import CLAIM_TIME, FREE, MINE, UNFLAGGED
from api.models.base import now
from api.models.checklists import Checklist, ChecklistVersion
from api.models.places import Location, Region
from api.models.reviews import ReviewClaim
from api.models.submissions import Flag
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services import visibility
from api.services.paging import Page, fetch_page
from api.services.reviews import lock_visit


def list_waiting(
    session: Session, actor: Actor, limit: int, cursor: str | None, filters: Mapping[str, Any]
) -> Page:
    """Return a page of (visit, location) that wait for a decision, the longest waiting first.

    Visits of the actor are not included: that one waits may disclose that it was flagged.
    The filters are flag (the code of a flag, or UNFLAGGED), location_id, region_id (with all regions below),
    checklist_key, waiting_hours (at least so many) and claimed (one of CLAIMED).
    """
    query = (
        select(Visit, Location)
        .join(Location, Location.id == Visit.location_id)
        .where(
            visibility.watched_visits(actor),
            Visit.waiting_since.is_not(None),
            Visit.shopper_id != actor.id,
            *_build_conditions(actor, filters),
        )
    )
    return fetch_page(session, query, Visit.waiting_since, Visit.id, limit, cursor)


def _build_conditions(actor: Actor, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if (flag := filters.get("flag")) is not None:
        flags = select(Flag.number).where(Flag.visit_id == Visit.id)
        has_flag = flags.exists() if flag == UNFLAGGED else flags.where(Flag.code == flag).exists()
        conditions.append(~has_flag if flag == UNFLAGGED else has_flag)
    if (hours := filters.get("waiting_hours")) is not None:
        conditions.append(Visit.waiting_since <= now() - timedelta(hours=hours))
    if (claimed := filters.get("claimed")) is not None:
        is_mine = ReviewClaim.reviewer_id == actor.id
        claims = select(ReviewClaim.visit_id).where(
            ReviewClaim.expires_at > now(), is_mine if claimed == MINE else ~is_mine
        )
        is_claimed = Visit.id.in_(claims)
        conditions.append(~is_claimed if claimed == FREE else is_claimed)
    return conditions + place_conditions(actor, filters)


def place_conditions(actor: Actor, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters location_id, region_id and checklist_key on visits."""
    conditions: list[ColumnElement[bool]] = []
    if (location_id := filters.get("location_id")) is not None:
        conditions.append(Visit.location_id == location_id)
    if (region_id := filters.get("region_id")) is not None:
        subtree = visibility.select_subtree(select(Region.id).where(Region.id == region_id))
        conditions.append(Location.region_id.in_(subtree))
    if (key := filters.get("checklist_key")) is not None:
        versions = (
            select(ChecklistVersion.id)
            .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
            .where(Checklist.key == key, Checklist.organization_id == actor.organization_id)
        )
        conditions.append(Visit.checklist_version_id.in_(versions))
    return conditions


def read_claims(session: Session, visit_ids: list[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the claims of visits that are not expired, in the shape of ``schemas.reviews.Claim``."""
    query = (
        select(
            ReviewClaim.visit_id,
            ReviewClaim.reviewer_id,
            SHOWN_NAME.label("reviewer_name"),
            ReviewClaim.expires_at,
        )
        .join(User, User.id == ReviewClaim.reviewer_id)
        .where(ReviewClaim.visit_id.in_(visit_ids), ReviewClaim.expires_at > now())
    )
    return {row.visit_id: dict(row._mapping) for row in session.execute(query)}


def claim_visit(session: Session, actor: Actor, visit_id: uuid.UUID, *, take_over: bool) -> dict[str, Any]:
    """Show others for CLAIM_TIME that the actor is looking at a waiting visit; again extends that time.

    ``take_over`` replaces the claim of another reviewer. Claims prevent no decision.

    Raises VISIT_NOT_FOUND, OWN_VISIT, NOT_WAITING, and VISIT_CLAIMED by another reviewer.
    """
    visit = lock_visit(session, actor, visit_id)
    if visit.waiting_since is None:
        raise problems.NOT_WAITING()
    claim = session.get(ReviewClaim, visit.id, with_for_update=True)  # the cleanup does not lock the visit
    moment = now()
    if claim is None:
        claim = ReviewClaim(visit_id=visit.id)
        session.add(claim)
    elif claim.reviewer_id != actor.id and claim.expires_at > moment and not take_over:
        raise problems.VISIT_CLAIMED()
    claim.reviewer_id, claim.expires_at = actor.id, moment + CLAIM_TIME
    session.flush()
    return read_claims(session, [visit.id])[visit.id]


def release_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> None:
    """Remove the actor's claim of a visit, if there is one.

    Raises VISIT_NOT_FOUND and OWN_VISIT.
    """
    visit = lock_visit(session, actor, visit_id)
    session.execute(
        delete(ReviewClaim).where(and_(ReviewClaim.visit_id == visit.id, ReviewClaim.reviewer_id == actor.id))
    )


def delete_expired_claims(session: Session) -> None:
    """Delete the claims that have expired."""
    session.execute(delete(ReviewClaim).where(ReviewClaim.expires_at <= now()))
