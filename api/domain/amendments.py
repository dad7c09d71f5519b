"""Amendments: what decided disputes change in the answers of a visit.

They are stored beside the answers, which never change: question key → ``{"outcome": "set_aside"}`` or
``{"outcome": "amended", "value": …}``.
"""

from collections.abc import Mapping
from typing import Any

from api.domain.answers import NO_ANSWER, Answers
from api.domain.checklist import Checklist
from api.domain.disputes import AMENDED, SET_ASIDE
from api.domain.scoring import VisitScore, score_visit
from api.domain.visits import VISITED

#: what became of an answer because another one was amended
HIDDEN = "hidden"
Amendments = Mapping[str, Mapping[str, Any]]


def amend_answers(answers: Answers, amendments: Amendments | None) -> Answers:
    """Return the answers with the values of amendments. Answers that are set aside stay as they are."""
    values = {
        key: {**(answers.get(key) or NO_ANSWER), "value": amendment["value"], "not_applicable": False}
        for key, amendment in (amendments or {}).items()
        if amendment["outcome"] == AMENDED
    }
    return {**answers, **values} if values else answers


def list_set_aside(amendments: Amendments | None) -> frozenset[str]:
    """Return the keys of the questions whose answers are set aside."""
    return frozenset(key for key, item in (amendments or {}).items() if item["outcome"] == SET_ASIDE)


def score_amended_visit(
    checklist: Checklist, answers: Answers, amendments: Amendments | None, outcome: str = VISITED
) -> VisitScore:
    """Return the score of valid answers with amendments.

    Amended values decide again which questions are hidden. A question that they show has no answer, so it
    counts 0 of 0.
    """
    amended = amend_answers(answers, amendments)
    return score_visit(checklist, amended, outcome, list_set_aside(amendments))
