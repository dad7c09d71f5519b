"""Comments of accepted visits, the newest day first."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import Period
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.accepted_visits import select_accepted_visits
from api.services.checklists import get_version
from api.services.paging import Page, decode_cursor, encode_cursor, invalid_cursor
from api.services.scored_answers import get_scored_answers


@dataclass(frozen=True, slots=True)
class CommentQuery:
    """Which comments to return: those of a period, limited to a place, a checklist or a question.

    ``checklist`` and ``question`` are keys. With ``whole_visit``, only comments on whole visits are returned.
    """

    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    question: str | None = None
    whole_visit: bool = False


def list_comments(
    session: Session, actor: Actor, query: CommentQuery, limit: int, cursor: str | None
) -> Page:
    """Return a page of comments in the shape of ``schemas.comments``, sorted by (day, visit), newest first.

    Within a visit, comments are in the checklist's order, followed by the comment on the whole visit.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND, CHECKLIST_NOT_FOUND, and INVALID for a cursor that this
    server did not issue.
    """
    visits = _select_visits(session, actor, query)
    last = _decode_position(cursor) if cursor is not None else None
    if last is not None:
        day, visit_id, _ = last
        visits = visits.where(or_(Visit.day < day, and_(Visit.day == day, Visit.id <= visit_id)))
    # Each visit has at least one comment. Only the visit in which the previous page ended may have none left.
    visit_rows = session.execute(visits.limit(limit + 2)).all()
    comments = [comment for row in visit_rows for comment in _read_comments(session, query, *row)]
    positions = [_get_position(comment) for comment in comments]
    begin = positions.index(last) + 1 if last in positions else 0
    items = comments[begin : begin + limit]
    has_more = begin + limit < len(comments)
    return Page(items, encode_cursor(*_get_position(items[-1])) if has_more else None)


def count_comments(session: Session, actor: Actor, query: CommentQuery) -> int:
    """Return how many comments of any kind there are in a period, for a place and a checklist.

    ``question`` and ``whole_visit`` of the query are ignored. Raises the same as ``list_comments``.
    """
    counts = _select_accepted(session, actor, query).with_only_columns(
        func.sum(func.json_array_length(Submission.commented))
    )
    return session.scalar(counts.order_by(None)) or 0


def _select_visits(
    session: Session, actor: Actor, query: CommentQuery
) -> Select[Visit, Submission, Location]:
    """Return the SELECT of the visits with such comments, their latest revisions, and their locations."""
    return _select_accepted(session, actor, query).where(_is_commented(session, query))


def _select_accepted(
    session: Session, actor: Actor, query: CommentQuery
) -> Select[Visit, Submission, Location]:
    return select_accepted_visits(
        session, actor, query.period, query.region_id, query.location_id, query.checklist
    )


def _is_commented(session: Session, query: CommentQuery) -> ColumnElement[bool]:
    """Return the condition that a submission has a comment that the query asks for."""
    if query.question is None and not query.whole_visit:
        return func.json_array_length(Submission.commented) > 0
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    list_keys = func.json_each if is_sqlite else func.json_array_elements_text
    key = list_keys(Submission.commented).table_valued("value").c.value
    return select(key).where(key.is_(None) if query.whole_visit else key == query.question).exists()


def _read_comments(
    session: Session, query: CommentQuery, visit: Visit, submission: Submission, location: Location
) -> Iterator[dict[str, Any]]:
    """Yield the comments of a visit that the query asks for."""
    document = get_version(session, visit.checklist_version_id).document
    answers = get_scored_answers(session, visit, submission, "watched")
    common = {
        "visit_id": visit.id,
        "day": visit.day,
        "part_of_day": visit.part_of_day,
        "location": location,
        "checklist": document.key,
    }
    for section in document.sections:
        for question in section.questions:
            is_requested = not query.whole_visit and query.question in (None, question.key)
            if is_requested and question.key in submission.commented:
                reference = {"key": question.key, "text": question.text, "section": section.key}
                yield {**common, "question": reference, **answers[question.key]}
    if None in submission.commented and query.question is None:
        yield {
            **common,
            "question": None,
            "value": None,
            "not_applicable": False,
            "comment": submission.content["comment"],
            "points_earned": submission.result["earned"],
            "points_possible": submission.result["possible"],
        }


#: the position of a comment in the list: its day, visit and question
_Position = tuple[date, uuid.UUID, str | None]


def _get_position(comment: dict[str, Any]) -> _Position:
    question = comment["question"]
    return comment["day"], comment["visit_id"], question and question["key"]


def _decode_position(cursor: str) -> _Position:
    day, visit_id, key = decode_cursor(cursor, 3)
    try:
        return date.fromisoformat(day), uuid.UUID(visit_id), key
    except (ValueError, TypeError, AttributeError):
        raise invalid_cursor() from None
