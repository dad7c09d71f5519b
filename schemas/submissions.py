"""Submissions: what a phone sends, its receipt, and the answers with their points."""

from typing import Any

from marshmallow import fields, validate

from api.domain.answers import MAX_CLOSED_STORE_PHOTOS
from api.domain.fields import MAX_TEXT
from api.domain.question_types import QUESTION_TYPES
from api.domain.visits import OUTCOMES, STORE_CLOSED, VISITED
from schemas.base import (
    MAX_INTEGER,
    TEXT_PATTERN,
    Boolean,
    Enum,
    Id,
    Integer,
    Position,
    RandomId,
    Schema,
    Text,
    Time,
)
from schemas.visits import ByQuestion, ScoredAnswer, VisitScore


class AnswerValue(fields.Field):
    """A value of any question type. The question in the checklist defines which values are valid."""

    def __init__(self, **kwargs: Any) -> None:
        text = {"type": "string", "pattern": TEXT_PATTERN}
        number = {"type": "number", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER}
        value_types = [text, number, {"type": "array", "items": text}, {"type": "null"}]
        formats = [f"- `{name}`: {type_.value_format}" for name, type_ in QUESTION_TYPES.items()]
        description = "\n".join(["By question type:", "", *formats])
        super().__init__(metadata={"anyOf": value_types, "description": description}, **kwargs)


class Answer(Schema):
    """The answer to a question. The question defines which fields it can have."""

    value = AnswerValue(allow_none=True)
    comment = Text(MAX_TEXT, 0, allow_none=True)
    not_applicable = Boolean(allow_none=True)
    photos = fields.List(RandomId(), allow_none=True, validate=validate.Length(max=100))


class Answers(ByQuestion):
    """Answers by the key of the question."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(Answer()), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        # Most answers are simple. Checking them without the schema saves time for each question.
        if type(value) is dict and all(map(_is_plain, value.values())):
            return value
        return super()._deserialize(value, attr, data, **kwargs)


def _is_plain(answer: Any) -> bool:
    """Return whether an answer consists of at most a value and a valid comment."""
    if type(answer) is not dict or not answer.keys() <= {"value", "comment"}:
        return False
    comment = answer.get("comment", "")
    return type(comment) is str and len(comment) <= MAX_TEXT


class Submission(Schema):
    """All answers of a visit, as one revision.

    With the outcome `store-closed`, no question has to be answered, and `photos` may show that the store was
    closed.
    """

    revision = Integer(required=True)
    checklist_version = Integer(1, required=True)
    started_at = Time(required=True)
    finished_at = Time(required=True)
    position = fields.Nested(Position(), allow_none=True)
    outcome = Enum(
        OUTCOMES,
        allow_none=True,
        metadata={
            "description": f"`{VISITED}`, or `{STORE_CLOSED}` if the store was closed. Default: `{VISITED}`."
        },
    )
    answers = Answers(required=True)
    photos = fields.List(
        RandomId(),
        allow_none=True,
        validate=validate.Length(max=MAX_CLOSED_STORE_PHOTOS),
        metadata={
            "description": "The IDs of photos that show that the store was closed. They have no question."
        },
    )
    comment = Text(MAX_TEXT, 0, allow_none=True)
    briefing_version = Integer(
        1,
        allow_none=True,
        metadata={"description": "The version of the briefing that the shopper has read. Null without one."},
    )


class Receipt(Schema):
    """Confirms that a revision is stored permanently."""

    visit_id = Id(required=True)
    revision = fields.Integer(required=True)
    received_at = Time(required=True)
    content_sha256 = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)


class ScoredSubmission(Schema):
    """The answers of a revision with their points, as managers and reviewers see them."""

    visit_id = Id(required=True)
    checklist_version = fields.Integer(required=True)
    outcome = Enum(OUTCOMES, required=True)
    score = fields.Nested(VisitScore(), required=True)
    answers = ByQuestion(fields.Nested(ScoredAnswer()), required=True)
    photos = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The IDs of photos that show that the store was closed."},
    )
    comment = fields.String(required=True, allow_none=True)
    # Only for reviewers and administrators
    revision = fields.Integer()
    started_at = Time(allow_none=True)
    finished_at = Time(allow_none=True)
    received_at = Time()
    clock_shift = fields.Float()
    position = fields.Nested(Position(), allow_none=True)
    distance_m = fields.Integer(allow_none=True)
    briefing_version = fields.Integer(
        allow_none=True,
        metadata={"description": "The version of the briefing that the shopper has read. Null for none."},
    )
