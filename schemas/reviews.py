"""Reviews: visits that wait for a decision, and decisions."""

from marshmallow import fields

from api.domain.visits import DECISIONS
from schemas.base import Enum, Id, Integer, NamedPlace, PageQuery, Schema, Text, Time, page_of
from schemas.visits import ByQuestion, Flag


class ReviewsQuery(PageQuery):
    """Filters of the list of reviews."""

    status = Enum(["waiting"], load_default="waiting")


class WaitingVisit(Schema):
    """A visit that waits for a decision."""

    visit_id = Id(required=True)
    location = fields.Nested(NamedPlace(), required=True)
    revision = fields.Integer(required=True)
    submitted_at = Time(required=True)
    flags = fields.List(fields.Nested(Flag()), required=True)


class DecisionNew(Schema):
    """A decision on a revision; `replaces` is the ID of the current decision that it replaces."""

    revision = Integer(1, required=True)
    decision = Enum(DECISIONS, required=True)
    reason = Text(5000, 0, allow_none=True, load_default=None)
    question_reasons = ByQuestion(Text(5000), max_items=500, allow_none=True, load_default=None)
    message_to_shopper = Text(2000, allow_none=True, load_default=None)
    replaces = Id(allow_none=True, load_default=None)


REVIEW_PAGE = page_of(WaitingVisit())
