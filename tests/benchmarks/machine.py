"""The machine and the method, in words that the README can take over."""

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
    "for one request. × hello is its ratio to Flask saying hello, served by the same kind of server with as "
    "many workers, measured in turns with it; × bare SQL is its ratio to what the driver and the database "
    "take for the same work in the fewest statements. SQLite runs in one process of waitress; PostgreSQL, "
    "which waits for its disk, and S3 with two workers of gunicorn. The clients are one process on the same "
    "cores: it slows times and rates, but is not in the CPU."
)


def described() -> str:
    """Return what was measured on, and how."""
    middle, slow = _fsync_ms()
    return (
        f"{os.cpu_count()} cores of {_cpu()}, Python {platform.python_version()}, "
        f"SQLite {pysqlite3.dbapi2.sqlite_version}, {servers.postgres_version()}. "
        f"To append 4 KiB and fsync takes this disk {middle:.1f} ms (p50), {slow:.1f} ms (p95).\n\n{METHOD}"
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _fsync_ms() -> tuple[float, float]:
    """Return p50 and p95 of appending a page to a file where the databases lie, and waiting for the disk."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(200):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
