"""Comments of accepted visits, the newest day first."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, TableValuedAlias, func, select, true
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.answers import LOST
from api.domain.months import Period
from api.domain.searching import has_all_words
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.accepted_visits import select_accepted_visits
from api.services.checklists import get_version
from api.services.paging import Page
from api.services.scored_answers import get_scored_answers
from api.services.visit_items import (
    VisitItem,
    VisitRow,
    describe_item,
    describe_whole_visit,
    list_visit_items,
)


@dataclass(frozen=True, slots=True)
class CommentQuery:
    """Which comments to return: those of a period, limited to a place, a checklist or a question.

    ``checklist`` and ``question`` are keys. With ``whole_visit``, only comments on whole visits are returned.
    ``words`` are those of ``searching.split_words``, which a comment must all contain. ``points`` is one of
    LOST and FULL; answers without points are neither.
    """

    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    question: str | None = None
    whole_visit: bool = False
    words: tuple[str, ...] = ()
    points: str | None = None


def list_comments(
    session: Session, actor: Actor, query: CommentQuery, limit: int, cursor: str | None
) -> Page:
    """Return a page of comments in the shape of ``schemas.comments``, sorted by (day, visit), newest first.

    Within a visit, comments are in the checklist's order, followed by the comment on the whole visit. With
    ``words`` or ``points``, a page may be short: see ``list_visit_items``.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND, CHECKLIST_NOT_FOUND, and INVALID for a cursor that this
    server did not issue.
    """
    visits = _select_accepted(session, actor, query).where(_is_commented(session, query))

    def read_items(rows: Sequence[VisitRow]) -> Iterator[VisitItem]:
        return (item for row in rows for item in _read_comments(session, query, row))

    return list_visit_items(session, visits, read_items, limit, cursor)


def count_comments(session: Session, actor: Actor, query: CommentQuery) -> int:
    """Return how many comments of any kind there are in a period, for a place and a checklist.

    The other filters of the query are ignored. Raises the same as ``list_comments``.
    """
    return sum(row["comments"] for row in count_by_question(session, actor, query))


def count_by_question(session: Session, actor: Actor, query: CommentQuery) -> list[dict[str, Any]]:
    """Return the number of comments on each question that has any, in the shape of ``schemas.comments``.

    Filters and errors are those of ``count_comments``. The question is None for whole visits.
    """
    key = _list_commented(session)
    counts = (
        _select_accepted(session, actor, query)
        .with_only_columns(Visit.checklist_version_id, key.c.value, func.count())
        .join(key, true())
        .group_by(Visit.checklist_version_id, key.c.value)
        .order_by(None)
    )
    totals: dict[tuple[str, str | None], int] = {}
    for version_id, question, count in session.execute(counts):
        subject = get_version(session, version_id).document.key, question
        totals[subject] = totals.get(subject, 0) + count
    return [
        {"checklist": checklist, "question": question, "comments": count}
        for (checklist, question), count in sorted(
            totals.items(), key=lambda total: (total[0][0], total[0][1] or "")
        )
    ]


def _select_accepted(
    session: Session, actor: Actor, query: CommentQuery
) -> Select[Visit, Submission, Location]:
    return select_accepted_visits(
        session, actor, query.period, query.region_id, query.location_id, query.checklist
    )


def _list_commented(session: Session) -> TableValuedAlias:
    """Return a table with one row for each item of ``Submission.commented``, in the column ``value``."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    list_keys = func.json_each if is_sqlite else func.json_array_elements_text
    return list_keys(Submission.commented).table_valued("value")


def _is_commented(session: Session, query: CommentQuery) -> ColumnElement[bool]:
    """Return the condition that a submission has a comment on what the query asks for."""
    if query.question is None and not query.whole_visit:
        return func.json_array_length(Submission.commented) > 0
    key = _list_commented(session).c.value
    return select(key).where(key.is_(None) if query.whole_visit else key == query.question).exists()


def _read_comments(session: Session, query: CommentQuery, row: VisitRow) -> Iterator[VisitItem]:
    """Yield the comments of a visit that the query asks for."""
    for number, comment in enumerate(_read_all_comments(session, row)):
        question = comment["question"] and comment["question"]["key"]
        is_requested = query.question in (None, question) and not (query.whole_visit and question)
        if (
            is_requested
            and _has_points(comment, query.points)
            and has_all_words(comment["text"], query.words)
        ):
            yield VisitItem(row.visit, number, comment)


def _read_all_comments(session: Session, row: VisitRow) -> Iterator[dict[str, Any]]:
    """Yield all comments of a visit. ``text`` is all that the shopper wrote in one of them."""
    visit, submission, _ = row
    answers = get_scored_answers(session, visit, submission, "watched")
    for section in get_version(session, visit.checklist_version_id).document.sections:
        for question in section.questions:
            if question.key in submission.commented:
                answer = answers[question.key]
                texts = (question.type.get_text(answer["value"]), answer["comment"])
                text = "\n".join(text for text in texts if text)
                yield {**describe_item(session, row, section, question), **answer, "text": text}
    if None in submission.commented:
        comment = describe_whole_visit(session, row)
        yield {**comment, "text": comment["comment"]}


def _has_points(comment: dict[str, Any], points: str | None) -> bool:
    earned, possible = comment["points_earned"], comment["points_possible"]
    return points is None or (possible > 0 and (earned < possible if points == LOST else earned == possible))
