"""Reviews: visits that wait for a decision, and decisions."""

from marshmallow import fields, validate

from api.domain.flags import FLAG_KINDS
from api.domain.payments import MAX_EXPENSES
from api.domain.reviews import CLAIMED, UNFLAGGED
from api.domain.visits import DECISIONS
from schemas.base import (
    Boolean,
    Day,
    Enum,
    Id,
    Integer,
    NamedPlace,
    PageQuery,
    QueryInteger,
    Schema,
    Text,
    Time,
    page_of,
)
from schemas.disputes import PinnedChecklist
from schemas.visits import ByQuestion, Flag, PastDecision


class VisitFilters(PageQuery):
    """Filters by what a visit is about."""

    location_id = Id()
    region_id = Id()
    checklist_key = Text(64)


class ReviewsQuery(VisitFilters):
    """Filters of the list of reviews."""

    status = Enum(["waiting"], load_default="waiting")
    flag = Enum([*FLAG_KINDS, UNFLAGGED])
    waiting_hours = QueryInteger(0, 100_000)
    claimed = Enum(CLAIMED)


class Claim(Schema):
    """A reviewer is looking at a visit. This prevents no decision of others."""

    reviewer_id = Id(required=True)
    reviewer_name = fields.String(required=True, allow_none=True)
    expires_at = Time(required=True)


class ClaimNew(Schema):
    """A claim. `take_over` replaces that of another reviewer."""

    take_over = Boolean(load_default=False)


class WaitingVisit(Schema):
    """A visit that waits for a decision."""

    visit_id = Id(required=True)
    location = fields.Nested(NamedPlace(), required=True)
    checklist = fields.Nested(PinnedChecklist(), required=True)
    revision = fields.Integer(required=True)
    submitted_at = Time(required=True)
    flags = fields.List(fields.Nested(Flag()), required=True)
    claim = fields.Nested(Claim(), required=True, allow_none=True)


class DecisionNew(Schema):
    """A decision on a revision; `replaces` is the ID of the current decision that it replaces."""

    revision = Integer(1, required=True)
    decision = Enum(DECISIONS, required=True)
    reason = Text(5000, 0, allow_none=True, load_default=None)
    question_reasons = ByQuestion(Text(5000), max_items=500, allow_none=True, load_default=None)
    message_to_shopper = Text(2000, allow_none=True, load_default=None)
    replaces = Id(allow_none=True, load_default=None)
    expense_versions = fields.List(
        Text(64),
        load_default=list,
        validate=validate.Length(max=MAX_EXPENSES),
        metadata={
            "description": "The `version` of each expense that the reviewer saw. An acceptance approves "
            "those that have not changed since and whose receipts have arrived. Others stay undecided."
        },
    )


class DecisionUndo(Schema):
    """The decision to undo."""

    decision_id = Id(required=True)


class DecidedQuery(VisitFilters):
    """Filters of the list of decisions. `from` and `to` are days in UTC, by default the last 30."""

    from_ = Day(data_key="from", attribute="from")
    to = Day()
    reviewer_id = Id()
    decision = Enum(DECISIONS)


class DecidedVisit(PastDecision):
    """A decision of a reviewer, and the visit that it is about."""

    visit_id = Id(required=True)
    location = fields.Nested(NamedPlace(), required=True)
    checklist = fields.Nested(PinnedChecklist(), required=True)
    day = Day(required=True)
    is_current = fields.Boolean(required=True)


REVIEW_PAGE, DECISION_PAGE = page_of(WaitingVisit()), page_of(DecidedVisit())
