"""Scores: of a location, of a region, and tables of them."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from api.domain import problems
from api.routes.doors import Routes
from api.routes.lists import listed
from api.routes.parts import actor, reading
from api.routes.periods import period_of
from api.services import places, score_rows, scores
from api.services.score_rows import DIMENSIONS, INCLUDES, SORTS, Asked
from schemas import scores as schemas

routes = Routes("scores", __name__, description="Scores")

DEFAULT_LIMIT = 50


@routes.get(
    "/locations/<uuid:location_id>/score",
    who="read scores",
    refuses=[problems.LOCATION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.ReportQuery(), location="query")
@routes.response(200, schemas.LocationReport())
def get_location_score(query: dict[str, Any], location_id: UUID) -> dict[str, Any]:
    """Get a location's score over a period, with all that explains it."""
    location = places.location(reading(), actor(), location_id)
    return scores.location_score(reading(), actor(), location, period_of(query), query.get("checklist"))


@routes.get(
    "/regions/<uuid:region_id>/score",
    who="read scores",
    refuses=[problems.REGION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.ReportQuery(), location="query")
@routes.response(200, schemas.RegionReport())
def get_region_score(query: dict[str, Any], region_id: UUID) -> dict[str, Any]:
    """Get a region's score over a period, everything below it included, and those of its children."""
    region = places.region(reading(), actor(), region_id)
    return scores.region_score(reading(), actor(), region, period_of(query), query.get("checklist"))


@routes.get(
    "/scores",
    who="read scores",
    refuses=[
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
    wanted = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    asked = Asked(
        by=query["by"],
        period=period_of(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
        sort=query["sort"],
        include=frozenset(query["include"]),
    )
    found = score_rows.rows(reading(), actor(), asked)
    limit = query.get("limit", len(found) if wanted == "text/csv" else DEFAULT_LIMIT)
    page = score_rows.page_of_rows(found, limit, query.get("cursor"))
    rows = _picked(page.items, asked.by, query.get("fields"))
    return _csv(rows) if wanted == "text/csv" else listed(rows, page.cursor)


def _picked(
    rows: Sequence[Mapping[str, Any]], by: Sequence[str], names: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return rows with what they are by and the fields that were picked."""
    if names is None:
        return rows
    picked = {*names.split(","), *by}
    if rows and not picked <= rows[0].keys():
        unknown = ", ".join(sorted(picked - rows[0].keys()))
        raise problems.invalid("/fields", f"There is no field {unknown}.")
    return [{name: value for name, value in row.items() if name in picked} for row in rows]


def _csv(rows: Sequence[Mapping[str, Any]]) -> Response:
    """Return rows as CSV, nested fields with their names joined: ``location_code``, ``interval_low``."""
    flat = [dict(_flattened(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in flat)
    response = current_app.response_class(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="scores.csv"'
    return response


_NESTED_BOUNDS = {"interval": ("low", "high"), "rank_range": ("best", "worst")}


def _flattened(row: Mapping[str, Any], before: str = "") -> Any:
    for name, value in row.items():
        if name == "months":
            for month in value:
                yield f"score_{month['month']}", month["score"]
        elif isinstance(value, Mapping):
            yield from _flattened(value, f"{before}{name}_")
        elif value is None and name in _NESTED_BOUNDS:
            # The columns stand even where there is no interval.
            yield from ((f"{before}{name}_{bound}", None) for bound in _NESTED_BOUNDS[name])
        else:
            yield before + name, value


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
