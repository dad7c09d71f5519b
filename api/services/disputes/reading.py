"""Disputes in the shape of ``schemas.disputes``, as managers or reviewers see them."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from api.domain import problems
from api.domain.access import Actor
from api.domain.amendments import score_amended_visit
from api.domain.checklist import Checklist
from api.domain.disputes import DECIDED, is_overdue
from api.domain.scoring import VisitScore, share
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.places import Location
from api.models.submissions import Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import get_version
from api.services.disputes.deciding import find_own_decisions
from api.services.disputes.effects import build_amendments
from api.services.disputes.opening import find_last_dispute_day, has_ended
from api.services.paging import Page, fetch_page


def get_dispute(session: Session, actor: Actor, dispute_id: uuid.UUID) -> dict[str, Any]:
    """Return a dispute. Raises DISPUTE_NOT_FOUND."""
    dispute = visibility.find(session, Dispute, dispute_id, visibility.disputes(actor))
    if dispute is None:
        raise problems.DISPUTE_NOT_FOUND()
    return describe(session, actor, [dispute])[0]


def list_disputes(
    session: Session,
    actor: Actor,
    limit: int,
    cursor: str | None,
    *,
    status: str | None = None,
    location_id: uuid.UUID | None = None,
    question: str | None = None,
    newest_first: bool = False,
) -> Page:
    """Return a page of disputes, sorted by when they were opened. ``question`` is the key of a question."""
    query = select(Dispute).where(visibility.disputes(actor))
    if status is not None:
        query = query.where(Dispute.status == status)
    if location_id is not None:
        query = query.where(Dispute.visit_id.in_(select(Visit.id).where(Visit.location_id == location_id)))
    if question is not None:
        disputed = select(DisputedQuestion.dispute_id).where(DisputedQuestion.question == question)
        query = query.where(Dispute.id.in_(disputed))
    page = fetch_page(session, query, Dispute.opened_at, Dispute.id, limit, cursor, descending=newest_first)
    return Page(describe(session, actor, page.items), page.cursor)


def list_visit_disputes(session: Session, actor: Actor, visit_id: uuid.UUID) -> dict[str, Any]:
    """Return the disputes about a visit, newest first, and until when its acceptance can be disputed.

    Raises VISIT_NOT_FOUND.
    """
    visit: Visit | None = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor))
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    of_visit = visibility.disputes(actor) & (Dispute.visit_id == visit.id)
    disputes = session.scalars(select(Dispute).where(of_visit).order_by(Dispute.opened_at.desc())).all()
    is_disputable = visit.status == "accepted" and visit.shopper_id != actor.id
    last_day = find_last_dispute_day(session, visit) if is_disputable else None
    is_disputed = any(not dispute.acceptance_ended for dispute in disputes)
    return {
        "last_day": last_day,
        "can_be_disputed": last_day is not None
        and not is_disputed
        and not has_ended(session, visit, last_day),
        "items": describe(session, actor, disputes),
    }


def describe(session: Session, actor: Actor, disputes: Sequence[Dispute]) -> list[dict[str, Any]]:
    """Return disputes as ``schemas.disputes.Dispute`` shows them to the actor, in the same order."""
    ids = [dispute.id for dispute in disputes]
    questions: dict[uuid.UUID, list[DisputedQuestion]] = defaultdict(list)
    for row in session.scalars(select(DisputedQuestion).where(DisputedQuestion.dispute_id.in_(ids))):
        questions[row.dispute_id].append(row)
    opener, decider = aliased(User), aliased(User)
    rows = session.execute(
        select(Dispute.id, Visit, Location, Submission, opener, decider)
        .join(Visit, Visit.id == Dispute.visit_id)
        .join(Location, Location.id == Visit.location_id)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Dispute.revision))
        .join(opener, opener.id == Dispute.opener_id)
        .outerjoin(decider, decider.id == Dispute.decider_id)
        .where(Dispute.id.in_(ids))
    )
    details = {row[0]: row for row in rows}
    own_decisions = (
        find_own_decisions(session, actor, [(dispute, details[dispute.id][1]) for dispute in disputes])
        if actor.can_see_everything
        else ()
    )
    descriptions = []
    for dispute in disputes:
        _, visit, location, submission, opened_by, decided_by = details[dispute.id]
        document = get_version(session, visit.checklist_version_id).document
        description = _describe(dispute, visit, location, submission, document, questions[dispute.id])
        description["is_own"] = dispute.opener_id == actor.id
        if actor.can_see_everything:
            description |= {
                "revision": dispute.revision,
                "opened_by": _format_person(opened_by),
                "decided_by": decided_by and _format_person(decided_by),
                "is_own_decision": dispute.id in own_decisions,
            }
        descriptions.append(description)
    return descriptions


def _describe(
    dispute: Dispute,
    visit: Visit,
    location: Location,
    submission: Submission,
    document: Checklist,
    questions: Sequence[DisputedQuestion],
) -> dict[str, Any]:
    """Return what everyone who may see a dispute sees of it."""
    answers = submission.content["answers"]
    sent = score_amended_visit(document, answers, None, submission.outcome)
    after: VisitScore | None = None
    if dispute.status == DECIDED:
        after = score_amended_visit(document, answers, build_amendments(questions), submission.outcome)
    return {
        "id": dispute.id,
        "status": dispute.status,
        "is_current": not dispute.acceptance_ended,
        "visit": visit,
        "location": location,
        "checklist": {"key": document.key, "title": document.title, "version": document.version},
        "opened_at": dispute.opened_at,
        "due_at": dispute.due_at,
        "overdue": is_overdue(dispute.status, dispute.due_at, now()),
        "closed_at": dispute.closed_at,
        "score": {"before": share(*sent.points), "after": after and share(*after.points)},
        "questions": _describe_questions(document, answers, sent, questions),
    }


def _describe_questions(
    document: Checklist,
    answers: Mapping[str, Mapping[str, Any]],
    sent: VisitScore,
    questions: Sequence[DisputedQuestion],
) -> list[dict[str, Any]]:
    """Return disputed questions in the order of the checklist."""
    rows = {row.question: row for row in questions}
    descriptions = []
    for score in sent.questions:
        row = rows.get(score.key)
        if row is None:
            continue
        answer = answers.get(score.key) or {}
        question = document.by_key[score.key]
        descriptions.append(
            {
                "question": score.key,
                "text": question.text,
                "section": score.section,
                "kind": row.kind,
                "reason": row.reason,
                "sent": {
                    "value": answer.get("value"),
                    "not_applicable": bool(answer.get("not_applicable")),
                },
                "points_earned": score.earned,
                "points_possible": score.possible,
                "decision": row.outcome
                and {"outcome": row.outcome, "value": row.value, "reason": row.outcome_reason},
            }
        )
    return descriptions


def _format_person(user: User) -> dict[str, Any]:
    return {"id": user.id, "name": user.name or None}
