"""The machine and the method, as text for docs/performance.md."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import pysqlite3.dbapi2

from tests.support import servers

METHOD = (
    "CPU is that of all processes of the server and, for PostgreSQL, of the database, by their own clocks, "
    "for one request. × hello is its ratio to a Flask application that returns hello, on the same kind of "
    "server with as many workers, measured in turns. × bare SQL is its ratio to what the driver and the "
    "database need for the same work in the fewest statements. SQLite runs in one process of waitress. "
    "PostgreSQL, with fsync, and S3 run with two workers of gunicorn. The clients are one process on the "
    "same cores: it affects times and rates, but its CPU is not included."
)


def describe() -> str:
    """Return a description of the machine and of the method."""
    median, p95 = _fsync_ms()
    return (
        f"{os.cpu_count()} cores of {_cpu()}, Python {platform.python_version()}, "
        f"SQLite {pysqlite3.dbapi2.sqlite_version}, {servers.postgres_version()}. "
        f"Appending 4 KiB and fsync take this disk {median:.1f} ms (p50), {p95:.1f} ms (p95).\n\n{METHOD}"
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _fsync_ms() -> tuple[float, float]:
    """Return p50 and p95 of appending a page to a file on the disk of the databases, with fsync."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(200):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]
