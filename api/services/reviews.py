"""Decisions on what was submitted: by a reviewer, or by itself; every one is kept."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from api.domain import problems, visits
from api.domain.access import Actor
from api.domain.problems import pointer
from api.domain.scoring import VisitScore
from api.models.base import now
from api.models.places import Location
from api.models.reviews import Decision
from api.models.statements import Runner, Statement, rows
from api.models.submissions import Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import totals, visibility
from api.services.checklists import Published, published
from api.services.paging import Page, page
from api.services.visits import change


def waiting(session: Session, actor: Actor, limit: int, cursor: str | None) -> Page:
    """Return a page of visits that wait for a decision, with their locations, the longest waiting first."""
    query = (
        select(Visit, Location)
        .join(Location, Location.id == Visit.location_id)
        .where(visibility.watched_visits(actor), Visit.waiting_since.is_not(None))
    )
    return page(session, query, Visit.waiting_since, Visit.id, limit, cursor)


def decide(
    session: Session,
    actor: Actor,
    visit_id: uuid.UUID,
    *,
    revision: int,
    decision: str,
    reason: str | None,
    question_reasons: Mapping[str, str] | None,
    replaces: uuid.UUID | None,
) -> Decision:
    """Decide on a revision, or replace the decision that stands on it; the totals move with it."""
    visit = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor), lock=True)
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    if visit.shopper_id == actor.id:
        raise problems.OWN_VISIT()
    if not visit.revision:
        raise problems.REVIEW_CONFLICT("Nothing was submitted for this visit.")
    if visit.revision != revision:
        raise problems.REVIEW_CONFLICT(f"The latest revision is {visit.revision}.")
    standing = standing_decision(session, visit)
    if standing is not None and _same(standing, actor, decision, reason, question_reasons, replaces):
        return standing
    if standing is not None and replaces != standing.id:
        raise problems.REVIEW_CONFLICT(
            f"Decision {standing.id} ({standing.decision}) stands; name it in `replaces` to take it back."
        )
    if standing is None and replaces is not None:
        raise problems.REVIEW_CONFLICT("No decision stands that could be replaced.")
    if decision != "accept" and not (reason and reason.strip()) and not question_reasons:
        raise problems.invalid("/reason", "Say why.")
    known = published(session, visit.checklist_version_id).document.by_key
    for key in question_reasons or ():
        if key not in known:
            raise problems.invalid(pointer("question_reasons", key), "There is no such question.")
    settled = _settle(
        session,
        case_of(session, visit),
        decision,
        reason=reason,
        question_reasons=dict(question_reasons) if question_reasons else None,
        reviewer_id=actor.id,
        replaces_id=standing.id if standing else None,
    )
    return Decision(**settled)


@dataclass(frozen=True, slots=True)
class Case:
    """The latest revision of a visit, to decide on: what it scored, where that counts, and if it does now.

    A store that was closed counts nowhere, even once its visit is accepted.
    """

    visit_id: uuid.UUID
    revision: int
    version: Published
    location_number: int
    month: int
    outcome: str
    score: VisitScore
    counts: bool = False


def case_of(session: Session, visit: Visit) -> Case:
    """Return the case of a visit of which answers are in."""
    submission = session.get_one(Submission, (visit.id, visit.revision))
    number = session.scalars(select(Location.number).where(Location.id == visit.location_id)).one()
    assert visit.month is not None
    return Case(
        visit_id=visit.id,
        revision=visit.revision,
        version=published(session, visit.checklist_version_id),
        location_number=number,
        month=visit.month,
        outcome=submission.outcome,
        score=totals.score_of(submission.result),
        counts=_counts(visit.status, submission.outcome),
    )


def _counts(status: str, outcome: str) -> bool:
    """Say whether a visit is in the totals."""
    return status == "accepted" and outcome == visits.VISITED


def accept_by_itself(on: Runner, case: Case, changes: Mapping[str, Any] | None = None) -> None:
    """Accept a visit without flags; the decision is kept like a person's.

    ``changes`` are columns of the visit that change with it.
    """
    _settle(on, case, "accept", changes)


def standing_decision(session: Session, visit: Visit) -> Decision | None:
    """Return the decision that stands on a visit's latest revision."""
    newer = aliased(Decision)
    return session.scalars(
        select(Decision)
        .outerjoin(newer, newer.replaces_id == Decision.id)
        .where(Decision.visit_id == visit.id, Decision.revision == visit.revision, newer.id.is_(None))
    ).one_or_none()


def history(session: Session, visit_id: uuid.UUID) -> Sequence[Any]:
    """Return every decision on a visit in the order in which they were taken, with ``reviewer_name``."""
    return session.execute(
        select(*Decision.__table__.columns, User.name.label("reviewer_name"))
        .outerjoin(User, User.id == Decision.reviewer_id)
        .where(Decision.visit_id == visit_id)
        .order_by(Decision.decided_at, Decision.id)
    ).all()


_DECIDE = Statement(insert(Decision))


def _settle(
    on: Runner, case: Case, decision: str, changes: Mapping[str, Any] | None = None, **why: Any
) -> dict[str, Any]:
    """Make of the visit what the decision says, and move its totals if that changes whether it counts.

    Returns the decision's columns. ``changes`` are columns of the visit that change with it; ``why`` holds
    the decision's reason, question_reasons, reviewer_id and replaces_id, if it has any.
    """
    status = visits.STATUS_AFTER[decision]
    counts = _counts(status, case.outcome)
    if counts != case.counts:
        sign = 1 if counts else -1
        totals.add(on, case.version, case.location_number, case.month, case.score, sign)
    told = why if status == "returned" else {}
    settled = {
        "status": status,
        "waiting_since": None,
        "return_reason": told.get("reason"),
        "question_reasons": told.get("question_reasons"),
    }
    change(on, case.visit_id, **{**(changes or {}), **settled})
    decided = {
        "id": uuid.uuid4(),
        "visit_id": case.visit_id,
        "revision": case.revision,
        "decision": decision,
        "decided_at": now(),
        **dict.fromkeys(("reason", "question_reasons", "reviewer_id", "replaces_id")),
        **why,
    }
    rows(on, _DECIDE, **decided)
    return decided


def _same(
    standing: Decision,
    actor: Actor,
    decision: str,
    reason: str | None,
    question_reasons: Mapping[str, str] | None,
    replaces: uuid.UUID | None,
) -> bool:
    """Whether this is the standing decision sent again, its answer lost."""
    return (
        standing.reviewer_id == actor.id
        and standing.decision == decision
        and standing.reason == reason
        and (standing.question_reasons or {}) == (question_reasons or {})
        and standing.replaces_id == replaces
    )
