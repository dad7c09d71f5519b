"""What disputes do to visits and totals, in the transaction that decides the dispute or ends the acceptance.

Amendments belong to one acceptance of one revision. Once the acceptance ends, the answers count as they were
sent again, also if the visit is accepted later.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.amendments import score_amended_visit
from api.domain.changes import VISIT_AMENDED
from api.domain.disputes import OPEN, OVERTURNED, WITHDRAWN
from api.domain.scoring import VisitScore
from api.models.base import now
from api.models.disputes import Dispute, DisputedQuestion
from api.models.submissions import Submission
from api.services.outcomes import Case, record_change
from api.services.scores import totals
from api.services.scores.results import score_to_json


def amend_visit(session: Session, case: Case, amendments: dict[str, Any]) -> None:
    """Amend an accepted visit, which had no amendments, and replace its score in the totals."""
    submission = session.get_one(Submission, (case.visit_id, case.revision))
    score = _score(case, submission, amendments)
    submission.amendments, submission.result = amendments, score_to_json(score)
    session.flush()
    if case.counts:
        totals.replace_score(session, case.as_counted(), score)
        effect = score.points - case.score.points
        totals.add_dispute_effect(session, case.as_counted(), effect.earned, effect.possible)
    amended_case = replace(case, score=score)
    record_change(session, amended_case, VISIT_AMENDED, changes_score=case.counts and score != case.score)


def end_acceptance(session: Session, case: Case) -> None:
    """End the dispute about an acceptance that was taken back, and remove what it changed.

    ``case`` is the visit as it was accepted. An open dispute is withdrawn.
    """
    dispute = find_current_dispute(session, case.visit_id)
    if dispute is None:
        return
    dispute.acceptance_ended = True
    if dispute.status == OPEN:
        dispute.status, dispute.closed_at = WITHDRAWN, now()
    submission = session.get_one(Submission, (case.visit_id, case.revision))
    if submission.amendments:
        sent = _score(case, submission, None)
        submission.amendments, submission.result = None, score_to_json(sent)
        if case.counts:
            effect = sent.points - case.score.points
            totals.add_dispute_effect(session, case.as_counted(), effect.earned, effect.possible)
    session.flush()


def find_current_dispute(session: Session, visit_id: uuid.UUID) -> Dispute | None:
    """Return the dispute about the current acceptance of a visit, whatever its status."""
    query = select(Dispute).where(Dispute.visit_id == visit_id, ~Dispute.acceptance_ended)
    return session.scalars(query).one_or_none()


def build_amendments(questions: Sequence[DisputedQuestion]) -> dict[str, Any]:
    """Return the amendments that follow from the outcomes of a dispute; see ``api.domain.amendments``."""
    return {
        question.question: {"outcome": question.outcome, **(question.amended or {})}
        for question in questions
        if question.outcome in OVERTURNED
    }


def read_amendments(session: Session) -> dict[tuple[uuid.UUID, int], dict[str, Any]]:
    """Return the amendments of all accepted visits by visit and revision, as their disputes were decided."""
    rows = session.execute(
        select(Dispute.visit_id, Dispute.revision, DisputedQuestion)
        .join(Dispute, Dispute.id == DisputedQuestion.dispute_id)
        .where(~Dispute.acceptance_ended, DisputedQuestion.outcome.in_(OVERTURNED))
    )
    questions: dict[tuple[uuid.UUID, int], list[DisputedQuestion]] = defaultdict(list)
    for visit_id, revision, question in rows:
        questions[visit_id, revision].append(question)
    return {key: build_amendments(amended) for key, amended in questions.items()}


def _score(case: Case, submission: Submission, amendments: dict[str, Any] | None) -> VisitScore:
    answers = submission.content["answers"]
    return score_amended_visit(case.version.document, answers, amendments, case.outcome)
