"""Answers with their points, as managers and reviewers see them, and accepted visits with their answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.amendments import HIDDEN, Amendments, amend_answers
from api.domain.answers import NO_ANSWER, Answers, find_visible_questions
from api.domain.checklist import Checklist
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.visits import View, describe_visits


def get_scored_answers(
    session: Session, visit: Visit, submission: Submission, view: View
) -> dict[str, dict[str, Any]]:
    """Return the answers of a revision with their points: question key → answer, in the checklist's order.

    In the "watched" view, private questions are omitted and times are reduced to the part of day. Amended
    answers have the value that counts, and what was sent in ``amendment``.
    """
    document = get_version(session, visit.checklist_version_id).document
    points = {row[0]: (row[3], row[4]) for row in submission.result["questions"]}
    sent = submission.content["answers"]
    answers = amend_answers(sent, submission.amendments)
    is_watched = view == "watched"
    describe_amendment = _get_describer(document, sent, answers, submission.amendments, is_watched)
    scored_answers = {}
    for question in document.questions:
        answer = answers.get(question.key)
        if answer is None or (is_watched and question.private):
            continue
        if is_watched and _is_empty(answer):
            continue  # some phones send empty answers and others omit them, which discloses the kind of phone
        earned, possible = points.get(question.key, (0, 0))
        value = answer.get("value")
        scored_answers[question.key] = {
            "value": question.type.redact(value) if is_watched else value,
            "not_applicable": bool(answer.get("not_applicable")),
            "comment": answer.get("comment") or None,
            "photos": answer.get("photos") or [],
            "points_earned": earned,
            "points_possible": possible,
            "amendment": describe_amendment(question.key),
        }
    return scored_answers


def _get_describer(
    document: Checklist, sent: Answers, amended: Answers, amendments: Amendments | None, is_watched: bool
) -> Callable[[str], dict[str, Any] | None]:
    """Return the function that describes what a decided dispute changed in the answer to a question.

    An answer has the outcome ``hidden`` if it is to a question that an amended answer hides.
    """
    if not amendments:
        return lambda key: None
    hidden = find_visible_questions(document, sent) - find_visible_questions(document, amended)

    def describe(key: str) -> dict[str, Any] | None:
        if key not in hidden and key not in amendments:
            return None
        answer = sent.get(key) or NO_ANSWER
        value = answer.get("value")
        return {
            "outcome": HIDDEN if key in hidden else amendments[key]["outcome"],
            "sent": {
                "value": document.by_key[key].type.redact(value) if is_watched else value,
                "not_applicable": bool(answer.get("not_applicable")),
            },
        }

    return describe


def describe_accepted_visits(session: Session, visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Return accepted visits with their answers, photos of a closed store and comment, as managers see them.

    The shape is that of ``schemas.visits.WatchedVisit``.
    """
    query = (
        select(Submission)
        .join(Visit, (Visit.id == Submission.visit_id) & (Visit.revision == Submission.revision))
        .where(Visit.id.in_([visit.id for visit in visits]))
    )
    submissions = {submission.visit_id: submission for submission in session.scalars(query)}
    descriptions = describe_visits(session, visits, "watched")
    for visit, description in zip(visits, descriptions, strict=True):
        submission = submissions[visit.id]
        description["answers"] = get_scored_answers(session, visit, submission, "watched")
        description["photos"] = submission.content.get("photos") or []
        description["comment"] = submission.content.get("comment") or None
    return descriptions


def _is_empty(answer: Mapping[str, Any]) -> bool:
    has_value = answer.get("value") not in (None, [])
    return not has_value and not any(answer.get(name) for name in ("not_applicable", "comment", "photos"))
