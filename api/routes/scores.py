"""Scores: of a location, of a region, and tables of them."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify, request

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.paging import next_url, rows_response
from api.http.periods import parse_period
from api.services import scores
from api.services.score_rows import DIMENSIONS, INCLUDES, SORTS, Asked, page_of_rows
from schemas import scores as schemas

routes = Routes("scores", __name__, description="Scores")

DEFAULT_LIMIT = 50


@routes.get(
    "/locations/<uuid:location_id>/score",
    permission="read scores",
    raises=[problems.LOCATION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.ReportQuery(), location="query")
@routes.response(200, schemas.LocationReport())
def get_location_score(query: dict[str, Any], location_id: UUID) -> Response:
    """Get a location's score over a period, with all that explains it."""
    session, caller = read_snapshot(), current_actor()
    location = scores.location(session, caller, location_id)
    return jsonify(
        scores.location_score(session, caller, location, parse_period(query), query.get("checklist"))
    )


@routes.get(
    "/regions/<uuid:region_id>/score",
    permission="read scores",
    raises=[problems.REGION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.ReportQuery(), location="query")
@routes.response(200, schemas.RegionReport())
def get_region_score(query: dict[str, Any], region_id: UUID) -> Response:
    """Get a region's score over a period, everything below it included, and those of its children."""
    session, caller = read_snapshot(), current_actor()
    region = scores.region(session, caller, region_id)
    return jsonify(scores.region_score(session, caller, region, parse_period(query), query.get("checklist")))


@routes.get(
    "/scores",
    permission="read scores",
    raises=[
        problems.REGION_NOT_FOUND,
        problems.LOCATION_NOT_FOUND,
        problems.CHECKLIST_NOT_FOUND,
    ],
)
@routes.arguments(schemas.rows_query(DIMENSIONS, INCLUDES, SORTS), location="query")
@routes.response(200, schemas.RowPage())
@routes.doc(
    responses={"200": {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def list_scores(query: dict[str, Any]) -> Response:
    """List scores by one or two of location, region, section, question, fundamental, month and checklist.

    As `text/csv`, all rows unless a limit is set.
    """
    as_csv = request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"
    asked = Asked(
        by=query["by"],
        period=parse_period(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
        sort=query["sort"],
        include=frozenset(query["include"]),
    )
    names = _picked(asked, query.get("fields"))
    limit = query.get("limit", None if as_csv else DEFAULT_LIMIT)
    page = page_of_rows(read_snapshot(), current_actor(), asked, names, limit, query.get("cursor"))
    response = _csv(names, page.items) if as_csv else rows_response(page.items, page.cursor)
    if as_csv and page.cursor is not None:
        response.headers["Link"] = f'<{next_url(page.cursor)}>; rel="next"'
    response.vary.add("Accept")
    return response


def _picked(asked: Asked, fields: str | None) -> Sequence[str]:
    """Return the fields that were picked, in the order of the rows; all of them if none were."""
    if fields is None:
        return asked.fields
    picked = set(fields.split(","))
    unknown = picked.difference(asked.fields)
    if unknown:
        raise problems.invalid_field(
            "/fields", f"There is no {', '.join(map(repr, sorted(unknown)))} in {', '.join(asked.fields)}."
        )
    return [name for name in asked.fields if name in picked]


# CSV: nested fields have their names joined, as in ``location_code`` and ``months_2026-01_score``.

#: what stands in a field that may be null, or in a table without rows
_INSIDE: Mapping[str, Sequence[str]] = {
    "location": ("id", "code", "name"),
    "region": ("id", "code", "name"),
    "section": ("checklist", "key", "title"),
    "question": ("checklist", "key", "text", "section", "fundamental"),
    "fundamental": ("key", "title"),
    "checklist": ("key", "title"),
    "interval": ("low", "high"),
    "rank_range": ("best", "worst"),
    "change": ("difference", "interval", "significant"),
    "worst_section": ("checklist", "key", "score", "visits"),
}


def _csv(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Response:
    """Return rows as CSV with a column for whatever any of them has, in the order of ``names``."""
    columns: dict[str, int] = {}
    lines = []
    for row in rows or [dict.fromkeys(names)]:
        line = {}
        for place, name in enumerate(names):
            for column, value in _flat(name, row[name]):
                line[column] = value
                columns.setdefault(column, place)
        lines.append(line)
    header = sorted(columns, key=lambda column: columns[column])
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(line.get(column)) for column in header] for line in lines if rows)
    response = current_app.response_class(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="scores.csv"'
    return response


def _flat(name: str, value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the columns of a field, an interval's even where there is none."""
    if value is None and name in _INSIDE and (name == "interval" or not before):
        value = dict.fromkeys(_INSIDE[name])
    elif isinstance(value, list):
        value = {each["month"]: {key: each[key] for key in each if key != "month"} for each in value}
    if isinstance(value, Mapping):
        for inside, part in value.items():
            yield from _flat(inside, part, f"{before}{name}_")
    else:
        yield before + name, value


def _cell(value: Any) -> Any:
    """Return a cell: booleans as in JSON, and no text that a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    ):
        return f"'{value}"
    return value
