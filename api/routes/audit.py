"""The audit log, for administrators."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import Response, current_app, request

from api.domain.times import format_utc
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.paging import next_url, page_response
from api.http.responses import ETAG
from api.services.audit import reading
from api.services.paging import Page
from schemas import audit as schemas
from schemas.csv_format import format_cell

routes = Routes("audit", __name__, description="Audit log")

ENTRY = schemas.AuditEntry()
DEFAULT_LIMIT, MAX_LIMIT = 50, 500
CSV_COLUMNS = (
    "at", "actor_type", "actor_id", "actor_name", "action", "subject_type", "subject_id", "subject_name",
    "subject_count", "field", "before", "after", "request_id",
)  # fmt: skip
_CSV_EXAMPLE = f"""\
{",".join(CSV_COLUMNS)}\r
2026-01-31T08:30:00Z,user,6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11,Ana,location.updated,location,\
0b8f4a52-6a3e-4c47-8f0c-7f1f4d8f2a90,London Bridge,1,region_id,North,South,5f0c9a1e6a5b4f0e9b1c2d3e4f5a6b7c\r
"""
#: A file that is sent while it is read has no ETag.
_HEADERS = {"ETag": {**ETAG["ETag"], "required": False}}


@routes.get("/audit", permission="administer organization")
@routes.arguments(schemas.AuditQuery(), location="query")
@routes.response(200, schemas.AUDIT_PAGE(), headers=_HEADERS)
@routes.doc(
    responses={"200": {"content": {"text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}}}},
)
def list_audit_entries(query: dict[str, Any]) -> Response:
    """List who did what, newest first.

    Entries never change, and are kept for 400 days. What shoppers send is not in the log: every revision of a
    submission is kept with its visit. As `text/csv`, the response has all entries unless `limit` is set, with
    a line for each field that changed, and names instead of IDs in the values.
    """
    is_csv = request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"
    limit, cursor = query.pop("limit", None), query.pop("cursor", None)
    first_limit = limit or (MAX_LIMIT if is_csv else DEFAULT_LIMIT)
    page = reading.list_entries(read_snapshot(), current_actor(), first_limit, cursor, **query)
    response = _csv_response(page, query, is_complete=limit is None) if is_csv else page_response(page, ENTRY)
    response.vary.add("Accept")
    return response


def _csv_response(page: Page, filters: Mapping[str, Any], *, is_complete: bool) -> Response:
    """Return a page as CSV. If ``is_complete``, all pages after it follow.

    Each page is read in a snapshot of its own, because sending a large file takes time.
    """
    database, actor = app_context().database, current_actor()

    def stream() -> Iterator[str]:
        yield _format_lines([CSV_COLUMNS])
        yield _format_lines(_list_lines(page.items))
        cursor = page.cursor if is_complete else None
        while cursor is not None:
            with database.read_snapshot() as session:
                next_page = reading.list_entries(session, actor, MAX_LIMIT, cursor, **filters)
            yield _format_lines(_list_lines(next_page.items))
            cursor = next_page.cursor

    response = current_app.response_class(stream(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    if not is_complete and page.cursor is not None:
        response.headers["Link"] = f'<{next_url(page.cursor)}>; rel="next"'
    return response


def _list_lines(entries: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """Yield the cells of the lines of entries: one for each change, and one for an entry without changes."""
    for entry in map(ENTRY.dump, entries):
        actor, subject, names = entry["actor"] or {}, entry["subject"], entry["names"]
        for change in entry["changes"] or [{}]:
            yield [
                format_utc(entry["at"]),
                *(actor.get(key) for key in ("type", "id", "name")),
                entry["action"],
                *(subject[key] for key in ("type", "id", "name", "count")),
                change.get("field"),
                *(_format_value(change.get(key), names) for key in ("before", "after")),
                entry["request_id"],
            ]


def _format_value(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value as a cell: a list as words, an object as JSON, and the name of what has one."""
    if isinstance(value, list):
        return ", ".join(str(_format_value(item, names)) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return names.get(value, value) if isinstance(value, str) else value


def _format_lines(lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(map(format_cell, line) for line in lines)
    return text.getvalue()
