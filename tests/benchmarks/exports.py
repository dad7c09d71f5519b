"""Exports of many visits with forty questions: time and memory, and what they cost phones meanwhile."""

import csv
import itertools
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import rustpy_xlsxwriter

from api.domain.exports import QUEUED, READY, RUNNING
from api.exports.tables import build_table
from api.models.exports import Export
from api.services.exports import get_requester
from tests.benchmarks import seed
from tests.benchmarks.load import Load, add_up, tree
from tests.benchmarks.program import Program
from tests.benchmarks.report import Report, Target
from tests.benchmarks.submissions import make_requests
from tests.support.exports import request_export

KEY = "forty"
QUESTIONS = tuple(f"question-{number}" for number in range(40))
EXPORTS = (("visits", "csv"), ("visits", "xlsx"), ("answers", "csv"))
#: the export during which submissions are measured
BUSY = ("answers", "csv")
MEMORY_MIB, TIMES_P95 = 100, 2
#: submissions are sent in batches of this size
COUNT, BATCHES, CLIENTS = 100, 4, 2
REQUESTS = COUNT * (2 * BATCHES + 1)
#: the rows that the bare writers repeat
SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class _Built:
    """How long an export took, the most memory that its process held, and the number of its rows."""

    seconds: float
    peak_mib: float
    rows: int


def measure(program: Program, visits: int, report: Report) -> None:
    """Measure exports of ``visits`` visits, and submissions before and during one."""
    program.world.publish(seed.make_checklist(KEY, QUESTIONS))
    ground = seed.Ground(program.world, KEY, QUESTIONS)
    ground.add_visits(program.bare, visits)
    for kind, file_format in EXPORTS:
        built, export = _build(program, kind, file_format)
        bare = _write_bare(program, export, built.rows)
        report.other(
            f"export of {visits:,} visits × {len(QUESTIONS)} questions: {kind} as {file_format}, "
            f"{built.rows:,} rows",
            program.host,
            f"{built.seconds:.0f} s, {built.seconds / bare:.1f} × the bare writer, {built.peak_mib:.0f} MiB",
            Target(f"≤ {MEMORY_MIB} MiB", built.peak_mib, MEMORY_MIB),
        )
    _measure_submissions(program, visits, report)


def _build(
    program: Program, kind: str, file_format: str, meanwhile: Callable[[], None] | None = None
) -> tuple[_Built, Export]:
    """Let the running server build an export; ``meanwhile`` is called again and again until it is ready."""
    order = {"from": "2020-01", "checklist": KEY}
    export_id = uuid.UUID(request_export(program.world.admin, kind, file_format, **order))
    peak = 0.0
    while not _read_peak_mib(program.pid):
        time.sleep(0.01)
    started = time.monotonic()
    while (export := _read(program, export_id)).status in (QUEUED, RUNNING):
        peak = max(peak, _read_peak_mib(program.pid))
        (meanwhile or _pause)()
    assert export.status == READY, export.failure
    assert export.of
    return _Built(time.monotonic() - started, peak, export.of), export


def _pause() -> None:
    time.sleep(0.05)


def _read(program: Program, export_id: uuid.UUID) -> Export:
    with program.world.database.read_snapshot() as session:
        return session.get_one(Export, export_id)


def _read_peak_mib(server_id: int) -> float:
    """Return the most memory that the process that builds an export has held so far, or 0 without one."""
    for process_id in tree([server_id]):
        folder = Path(f"/proc/{process_id}")
        with suppress(OSError, IndexError):  # it has just ended
            if b"api.exports" in (folder / "cmdline").read_bytes():
                return int((folder / "status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return 0.0


def _write_bare(program: Program, export: Export, count: int) -> float:
    """Write ``count`` of the same rows by the bare writer of the format, and return the seconds."""
    with program.world.database.read_snapshot() as session:
        table = build_table(session, export, get_requester(export))
        columns, sample = table.columns, list(itertools.islice(table.rows, SAMPLE))
    rows = itertools.islice(itertools.cycle(sample), count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bare")
        started = time.monotonic()
        if export.format == "csv":
            with path.open("w", newline="") as file:
                csv.writer(file).writerows(rows)
        else:
            records = (dict(zip(columns, row, strict=True)) for row in rows)
            rustpy_xlsxwriter.write_worksheets([("bare", records)], path)
        return time.monotonic() - started


def _measure_submissions(program: Program, visits: int, report: Report) -> None:
    """Measure submissions before an export and during one. Both have as many visits stored."""
    requests = iter(make_requests(program, REQUESTS))

    def send() -> Load:
        return program.send(list(itertools.islice(requests, COUNT)), CLIENTS)

    send()  # warms the server up
    before = add_up([send() for _ in range(BATCHES)])
    during: list[Load] = []

    def send_during() -> None:
        # Without a pause, the clients would leave the export no time at all.
        if len(during) < BATCHES:
            during.append(send())
        else:
            _pause()

    _build(program, *BUSY, send_during)
    p95, p95_before = (load.percentile(0.95) for load in (add_up(during), before))
    times = p95 / p95_before
    report.other(
        f"submissions from {CLIENTS} clients during an export of {visits:,} visits",
        program.host,
        f"p95 {p95:.1f} ms, before {p95_before:.1f} ms: {times:.1f} ×",
        Target(f"p95 ≤ {TIMES_P95} ×", times, TIMES_P95),
    )
