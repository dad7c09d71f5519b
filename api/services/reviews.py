"""Reviews: the decisions of reviewers, which can be replaced, and for a few minutes undone."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from api.domain import problems
from api.domain.access import Actor
from api.domain.audit import VISIT_REVIEWED
from api.domain.notices import UNDO_TIME
from api.domain.problems import pointer
from api.models.base import now
from api.models.reviews import Decision, ReviewClaim
from api.models.users import SHOWN_NAME, User
from api.models.visits import Visit
from api.services import outcomes, visibility
from api.services.audit.recording import record
from api.services.audit.register import Change
from api.services.checklists import get_version
from api.services.disputes.effects import end_acceptance
from api.services.organizations import get_acceptance_period
from api.services.payments.items import find_seen_expenses


def decide(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    *,
    revision: int,
    decision: str,
    reason: str | None,
    question_reasons: Mapping[str, str] | None,
    message_to_shopper: str | None = None,
    replaces: uuid.UUID | None,
    expense_versions: Collection[str] = (),
) -> Decision:
    """Decide on a revision or replace its current decision, and update the totals.

    ``decision`` is accept, return or reject. ``replaces`` is the ID of the current decision, or None. A
    replay of the current decision returns it. The shopper reads ``message_to_shopper`` after any decision,
    but ``reason`` and ``question_reasons`` only after a return. ``expense_versions`` are the expenses that
    the reviewer saw: an acceptance approves them, and leaves others undecided.

    Raises VISIT_NOT_FOUND, OWN_VISIT, REVIEW_CONFLICT and INVALID.
    """
    visit = lock_visit(session, actor, visit_id)
    if not visit.revision:
        raise problems.REVIEW_CONFLICT("This visit has no submission yet.")
    if visit.revision != revision:
        raise problems.REVIEW_CONFLICT(f"The latest revision is {visit.revision}.")
    current = find_current_decision(session, visit)
    requested: dict[str, Any] = {
        "decision": decision,
        "reason": reason,
        "question_reasons": dict(question_reasons) if question_reasons else None,
        "message_to_shopper": message_to_shopper,
        "reviewer_id": actor.id,
        "replaces_id": replaces,
    }
    if current is not None and all(getattr(current, name) == value for name, value in requested.items()):
        return current  # a replay, whose response was lost
    _check_replaces(current, replaces)
    _check_reasons(session, visit, decision, reason, question_reasons)
    record(session, VISIT_REVIEWED, visit, {"decision": Change(current and current.decision, decision)})
    case = outcomes.get_case(session, visit)
    expense_ids = find_seen_expenses(session, visit.id, expense_versions) if case.is_paid else []
    columns = outcomes.apply_decision(session, case, **requested, expense_ids=expense_ids)
    if case.is_accepted and decision != "accept":
        end_acceptance(session, case)
    session.execute(delete(ReviewClaim).where(ReviewClaim.visit_id == visit.id))
    return Decision(**columns)


def undo(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    decision_id: uuid.UUID,
    accept_every_minutes: int,
) -> Decision:
    """Take back the actor's own decision of the last UNDO_TIME, as if it had not been made.

    The visit waits for a reviewer, for photos or for its automatic acceptance again, as ``outcomes.settle``
    decides. The decision must be the current one, and replace no other. It stays stored, as undone. If it is
    undone already, nothing changes.

    Raises VISIT_NOT_FOUND, OWN_VISIT and UNDO_TOO_LATE.
    """
    visit = lock_visit(session, actor, visit_id)
    decision = session.get(Decision, decision_id, populate_existing=True)
    if decision is None or decision.visit_id != visit.id or decision.reviewer_id != actor.id:
        raise problems.UNDO_TOO_LATE()
    if decision.undone_at is not None:
        return decision
    moment = now()
    current = find_current_decision(session, visit)
    if decision is not current or decision.replaces_id or decision.decided_at < moment - UNDO_TIME:
        raise problems.UNDO_TOO_LATE()
    record(session, VISIT_REVIEWED, visit, {"decision": Change(decision.decision, None)})
    case = outcomes.get_case(session, visit)
    outcomes.take_back_decision(session, visit, case)
    if case.is_accepted:
        end_acceptance(session, case)
    decision.undone_at = moment
    session.flush()
    every = get_acceptance_period(session, visit.organization_id, accept_every_minutes)
    outcomes.settle_again(session, visit, every)
    return decision


def lock_visit(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Return a visit that the actor may review, with its row locked for an update.

    Raises VISIT_NOT_FOUND and OWN_VISIT.
    """
    visit: Visit | None = visibility.find(
        session, Visit, visit_id, visibility.watched_visits(actor), lock=True
    )
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    if visit.shopper_id == actor.id:
        raise problems.OWN_VISIT()
    return visit


def find_current_decision(session: Session, visit: Visit) -> Decision | None:
    """Return the decision on a visit's latest revision that is neither replaced nor undone, or None."""
    newer = aliased(Decision)
    return session.scalars(
        select(Decision)
        .outerjoin(newer, newer.replaces_id == Decision.id)
        .where(
            Decision.visit_id == visit.id,
            Decision.revision == visit.revision,
            Decision.undone_at.is_(None),
            newer.id.is_(None),
        )
    ).one_or_none()


def find_acceptance(session: Session, visit: Visit) -> list[Decision]:
    """Return the decisions that make up the current acceptance of an accepted visit, the first one first.

    There are several if an acceptance was confirmed, which replaces the decision but continues the
    acceptance.
    """
    return find_acceptances(session, [visit])[visit.id]


def find_acceptances(session: Session, visits: Sequence[Visit]) -> dict[uuid.UUID, list[Decision]]:
    """Return the acceptance of each visit, as ``find_acceptance`` does, by the ID of the visit."""
    revisions = {visit.id: visit.revision for visit in visits}
    decisions: dict[uuid.UUID, dict[uuid.UUID, Decision]] = {visit_id: {} for visit_id in revisions}
    query = select(Decision).where(Decision.visit_id.in_(revisions), Decision.undone_at.is_(None))
    for decision in session.scalars(query):
        if decision.revision == revisions[decision.visit_id]:
            decisions[decision.visit_id][decision.id] = decision
    return {visit_id: _list_acceptance(by_id) for visit_id, by_id in decisions.items()}


def _list_acceptance(decisions: Mapping[uuid.UUID, Decision]) -> list[Decision]:
    """Return the current acceptance among the decisions on a revision, by their IDs, the first one first.

    None of them was undone, so only the current one is not replaced.
    """
    replaced = {decision.replaces_id for decision in decisions.values()}
    decision = next((decision for decision in decisions.values() if decision.id not in replaced), None)
    acceptance: list[Decision] = []
    while decision is not None and decision.decision == "accept":
        acceptance.insert(0, decision)
        decision = decisions[decision.replaces_id] if decision.replaces_id else None
    return acceptance


def list_decisions(session: Session, visit_id: uuid.UUID) -> Sequence[Any]:
    """Return every decision on a visit, oldest first, with ``reviewer_name``."""
    return session.execute(
        select(*Decision.__table__.columns, SHOWN_NAME.label("reviewer_name"))
        .outerjoin(User, User.id == Decision.reviewer_id)
        .where(Decision.visit_id == visit_id)
        .order_by(Decision.decided_at, Decision.id)
    ).all()


def _check_replaces(current: Decision | None, replaces: uuid.UUID | None) -> None:
    """Reject a decision that does not replace the current one, or replaces another."""
    if current is not None and replaces != current.id:
        raise problems.REVIEW_CONFLICT(
            f"The current decision is {current.id} ({current.decision}). Name it in `replaces` to replace it."
        )
    if current is None and replaces is not None:
        raise problems.REVIEW_CONFLICT("This revision has no current decision to replace.")


def _check_reasons(
    session: Session,
    visit: Visit,
    decision: str,
    reason: str | None,
    question_reasons: Mapping[str, str] | None,
) -> None:
    """Reject a return or rejection without a reason, and reasons for unknown questions."""
    if decision != "accept" and not (reason and reason.strip()) and not question_reasons:
        raise problems.invalid_field("/reason", "A reason is required to return or reject a visit.")
    questions = get_version(session, visit.checklist_version_id).document.by_key
    for key in question_reasons or ():
        if key not in questions:
            raise problems.invalid_field(pointer("question_reasons", key), "This question does not exist.")
