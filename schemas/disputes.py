"""Disputes about accepted visits."""

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.disputes import KINDS, OUTCOMES, STATUSES
from api.domain.fields import MAX_TEXT
from schemas.base import Day, Enum, Id, Localized, NamedPlace, PageQuery, Schema, Text, Time, page_of
from schemas.scores import ChecklistName, Interval, QuestionName, ReportQuery
from schemas.submissions import AnswerValue
from schemas.visits import SentAnswer

MAX_QUESTIONS = 500
#: what overturn rates can be grouped by; the last two disclose people
PLACES_AND_QUESTIONS, PEOPLE = ("question", "location", "region"), ("shopper", "reviewer")


class QuestionToDispute(Schema):
    """A question whose answer a manager contests."""

    question = Text(64, required=True)
    kind = Enum(
        KINDS,
        required=True,
        metadata={
            "description": "- `fact`: it was different\n- `evidence`: the comment or the photos show "
            "something else\n- `not_applicable`: the question did not apply\n- `other`: see the reason"
        },
    )
    reason = Text(MAX_TEXT, required=True)


class DisputeNew(Schema):
    """A dispute to open."""

    questions = fields.List(
        fields.Nested(QuestionToDispute()), required=True, validate=validate.Length(1, MAX_QUESTIONS)
    )


class OutcomeNew(Schema):
    """The decision about a question.

    Only an amended answer has a `value`, and only a kept one needs a reason.
    """

    question = Text(64, required=True)
    outcome = Enum(
        OUTCOMES,
        required=True,
        metadata={
            "description": "- `kept`: the answer counts as it was sent\n- `set_aside`: the question counts 0 "
            "of 0 points\n- `amended`: `value` counts instead"
        },
    )
    value = AnswerValue(allow_none=True, load_default=None)
    reason = Text(MAX_TEXT, allow_none=True, load_default=None)

    @ma.validates_schema
    def _check_reason(self, data: dict[str, object], **_options: object) -> None:
        if data["outcome"] == "kept" and not str(data["reason"] or "").strip():
            raise ma.ValidationError("Write why the answer is kept.", "reason")


class DisputeDecision(Schema):
    """The decision about a dispute: one outcome for each of its questions."""

    outcomes = fields.List(
        fields.Nested(OutcomeNew()), required=True, validate=validate.Length(1, MAX_QUESTIONS)
    )


class DisputesQuery(PageQuery):
    """Filters and order of the list of disputes."""

    status = Enum(STATUSES)
    location_id = Id()
    question = Text(64)
    sort = Enum(["opened_at", "-opened_at"], load_default="opened_at")


class DisputedVisit(Schema):
    """The visit of a dispute."""

    id = Id(required=True)
    day = Day(required=True)


class PinnedChecklist(ChecklistName):
    """The checklist of the visit, in its version."""

    version = fields.Integer(required=True)


class QuestionDecision(Schema):
    """What a reviewer decided about a question."""

    outcome = Enum(OUTCOMES, required=True)
    value = fields.Raw(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class DisputedQuestion(Schema):
    """A disputed question with the answer and the points as they were sent, and what was decided."""

    question = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)
    kind = Enum(KINDS, required=True)
    reason = fields.String(required=True)
    sent = fields.Nested(SentAnswer(), required=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    decision = fields.Nested(QuestionDecision(), required=True, allow_none=True)


class ScoreChange(Schema):
    """The score of the visit as it was sent, and with the outcomes of the dispute."""

    before = fields.Float(required=True, allow_none=True)
    after = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "The score with the outcomes. Null until the dispute is decided."},
    )


class DisputeParty(Schema):
    """A person who has to do with a dispute. The name is null if they were deleted."""

    id = Id(required=True)
    name = fields.String(required=True, allow_none=True)


class Dispute(Schema):
    """A dispute about an accepted visit.

    Managers and API clients never learn who decided. They see no `revision` and no people.
    """

    id = Id(required=True)
    status = Enum(STATUSES, required=True)
    is_current = fields.Boolean(required=True)
    visit = fields.Nested(DisputedVisit(), required=True)
    location = fields.Nested(NamedPlace(), required=True)
    checklist = fields.Nested(PinnedChecklist(), required=True)
    opened_at = Time(required=True)
    due_at = Time(required=True)
    overdue = fields.Boolean(required=True)
    closed_at = Time(required=True, allow_none=True)
    is_own = fields.Boolean(required=True)
    score = fields.Nested(ScoreChange(), required=True)
    questions = fields.List(fields.Nested(DisputedQuestion()), required=True)
    # Only for reviewers and administrators
    revision = fields.Integer()
    opened_by = fields.Nested(DisputeParty())
    decided_by = fields.Nested(DisputeParty(), allow_none=True)
    is_own_decision = fields.Boolean()


class VisitDisputes(Schema):
    """The disputes about a visit, newest first, and whether its acceptance can be disputed."""

    last_day = Day(required=True, allow_none=True)
    can_be_disputed = fields.Boolean(required=True)
    items = fields.List(fields.Nested(Dispute()), required=True)


class RatesQuery(ReportQuery):
    """What to group overturn rates by. `from` and `to` are the months of the visits."""

    by = Enum([*PLACES_AND_QUESTIONS, *PEOPLE], required=True)


class OverturnFigures(Schema):
    """How many of the decided questions of disputes were set aside or amended."""

    decided = fields.Integer(required=True)
    overturned = fields.Integer(required=True, allow_none=True)
    rate = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)


class OverturnRate(OverturnFigures):
    """An overturn rate, with the field that it is grouped by."""

    question = fields.Nested(QuestionName())
    location = fields.Nested(NamedPlace())
    region = fields.Nested(NamedPlace())
    shopper = fields.Nested(DisputeParty())
    reviewer = fields.Nested(DisputeParty())


class OverturnRates(Schema):
    """Overturn rates, all rows at once."""

    items = fields.List(fields.Nested(OverturnRate()), required=True)


DISPUTE_PAGE = page_of(Dispute())
