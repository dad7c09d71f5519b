"""Watches a running program under load: how fast it says that it lives, and what it uses."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks.load import pss_mib, tree
from tests.support.running import ROOT

PROBE_SECONDS = 0.2
SAMPLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a program use at a moment. ``files`` are descriptors, sockets among them."""

    memory_mib: float
    threads: int
    files: int


class Watch:
    """Probes ``/health/live`` five times a second and notes the usage every two, until the block ends.

    A process of its own does so, because the threads of a load would hold up the probes.
    """

    def __init__(self, base: str, pid: int) -> None:
        self._command = [sys.executable, "-m", __name__, base, str(pid)]
        self.health: list[float] = []
        self.usage: list[Usage] = []

    def __enter__(self) -> "Watch":
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        output, _ = self._process.communicate(timeout=120)  # closes the input, which ends the watch
        seen = json.loads(output)
        self.health = seen["health"]
        self.usage = [Usage(**usage) for usage in seen["usage"]]

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


def watch(base: str, pid: int) -> None:
    """Probe and note until the standard input ends. Print ``{"health": [seconds], "usage": [Usage]}``."""
    health: list[float] = []
    usage: list[dict[str, float]] = []
    end = threading.Event()

    def repeat(work: Callable[[], None], seconds: float) -> None:
        while True:
            work()
            if end.wait(seconds):
                return

    threads = [
        threading.Thread(target=repeat, args=(lambda: health.append(_probe(base)), PROBE_SECONDS)),
        threading.Thread(target=repeat, args=(lambda: usage.append(asdict(_measure(pid))), SAMPLE_SECONDS)),
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"health": health, "usage": usage}))


def _probe(base: str) -> float:
    """Return the seconds of a probe."""
    started_at = time.perf_counter()
    connection = HTTPConnection(urlsplit(base).netloc, timeout=60)
    try:
        connection.request("GET", "/health/live")
        is_live = connection.getresponse().status == 200
    except OSError:
        is_live = False
    finally:
        connection.close()
    return time.perf_counter() - started_at if is_live else float("inf")


def _measure(pid: int) -> Usage:
    """Return what a process and its descendants use."""
    pids = tree([pid])
    return Usage(
        pss_mib([pid]),
        sum(_count(member, "task") for member in pids),
        sum(_count(member, "fd") for member in pids),
    )


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


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]))
