"""Answers with their points, as managers and reviewers see them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.visits import View


def get_scored_answers(
    session: Session, visit: Visit, submission: Submission, view: View
) -> dict[str, dict[str, Any]]:
    """Return the answers of a revision in the checklist's order, each with its points.

    Watchers do not see private questions, and of times only the part of day.
    """
    document = get_version(session, visit.checklist_version_id).document
    points = {row[0]: (row[3], row[4]) for row in submission.result["questions"]}
    given = submission.content["answers"]
    shown = {}
    for question in document.questions:
        answer = given.get(question.key)
        if answer is None or (question.private and view == "watched"):
            continue
        value = answer.get("value")
        if view == "watched" and _is_empty(answer):
            continue  # whether a phone sends it or leaves it out tells what kind of phone it is
        earned, possible = points.get(question.key, (0, 0))
        shown[question.key] = {
            "value": question.type.redact(value) if view == "watched" else value,
            "not_applicable": bool(answer.get("not_applicable")),
            "comment": answer.get("comment") or None,
            "photos": answer.get("photos") or [],
            "points_earned": earned,
            "points_possible": possible,
        }
    return shown


def _is_empty(answer: Mapping[str, Any]) -> bool:
    told = ("not_applicable", "comment", "photos")
    return answer.get("value") in (None, []) and not any(answer.get(name) for name in told)
