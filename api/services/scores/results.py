"""The score of one visit, as it is stored with its revision."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.domain.scoring import QuestionScore, VisitScore, share


def score_to_json(score: VisitScore) -> dict[str, Any]:
    """Return a visit's score as it is stored, question by question."""
    return {
        "earned": score.earned,
        "possible": score.possible,
        "passed": score.passed,
        "critical_failures": list(score.critical_failures),
        "questions": [
            [q.key, q.section, q.fundamental, q.earned, q.possible, q.critical_failure, list(q.tallies)]
            for q in score.questions
        ],
    }


def score_from_json(result: Mapping[str, Any]) -> VisitScore:
    """Return the score that was stored with a revision: the inverse of ``score_to_json``."""
    return VisitScore(
        result["earned"],
        result["possible"],
        result["passed"],
        tuple(result["critical_failures"]),
        tuple(_question_score(columns) for columns in result["questions"]),
    )


def _question_score(columns: Sequence[Any]) -> QuestionScore:
    key, section, fundamental, earned, possible, critical_failure, tallies = columns
    return QuestionScore(key, section, fundamental, earned, possible, critical_failure, tuple(tallies))


def format_visit_score(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored score as the API returns it: the fields of ``schemas.visits.VisitScore``."""
    return {
        "points_earned": result["earned"],
        "points_possible": result["possible"],
        "score": share(result["earned"], result["possible"]),
        "passed": result["passed"],
        "critical_failures": result["critical_failures"],
    }
