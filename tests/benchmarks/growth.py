"""What a visit adds to PostgreSQL, and the CPU that it takes there: ``python -m tests.benchmarks.growth``.

VISITS sets how many visits are stored before, by COPY. docs/scaling.md has results.
"""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import photos, program
from tests.benchmarks.load import cpu_seconds
from tests.benchmarks.program import Program
from tests.benchmarks.submissions import make_requests
from tests.support.servers import find_postgres_programs

STORED = int(os.environ.get("VISITS", "100000"))
BATCH, BATCHES, PHOTOS, CLIENTS = 1000, 4, 100, 8
_TOTAL = re.compile(r"^Total\s+\d+\s+(\d+) \[\S+\s+(\d+) \[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a visit: CPU in milliseconds, the log in bytes, and the growth of tables in bytes."""

    database_ms: float
    server_ms: float
    records: float
    page_images: float
    tables: dict[str, float]

    def __str__(self) -> str:
        tables = ", ".join(f"{name} {size:,.0f}" for name, size in self.tables.items() if abs(size) >= 1)
        return (
            f"CPU: database {self.database_ms:.2f} ms, server {self.server_ms:.2f} ms; WAL: records "
            f"{self.records:,.0f} B, images of pages {self.page_images:,.0f} B; tables: {tables or '-'} B"
        )


def main() -> None:
    """Measure, and print one line for each measurement."""
    with program.postgresql() as host, program.running(host) as server:
        server.ground.add_visits(server.bare, STORED)
        print(f"{STORED:,} visits stored. Bytes of a visit:")
        for name in ("visits", "submissions", "decisions", "totals"):
            size, rows, indexes = read_size(server, name)
            print(f"  {name}: {size / STORED:,.0f}; {rows:,} rows of {size / rows:.0f} B")
            print(f"    {indexes / rows:.0f} B of that in indexes")
        batches = [make_requests(server, BATCH) for _ in range(BATCHES)]
        server.send(batches.pop(), CLIENTS)
        server.bare.cursor.execute("CHECKPOINT")
        for number, batch in enumerate(batches, start=1):
            cost = measure(server, BATCH, lambda batch=batch: server.send(batch, CLIENTS))  # type: ignore[misc]
            print(f"A submission of 14 answers, batch {number} after a checkpoint: {cost}")
        print(f"Assigning a visit: {measure(server, BATCH, lambda: server.ground.assign(BATCH))}")
        print(f"A photo: {measure(server, PHOTOS, lambda: send_photos(server))}")


def send_photos(server: Program) -> None:
    phone, [visit_id] = photos.Phone(server), server.ground.assign(1)
    for _ in range(PHOTOS):
        data = photos.make_picture((640, 480), 70)
        path, link = phone.declare(visit_id, data)
        phone.upload(link, data)
        phone.confirm(path)


def measure(server: Program, count: int, work: Callable[[], Any]) -> Cost:
    """Return what ``count`` visits cost, which ``work`` sends."""
    before, start = read_sizes(server), read_position(server)
    database, own = cpu_seconds(server.host.database_pids), cpu_seconds([server.pid])
    work()
    database, own = cpu_seconds(server.host.database_pids) - database, cpu_seconds([server.pid]) - own
    records, images = read_log(server, start, read_position(server))
    growth = {name: (size - before[name]) / count for name, size in read_sizes(server).items()}
    return Cost(1000 * database / count, 1000 * own / count, records / count, images / count, growth)


def read_position(server: Program) -> str:
    position: str = server.bare.cursor.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()[0]
    server.bare.cursor.execute("SELECT pg_switch_wal()")  # completes the file, so that it can be read
    return position


def read_log(server: Program, start: str, end: str) -> tuple[int, int]:
    """Return the bytes of records, and of the images of pages, in the log between two positions."""
    [folder] = server.bare.cursor.execute("SHOW data_directory").fetchone()
    command = [
        find_postgres_programs() / "pg_waldump",
        "--stats",
        "-p",
        Path(folder, "pg_wal"),
        "-s",
        start,
        "-e",
        end,
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = _TOTAL.search(text)
    assert match, text
    return int(match[1]), int(match[2])


def read_sizes(server: Program) -> dict[str, int]:
    """Return the bytes of each table with its indexes."""
    rows = server.bare.cursor.execute(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return dict(rows.fetchall())


def read_size(server: Program, name: str) -> tuple[int, int, int]:
    """Return the bytes of a table with its indexes, its rows, and the bytes of its indexes."""
    query = f"SELECT pg_total_relation_size(%s), (SELECT count(*) FROM {name}), pg_indexes_size(%s)"
    size, rows, indexes = server.bare.cursor.execute(query, [name, name]).fetchone()
    return size, rows, indexes


if __name__ == "__main__":
    main()
