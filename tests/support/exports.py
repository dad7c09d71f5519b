"""Requests exports, lets a worker build them, and reads their files."""

import csv
import io
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
from openpyxl.utils.escape import unescape
from sqlalchemy import update
from werkzeug.test import TestResponse

from api.exports.building import CannotExport, build
from api.jobs.exports import ExportBuilder
from api.metrics import Metrics
from api.models.exports import Export
from api.services import exports
from tests.support.world import Caller, World, ok


def builder(world: World) -> ExportBuilder:
    return ExportBuilder(world.database, world.store, Metrics(), threading.Event())


def request_export(caller: Caller, kind: str = "visits", file_format: str = "csv", **order: Any) -> str:
    """Request an export, and return its ID."""
    body = {"kind": kind, "format": file_format, **order}
    export_id: str = ok(caller.post("/exports", body), 202)["id"]
    return export_id


def build_all(world: World) -> None:
    """Build every export that waits, also those of other organizations, in this process."""
    while export := world.database.write(exports.claim):
        with tempfile.TemporaryDirectory() as folder:
            build_here(world, export, Path(folder))


def build_here(world: World, export: Export, folder: Path) -> None:
    """Do what the child process and the worker do for an export that was claimed."""
    try:
        result = build(
            world.database, None, lambda: world.store, export.id, export.attempts, folder, lambda *_: None
        )
    except CannotExport as error:
        reason = str(error)
        assert world.database.write(lambda session: exports.fail(session, export, reason))
    else:
        assert world.database.write(lambda session: exports.finish(session, export, **asdict(result)))


def download(caller: Caller, export_id: str) -> TestResponse:
    """Follow the link of an export that is ready."""
    return follow(caller, ok(caller.get(f"/exports/{export_id}"))["download"])


def follow(caller: Caller, link: str) -> TestResponse:
    url = urlsplit(link)
    return caller.get(f"/{url.path}?{url.query}")


def export_file(world: World, caller: Caller, kind: str, file_format: str, **order: Any) -> bytes:
    """Request, build and download an export, and return the bytes of its file."""
    export_id = request_export(caller, kind, file_format, **order)
    build_all(world)
    response = download(caller, export_id)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.data


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file, by column."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data: bytes) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the title of each sheet of a workbook, and its rows by column."""
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        # XLSX writes control characters as _x000D_.
        header, *rows = (
            [unescape(value) if isinstance(value, str) else value for value in row]
            for row in sheet.iter_rows(values_only=True)
        )
        yield sheet.title, [dict(zip(map(str, header), row, strict=True)) for row in rows]


def clear_queue(world: World) -> None:
    """Let every export that waits fail, so that there is room for others."""
    change = update(Export).where(Export.status == "queued").values(status="failed")
    world.database.write(lambda session: session.execute(change))


def change_export(world: World, export_id: str, **columns: Any) -> None:
    """Change columns of an export in the database."""
    change = update(Export).where(Export.id == uuid.UUID(export_id)).values(**columns)
    world.database.write(lambda session: session.execute(change))
