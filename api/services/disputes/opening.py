"""Opening and withdrawing disputes."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.changes import DISPUTE_OPENED
from api.domain.disputes import OPEN, WITHDRAWN, find_last_day
from api.domain.months import to_local_time
from api.domain.problems import FieldError, pointer
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.organizations import Organization
from api.models.places import Location
from api.models.visits import Visit
from api.services import visibility
from api.services.disputes.effects import find_current_dispute
from api.services.outcomes import Case, get_case, record_change
from api.services.reviews import find_acceptance


def open_dispute(
    session: Session, actor: Actor, visit_id: uuid.UUID, questions: Sequence[Mapping[str, Any]]
) -> Dispute:
    """Open a dispute about the current acceptance of a visit.

    ``questions`` have ``question``, ``kind`` and ``reason``.

    Raises VISIT_NOT_FOUND, OWN_VISIT, DISPUTE_EXISTS, DISPUTE_CLOSED and INVALID.
    """
    visit = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor), lock=True)
    if visit is None or visit.status != "accepted":
        raise problems.VISIT_NOT_FOUND()
    if visit.shopper_id == actor.id:
        raise problems.OWN_VISIT()
    if find_current_dispute(session, visit.id) is not None:
        raise problems.DISPUTE_EXISTS()
    last_day = find_last_dispute_day(session, visit)
    if last_day is None or has_ended(session, visit, last_day):
        raise problems.DISPUTE_CLOSED()
    case = get_case(session, visit)
    _check_questions(case, questions)
    organization = session.get_one(Organization, visit.organization_id)
    opened_at = now()
    dispute = Dispute(
        organization_id=visit.organization_id,
        visit_id=visit.id,
        revision=visit.revision,
        acceptance_id=find_acceptance(session, visit)[0].id,
        opener_id=actor.id,
        opened_at=opened_at,
        due_at=opened_at + timedelta(days=organization.answer_days),
    )
    session.add(dispute)
    session.flush()
    session.add_all(DisputedQuestion(dispute_id=dispute.id, **question) for question in questions)
    session.flush()
    record_change(session, case, DISPUTE_OPENED, changes_score=False, dispute_id=dispute.id)
    return dispute


def find_last_dispute_day(session: Session, visit: Visit) -> date | None:
    """Return the last day on which the acceptance of a visit can be disputed, which may be over.

    The day is in the time zone of the location. Returns None if the organization allows no disputes.
    """
    days = session.get_one(Organization, visit.organization_id).dispute_days
    if not days:
        return None
    acceptance = find_acceptance(session, visit)[0]
    return find_last_day(acceptance.decided_at, days, _get_time_zone(session, visit))


def has_ended(session: Session, visit: Visit, day: date) -> bool:
    """Return whether a day is over at the location of a visit."""
    return to_local_time(now(), _get_time_zone(session, visit)).date() > day


def withdraw(session: Session, actor: Actor, dispute_id: uuid.UUID) -> Dispute:
    """Withdraw a dispute that the actor opened. Withdrawing it again changes nothing.

    Raises DISPUTE_NOT_FOUND for all other disputes, and DISPUTE_NOT_OPEN if it was decided.
    """
    own = visibility.disputes(actor) & (Dispute.opener_id == actor.id)
    dispute: Dispute | None = visibility.find(session, Dispute, dispute_id, own, lock=True)
    if dispute is None:
        raise problems.DISPUTE_NOT_FOUND()
    if dispute.status == WITHDRAWN:
        return dispute
    if dispute.status != OPEN:
        raise problems.DISPUTE_NOT_OPEN()
    dispute.status, dispute.closed_at = WITHDRAWN, now()
    session.flush()
    return dispute


def _get_time_zone(session: Session, visit: Visit) -> str:
    return session.scalars(select(Location.time_zone).where(Location.id == visit.location_id)).one()


def _check_questions(case: Case, questions: Sequence[Mapping[str, Any]]) -> None:
    """Reject questions that are unknown, named twice, private, or without points in this visit."""
    by_key = case.version.document.by_key
    possible = {question.key: question.possible for question in case.score.questions}
    errors = []
    seen: set[str] = set()
    for index, item in enumerate(questions):
        key = item["question"]
        if key not in by_key:
            detail = "The checklist has no such question."
        elif key in seen:
            detail = "This question is named more than once."
        elif by_key[key].private:
            detail = "A private question cannot be disputed."
        elif not possible.get(key):
            detail = "This question has no points in this visit."
        else:
            seen.add(key)
            continue
        errors.append(FieldError(pointer("questions", index, "question"), detail))
    if errors:
        raise problems.INVALID(errors=errors)
