"""Comments and text answers of accepted visits."""

from marshmallow import fields

from api.domain.privacy import PARTS_OF_DAY
from schemas.base import (
    Day,
    Enum,
    Id,
    Localized,
    NamedPlace,
    QueryBoolean,
    QueryInteger,
    Schema,
    Text,
    page_of,
)
from schemas.scores import ReportQuery


class CommentsQuery(ReportQuery):
    """Filters of the list of comments. `from` and `to` are months.

    With `whole_visit`, the list contains only comments on a visit as a whole.
    """

    region_id = Id()
    location_id = Id()
    question = Text(64)
    whole_visit = QueryBoolean(load_default=False)
    limit = QueryInteger(1, 500, load_default=50)
    cursor = fields.String()


class CommentedQuestion(Schema):
    """A question, with the text that it has in the checklist version of the visit."""

    key = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)


class Comment(Schema):
    """A comment on a question, with its answer, or a text answer, in `value`.

    If `question` is null, it is a comment on the visit as a whole. The points are those of the answer, or of
    the whole visit.
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


COMMENT_PAGE = page_of(Comment())
