"""Scores: of a location, of a region, and tables of score rows."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from api.domain import problems
from api.domain.months import Period
from api.http.access import Routes
from api.http.context import current_actor, detach_read_snapshot, read_snapshot
from api.http.etags import answer_by_state
from api.http.paging import next_url, rows_response
from api.http.periods import parse_period
from api.http.replica_reads import reads_replica
from api.http.responses import json_response
from api.services import visibility
from api.services.scores import places, reports, tables
from api.services.scores.query import RowQuery
from api.services.scores.state import read_state
from schemas import scores as schemas
from schemas.csv_format import has_languages, stream_csv, to_csv

routes = Routes("scores", __name__, description="Scores")

DEFAULT_LIMIT = 50
#: The rows of a streamed file that are in memory at a time; at least the highest limit of a page
ROWS_AT_ONCE = 500
_CSV_EXAMPLE = """\
location_id,location_code,location_name,visits,score\r
6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11,LDN-01,London Bridge,37,0.858333\r
"""


@routes.get(
    "/locations/<uuid:location_id>/score",
    permission="read scores",
    raises=[problems.LOCATION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.PlaceReportQuery(), location="query")
@routes.response(200, schemas.LocationReport())
@reads_replica
def get_location_score(query: dict[str, Any], location_id: UUID) -> Response:
    """Get the score of a location over a period, with the figures that explain it.

    Only accepted visits count. The period has whole months, in the time zone of the location.
    """
    session, caller = read_snapshot(), current_actor()
    location = places.get_location(session, caller, location_id)
    period = parse_period(query)

    def build() -> Response:
        return json_response(
            reports.get_location_report(
                session, caller, location, period, query.get("checklist"), query["include"]
            )
        )

    return _answer(period, build)


@routes.get(
    "/regions/<uuid:region_id>/score",
    permission="read scores",
    raises=[problems.REGION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.RegionReportQuery(), location="query")
@routes.response(200, schemas.RegionReport())
@reads_replica
def get_region_score(query: dict[str, Any], region_id: UUID) -> Response:
    """Get the score of a region over a period: everything below it, and each of its children.

    Only accepted visits count. The period has whole months, in the time zone of each location. For managers,
    only the locations that they may see count.
    """
    session, caller = read_snapshot(), current_actor()
    region = places.get_region(session, caller, region_id)
    period = parse_period(query)

    def build() -> Response:
        report = reports.get_region_report(
            session,
            caller,
            region,
            period,
            query.get("checklist"),
            query["include"],
            query["limit"],
            query.get("cursor"),
        )
        return json_response({**report.figures, "children_next": next_url(report.cursor)})

    return _answer(period, build)


@routes.get(
    "/scores",
    permission="read scores",
    raises=[
        problems.REGION_NOT_FOUND,
        problems.LOCATION_NOT_FOUND,
        problems.CHECKLIST_NOT_FOUND,
    ],
)
@routes.arguments(schemas.RowsQuery(), location="query")
@routes.response(200, schemas.RowPage())
@routes.doc(
    responses={"200": {"content": {"text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}}}},
)
@reads_replica
def list_scores(query: dict[str, Any]) -> Response:
    """List scores by one or two of location, region, section, question, fundamental, month and checklist.

    As `text/csv`, the response has all rows unless `limit` is set.
    """
    is_csv = request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"
    row_query = RowQuery(
        by=query["by"],
        period=parse_period(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
        sort=query["sort"],
        include=frozenset(query["include"]),
    )
    names = _select_fields(row_query, query.get("fields"))
    limit = query.get("limit", None if is_csv else DEFAULT_LIMIT)

    def build() -> Response:
        table = tables.Table(read_snapshot(), current_actor(), row_query, names)
        start = table.find_start(query.get("cursor"))
        if is_csv:
            return _csv_response(row_query, names, table, start, limit)
        page = table.read_page(start, start + (limit or len(table)))
        return rows_response(page.items, page.cursor)

    response = _answer(row_query.period, build)
    response.vary.add("Accept")
    return response


def _answer(period: Period, build: Callable[[], Response]) -> Response:
    """Return the response of ``build``, or a 304 if nothing that this request depends on has changed."""
    session, caller = read_snapshot(), current_actor()
    state = [
        request.full_path,
        str(request.accept_mimetypes),
        [str(caller.id), caller.role, period.first, period.last],
        read_state(session, caller),
    ]
    return answer_by_state(state, build)


def _select_fields(query: RowQuery, selection: Sequence[str] | None) -> Sequence[str]:
    """Return the selected fields in the order of the rows, or all fields of the query."""
    row_fields = schemas.list_row_fields(query.by, query.include)
    if selection is None:
        return row_fields
    missing = set(selection).difference(row_fields)
    if missing:
        raise problems.invalid_field(
            "/fields",
            f"These rows have no {', '.join(sorted(missing))}. They have {', '.join(row_fields)}.",
        )
    return [name for name in row_fields if name in selection]


def _csv_response(
    query: RowQuery, names: Sequence[str], table: tables.Table, start: int, limit: int | None
) -> Response:
    """Return the rows of a table from index ``start`` as a CSV file. A long one of locations is streamed.

    One with texts in several languages is not, because any row can add a column. Nor is that of a caller who
    sees only some regions, for the reason that ``answer_by_state`` gives. An error in the middle of a stream
    cuts the file off.
    """
    fields = {name: schemas.ROW_FIELDS[name] for name in names}
    stop = len(table) if limit is None else min(start + limit, len(table))
    is_streamed = (
        stop - start > ROWS_AT_ONCE
        and query.by == ("location",)
        and not any(map(has_languages, fields.values()))
        and not visibility.is_limited(read_snapshot(), current_actor())
    )
    if is_streamed:
        starts = range(start, stop, ROWS_AT_ONCE)
        parts = (table.read_page(first, min(first + ROWS_AT_ONCE, stop)).items for first in starts)
        response = current_app.response_class(stream_csv(fields, parts))
        response.call_on_close(detach_read_snapshot().close)
    else:
        page = table.read_page(start, stop)
        response = current_app.response_class(to_csv(fields, page.items))
        if page.cursor is not None:
            response.headers["Link"] = f'<{next_url(page.cursor)}>; rel="next"'
    response.content_type = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="scores.csv"'
    return response
