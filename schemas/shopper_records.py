"""The record of a shopper, for reviewers and administrators."""

from marshmallow import fields

from api.domain.verdicts import VERDICTS
from schemas.base import Enum, Id, Month, Schema
from schemas.disputes import OverturnFigures
from schemas.scores import Interval, PeriodQuery
from schemas.visits import FLAG_CODE


class Rate(Schema):
    """How often something happened. The rate and its interval are null for fewer than 10 cases."""

    count = fields.Integer(required=True)
    of = fields.Integer(required=True)
    rate = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)


class FlagCount(Schema):
    """How many visits have a flag."""

    code = fields.String(required=True, metadata=FLAG_CODE)
    visits = fields.Integer(required=True)


class Leniency(Schema):
    """How the scores of a shopper's visits differ from those of others at the same stores.

    Compared are accepted visits of the same locations, checklists and period.
    """

    locations = fields.Integer(required=True)
    visits = fields.Integer(required=True)
    other_visits = fields.Integer(required=True)
    other_shoppers = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    expected = fields.Float(required=True, allow_none=True)
    difference = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)
    verdict = Enum(
        VERDICTS,
        required=True,
        metadata={
            "description": "- `above`: clearly more points than others give\n- `as_expected`: no clear "
            "difference\n- `below`: clearly fewer\n- `too_few`: fewer than 5 visits on one side, or fewer "
            "than 3 others"
        },
    )
    verdict_interval = fields.Nested(Interval(), required=True, allow_none=True)


class ShopperRecord(Schema):
    """How reliable the visits of a person were in a period.

    Cancelled visits do not count, unless the person had declined them before.
    """

    user_id = Id(required=True)
    name = fields.String(required=True)
    from_ = Month(data_key="from", attribute="from", required=True)
    to = Month(required=True)
    assigned = fields.Integer(required=True)
    sent = fields.Integer(required=True)
    unsent = fields.Integer(required=True)
    on_time = fields.Nested(Rate(), required=True)
    declined = fields.Nested(Rate(), required=True)
    flagged = fields.Nested(Rate(), required=True)
    flags = fields.List(fields.Nested(FlagCount()), required=True)
    returned = fields.Nested(Rate(), required=True)
    rejected = fields.Nested(Rate(), required=True)
    overturned = fields.Nested(OverturnFigures(), required=True)
    leniency = fields.Nested(Leniency(), required=True)


class ShopperRecordQuery(PeriodQuery):
    """The period of a record, by default the last twelve months."""
