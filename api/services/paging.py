"""Keyset pagination: a page begins after the sort value and ID of the last row of the previous page."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Integer, Select, TypeDecorator, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.database.statements import Query, Runner, fetch_all
from api.domain import problems


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the cursor of the next page or None."""

    items: Sequence[Any]
    cursor: str | None


def fetch_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    sort: InstrumentedAttribute[Any],
    id_column: InstrumentedAttribute[uuid.UUID],
    limit: int,
    cursor: str | None,
    *,
    descending: bool = False,
) -> Page:
    """Return a page of ``query``, sorted by (``sort``, ID), or in the opposite order.

    ``sort`` is a text, a day or a time, and never null. It belongs to the first entity of ``query``.

    Raises INVALID for a cursor that this server did not issue.
    """
    if cursor is not None:
        sort_value, last_id = _decode_position(cursor, _get_python_type(sort))
        position, last_position = tuple_(sort, id_column), (sort_value, last_id)
        query = query.where(position < last_position if descending else position > last_position)
    order = (sort.desc(), id_column.desc()) if descending else (sort, id_column)
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    items = [row[0] if len(row) == 1 else row for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(items, None)
    last = rows[limit - 1][0]
    return Page(items, encode_cursor(getattr(last, sort.key), last.id))


Row = TypeVar("Row")


def build_page_query(
    row_type: Callable[..., Row],
    query: Select[Any],
    sort: InstrumentedAttribute[Any],
    id_column: InstrumentedAttribute[uuid.UUID],
    *,
    after: bool,
    descending: bool = False,
) -> Query[Row]:
    """Return the query that ``fetch_prepared_page`` runs: ``query``, sorted by (``sort``, ID).

    ``descending`` is the opposite order. With ``after``, the query begins after the last row of the previous
    page.
    """
    if after:
        last = tuple_(bindparam("after", type_=sort.type), bindparam("after_id", type_=id_column.type))
        position = tuple_(sort, id_column)
        query = query.where(position < last if descending else position > last)
    order = (sort.desc(), id_column.desc()) if descending else (sort, id_column)
    return Query(row_type, query.order_by(*order).limit(bindparam("at_most", type_=Integer)))


def fetch_prepared_page(
    runner: Runner,
    get_query: Callable[[bool], Query[Any]],
    sort: InstrumentedAttribute[Any],
    limit: int,
    cursor: str | None,
    **parameters: Any,
) -> Page:
    """Return a page of a query from ``build_page_query``.

    ``get_query`` takes ``after`` and returns the query.

    Raises INVALID for a cursor that this server did not issue.
    """
    if cursor is not None:
        parameters["after"], parameters["after_id"] = _decode_position(cursor, _get_python_type(sort))
    rows = fetch_all(runner, get_query(cursor is not None), at_most=limit + 1, **parameters)
    items = rows[:limit]
    if len(rows) <= limit:
        return Page(items, None)
    return Page(items, encode_cursor(getattr(items[-1], sort.key), items[-1].id))


def paginate(items: Sequence[Any], get_key: Callable[[Any], str], limit: int, cursor: str | None) -> Page:
    """Return a page of a list in memory, in its order; ``get_key`` returns the unique key of an item.

    Raises INVALID for a cursor that this server did not issue.
    """
    begin = 0
    if cursor is not None:
        last_key = decode_cursor(cursor, 1)[0]
        keys = [get_key(item) for item in items]
        if last_key not in keys:
            raise invalid_cursor()
        begin = keys.index(last_key) + 1
    page = items[begin : begin + limit]
    has_more = begin + limit < len(items)
    return Page(page, encode_cursor(get_key(page[-1])) if has_more else None)


def encode_cursor(*values: Any) -> str:
    """Return an opaque cursor that contains the sort values of a row."""
    text = json.dumps([str(value) if isinstance(value, uuid.UUID | date) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> list[Any]:
    """Return the ``count`` values that a cursor contains.

    Raises INVALID for a cursor that this server did not issue.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise invalid_cursor() from None
    if not isinstance(values, list) or len(values) != count:
        raise invalid_cursor()
    return values


def invalid_cursor() -> problems.ProblemError:
    """Return the error for a cursor that this server did not issue."""
    return problems.invalid_field("/cursor", "This cursor is not valid. Use the cursor of the previous page.")


def _get_python_type(sort: InstrumentedAttribute[Any]) -> type[Any]:
    # The Python type of a decorated type, such as our UTC times, is only ``object``.
    inner = sort.type.impl_instance if isinstance(sort.type, TypeDecorator) else sort.type
    return inner.python_type


def _decode_position(cursor: str, sort_type: type[Any]) -> tuple[Any, uuid.UUID]:
    """Return the sort value and the ID of the row after which a page begins."""
    sort_text, id_text = decode_cursor(cursor, 2)
    try:
        if not isinstance(sort_text, str) or not isinstance(id_text, str) or "\0" in sort_text:
            raise ValueError
        sort_text.encode()  # raises UnicodeEncodeError for a lone surrogate, which no database accepts
        row_id = uuid.UUID(id_text)
        if not issubclass(sort_type, date):
            return sort_text, row_id
        sort_value = sort_type.fromisoformat(sort_text)
        if isinstance(sort_value, datetime):
            if sort_value.tzinfo is None:
                raise ValueError
            sort_value = sort_value.astimezone(UTC)
        return sort_value, row_id
    except (ValueError, OverflowError):
        raise invalid_cursor() from None
