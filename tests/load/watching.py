"""Watches a running program under load: how fast it says that it lives, and what it uses."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.load import pss_mib, tree

PROBE_SECONDS = 0.2
SAMPLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a program use at a moment. ``files`` are descriptors, sockets among them."""

    memory_mib: float
    threads: int
    files: int


class Watch:
    """Probes ``/health/live`` five times a second and notes the usage every two, until the block ends."""

    def __init__(self, base: str, pid: int) -> None:
        self._address, self._pid = urlsplit(base).netloc, pid
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=work)
            for work in ((self._probe, PROBE_SECONDS), (self._sample, SAMPLE_SECONDS))
        ]
        self.health: list[float] = []
        self.usage: list[Usage] = []

    def __enter__(self) -> "Watch":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def slowest_health(self) -> float:
        """The seconds of the slowest probe. A probe that failed counts as infinitely slow."""
        return max(self.health)

    def growth(self, what: str) -> float:
        """Return the mean of the last quarter of the time as a multiple of that of the second quarter.

        The first quarter is left out, because a program warms up.
        """
        values = [getattr(usage, what) for usage in self.usage]
        quarter = max(1, len(values) // 4)
        second, last = values[quarter : 2 * quarter] or values, values[-quarter:]
        return (sum(last) / len(last)) / (sum(second) / len(second))

    def _repeat(self, work: Callable[[], None], seconds: float) -> None:
        while True:
            work()
            if self._stop.wait(seconds):
                return

    def _probe(self) -> None:
        started_at = time.perf_counter()
        connection = HTTPConnection(self._address, timeout=60)
        try:
            connection.request("GET", "/health/live")
            is_live = connection.getresponse().status == 200
        except OSError:
            is_live = False
        finally:
            connection.close()
        self.health.append(time.perf_counter() - started_at if is_live else float("inf"))

    def _sample(self) -> None:
        pids = tree([self._pid])
        tasks = [_count(pid, "task") for pid in pids]
        self.usage.append(Usage(pss_mib([self._pid]), sum(tasks), sum(_count(pid, "fd") for pid in pids)))


def _count(pid: int, folder: str) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/{folder}").iterdir()))
    except OSError:  # the process has just ended
        return 0


@dataclass
class Responses:
    """The responses to one kind of request: their statuses, and the seconds of those that succeeded."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def add(self, status: int, seconds: float) -> None:
        """Note a response."""
        with self._lock:
            self.statuses[status] += 1
            if status < 300:
                self.seconds.append(seconds)

    def percentile(self, share: float) -> float:
        """Return a percentile of the seconds of successful requests; ``share`` is from 0 to 1."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]

    def describe(self) -> str:
        """Return rate, percentiles and statuses in one line."""
        shares = " / ".join(f"{1000 * self.percentile(share):.0f}" for share in (0.5, 0.95, 0.99))
        return f"p50 / p95 / p99 {shares} ms, statuses {dict(sorted(self.statuses.items()))}"


def refused_without_cause(statuses: Sequence[int]) -> list[int]:
    """Return the statuses that no well-behaved client should receive under load."""
    return [status for status in statuses if status >= 300 and status not in (304, 429, 503)]
