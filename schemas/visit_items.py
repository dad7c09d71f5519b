"""What accepted visits contain, in lists: the fields that comments and photos have in common."""

from marshmallow import fields

from api.domain.privacy import PARTS_OF_DAY
from schemas.base import Day, Enum, Id, Localized, NamedPlace, QueryInteger, Schema, Text
from schemas.scores import ReportQuery


class VisitItemsQuery(ReportQuery):
    """Filters of a list of what visits contain. `from` and `to` are months."""

    region_id = Id()
    location_id = Id()
    question = Text(64)
    limit = QueryInteger(1, 500, load_default=50)
    cursor = fields.String()


class CommentedQuestion(Schema):
    """A question, with the text that it has in the checklist version of the visit."""

    key = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)


class VisitItem(Schema):
    """A part of an accepted visit: a question with its answer, or the visit as a whole.

    If `question` is null, it is about the visit as a whole. The points are those of the answer, or of the
    whole visit.
    """

    visit_id = Id(required=True)
    day = Day(required=True)
    part_of_day = Enum(PARTS_OF_DAY, required=True)
    location = fields.Nested(NamedPlace(), required=True)
    checklist = fields.String(required=True)
    question = fields.Nested(CommentedQuestion(), required=True, allow_none=True)
    value = fields.Raw(required=True, allow_none=True)
    not_applicable = fields.Boolean(required=True)
    comment = fields.String(required=True, allow_none=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
