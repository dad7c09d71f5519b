"""Pages of what accepted visits contain, such as comments and photos: the newest day first.

A position is (day, visit, number of the item in its visit). Nothing in the order or in a cursor discloses
when a visit was made, or which visits one shopper made.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import Session

from api.domain.checklist import Question, Section
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.paging import Page, decode_cursor, encode_cursor, invalid_cursor

#: How many visits one page looks through. Filters that few items pass would otherwise read years of visits.
MAX_VISITS = 2000
_ROWS_AT_A_TIME = 100
#: The number after the last item of every visit
_END = 2**31


class VisitRow(NamedTuple):
    """A row of ``select_accepted_visits``."""

    visit: Visit
    submission: Submission
    location: Location


class VisitItem(NamedTuple):
    """An item with its visit. ``number`` never changes: it counts the items that filters omit, too."""

    visit: Visit
    number: int
    content: dict[str, Any]


Visits = Select[Visit, Submission, Location]
#: Yields the items of visits, in their order.
ReadItems = Callable[[Sequence[VisitRow]], Iterator[VisitItem]]


def list_visit_items(
    session: Session, visits: Visits, read_items: ReadItems, limit: int, cursor: str | None
) -> Page:
    """Return a page of items of ``visits``, sorted by (day, visit), newest first.

    A page may have fewer items than ``limit``, or even none, although further pages follow: it ends after
    ``MAX_VISITS`` visits. Raises INVALID for a cursor that this server did not issue.
    """
    last = _decode_position(cursor) if cursor is not None else None
    if last is not None:
        day, visit_id, _ = last
        visits = visits.where(or_(Visit.day < day, and_(Visit.day == day, Visit.id <= visit_id)))
    items: list[VisitItem] = []
    visit_count = 0
    for rows in _fetch_rows(session, visits):
        for item in read_items(rows):
            if last is not None and item.visit.id == last.visit_id and item.number <= last.number:
                continue
            if len(items) == limit:
                return _build_page(items, items[-1].visit, items[-1].number)
            items.append(item)
        visit_count += len(rows)
        last_visit = rows[-1].visit
    return _build_page(items, last_visit, _END) if visit_count == MAX_VISITS else _build_page(items)


def describe_item(
    session: Session, row: VisitRow, section: Section | None = None, question: Question | None = None
) -> dict[str, Any]:
    """Return where an item belongs: its visit, and its question unless it is about the visit as a whole."""
    reference = section and question and {"key": question.key, "text": question.text, "section": section.key}
    return {
        "visit_id": row.visit.id,
        "day": row.visit.day,
        "part_of_day": row.visit.part_of_day,
        "location": row.location,
        "checklist": get_version(session, row.visit.checklist_version_id).document.key,
        "question": reference,
    }


def describe_whole_visit(session: Session, row: VisitRow) -> dict[str, Any]:
    """Return an item about a visit as a whole, with the comment on the visit and its points."""
    return {
        **describe_item(session, row),
        "value": None,
        "not_applicable": False,
        "comment": row.submission.content.get("comment") or None,
        "points_earned": row.submission.result["earned"],
        "points_possible": row.submission.result["possible"],
    }


def _fetch_rows(session: Session, visits: Visits) -> Iterator[list[VisitRow]]:
    query = visits.limit(MAX_VISITS).execution_options(yield_per=_ROWS_AT_A_TIME)
    with closing(session.execute(query)) as result:
        for rows in result.partitions():
            yield [VisitRow(*row) for row in rows]


class _Position(NamedTuple):
    day: date
    visit_id: uuid.UUID
    number: int


def _build_page(items: Iterable[VisitItem], visit: Visit | None = None, number: int = _END) -> Page:
    """Return a page; after it, the list continues behind this item of ``visit``, or ends without one."""
    cursor = None if visit is None else encode_cursor(visit.day, visit.id, number)
    return Page([item.content for item in items], cursor)


def _decode_position(cursor: str) -> _Position:
    day, visit_id, number = decode_cursor(cursor, 3)
    try:
        if type(number) is not int:
            raise ValueError
        return _Position(date.fromisoformat(day), uuid.UUID(visit_id), number)
    except (ValueError, TypeError, AttributeError):
        raise invalid_cursor() from None
