"""Regions and locations."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.imports import describe_csv, run_import
from api.http.paging import rows_response
from api.http.periods import parse_period
from api.http.responses import CREATED, ETAG
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.models.places import Location, Region
from api.services import place_imports, places, progress
from schemas import places as schemas
from schemas.imports import ImportQuery, ImportResult
from schemas.scores import PeriodQuery

routes = Routes("places", __name__, description="Regions and locations")

REGION, LOCATION = schemas.Region(), schemas.Location()
REGION_ROW, IMPORTED_REGIONS = schemas.RegionRow(), ImportResult()
LOCATION_ROW, IMPORTED_LOCATIONS = schemas.LocationRow(), schemas.LocationImportResult()
_REGIONS_EXAMPLE = """\
code,name,parent_code
UK,United Kingdom,
UK-S,South of England,UK
"""
_LOCATIONS_EXAMPLE = """\
code,name,region_code,time_zone,address
LDN-01,London Bridge,UK-S,Europe/London,"1 High Street, London"
MAD-01,Puerta del Sol,ES,Europe/Madrid,
"""


@routes.get("/regions", permission="read places")
@routes.arguments(schemas.RegionsQuery(), location="query")
@routes.response(200, schemas.REGION_PAGE())
def list_regions(query: dict[str, Any]) -> Response:
    """List regions, sorted by code.

    Managers see the regions that are assigned to them and all regions below. Reviewers and administrators see
    all.
    """
    include = query.pop("include")
    page = places.list_regions(read_snapshot(), current_actor(), **{"cursor": None, **query})
    rows = REGION.dump(page.items, many=True)
    if "counts" in include:
        counts = places.count_in_regions(read_snapshot(), current_actor(), [row["id"] for row in rows])
        for row in rows:
            locations, visits = counts.get(row["id"], (0, 0))
            row["counts"] = {"locations": locations, "visits": visits}
    return rows_response(rows, page.cursor)


@routes.post("/regions", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.RegionWrite())
@routes.response(201, REGION, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_region(body: dict[str, Any]) -> Response:
    """Add a region.

    With `parent_id`, it becomes part of another region.
    """
    return create_resource(
        lambda session: places.create_region(session, current_actor(), body),
        REGION.dump,
        lambda region: f"/api/v1/regions/{region.id}",
    )


@routes.post("/regions/import", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(ImportQuery(), location="query")
@routes.response(200, IMPORTED_REGIONS)
@routes.alt_response(201, schema=IMPORTED_REGIONS)
@routes.doc(parameters=[IDEMPOTENCY_KEY], requestBody=describe_csv(_REGIONS_EXAMPLE))
def import_regions(query: dict[str, Any]) -> Response:
    """Add or update the regions of a CSV file, as `POST /locations/import` does for locations.

    Required columns: `code`, `name`. Optional columns: `parent_code`, `external_id`, `closed`. A parent can
    be in the same file, before or after its children.
    """
    return run_import(
        query,
        place_imports.REGION_COLUMNS,
        REGION_ROW,
        IMPORTED_REGIONS,
        lambda session, file: place_imports.plan_region_import(session, current_actor(), file),
        lambda session, plan: place_imports.store_regions(session, current_actor(), plan),
    )


@routes.get("/regions/<uuid:region_id>", permission="read places", raises=[problems.REGION_NOT_FOUND])
@routes.response(200, REGION)
def get_region(region_id: UUID) -> Region:
    """Get a region.

    A region that the caller may not see does not exist for them.
    """
    return places.get_region(read_snapshot(), current_actor(), region_id)


@routes.patch(
    "/regions/<uuid:region_id>",
    permission="write places",
    raises=[problems.REGION_NOT_FOUND, problems.ALREADY_EXISTS, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.RegionEdit(partial=True))
@routes.response(200, REGION, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_region(body: dict[str, Any], region_id: UUID) -> Response:
    """Change a region.

    Omitted fields stay as they are. With `parent_id`, the region moves together with everything below it, and
    past scores move too.
    """

    def edit(session: Session) -> Region:
        region = places.get_region(session, current_actor(), region_id, lock=True)
        require_match(REGION.dump, region)
        return places.update_region(session, current_actor(), region, body)

    return resource_response(REGION.dump(in_transaction(edit)))


@routes.get(
    "/regions/<uuid:region_id>/progress", permission="read progress", raises=[problems.REGION_NOT_FOUND]
)
@routes.arguments(PeriodQuery(), location="query")
@routes.response(200, schemas.Progress())
def get_region_progress(query: dict[str, Any], region_id: UUID) -> dict[str, Any]:
    """Count a region's visits by month.

    Visits count as in progress in the month in which their window opens, until they are accepted. Only counts
    are disclosed, so that no store is warned of a visit. Managers and API clients get no count that stands
    for only one or two open locations, also not as the difference to regions below.
    """
    period = parse_period(query)
    region = places.get_region(read_snapshot(), current_actor(), region_id)
    return {
        "region": region,
        "months": progress.count_visits_by_month(read_snapshot(), current_actor(), region, period),
    }


@routes.get("/locations", permission="read places")
@routes.arguments(schemas.LocationsQuery(), location="query")
@routes.response(200, schemas.LOCATION_PAGE())
def list_locations(query: dict[str, Any]) -> Response:
    """List locations, sorted by code.

    Managers see the locations that are assigned to them and those in their regions. Reviewers and
    administrators see all.
    """
    include = query.pop("include")
    page = places.list_locations(read_snapshot(), current_actor(), **{"cursor": None, **query})
    rows = LOCATION.dump(page.items, many=True)
    if "counts" in include:
        visits = places.count_visits(read_snapshot(), current_actor(), [row["id"] for row in rows])
        for row in rows:
            row["counts"] = {"visits": visits.get(row["id"], 0)}
    return rows_response(rows, page.cursor)


@routes.post("/locations", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.LocationWrite())
@routes.response(201, LOCATION, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_location(body: dict[str, Any]) -> Response:
    """Add a location.

    To add many, use `POST /locations/import`.
    """
    return create_resource(
        lambda session: places.create_location(session, current_actor(), body),
        LOCATION.dump,
        lambda location: f"/api/v1/locations/{location.id}",
    )


@routes.post("/locations/import", permission="write places", raises=[problems.ALREADY_EXISTS])
@routes.arguments(ImportQuery(), location="query")
@routes.response(200, IMPORTED_LOCATIONS)
@routes.alt_response(201, schema=IMPORTED_LOCATIONS)
@routes.doc(parameters=[IDEMPOTENCY_KEY], requestBody=describe_csv(_LOCATIONS_EXAMPLE))
def import_locations(query: dict[str, Any]) -> Response:
    """Add or update the locations of a CSV file. The import is atomic, and all errors are reported together.

    Required columns: `code`, `name`, `region_code`, `time_zone`. Optional columns: `address`, `phone`,
    `latitude`, `longitude`, `external_id`, `closed`. With `mode=update`, only `code` is required to change
    locations: omitted columns stay as they are, and an empty cell removes a value.

    With `dry_run=true`, nothing is stored, and the errors are part of the response. The status is 201 if the
    import only added locations. Pointers of errors are the line and the column, such as `/3/code`.
    """
    return run_import(
        query,
        place_imports.LOCATION_COLUMNS,
        LOCATION_ROW,
        IMPORTED_LOCATIONS,
        lambda session, file: place_imports.plan_location_import(session, current_actor(), file),
        lambda session, plan: place_imports.store_locations(session, current_actor(), plan),
    )


@routes.get("/locations/<uuid:location_id>", permission="read places", raises=[problems.LOCATION_NOT_FOUND])
@routes.response(200, LOCATION)
def get_location(location_id: UUID) -> Location:
    """Get a location.

    A location that the caller may not see does not exist for them.
    """
    return places.get_location(read_snapshot(), current_actor(), location_id)


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
@routes.response(200, LOCATION, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_location(body: dict[str, Any], location_id: UUID) -> Response:
    """Change a location.

    Omitted fields stay as they are. With `region_id`, the location moves together with its visits and scores.
    """

    def edit(session: Session) -> Location:
        location = places.get_location(session, current_actor(), location_id, lock=True)
        require_match(LOCATION.dump, location)
        return places.update_location(session, current_actor(), location, body)

    return resource_response(LOCATION.dump(in_transaction(edit)))
