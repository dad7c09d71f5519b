"""Comments: what was written in accepted visits."""

from marshmallow import fields

from schemas.base import Day, Id, Localized, NamedPlace, QueryBoolean, QueryInteger, Schema, Text, page_of
from schemas.scores import ReportQuery


class CommentsQuery(ReportQuery):
    """Which comments are asked for; ``from`` and ``to`` are months.

    With ``whole_visit``, those on visits as a whole alone.
    """

    region_id = Id()
    location_id = Id()
    question = Text(64)
    whole_visit = QueryBoolean(load_default=False)
    limit = QueryInteger(1, 500, load_default=50)
    cursor = fields.String()


class CommentedQuestion(Schema):
    """A question as the visit's version of the checklist words it."""

    key = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)


class Comment(Schema):
    """A comment on a question or a text answer, with the answer; without a question, on the visit as a whole.

    A text answer is in ``value``. The points are those of the answer, or of the whole visit.
    """

    visit_id = Id(required=True)
    day = Day(required=True)
    part_of_day = fields.String(required=True)
    location = fields.Nested(NamedPlace(), required=True)
    checklist = fields.String(required=True)
    question = fields.Nested(CommentedQuestion(), required=True, allow_none=True)
    value = fields.Raw(required=True, allow_none=True)
    not_applicable = fields.Boolean(required=True)
    comment = fields.String(required=True, allow_none=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)


COMMENT_PAGE = page_of(Comment())
