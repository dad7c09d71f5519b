"""Regions and locations."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response

from api.domain import problems
from api.domain.months import Period
from api.http.access import Routes
from api.http.context import actor, read_snapshot
from api.http.etags import IF_MATCH, edited, require_match
from api.http.paging import page_answer
from api.http.parsing import body_text, faults_of, require_type
from api.http.periods import period_of
from api.http.transactions import IDEMPOTENCY_KEY, creating, in_transaction
from api.models.places import Location, Region
from api.services import places, progress
from schemas import places as schemas
from schemas.base import TEXT_PATTERN
from schemas.scores import PeriodQuery

routes = Routes("places", __name__, description="Regions and locations")

REGION, LOCATION, IMPORTED = schemas.Region(), schemas.Location(), schemas.ImportResult()
IMPORT_ROW = schemas.LocationImport()


@routes.get("/regions", permission="read places")
@routes.arguments(schemas.RegionsQuery(), location="query")
@routes.response(200, schemas.REGION_PAGE())
def list_regions(query: dict[str, Any]) -> Response:
    """List regions by code."""
    return page_answer(places.list_regions(read_snapshot(), actor(), **_page(query)), REGION)


@routes.post("/regions", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.RegionWrite())
@routes.response(201, REGION)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_region(body: dict[str, Any]) -> Response:
    """Add a region."""
    return creating(
        lambda session: places.create_region(session, actor(), body),
        REGION.dump,
        at=lambda made: f"/api/v1/regions/{made.id}",
    )


@routes.get("/regions/<uuid:region_id>", permission="read places", raises=[problems.REGION_NOT_FOUND])
@routes.response(200, REGION)
def get_region(region_id: UUID) -> Region:
    """Get a region."""
    return places.get_region(read_snapshot(), actor(), region_id)


@routes.patch(
    "/regions/<uuid:region_id>",
    permission="write places",
    raises=[problems.REGION_NOT_FOUND, problems.ALREADY_EXISTS, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.RegionEdit(partial=True))
@routes.response(200, REGION)
@routes.doc(parameters=[IF_MATCH])
def edit_region(body: dict[str, Any], region_id: UUID) -> Response:
    """Change a region; with `parent_id`, it moves with all below it."""

    def edit(session: Any) -> Region:
        region = places.get_region(session, actor(), region_id, lock=True)
        require_match(REGION.dump, region)
        return places.update_region(session, actor(), region, body)

    return edited(REGION.dump, in_transaction(edit))


@routes.get(
    "/regions/<uuid:region_id>/progress", permission="read progress", raises=[problems.REGION_NOT_FOUND]
)
@routes.arguments(PeriodQuery(), location="query")
@routes.response(200, schemas.Progress())
def get_progress(query: dict[str, Any], region_id: UUID) -> dict[str, Any]:
    """Count a region's visits by month: still out (until they are accepted), and accepted."""
    period: Period = period_of(query)
    region = places.get_region(read_snapshot(), actor(), region_id)
    return {
        "region": region,
        "months": progress.count_visits_by_month(read_snapshot(), actor(), region, period),
    }


@routes.get("/locations", permission="read places")
@routes.arguments(schemas.LocationsQuery(), location="query")
@routes.response(200, schemas.LOCATION_PAGE())
def list_locations(query: dict[str, Any]) -> Response:
    """List locations by code."""
    return page_answer(places.list_locations(read_snapshot(), actor(), **_page(query)), LOCATION)


@routes.post("/locations", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.LocationWrite())
@routes.response(201, LOCATION)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_location(body: dict[str, Any]) -> Response:
    """Add a location."""
    return creating(
        lambda session: places.create_location(session, actor(), body),
        LOCATION.dump,
        at=lambda made: f"/api/v1/locations/{made.id}",
    )


@routes.post("/locations/import", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.response(201, IMPORTED)
@routes.doc(
    parameters=[IDEMPOTENCY_KEY],
    requestBody={
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "pattern": TEXT_PATTERN}}},
    },
)
def import_locations() -> Response:
    """Add the locations of a CSV, all or none; the pointers of errors begin with the line.

    Columns: code, name, region_code, time_zone; and if you like address, phone, latitude, longitude,
    external_id, closed.
    """
    require_type("text/csv")
    text = body_text()
    if "\0" in text:
        raise problems.MALFORMED("A text holds a NUL character.")
    rows, faults = [], []
    for row in places.parse_import(text):
        try:
            rows.append(IMPORT_ROW.load(row))
        except ma.ValidationError as error:
            faults += faults_of(error.messages, (row["line"],))
    if faults:
        raise problems.INVALID(errors=faults)
    return creating(
        lambda session: {"imported": places.import_locations(session, actor(), rows)}, IMPORTED.dump
    )


@routes.get("/locations/<uuid:location_id>", permission="read places", raises=[problems.LOCATION_NOT_FOUND])
@routes.response(200, LOCATION)
def get_location(location_id: UUID) -> Location:
    """Get a location."""
    return places.get_location(read_snapshot(), actor(), location_id)


@routes.patch(
    "/locations/<uuid:location_id>",
    permission="write places",
    raises=[
        problems.LOCATION_NOT_FOUND,
        problems.ALREADY_EXISTS,
        problems.STALE,
        problems.IF_MATCH_REQUIRED,
    ],
)
@routes.arguments(schemas.LocationEdit(partial=True))
@routes.response(200, LOCATION)
@routes.doc(parameters=[IF_MATCH])
def edit_location(body: dict[str, Any], location_id: UUID) -> Response:
    """Change a location; with `region_id`, it moves and takes its history along."""

    def edit(session: Any) -> Location:
        location = places.get_location(session, actor(), location_id, lock=True)
        require_match(LOCATION.dump, location)
        return places.update_location(session, actor(), location, body)

    return edited(LOCATION.dump, in_transaction(edit))


def _page(query: dict[str, Any]) -> dict[str, Any]:
    return {"cursor": None, **query}
