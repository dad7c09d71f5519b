"""Comments and text answers of accepted visits."""

from marshmallow import fields

from api.domain.answers import LOST_OR_FULL
from schemas.base import Enum, Id, QueryBoolean, Schema, Text, page_of
from schemas.scores import ReportQuery
from schemas.visit_items import VisitItem, VisitItemsQuery


class CommentsQuery(VisitItemsQuery):
    """Filters of the list of comments. `from` and `to` are months.

    With `whole_visit`, the list contains only comments on a visit as a whole.
    """

    whole_visit = QueryBoolean(load_default=False)
    q = Text(200)
    points = Enum(LOST_OR_FULL)


class Comment(VisitItem):
    """A comment on a question, with its answer, or a text answer, in `value`.

    If `question` is null, it is a comment on the visit as a whole. The points are those of the answer, or of
    the whole visit.
    """


COMMENT_PAGE = page_of(Comment())


class CommentCountsQuery(ReportQuery):
    """Which comments to count. `from` and `to` are months."""

    region_id = Id()
    location_id = Id()


class CommentCount(Schema):
    """The number of comments on a question, or on visits as a whole."""

    checklist = fields.String(required=True)
    question = fields.String(required=True, allow_none=True)
    comments = fields.Integer(required=True)


class CommentCounts(Schema):
    """The number of comments on each question that has any."""

    items = fields.List(fields.Nested(CommentCount()), required=True)
