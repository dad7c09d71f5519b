"""Regions and locations: made, edited, imported and found."""

import csv
import io
import re
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.problems import FieldError, pointer
from api.models.places import Location, Region
from api.services import visibility
from api.services.organizations import lock_organization
from api.services.paging import Page, fetch_page


def get_region(session: Session, actor: Actor, region_id: uuid.UUID, *, lock: bool = False) -> Region:
    """Return a region that the actor may see; ``lock`` holds it, and all others, for an edit.

    Regions are edited one by one: two moves at once could make a ring of them.
    """
    if lock:
        lock_organization(session, actor.organization_id)
    found = visibility.find(session, Region, region_id, visibility.regions(actor))
    if found is None:
        raise problems.REGION_NOT_FOUND()
    return found


def get_location(session: Session, actor: Actor, location_id: uuid.UUID, *, lock: bool = False) -> Location:
    """Return a location that the actor may see; ``lock`` holds it for an edit."""
    found = visibility.find(session, Location, location_id, visibility.locations(actor), lock=lock)
    if found is None:
        raise problems.LOCATION_NOT_FOUND()
    return found


def list_regions(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the regions that the actor may see, by code."""
    query = _filtered(select(Region).where(visibility.regions(actor)), Region, filters)
    return fetch_page(session, query, Region.code, Region.id, limit, cursor)


def list_locations(session: Session, actor: Actor, limit: int, cursor: str | None, **filters: Any) -> Page:
    """Return a page of the locations that the actor may see, by code."""
    query = _filtered(select(Location).where(visibility.locations(actor)), Location, filters)
    return fetch_page(session, query, Location.code, Location.id, limit, cursor)


def create_region(session: Session, actor: Actor, values: Mapping[str, Any]) -> Region:
    """Add a region; its parent, if any, is of the same organization."""
    _check_region(session, actor, values.get("parent_id"), "/parent_id")
    made = Region(organization_id=actor.organization_id, **values)
    _add(session, made)
    return made


def create_location(session: Session, actor: Actor, values: Mapping[str, Any]) -> Location:
    """Add a location to a region of the same organization."""
    _check_region(session, actor, values["region_id"], "/region_id")
    if missing := _missing_coordinate(values):
        raise problems.invalid(f"/{missing}", _HALF_A_POSITION)
    made = Location(organization_id=actor.organization_id, **values)
    _add(session, made)
    return made


def update_region(session: Session, actor: Actor, edited: Region, values: Mapping[str, Any]) -> Region:
    """Change a region that is held; it cannot be moved below itself."""
    parent_id = values.get("parent_id")
    if "parent_id" in values:
        _check_region(session, actor, parent_id, "/parent_id")
        if parent_id is not None:
            under = visibility.select_subtree(select(Region.id).where(Region.id == edited.id))
            if session.scalar(select(Region.id).where(Region.id == parent_id, Region.id.in_(under))):
                raise problems.invalid("/parent_id", "A region cannot lie below itself.")
    _edit(session, edited, values)
    return edited


def update_location(session: Session, actor: Actor, edited: Location, values: Mapping[str, Any]) -> Location:
    """Change a location; moved to another region, it takes its history along."""
    if "region_id" in values:
        _check_region(session, actor, values["region_id"], "/region_id")
    if not values.keys().isdisjoint(_COORDINATES):
        position = {name: values.get(name, getattr(edited, name)) for name in _COORDINATES}
        if missing := _missing_coordinate(position):
            raise problems.invalid(f"/{missing}", _HALF_A_POSITION)
    _edit(session, edited, values)
    return edited


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
_HALF_A_POSITION = "A position needs both a latitude and a longitude."
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def parse_import(text: str) -> list[dict[str, Any]]:
    """Return the rows of a CSV of locations as a POST would have them, with ``region_code`` for the region.

    Each has its ``line``. Refuses a header that lacks a column or names one that is not known.
    """
    numbered = _lines(text)
    _, header = numbered[0] if numbered else (1, [])
    header = [name.strip() for name in header]
    _check_header(header)
    rows, faults = [], []
    for line, cells in numbered[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(header):
            rows.append({"line": line} | _values(dict(zip(header, cells, strict=True))))
        else:
            faults.append(FieldError(f"/{line}", f"This line has {len(cells)} cells, not {len(header)}."))
    if faults:
        raise problems.INVALID(errors=faults)
    if not rows:
        raise problems.invalid("/2", "There are no rows.")
    return rows


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each row of a CSV with the line on which it begins: a cell may go over several."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    numbered, line = [], 1
    try:
        for cells in reader:
            numbered.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise problems.invalid(f"/{line}", f"This is no CSV: {error}.") from None
    return numbered


def _check_header(header: list[str]) -> None:
    faults = [
        FieldError(pointer(1, name), "There is no such column.")
        for name in header
        if name not in IMPORT_COLUMNS
    ]
    faults += [
        FieldError(pointer(1, name), "This column is missing.")
        for name in _REQUIRED_COLUMNS
        if name not in header
    ]
    if len(set(header)) < len(header):
        faults.append(FieldError("/1", "A column stands twice."))
    if faults:
        raise problems.INVALID(errors=faults)


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return cells as JSON values; an empty one is null, and one that fits nowhere stays a text."""
    values: dict[str, Any] = {name: cell.strip() or None for name, cell in cells.items()}
    for name in _COORDINATES:
        if values.get(name) and _NUMBER.fullmatch(values[name]):
            values[name] = float(values[name])
    if "closed" in values:
        word = (values["closed"] or "false").lower()
        values["closed"] = {"true": True, "false": False}.get(word, word)
    return values


def import_locations(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> int:
    """Add all rows of an import, or none; the faults' pointers begin with the line: ``/3/code``."""
    region_ids: dict[str, uuid.UUID] = dict(
        session.execute(
            select(Region.code, Region.id).where(Region.organization_id == actor.organization_id)
        ).all()
    )
    codes = set(
        session.scalars(select(Location.code).where(Location.organization_id == actor.organization_id))
    )
    faults, made = [], []
    for row in rows:
        values = dict(row)
        line, region_code = values.pop("line"), values.pop("region_code")
        if region_code not in region_ids:
            faults.append(FieldError(f"/{line}/region_code", "There is no region with this code."))
        if values["code"] in codes:
            faults.append(FieldError(f"/{line}/code", "There is a location with this code already."))
        if missing := _missing_coordinate(values):
            faults.append(FieldError(f"/{line}/{missing}", _HALF_A_POSITION))
        codes.add(values["code"])
        if not faults:
            made.append(
                Location(organization_id=actor.organization_id, region_id=region_ids[region_code], **values)
            )
    if faults:
        raise problems.INVALID(errors=faults)
    session.add_all(made)
    _flush(session, "Somebody else added one of these locations just now.")
    return len(made)


def _filtered(query: Any, table: type[Any], filters: Mapping[str, Any]) -> Any:
    for name, value in filters.items():
        query = query.where(getattr(table, name) == value)
    return query


def _check_region(session: Session, actor: Actor, region_id: uuid.UUID | None, at: str) -> None:
    if region_id is not None and not visibility.find(session, Region, region_id, visibility.regions(actor)):
        raise problems.invalid(at, "There is no such region.")


def _missing_coordinate(position: Mapping[str, Any]) -> str | None:
    """Return the name of the coordinate that a location lacks while it has the other one."""
    missing = [name for name in _COORDINATES if position.get(name) is None]
    return missing[0] if len(missing) == 1 else None


def _edit(session: Session, row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    _add(session, row)


def _add(session: Session, row: Any) -> None:
    session.add(row)
    _flush(session, "There is one with this code already.")


def _flush(session: Session, detail: str) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS(detail) from None
