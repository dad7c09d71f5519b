"""Sets of words that schemas share: components of the OpenAPI document, with the meaning of each word."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.domain.access import ROLES, SCOPES
from api.domain.checklist import CHANNELS
from api.domain.people import STATUSES as PERSON_STATUSES
from api.domain.privacy import PARTS_OF_DAY
from api.domain.question_types import QUESTION_TYPES
from api.domain.visits import DECISIONS, OUTCOMES, STATUSES


def _describe(meaning: str, words: Sequence[str], *meanings: str) -> dict[str, Any]:
    items = [f"- `{word}`: {text}" for word, text in zip(words, meanings, strict=True)]
    return {"type": "string", "enum": list(words), "description": "\n".join([meaning, "", *items])}


ENUMS: Mapping[str, Mapping[str, Any]] = {
    "Channel": _describe(
        "How a visit is made.",
        CHANNELS,
        "at the location",
        "by telephone",
        "by email, chat or another message",
        "by the store's own people. Counts in scores only where its checklist is named",
    ),
    "Outcome": _describe(
        "What the shopper found.",
        OUTCOMES,
        "the store was open",
        "the store was closed. The visit counts in no score",
    ),
    "PartOfDay": _describe(
        "A part of the day, in the time zone of the location.",
        PARTS_OF_DAY,
        "from 0:00 to 6:00",
        "from 6:00 to 12:00",
        "from 12:00 to 18:00",
        "from 18:00 to 24:00",
    ),
    "PersonStatus": _describe(
        "The status of a person.",
        PERSON_STATUSES,
        "has not chosen a password yet",
        "can log in",
        "can no longer log in",
    ),
    "QuestionType": _describe(
        "The type of a question. It defines the value of an answer.",
        list(QUESTION_TYPES),
        *(type_.value_format for type_ in QUESTION_TYPES.values()),
    ),
    "ReviewDecision": _describe(
        "What a reviewer decides about a revision.",
        DECISIONS,
        "the visit counts in the scores",
        "the shopper sends a corrected revision",
        "the visit ends without a score",
    ),
    "Role": _describe(
        "What a person may do.",
        ROLES,
        "makes visits",
        "reads the scores and accepted visits of their locations",
        "decides on visits, and sees all evidence",
        "manages the organization, and may do all that reviewers may",
    ),
    "Scope": _describe("What an API client may do.", list(SCOPES), *SCOPES.values()),
    "VisitStatus": _describe(
        "The status of a visit.",
        STATUSES,
        "the shopper has not sent answers yet",
        "the answers wait for photos, for acceptance or for a reviewer",
        "the visit counts in the scores",
        "the shopper is asked for a corrected revision",
        "the visit ended without a score",
        "the shopper no longer has to make the visit",
        "the shopper does not make the visit",
    ),
}
