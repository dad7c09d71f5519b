"""Comments: what shoppers wrote, for the roles that read scores."""

from typing import Any

from flask import Response

from api.domain import problems
from api.domain.searching import split_words
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.paging import page_response
from api.http.periods import parse_period
from api.http.responses import json_response
from api.services import comments
from schemas import comments as schemas

routes = Routes("comments", __name__, description="Comments")

COMMENT = schemas.Comment()
COUNTS = schemas.CommentCounts()
_NOT_FOUND = [problems.REGION_NOT_FOUND, problems.LOCATION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND]


@routes.get(
    "/comments",
    permission="read comments",
    raises=_NOT_FOUND,
)
@routes.arguments(schemas.CommentsQuery(), location="query")
@routes.response(200, schemas.COMMENT_PAGE())
def list_comments(query: dict[str, Any]) -> Response:
    """List the comments and text answers of accepted visits, newest day first.

    Private questions are not included. Self-checks are included only if `checklist` names theirs.

    With `q` or `points`, a page can have fewer comments than `limit`, or none, although `next` is not null:
    each request looks through 2,000 visits at most. Follow `next` until it is null.
    """
    filters = comments.CommentQuery(
        period=parse_period(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
        question=query.get("question"),
        whole_visit=query["whole_visit"],
        words=split_words(query.get("q", "")),
        points=query.get("points"),
    )
    page = comments.list_comments(
        read_snapshot(), current_actor(), filters, query["limit"], query.get("cursor")
    )
    return page_response(page, COMMENT)


@routes.get("/comments/counts", permission="read comments", raises=_NOT_FOUND)
@routes.arguments(schemas.CommentCountsQuery(), location="query")
@routes.response(200, COUNTS)
def count_comments(query: dict[str, Any]) -> Response:
    """Count the comments and text answers of accepted visits by question.

    Questions without comments are omitted. What counts is what `GET /comments` lists.
    """
    filters = comments.CommentQuery(
        period=parse_period(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
    )
    items = comments.count_by_question(read_snapshot(), current_actor(), filters)
    return json_response(COUNTS.dump({"items": items}))
