"""Submissions: what a phone sends, the receipt it gets, and the answers with their points."""

from marshmallow import fields, validate

from api.domain.checklist import MAX_TEXT
from schemas.base import Boolean, Id, Integer, Position, RandomId, Schema, Text, Time
from schemas.visits import ByQuestion, ScoredAnswer, VisitScore


class AnswerValue(fields.Field):
    """A value of any question type; the checklist tells what it may be."""


class Answer(Schema):
    """One answer; what it may hold depends on its question."""

    value = AnswerValue(allow_none=True)
    comment = Text(MAX_TEXT, 0, allow_none=True)
    not_applicable = Boolean(allow_none=True)
    photos = fields.List(RandomId(), allow_none=True, validate=validate.Length(max=100))


class Submission(Schema):
    """A visit's answers, all of them, as one revision."""

    revision = Integer(required=True)
    checklist_version = Integer(1, required=True)
    started_at = Time(required=True)
    finished_at = Time(required=True)
    position = fields.Nested(Position(), allow_none=True)
    answers = ByQuestion(fields.Nested(Answer()), required=True)
    comment = Text(MAX_TEXT, 0, allow_none=True)


class Receipt(Schema):
    """That a revision is stored, for ever."""

    visit_id = Id(required=True)
    revision = fields.Integer(required=True)
    received_at = Time(required=True)
    content_sha256 = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)


class ScoredSubmission(Schema):
    """The answers of a revision with their points, as managers and reviewers see them."""

    visit_id = Id(required=True)
    revision = fields.Integer(required=True)
    checklist_version = fields.Integer(required=True)
    score = fields.Nested(VisitScore(), required=True)
    answers = ByQuestion(fields.Nested(ScoredAnswer()), required=True)
    comment = fields.String(required=True, allow_none=True)
    started_at = Time(metadata={"description": "For reviewers, by the phone's clock"})
    finished_at = Time(metadata={"description": "For reviewers, by the phone's clock"})
    received_at = Time(metadata={"description": "For reviewers"})
    clock_shift = fields.Float(metadata={"description": "For reviewers: seconds added to the phone's times"})
    position = fields.Nested(
        Position(), allow_none=True, metadata={"description": "For reviewers: where the phone was"}
    )
