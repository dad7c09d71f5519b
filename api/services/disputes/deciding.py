"""Deciding disputes, question by question."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ADMIN, REVIEWER, Actor
from api.domain.changes import DISPUTE_DECIDED
from api.domain.checklist import Question
from api.domain.disputes import AMENDED, DECIDED, OPEN
from api.domain.problems import FieldError, pointer
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.submissions import Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.disputes.effects import amend_visit, build_amendments
from api.services.outcomes import get_case, record_change
from api.services.reviews import find_acceptances

Outcome = Mapping[str, Any]


def decide(session: Session, actor: Actor, dispute_id: uuid.UUID, outcomes: Sequence[Outcome]) -> Dispute:
    """Decide an open dispute, and change the score of the visit and the totals accordingly.

    ``outcomes`` have ``question``, ``outcome``, ``value`` and ``reason``, one for each disputed question. A
    replay of the decision returns the dispute.

    Raises DISPUTE_NOT_FOUND, OWN_DECISION, DISPUTE_NOT_OPEN and INVALID.
    """
    dispute: Dispute | None = visibility.find(session, Dispute, dispute_id, visibility.disputes(actor))
    if dispute is None:
        raise problems.DISPUTE_NOT_FOUND()
    # The visit is locked first, as in a review. Its decisions and disputes then cannot change.
    visit = session.scalars(select(Visit).where(Visit.id == dispute.visit_id).with_for_update()).one()
    session.refresh(visit)
    session.refresh(dispute, with_for_update=True)
    questions = list_questions(session, dispute)
    if dispute.status != OPEN:
        if dispute.decider_id == actor.id and _is_replay(questions, outcomes):
            return dispute
        raise problems.DISPUTE_NOT_OPEN()
    if find_own_decisions(session, actor, [(dispute, visit)]):
        raise problems.OWN_DECISION()
    case = get_case(session, visit)
    submission = session.get_one(Submission, (visit.id, dispute.revision))
    _check_outcomes(case.version.document.by_key, submission.content["answers"], questions, outcomes)
    by_key = {question.question: question for question in questions}
    for item in outcomes:
        question = by_key[item["question"]]
        question.outcome, question.outcome_reason = item["outcome"], item["reason"]
        question.amended = {"value": item["value"]} if item["outcome"] == AMENDED else None
    dispute.status, dispute.closed_at, dispute.decider_id = DECIDED, now(), actor.id
    session.flush()
    if amendments := build_amendments(questions):
        amend_visit(session, case, amendments)
    record_change(session, case, DISPUTE_DECIDED, changes_score=False, dispute_id=dispute.id)
    return dispute


def list_questions(session: Session, dispute: Dispute) -> list[DisputedQuestion]:
    """Return the questions of a dispute, in no particular order."""
    query = select(DisputedQuestion).where(DisputedQuestion.dispute_id == dispute.id)
    return list(session.scalars(query))


def find_own_decisions(
    session: Session, actor: Actor, disputes: Iterable[tuple[Dispute, Visit]]
) -> set[uuid.UUID]:
    """Return the IDs of open disputes of visits that the actor accepted and another reviewer could decide.

    Several reviewers may have accepted a visit. None of them counts as another.
    """
    pending = [(dispute, visit) for dispute, visit in disputes if dispute.status == OPEN]
    acceptances = find_acceptances(session, [visit for _, visit in pending])
    acceptors = {
        visit_id: {decision.reviewer_id for decision in acceptance}
        for visit_id, acceptance in acceptances.items()
    }
    accepted = [(dispute, visit) for dispute, visit in pending if actor.id in acceptors[visit.id]]
    if not accepted:
        return set()
    reviewers = set(
        session.scalars(
            select(User.id).where(
                User.organization_id == actor.organization_id,
                User.role.in_((REVIEWER, ADMIN)),
                ~User.disabled,
                User.password_hash != "",
            )
        )
    )
    return {dispute.id for dispute, visit in accepted if reviewers - acceptors[visit.id] - {visit.shopper_id}}


def _check_outcomes(
    by_key: Mapping[str, Question],
    answers: Mapping[str, Mapping[str, Any]],
    questions: Sequence[DisputedQuestion],
    outcomes: Sequence[Outcome],
) -> None:
    """Reject outcomes that are not one for each disputed question, or whose value is not acceptable."""
    pending = {question.question for question in questions}
    errors = []
    for index, item in enumerate(outcomes):
        key = item["question"]
        if key not in pending:
            detail = "This question is not disputed, or has an outcome already."
            errors.append(FieldError(pointer("outcomes", index, "question"), detail))
            continue
        pending.remove(key)
        value_error = _find_value_error(by_key[key], answers.get(key) or {}, item)
        if value_error:
            errors.append(FieldError(pointer("outcomes", index, "value"), value_error))
    if pending:
        detail = f"Every disputed question needs an outcome: {', '.join(sorted(pending))}."
        errors.append(FieldError(pointer("outcomes"), detail))
    if errors:
        raise problems.INVALID(errors=errors)


def _find_value_error(question: Question, answer: Mapping[str, Any], item: Outcome) -> str | None:
    value = item["value"]
    if item["outcome"] != AMENDED:
        return None if value is None else "Only an amended answer has a value."
    if question.type.is_empty(value):
        return "An amended answer needs a value."
    if value == answer.get("value"):
        return "This is the value that was sent. To leave it, the outcome is `kept`."
    return question.type.check_value(value)


def _is_replay(questions: Sequence[DisputedQuestion], outcomes: Sequence[Outcome]) -> bool:
    """Return whether outcomes are those of a dispute, whose response was lost."""
    stored = [(row.question, row.outcome, row.value, row.outcome_reason) for row in questions]
    sent = [(item["question"], item["outcome"], item["value"], item["reason"]) for item in outcomes]
    return len(stored) == len(sent) and all(item in stored for item in sent)
