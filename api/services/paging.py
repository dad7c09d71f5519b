"""Paging by key: a page begins after the sort value and id of the last row of the page before."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Integer, Select, TypeDecorator, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.database.statements import Statement, rows
from api.domain import problems


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursor of the next page if there is one."""

    items: Sequence[Any]
    cursor: str | None


def fetch_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    sort: InstrumentedAttribute[Any],
    id_column: InstrumentedAttribute[uuid.UUID],
    limit: int,
    cursor: str | None,
) -> Page:
    """Return a page of ``query`` by (``sort``, id); ``sort`` is text, a day or a time, and never null."""
    if cursor is not None:
        value, last_id = _read(cursor, _kind(sort))
        query = query.where(tuple_(sort, id_column) > (value, last_id))
    found = session.execute(query.order_by(sort, id_column).limit(limit + 1)).all()
    items = [row[0] if len(row) == 1 else row for row in found[:limit]]
    if len(found) <= limit:
        return Page(items, None)
    last = items[-1] if len(found[0]) == 1 else items[-1][0]
    return Page(items, encode_cursor(getattr(last, sort.key), last.id))


def build_page_statement(
    query: Select[Any],
    sort: InstrumentedAttribute[Any],
    id_column: InstrumentedAttribute[uuid.UUID],
    *,
    after: bool,
) -> Statement:
    """Return what ``page_of`` runs: ``query`` by (``sort``, id), the first page of it or those after."""
    if after:
        last, last_id = bindparam("after", type_=sort.type), bindparam("after_id", type_=id_column.type)
        query = query.where(tuple_(sort, id_column) > tuple_(last, last_id))
    return Statement(query.order_by(sort, id_column).limit(bindparam("at_most", type_=Integer)))


def fetch_prepared_page(
    session: Session,
    statement: Callable[[bool], Statement],
    sort: InstrumentedAttribute[Any],
    limit: int,
    cursor: str | None,
    **parameters: Any,
) -> Page:
    """Return a page of a ``keyed`` statement, given for the first page (False) and for those after."""
    if cursor is not None:
        parameters["after"], parameters["after_id"] = _read(cursor, _kind(sort))
    found = rows(session, statement(cursor is not None), at_most=limit + 1, **parameters)
    items = found[:limit]
    if len(found) <= limit:
        return Page(items, None)
    return Page(items, encode_cursor(getattr(items[-1], sort.key), items[-1].id))


def paginate(few: Sequence[Any], key: Callable[[Any], str], limit: int, cursor: str | None) -> Page:
    """Return a page of rows that are all at hand, in their order; ``key`` names each."""
    begin = 0
    if cursor is not None:
        last = decode_cursor(cursor, 1)[0]
        keys = [key(row) for row in few]
        if last not in keys:
            raise invalid_cursor()
        begin = keys.index(last) + 1
    items = few[begin : begin + limit]
    more = begin + limit < len(few)
    return Page(items, encode_cursor(key(items[-1])) if more else None)


def encode_cursor(*values: Any) -> str:
    """Return an opaque cursor that stands for the values of a row."""
    text = json.dumps([str(value) if isinstance(value, uuid.UUID | date) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> list[Any]:
    """Return the values that a cursor stands for; refuses one that was not made here."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise invalid_cursor() from None
    if not isinstance(values, list) or len(values) != count:
        raise invalid_cursor()
    return values


def invalid_cursor() -> problems.ProblemError:
    """Return the refusal of a cursor that this server did not give out."""
    return problems.invalid("/cursor", "This is no cursor that a page gave.")


def _kind(sort: InstrumentedAttribute[Any]) -> type[Any]:
    # A decorated type, such as our UTC times, says of itself only that it is some object.
    inner = sort.type.impl_instance if isinstance(sort.type, TypeDecorator) else sort.type
    return inner.python_type


def _read(cursor: str, sort_type: type[Any]) -> tuple[Any, uuid.UUID]:
    value, row_id = decode_cursor(cursor, 2)
    try:
        if not isinstance(value, str) or not isinstance(row_id, str) or "\0" in value:
            raise ValueError
        value.encode()  # half of a surrogate pair is no text for a database
        if not issubclass(sort_type, date):
            return value, uuid.UUID(row_id)
        moment = sort_type.fromisoformat(value)
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise ValueError
            moment = moment.astimezone(UTC)
        return moment, uuid.UUID(row_id)
    except (ValueError, OverflowError):
        raise invalid_cursor() from None
