"""The decisions of reviewers over time: who decided what, and when."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from api.domain import problems
from api.domain.access import Actor
from api.models.base import now
from api.models.places import Location
from api.models.reviews import Decision
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.paging import Page, fetch_page
from api.services.review_queue import place_conditions

DEFAULT_DAYS = 30
MAX_DAYS = 366


def list_decided(
    session: Session,
    actor: Actor,
    limit: int,
    cursor: str | None,
    filters: Mapping[str, Any],
    *,
    reviewer_id: uuid.UUID | None = None,
    decision: str | None = None,
) -> Page:
    """Return a page of decisions in the shape of ``schemas.reviews.DecidedVisit``, the latest first.

    Automatic acceptances are not included, nor decisions on the actor's own visits. The filters are those of
    ``place_conditions``, and from and to: days in UTC. By default, they are the last 30 days. The period
    bounds how many decisions are sorted for a page.

    Raises INVALID if the period ends before it begins, or is longer than MAX_DAYS.
    """
    last = filters.get("to") or now().date()
    first = filters.get("from") or _subtract_days(last, DEFAULT_DAYS)
    if first > last:
        raise problems.invalid_field("/from", "The period ends before it begins.")
    if last - first >= timedelta(days=MAX_DAYS):
        raise problems.invalid_field("/from", f"The period is longer than {MAX_DAYS} days.")
    reviewers = select(User.id).where(User.organization_id == actor.organization_id)
    # As EXISTS, so that only visits with a decision in the period are read.
    visible = (
        select(Visit.id)
        .join(Location, Location.id == Visit.location_id)
        .where(
            Visit.id == Decision.visit_id,
            visibility.watched_visits(actor),
            Visit.shopper_id != actor.id,
            *place_conditions(actor, filters),
        )
    )
    query = select(Decision).where(
        Decision.reviewer_id.in_(reviewers),
        Decision.decided_at >= datetime.combine(first, time.min, UTC),
        Decision.decided_at <= datetime.combine(last, time.max, UTC),
        visible.exists(),
    )
    if reviewer_id is not None:
        query = query.where(Decision.reviewer_id == reviewer_id)
    if decision is not None:
        query = query.where(Decision.decision == decision)
    page = fetch_page(session, query, Decision.decided_at, Decision.id, limit, cursor, descending=True)
    return Page(_describe(session, page.items), page.cursor)


def _subtract_days(day: date, days: int) -> date:
    return date.min if day - date.min < timedelta(days=days) else day - timedelta(days=days)


def _describe(session: Session, decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    newer = aliased(Decision)
    rows = session.execute(
        select(Decision.id, Visit, Location, SHOWN_NAME, newer.id)
        .join(Visit, Visit.id == Decision.visit_id)
        .join(Location, Location.id == Visit.location_id)
        .join(User, User.id == Decision.reviewer_id)
        .outerjoin(newer, newer.replaces_id == Decision.id)
        .where(Decision.id.in_([decision.id for decision in decisions]))
    )
    details = {decision_id: more for decision_id, *more in rows}
    descriptions = []
    for decision in decisions:
        visit, location, reviewer_name, replaced_by = details[decision.id]
        document = get_version(session, visit.checklist_version_id).document
        is_latest = decision.revision == visit.revision and replaced_by is None
        descriptions.append(
            {
                **{column.key: getattr(decision, column.key) for column in Decision.__table__.columns},
                "reviewer_name": reviewer_name,
                "location": location,
                "checklist": document,
                "day": visit.day,
                "is_current": is_latest and decision.undone_at is None,
            }
        )
    return descriptions
