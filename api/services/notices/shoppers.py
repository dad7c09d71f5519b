"""What is reported to shoppers of their own visits: new ones, windows that close soon, and returned ones."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from api.domain.notices import CLOSING_SOON, FRESH, PROMPT, UNDO_TIME
from api.models.reviews import Decision
from api.models.visits import Visit, is_in_progress
from api.services.notices.facts import Fact, Facts


def find_assigned_visits(session: Session, moment: datetime) -> Mapping[uuid.UUID, Facts]:
    """Find the visits that were assigned recently, but not so recently that it may still be undone."""
    rows = session.execute(
        select(Visit.id, Visit.shopper_id, Visit.created_at).where(
            is_in_progress(),
            Visit.status == "assigned",
            Visit.created_at.between(moment - FRESH[PROMPT], moment - UNDO_TIME),
            Visit.closes_at > moment,
        )
    )
    facts: dict[uuid.UUID, dict[str, Fact]] = defaultdict(dict)
    for visit_id, shopper_id, created_at in rows:
        facts[shopper_id][str(visit_id)] = Fact("assigned", created_at)
    return facts


def find_closing_visits(session: Session, moment: datetime) -> Mapping[uuid.UUID, Facts]:
    """Find the visits whose window closes within 48 hours.

    Those that were assigned within these 48 hours are not included: the mail about them is recent.
    """
    rows = session.execute(
        select(Visit.id, Visit.shopper_id, Visit.created_at, Visit.closes_at).where(
            is_in_progress(),
            Visit.status == "assigned",
            Visit.closes_at > moment,
            Visit.closes_at <= moment + CLOSING_SOON,
        )
    )
    facts: dict[uuid.UUID, dict[str, Fact]] = defaultdict(dict)
    for visit_id, shopper_id, created_at, closes_at in rows:
        if created_at <= closes_at - CLOSING_SOON:
            facts[shopper_id][str(visit_id)] = Fact(closes_at.isoformat(), closes_at - CLOSING_SOON)
    return facts


def find_returned_visits(session: Session, moment: datetime) -> Mapping[uuid.UUID, Facts]:
    """Find the visits that were returned recently, but not so recently that it may still be undone."""
    returned_at = func.max(Decision.decided_at)
    rows = session.execute(
        select(Visit.id, Visit.shopper_id, Visit.revision, returned_at)
        .join(Decision, and_(Decision.visit_id == Visit.id, Decision.revision == Visit.revision))
        .where(
            Visit.status == "returned",
            Decision.decision == "return",
            # So that the index of such decisions is used. Otherwise, all visits are read every minute.
            Decision.reviewer_id.is_not(None),
            Decision.decided_at >= moment - FRESH[PROMPT],
        )
        .group_by(Visit.id, Visit.shopper_id, Visit.revision)
        .having(returned_at <= moment - UNDO_TIME)
    )
    facts: dict[uuid.UUID, dict[str, Fact]] = defaultdict(dict)
    for visit_id, shopper_id, revision, decided_at in rows:
        facts[shopper_id][str(visit_id)] = Fact(f"revision {revision}", decided_at)
    return facts
