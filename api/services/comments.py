"""Comments: what was written in accepted visits, the newest day first."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import Period
from api.models.checklists import ChecklistVersion
from api.models.places import Location, Region
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import scores, visibility
from api.services.checklists import get_version
from api.services.paging import Page, decode_cursor, encode_cursor, invalid_cursor
from api.services.score_sums import counted
from api.services.scored_answers import get_scored_answers


@dataclass(frozen=True, slots=True)
class CommentQuery:
    """Which comments are asked for: of what period, and of what place, checklist and question if named.

    With ``whole_visit``, those on visits as a whole alone.
    """

    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    question: str | None = None
    whole_visit: bool = False


def list_comments(
    session: Session, actor: Actor, asked: CommentQuery, limit: int, cursor: str | None
) -> Page:
    """Return a page of comments as ``schemas.comments`` describes them, by (day, visit) from the newest on.

    Within a visit they are in the order of its checklist, the comment on the visit as a whole at the end.
    """
    query = _visits(session, actor, asked)
    last = _read(cursor) if cursor is not None else None
    if last is not None:
        day, visit_id, _ = last
        query = query.where(or_(Visit.day < day, and_(Visit.day == day, Visit.id <= visit_id)))
    # Each visit has a comment, but of the one that the page before ended in there may be none left.
    found = session.execute(query.limit(limit + 2)).all()
    made = [comment for row in found for comment in _comments(session, asked, *row)]
    places = [_place(comment) for comment in made]
    begin = places.index(last) + 1 if last in places else 0
    items = made[begin : begin + limit]
    more = begin + limit < len(made)
    return Page(items, encode_cursor(*_place(items[-1])) if more else None)


def _visits(session: Session, actor: Actor, asked: CommentQuery) -> Select[Visit, Submission, Location]:
    """Return the query for the visits with such comments, their revisions that count, and their locations."""
    conditions = [
        visibility.watched_visits(actor),
        Visit.status == "accepted",
        Visit.month.between(asked.period.first, asked.period.last),
        _is_commented(session, asked),
    ]
    if asked.region_id is not None:
        top = scores.region(session, actor, asked.region_id)
        under = visibility.select_subtree(select(Region.id).where(Region.id == top.id))
        conditions.append(Location.region_id.in_(under))
    if asked.location_id is not None:
        place = scores.location(session, actor, asked.location_id)
        conditions.append(Visit.location_id == place.id)
    checklists = [each.checklist_id for each in counted(session, actor, asked.checklist).latest]
    versions = select(ChecklistVersion.id).where(ChecklistVersion.checklist_id.in_(checklists))
    return (
        select(Visit, Submission, Location)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .join(Location, Location.id == Visit.location_id)
        .where(*conditions, Visit.checklist_version_id.in_(versions))
        .order_by(Visit.day.desc(), Visit.id.desc())
    )


def _is_commented(session: Session, asked: CommentQuery) -> ColumnElement[bool]:
    """Return the condition that a submission has words on what is asked for, or on anything."""
    if asked.question is None and not asked.whole_visit:
        return func.json_array_length(Submission.commented) > 0
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    each = func.json_each if is_sqlite else func.json_array_elements_text
    keys = each(Submission.commented).table_valued("value").c.value
    return select(keys).where(keys.is_(None) if asked.whole_visit else keys == asked.question).exists()


def _comments(
    session: Session, asked: CommentQuery, visit: Visit, submission: Submission, location: Location
) -> Iterator[dict[str, Any]]:
    """Yield the comments of a visit."""
    document = get_version(session, visit.checklist_version_id).document
    answers = get_scored_answers(session, visit, submission, "watched")
    told = {
        "visit_id": visit.id,
        "day": visit.day,
        "part_of_day": visit.part_of_day,
        "location": location,
        "checklist": document.key,
    }
    for section in document.sections:
        for question in section.questions:
            is_asked_for = not asked.whole_visit and asked.question in (None, question.key)
            if is_asked_for and question.key in submission.commented:
                name = {"key": question.key, "text": question.text, "section": section.key}
                yield {**told, "question": name, **answers[question.key]}
    if None in submission.commented and asked.question is None:
        yield {
            **told,
            "question": None,
            "value": None,
            "not_applicable": False,
            "comment": submission.content["comment"],
            "points_earned": submission.result["earned"],
            "points_possible": submission.result["possible"],
        }


#: the day, the visit and the question that tell where a comment is in the list
_Place = tuple[date, uuid.UUID, str | None]


def _place(comment: dict[str, Any]) -> _Place:
    question = comment["question"]
    return comment["day"], comment["visit_id"], question and question["key"]


def _read(cursor: str) -> _Place:
    day, visit_id, key = decode_cursor(cursor, 3)
    try:
        return date.fromisoformat(day), uuid.UUID(visit_id), key
    except (ValueError, TypeError, AttributeError):
        raise invalid_cursor() from None
