"""A minute of twice the capacity, and the half minute after it: ``python -m tests.benchmarks.overload``.

Clients that send one submission after the other show the capacity. Then twice as many arrive, whether or not
the server has answered the earlier ones. Health is probed throughout. OVERLOAD_SECONDS sets the length of the
overload, BENCH_ON=sqlite or postgresql selects one database.
"""

import asyncio
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from tests.benchmarks import program
from tests.benchmarks.load import pss_mib, read_response, request, tree
from tests.benchmarks.program import Program
from tests.benchmarks.submissions import make_requests

SECONDS = int(os.environ.get("OVERLOAD_SECONDS", "60"))
MEASURING_SECONDS = 10
CLIENTS = 16
NORMAL_RATE = 20
VISITS = 1000
BATCHES = 10
#: One for each request in progress
MAX_CONNECTIONS = 900
PROBES = [request("GET", f"/health/{name}") for name in ("live", "ready")]


class Phase:
    """The responses of a phase."""

    def __init__(self) -> None:
        self.latencies: defaultdict[int, list[float]] = defaultdict(list)
        self.health: list[float] = []
        self.health_statuses: Counter[int] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds = 0.0

    def describe(self) -> str:
        """Return the figures in one line."""
        served = sorted(self.latencies[200] + self.latencies[201])
        shed = sorted(self.latencies[503])
        counts = {status: len(values) for status, values in sorted(self.latencies.items()) if values}
        return (
            f"{len(served) / self.seconds:.0f} served a second, {_percentiles(served)}; "
            f"503: {_percentiles(shed)}; statuses {counts}, failures {dict(self.failures)}; "
            f"health {dict(self.health_statuses)}, slowest {1000 * max(self.health, default=0):.0f} ms"
        )


def _percentiles(values: list[float]) -> str:
    shares = (0.5, 0.95, 0.99)
    numbers = [f"{1000 * values[int(share * (len(values) - 1))]:.0f}" for share in shares] if values else []
    return f"p50/p95/p99 {'/'.join(numbers) or '-'} ms"


class Client:
    """Sends requests on connections that it keeps open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.count = 0
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, phase: Phase, request_bytes: bytes) -> None:
        """Send a request and note the latency of its response."""
        self.idle = [connection for connection in self.idle if not connection[0].at_eof()]
        if not self.idle and self.count >= MAX_CONNECTIONS:
            phase.failures["no connection left"] += 1
            return
        started_at = time.perf_counter()
        self.count += 1
        is_reused = bool(self.idle)
        try:
            reader, writer = (
                self.idle.pop() if is_reused else await asyncio.open_connection("127.0.0.1", self.port)
            )
            writer.write(request_bytes)
            status, closes = await asyncio.wait_for(read_response(reader), 60)
        except Exception as error:
            # A server may close an idle connection just when a request is sent on it.
            phase.failures[type(error).__name__ + (" on a reused connection" if is_reused else "")] += 1
        else:
            phase.latencies[status].append(time.perf_counter() - started_at)
            writer.close() if closes else self.idle.append((reader, writer))
        self.count -= 1


async def _probe(port: int, phase: Phase) -> None:
    """Ask for health five times a second, each time on a new connection."""
    for probe in cycle(PROBES):
        started_at = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(probe)
            status, _ = await asyncio.wait_for(read_response(reader), 60)
            writer.close()
        except Exception as error:
            phase.failures[f"health: {type(error).__name__}"] += 1
        else:
            phase.health_statuses[status] += 1
        phase.health.append(time.perf_counter() - started_at)
        await asyncio.sleep(0.2)


async def _run(port: int, seconds: float, load: Callable[[Phase, float], Awaitable[None]]) -> Phase:
    phase = Phase()
    probing = asyncio.create_task(_probe(port, phase))
    started_at = time.perf_counter()
    await load(phase, started_at + seconds)
    phase.seconds = time.perf_counter() - started_at
    probing.cancel()
    with suppress(asyncio.CancelledError):
        await probing
    return phase


def closed(client: Client, requests: Iterator[bytes]) -> Callable[[Phase, float], Awaitable[None]]:
    """Return a load of clients that wait for each response."""

    async def load(phase: Phase, end: float) -> None:
        async def send_until_end() -> None:
            while time.perf_counter() < end:
                await client.send(phase, next(requests))

        await asyncio.gather(*(send_until_end() for _ in range(CLIENTS)))

    return load


def arriving(
    client: Client, requests: Iterator[bytes], rate: float
) -> Callable[[Phase, float], Awaitable[None]]:
    """Return a load of ``rate`` requests a second, which do not wait for each other."""

    async def load(phase: Phase, end: float) -> None:
        tasks = set()
        due = time.perf_counter()
        while due < end:
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            task = asyncio.create_task(client.send(phase, next(requests)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            due += 1 / rate
        await asyncio.gather(*tasks)

    return load


async def measure(running: Program, requests: Iterator[bytes]) -> None:
    """Print the figures of the four phases."""
    port = running.port
    client = Client(port)
    capacity = await _run(port, MEASURING_SECONDS, closed(client, requests))
    served = len(capacity.latencies[200]) + len(capacity.latencies[201])
    rate = served / capacity.seconds
    report("capacity", capacity, running)
    report("before", await _run(port, MEASURING_SECONDS, arriving(client, requests, NORMAL_RATE)), running)
    report("overload", await _run(port, SECONDS, arriving(client, requests, 2 * rate)), running)
    for number in range(3):
        phase = await _run(port, MEASURING_SECONDS, arriving(client, requests, NORMAL_RATE))
        report(f"after, {10 * number}–{10 * number + 10} s", phase, running)


def report(name: str, phase: Phase, running: Program) -> None:
    """Print the figures of a phase, and what the server uses after it."""
    pids = tree([running.pid])
    threads, files = (
        sum(len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for pid in pids) for kind in ("task", "fd")
    )
    print(f"{name}: {phase.describe()}; {pss_mib([running.pid]):.0f} MiB, {threads} threads, {files} files")


def main() -> None:
    """Measure on each database."""
    for name, host in (("sqlite", program.sqlite), ("postgresql", program.postgresql)):
        if os.environ.get("BENCH_ON", name) == name:
            with host() as on, program.running(on) as running:
                print(on.name)
                batches = [make_requests(running, VISITS) for _ in range(BATCHES)]
                asyncio.run(measure(running, cycle([each for batch in batches for each in batch])))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
