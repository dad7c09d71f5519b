"""Disputes of the demo, about visits of one manager."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import visibility
from api.services.demo.sentences import DISPUTES, DemoDispute
from api.services.disputes import deciding, opening


def dispute_visits(session: Session, manager: Actor, reviewer: Actor, moment: datetime) -> None:
    """Dispute visits that were accepted automatically. ``moment`` is that of the demo."""
    accepted = select(Decision.id).where(Decision.visit_id == Visit.id, Decision.reviewer_id.is_(None))
    rows = session.execute(
        select(Visit, Submission)
        .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
        .where(visibility.watched_visits(manager), Visit.status == "accepted", accepted.exists())
        .order_by(Visit.day.desc(), Visit.id)
    ).all()
    for dispute in DISPUTES:
        latest = moment - timedelta(days=dispute.days_ago)
        visit, submission = next(
            (visit, submission)
            for visit, submission in rows
            if submission.received_at <= latest and dispute.reasons.keys() <= _find_lost_questions(submission)
        )
        _dispute_visit(session, manager, reviewer, visit, submission, dispute)


def _dispute_visit(
    session: Session, manager: Actor, reviewer: Actor, visit: Visit, submission: Submission, demo: DemoDispute
) -> None:
    """Open a dispute, decide it if it has outcomes, and set its times back to those of the visit."""
    questions = [
        {"question": key, "kind": kind, "reason": reason} for key, (kind, reason) in demo.reasons.items()
    ]
    dispute = opening.open_dispute(session, manager, visit.id, questions)
    if demo.outcomes:
        outcomes = [
            {"question": key, "outcome": outcome, "value": None, "reason": reason}
            for key, (outcome, reason) in demo.outcomes.items()
        ]
        deciding.decide(session, reviewer, dispute.id, outcomes)
    opened_at = submission.received_at + timedelta(days=demo.opened_after)
    dispute.due_at += opened_at - dispute.opened_at
    dispute.opened_at = opened_at
    if dispute.closed_at is not None:
        dispute.closed_at = opened_at + timedelta(days=1)


def _find_lost_questions(submission: Submission) -> set[str]:
    """Return the keys of the questions that lost points."""
    return {key for key, _, _, earned, possible, _, _ in submission.result["questions"] if earned < possible}
