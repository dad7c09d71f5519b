"""Builds the file of one export from one read snapshot, and stores it."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.database import failures
from api.database.engines import Database
from api.database.replica import Replica
from api.domain.access import Actor
from api.domain.exports import CONTENT_TYPES, REPORT
from api.domain.problems import ProblemError
from api.exports.csv_writer import write_csv
from api.exports.tables import Table, Value, build_table
from api.exports.xlsx_writer import TooManyColumns, write_xlsx
from api.models.base import now
from api.models.exports import Export
from api.models.organizations import Organization
from api.services.exports import KEY_PREFIX, get_requester
from api.services.scores.places import get_location, get_region, list_locations
from uploads.store import Store

log = logging.getLogger(__name__)

#: called with the number of rows that are done, and the number of all rows
OnProgress = Callable[[int, int], None]


class CannotExport(Exception):
    """The export is impossible. The message is a reason in words for the requester."""


@dataclass(frozen=True, slots=True)
class Result:
    """The file in the store with its size in bytes, and the numbers of the locations that it is about."""

    key: str
    size: int
    rows: int
    location_numbers: Sequence[int]


def build(
    database: Database,
    replica: Replica | None,
    open_store: Callable[[], Store],
    export_id: uuid.UUID,
    attempt: int,
    folder: Path,
    on_progress: OnProgress,
) -> Result:
    """Build the file of an export in ``folder``, and store it under a key of this attempt.

    It reads from the replica, if there is one that has the claim of the export, and with it everything that
    was written before. If a query fails there, such as one that conflicts with the replication, everything
    is read again from the primary.

    The store is opened when it is needed, because the library for S3 takes as much memory as all the rest.

    Raises CannotExport.
    """

    def has_claim(session: Session) -> bool:
        export = session.get(Export, export_id)
        return export is not None and export.attempts >= attempt

    def build_from(session: Session) -> Result:
        with session:
            return _build(session, open_store, export_id, attempt, folder, on_progress)

    if replica is not None and (session := replica.wait_for_snapshot(has_claim)) is not None:
        try:
            return build_from(session)
        except DBAPIError as error:
            log.warning("the export is read again from the primary: %s", failures.get_message(error))
    return build_from(database.read_snapshot())


def _build(
    session: Session,
    open_store: Callable[[], Store],
    export_id: uuid.UUID,
    attempt: int,
    folder: Path,
    on_progress: OnProgress,
) -> Result:
    export = session.get_one(Export, export_id)
    actor = get_requester(export)
    path = folder / f"export.{export.format}"
    try:
        locations = list_locations(session, actor, region_id=export.region_id, location_id=export.location_id)
        numbers = [location.number for location in locations]
        rows = _write(session, export, actor, path, open_store, on_progress)
    except ProblemError as error:  # the requester may no longer see the region, for example
        raise CannotExport(f"{error.detail}.") from error
    except TooManyColumns as error:
        raise CannotExport("A sheet cannot have so many columns. Export one checklist, or CSV.") from error
    key = f"{KEY_PREFIX}{export_id}.{attempt}.{export.format}"
    open_store().write_file(key, path, CONTENT_TYPES[export.format])
    return Result(key, path.stat().st_size, rows, numbers)


def _write(
    session: Session,
    export: Export,
    actor: Actor,
    path: Path,
    open_store: Callable[[], Store],
    on_progress: OnProgress,
) -> int:
    """Write the file, and return the number of its rows."""
    if export.kind == REPORT:
        return _write_report(session, export, actor, path, open_store(), on_progress)
    table = build_table(session, export, actor)
    on_progress(0, table.row_count)
    table = replace(table, rows=_count(table, on_progress))
    if export.format == "csv":
        write_csv(table, path)
    else:
        write_xlsx(table, path, export.kind, _describe(session, export, actor, table))
    return table.row_count


def _write_report(
    session: Session,
    export: Export,
    actor: Actor,
    path: Path,
    store: Store,
    on_progress: OnProgress,
) -> int:
    """Write a report, and return the number of its steps."""
    # Imported for reports only, because the compiler takes memory.
    from api.exports.report import ReportOrder, write_report

    steps = 0

    def report_step(done: int, of: int) -> None:
        nonlocal steps
        steps = of
        on_progress(done, of)

    order = ReportOrder(
        export.first_day,
        export.last_day,
        export.region_id,
        export.location_id,
        export.checklist,
        export.language,
    )
    write_report(session, actor, order, path, store, report_step)
    return steps


def _count(table: Table, on_progress: OnProgress) -> Iterator[Sequence[Value]]:
    for done, row in enumerate(table.rows, start=1):
        yield row
        on_progress(done, table.row_count)


def _describe(session: Session, export: Export, actor: Actor, table: Table) -> list[tuple[str, str]]:
    """Return what the export contains and when it was made, as names and values."""
    described = [
        ("organization", session.get_one(Organization, export.organization_id).name),
        ("kind", export.kind),
        ("from", export.first_day.isoformat()),
        ("to", export.last_day.isoformat()),
    ]
    if export.region_id is not None:
        region = get_region(session, actor, export.region_id)
        described.append(("region", f"{region.code} {region.name}"))
    if export.location_id is not None:
        location = get_location(session, actor, export.location_id)
        described.append(("location", f"{location.code} {location.name}"))
    if export.checklist is not None:
        described.append(("checklist", export.checklist))
    if export.by is not None:
        described.append(("by", ", ".join(export.by)))
    return [*described, ("rows", str(table.row_count)), ("made_on", now().date().isoformat())]
