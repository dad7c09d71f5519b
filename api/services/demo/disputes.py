"""Disputes of the demo: one to decide, one that is overdue, and one that was decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.models.disputes import Dispute
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.demo.sentences import DISPUTES
from api.services.disputes import deciding, opening

#: how many days after each visit its dispute is opened
_DAYS_UNTIL_DISPUTE = 2


def dispute_visits(session: Session, manager: Actor, reviewer: Actor, moment: datetime) -> None:
    """Dispute visits of a manager, each with two answers that lost points. ``moment`` is that of the demo."""
    decided_at = select(Decision.id).where(Decision.visit_id == Visit.id, Decision.reviewer_id.is_(None))
    query = (
        select(Visit, Submission)
        .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
        .where(visibility.watched_visits(manager), Visit.status == "accepted", decided_at.exists())
        .order_by(Visit.day.desc(), Visit.id)
    )
    disputes = iter(DISPUTES)
    dispute = next(disputes)
    for visit, submission in session.execute(query):
        lost = _find_lost_questions(session, visit, submission)
        is_old_enough = submission.received_at <= moment - timedelta(days=dispute["days_ago"])
        if len(lost) < len(dispute["reasons"]) or not is_old_enough:
            continue
        _dispute_visit(session, manager, reviewer, visit, submission, lost, dispute)
        following = next(disputes, None)
        if following is None:
            return
        dispute = following


def _dispute_visit(
    session: Session,
    manager: Actor,
    reviewer: Actor,
    visit: Visit,
    submission: Submission,
    lost: Sequence[str],
    dispute: dict[str, Any],
) -> None:
    """Open a dispute, decide it if it has outcomes, and set its times back to those of the visit."""
    questions = [
        {"question": key, "kind": kind, "reason": reason}
        for key, (kind, reason) in zip(lost, dispute["reasons"], strict=False)
    ]
    opened = opening.open_dispute(session, manager, visit.id, questions)
    outcomes = [
        {"question": key, "outcome": outcome, "value": None, "reason": reason}
        for key, (outcome, reason) in zip(lost, dispute["outcomes"], strict=False)
    ]
    if outcomes:
        deciding.decide(session, reviewer, opened.id, outcomes)
    _set_back(opened, submission.received_at + timedelta(days=_DAYS_UNTIL_DISPUTE))


def _set_back(dispute: Dispute, opened_at: datetime) -> None:
    days = dispute.due_at - dispute.opened_at
    dispute.opened_at, dispute.due_at = opened_at, opened_at + days
    if dispute.closed_at is not None:
        dispute.closed_at = opened_at + timedelta(days=1)


def _find_lost_questions(session: Session, visit: Visit, submission: Submission) -> list[str]:
    """Return the keys of the questions that lost points, in the order of the checklist."""
    document = get_version(session, visit.checklist_version_id).document
    points = {row[0]: (row[3], row[4]) for row in submission.result["questions"]}
    return [
        question.key
        for question in document.questions
        if question.key in points and points[question.key][0] < points[question.key][1]
    ]
