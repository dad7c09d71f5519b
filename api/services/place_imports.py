"""Imports of regions and locations."""

import uuid
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain.access import Actor
from api.models.places import Location, Region
from api.services import visibility
from api.services.imports import (
    Columns,
    ImportFile,
    ImportPlan,
    Values,
    plan_import,
    read_boolean,
    read_number,
)
from api.services.places import (
    COORDINATES,
    MISSING_COORDINATE,
    find_missing_coordinate,
    record_moves,
    store,
    update_columns,
)

REGION_COLUMNS = Columns(
    key="code",
    required=("code", "name"),
    optional=("parent_code", "external_id", "closed"),
    readers={"closed": read_boolean},
)
LOCATION_COLUMNS = Columns(
    key="code",
    required=("code", "name", "region_code", "time_zone"),
    optional=("address", "phone", "latitude", "longitude", "external_id", "closed"),
    readers={"latitude": read_number, "longitude": read_number, "closed": read_boolean},
)
_IN_USE = ("code", "This code is already in use.")
_UNKNOWN_REGION = "There is no region with this code."
_ADDED_MEANWHILE = "One of these codes was added in the meantime."


def plan_region_import(session: Session, actor: Actor, file: ImportFile) -> ImportPlan[Region]:
    """Decide what an import of regions does. A parent may follow its children in the file."""
    regions = _read_by_code(session, actor, Region)
    codes = {region.id: region.code for region in regions.values()}
    parents = {region.code: region.parent_id and codes[region.parent_id] for region in regions.values()}
    visible_codes = _read_visible_region_codes(session, actor)
    known_codes = visible_codes | ({row.values.get("code") for row in file.rows} - regions.keys())
    cycles = _find_cycles(parents | _read_parents(file))
    is_limited = visibility.is_limited(session, actor)

    def describe(region: Region) -> Values:
        values = {name: getattr(region, name) for name in ("code", "name", "external_id", "closed")}
        return {**values, "parent_code": parents[region.code]}

    def find_errors(values: Values, region: Region | None) -> Iterator[tuple[str, str]]:
        if region is not None and region.code not in visible_codes:
            yield _IN_USE
        stored_parent = None if region is None else parents[region.code]
        parent = values.get("parent_code", stored_parent)
        if region is not None and parent == stored_parent:
            return
        if parent is not None and parent not in known_codes:
            yield "parent_code", _UNKNOWN_REGION
        if values.get("code") in cycles:
            yield "parent_code", "A region cannot be part of itself."
        if parent is None and is_limited:
            yield "parent_code", "This API client may write only within its regions."

    return plan_import(file, regions, describe, find_errors)


def store_regions(session: Session, actor: Actor, plan: ImportPlan[Region]) -> None:
    """Store the regions of a plan without errors.

    Raises ALREADY_EXISTS if a region with one of the codes was created in the meantime.
    """
    regions = _read_by_code(session, actor, Region)
    rows = {row.values["code"]: row for row in plan.rows}
    new_regions = {
        code: Region(id=uuid.uuid4(), organization_id=actor.organization_id)
        for code in rows.keys() - regions.keys()
    }
    regions |= new_regions
    moved = set[uuid.UUID | None]()
    for code, row in rows.items():
        values = row.edits
        if "parent_code" in values:
            parent_code = values.pop("parent_code")
            values["parent_id"] = parent_code and regions[parent_code].id
            if row.stored is not None:
                moved |= {row.stored.parent_id, values["parent_id"]}
        update_columns(regions[code], values)
    # The database checks each row when it is added, so parents come first.
    graph = {code: {rows[code].values.get("parent_code")} for code in new_regions}
    session.add_all(new_regions[code] for code in TopologicalSorter(graph).static_order() if code in graph)
    store(session, actor.organization_id, _ADDED_MEANWHILE)
    if moved:
        record_moves(session, actor, moved)


def plan_location_import(session: Session, actor: Actor, file: ImportFile) -> ImportPlan[Location]:
    """Decide what an import of locations does."""
    locations = _read_by_code(session, actor, Location)
    codes = {region.id: region.code for region in _read_by_code(session, actor, Region).values()}
    visible_codes = _read_visible_region_codes(session, actor)

    def describe(location: Location) -> Values:
        values = {name: getattr(location, name) for name in LOCATION_COLUMNS.names if name != "region_code"}
        return {**values, "region_code": codes[location.region_id]}

    def find_errors(values: Values, location: Location | None) -> Iterator[tuple[str, str]]:
        if location is not None and codes[location.region_id] not in visible_codes:
            yield _IN_USE
        if "region_code" in values and values["region_code"] not in visible_codes:
            yield "region_code", _UNKNOWN_REGION
        if missing := find_missing_coordinate(_merge_position(values, location, file.header)):
            yield missing, MISSING_COORDINATE

    return plan_import(file, locations, describe, find_errors)


def store_locations(session: Session, actor: Actor, plan: ImportPlan[Location]) -> None:
    """Store the locations of a plan without errors.

    Raises ALREADY_EXISTS if a location with one of the codes was created in the meantime.
    """
    region_ids = {code: region.id for code, region in _read_by_code(session, actor, Region).items()}
    _lock_locations(session, plan)
    moved = set[uuid.UUID | None]()
    for row in plan.rows:
        values = row.edits
        if "region_code" in values:
            values["region_id"] = region_ids[values.pop("region_code")]
            if row.stored is not None:
                moved |= {row.stored.region_id, values["region_id"]}
        if row.stored is None:
            session.add(Location(organization_id=actor.organization_id, **values))
        else:
            update_columns(row.stored, values)
    store(session, actor.organization_id, _ADDED_MEANWHILE)
    if moved:
        record_moves(session, actor, moved)


def _lock_locations(session: Session, plan: ImportPlan[Location]) -> None:
    """Lock the locations that move, and refresh them: somebody may have moved them since they were read."""
    numbers = [row.stored.number for row in plan.rows if row.stored and "region_code" in row.edits]
    query = select(Location).where(among(Location.number, "numbers")).order_by(Location.number)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    session.scalars(locked, {"numbers": numbers}).all()


def _read_by_code(session: Session, actor: Actor, table: type[Any]) -> dict[str, Any]:
    """Return all regions or locations of the organization by code, also those that the actor may not see."""
    rows = session.scalars(select(table).where(table.organization_id == actor.organization_id))
    return {row.code: row for row in rows}


def _read_visible_region_codes(session: Session, actor: Actor) -> set[str]:
    return set(session.scalars(select(Region.code).where(visibility.regions(actor))))


def _merge_position(values: Values, location: Location | None, header: list[str]) -> dict[str, Any]:
    """Return the position after an import; nothing if the file has none, or a coordinate has an error."""
    columns = [name for name in COORDINATES if name in header]
    if not columns or not values.keys() >= set(columns):
        return {}
    return {name: values.get(name, getattr(location, name, None)) for name in COORDINATES}


def _read_parents(file: ImportFile) -> dict[str, str | None]:
    """Return the code of the parent of each region in a file that names both."""
    return {
        row.values["code"]: row.values["parent_code"]
        for row in file.rows
        if {"code", "parent_code"} <= row.values.keys()
    }


def _find_cycles(parents: Mapping[str, str | None]) -> set[str]:
    """Return the codes of the regions that would be part of themselves."""
    on_cycles: set[str] = set()
    finished: set[str] = set()
    for start in parents:
        path: dict[str, int] = {}
        code: str | None = start
        while code is not None and code not in finished and code not in path:
            path[code] = len(path)
            code = parents.get(code)
        if code in path:
            on_cycles.update(list(path)[path[code] :])
        finished.update(path)
    return on_cycles
