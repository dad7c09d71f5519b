"""Regions and locations: read, created, updated and imported."""

import csv
import io
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.problems import FieldError, pointer
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.services import visibility
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page


def get_region(session: Session, actor: Actor, region_id: uuid.UUID, *, lock: bool = False) -> Region:
    """Return a region that the actor may see; ``lock`` locks all regions of the organization for an update.

    Regions are updated one after the other, because two simultaneous moves could create a cycle.

    Raises REGION_NOT_FOUND.
    """
    if lock:
        lock_organization(session, actor.organization_id)
    region: Region | None = visibility.find(session, Region, region_id, visibility.regions(actor))
    if region is None:
        raise problems.REGION_NOT_FOUND()
    return region


def get_location(session: Session, actor: Actor, location_id: uuid.UUID, *, lock: bool = False) -> Location:
    """Return a location that the actor may see; ``lock`` locks its row for an update.

    Raises LOCATION_NOT_FOUND.
    """
    visible = visibility.locations(actor)
    location: Location | None = visibility.find(session, Location, location_id, visible, lock=lock)
    if location is None:
        raise problems.LOCATION_NOT_FOUND()
    return location


def list_regions(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the regions that the actor may see, sorted by code; a filter is a column's value."""
    query = _filter(select(Region).where(visibility.regions(actor)), Region, filters)
    return fetch_page(session, query, Region.code, Region.id, limit, cursor)


def list_locations(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the locations that the actor may see, sorted by code; a filter is a column's value."""
    query = _filter(select(Location).where(visibility.locations(actor)), Location, filters)
    return fetch_page(session, query, Location.code, Location.id, limit, cursor)


def create_region(session: Session, actor: Actor, values: Mapping[str, Any]) -> Region:
    """Create a region.

    Raises INVALID for an unknown parent, and ALREADY_EXISTS for a code in use.
    """
    _check_parent(session, actor, values.get("parent_id"))
    region = Region(organization_id=actor.organization_id, **values)
    _save(session, region)
    return region


def create_location(session: Session, actor: Actor, values: Mapping[str, Any]) -> Location:
    """Create a location.

    Raises INVALID for an unknown region or half a position, and ALREADY_EXISTS for a code in use.
    """
    _check_region(session, actor, values["region_id"], "/region_id")
    if missing := _find_missing_coordinate(values):
        raise problems.invalid_field(f"/{missing}", _MISSING_COORDINATE)
    location = Location(organization_id=actor.organization_id, **values)
    _save(session, location)
    return location


def update_region(session: Session, actor: Actor, region: Region, values: Mapping[str, Any]) -> Region:
    """Update a locked region.

    Raises INVALID for an unknown parent or one below the region, and ALREADY_EXISTS for a code in use.
    """
    parent_id = values.get("parent_id")
    if "parent_id" in values:
        if parent_id != region.parent_id:
            _check_parent(session, actor, parent_id)
        if parent_id is not None:
            subtree = visibility.select_subtree(select(Region.id).where(Region.id == region.id))
            if session.scalar(select(Region.id).where(Region.id == parent_id, Region.id.in_(subtree))):
                raise problems.invalid_field("/parent_id", "A region cannot be moved below itself.")
        _count_move(session, actor, region.parent_id, parent_id)
    _update(session, region, values)
    return region


def update_location(
    session: Session, actor: Actor, location: Location, values: Mapping[str, Any]
) -> Location:
    """Update a locked location. When it moves to another region, its visits and scores move with it.

    Raises INVALID for an unknown region or half a position, and ALREADY_EXISTS for a code in use.
    """
    if "region_id" in values:
        _check_region(session, actor, values["region_id"], "/region_id")
        _count_move(session, actor, location.region_id, values["region_id"])
    if not values.keys().isdisjoint(_COORDINATES):
        position = {name: values.get(name, getattr(location, name)) for name in _COORDINATES}
        if missing := _find_missing_coordinate(position):
            raise problems.invalid_field(f"/{missing}", _MISSING_COORDINATE)
    _update(session, location, values)
    return location


IMPORT_COLUMNS = (
    "code",
    "name",
    "region_code",
    "address",
    "phone",
    "time_zone",
    "latitude",
    "longitude",
    "external_id",
    "closed",
)
_REQUIRED_COLUMNS = ("code", "name", "region_code", "time_zone")
_COORDINATES = ("latitude", "longitude")
_MISSING_COORDINATE = "A position needs both a latitude and a longitude."
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def parse_import(text: str) -> list[dict[str, Any]]:
    """Return the rows of a CSV of locations, in the shape of a location's JSON.

    Each row has ``region_code`` instead of ``region_id``, and ``line``, the number of its first line.

    Raises INVALID if the text is not CSV, has no rows, or its header or a row has the wrong columns.
    """
    numbered_rows = _parse_csv(text)
    header = [name.strip() for name in numbered_rows[0][1]] if numbered_rows else []
    _check_header(header)
    rows, errors = [], []
    for line, cells in numbered_rows[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(header):
            rows.append({"line": line} | _parse_cells(dict(zip(header, cells, strict=True))))
        else:
            errors.append(
                FieldError(f"/{line}", f"This row has {len(cells)} cells instead of {len(header)}.")
            )
    if errors:
        raise problems.INVALID(errors=errors)
    if not rows:
        raise problems.invalid_field("/2", "The file has no rows.")
    return rows


def _parse_csv(text: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each row with the number of its first line. A cell may contain line breaks."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    numbered_rows, line = [], 1
    try:
        for cells in reader:
            numbered_rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise problems.invalid_field(f"/{line}", f"This is not valid CSV: {error}.") from None
    return numbered_rows


def _check_header(header: list[str]) -> None:
    errors = [
        FieldError(pointer(1, name), "This column is unknown.")
        for name in header
        if name not in IMPORT_COLUMNS
    ]
    errors += [
        FieldError(pointer(1, name), "This column is missing.")
        for name in _REQUIRED_COLUMNS
        if name not in header
    ]
    if len(set(header)) < len(header):
        errors.append(FieldError("/1", "The header contains a column more than once."))
    if errors:
        raise problems.INVALID(errors=errors)


def _parse_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return cells as JSON values. An empty cell is null; one that cannot be converted remains a string."""
    values: dict[str, Any] = {name: cell.strip() or None for name, cell in cells.items()}
    for name in _COORDINATES:
        if values.get(name) and _NUMBER.fullmatch(values[name]):
            values[name] = float(values[name])
    if "closed" in values:
        word = (values["closed"] or "false").lower()
        values["closed"] = {"true": True, "false": False}.get(word, word)
    return values


def import_locations(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> int:
    """Create the locations of all rows or none, and return their number.

    Raises INVALID with pointers that begin with the line (``/3/code``), and ALREADY_EXISTS if a location with
    one of the codes was created in the meantime.
    """
    region_ids: dict[str, uuid.UUID] = dict(
        session.execute(select(Region.code, Region.id).where(visibility.regions(actor))).all()
    )
    codes = set(
        session.scalars(select(Location.code).where(Location.organization_id == actor.organization_id))
    )
    errors, locations = [], []
    for row in rows:
        values = dict(row)
        line, region_code = values.pop("line"), values.pop("region_code")
        if region_code not in region_ids:
            errors.append(FieldError(f"/{line}/region_code", "There is no region with this code."))
        if values["code"] in codes:
            errors.append(FieldError(f"/{line}/code", "A location with this code already exists."))
        if missing := _find_missing_coordinate(values):
            errors.append(FieldError(f"/{line}/{missing}", _MISSING_COORDINATE))
        codes.add(values["code"])
        if not errors:
            locations.append(
                Location(organization_id=actor.organization_id, region_id=region_ids[region_code], **values)
            )
    if errors:
        raise problems.INVALID(errors=errors)
    session.add_all(locations)
    _flush(session, "One of these locations was created in the meantime.")
    return len(locations)


def _filter(query: Any, table: type[Any], filters: Mapping[str, Any]) -> Any:
    for name, value in filters.items():
        query = query.where(getattr(table, name) == value)
    return query


def check_regions(session: Session, actor: Actor, region_ids: Iterable[uuid.UUID]) -> None:
    """Raise INVALID with a pointer to each region, at ``/region_ids``, that the actor may not see."""
    ids = list(region_ids)
    visible_ids = set(session.scalars(select(Region.id).where(Region.id.in_(ids), visibility.regions(actor))))
    errors = [
        FieldError(f"/region_ids/{index}", "This region does not exist.")
        for index, region_id in enumerate(ids)
        if region_id not in visible_ids
    ]
    if errors:
        raise problems.INVALID(errors=errors)


def _check_parent(session: Session, actor: Actor, parent_id: uuid.UUID | None) -> None:
    """Reject a parent that the actor may not see, and a region outside of the actor's own regions."""
    _check_region(session, actor, parent_id, "/parent_id")
    if parent_id is None and visibility.is_limited(session, actor):
        raise problems.invalid_field("/parent_id", "This API client may write only within its regions.")


def _check_region(session: Session, actor: Actor, region_id: uuid.UUID | None, field: str) -> None:
    if region_id is not None and not visibility.find(session, Region, region_id, visibility.regions(actor)):
        raise problems.invalid_field(field, "This region does not exist.")


def _find_missing_coordinate(position: Mapping[str, Any]) -> str | None:
    """Return the name of the coordinate that is missing while the other one is present, or None."""
    missing = [name for name in _COORDINATES if position.get(name) is None]
    return missing[0] if len(missing) == 1 else None


def _count_move(session: Session, actor: Actor, before: uuid.UUID | None, after: uuid.UUID | None) -> None:
    """Count a place that moves to another region: whoever sees it may change."""
    if before != after:
        session.execute(
            update(Organization)
            .where(Organization.id == actor.organization_id)
            .values(place_moves=Organization.place_moves + 1)
        )


def _update(session: Session, row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    _save(session, row)


def _save(session: Session, row: Any) -> None:
    session.add(row)
    _flush(session, "This code is already in use.")


def _flush(session: Session, detail: str) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS(detail) from None
