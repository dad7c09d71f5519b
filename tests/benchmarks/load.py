"""Sends HTTP requests to a server on this machine, and measures the CPU that it uses."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """The measurements of a number of requests. Loads can be added."""

    seconds: float
    cpu_seconds: float
    latencies: Sequence[float]
    statuses: Counter[int]

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            [*self.latencies, *other.latencies],
            self.statuses + other.statuses,
        )

    @property
    def cpu_ms(self) -> float:
        """CPU of a request, in milliseconds."""
        return self.cpu_seconds * 1000 / len(self.latencies)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return a percentile of the latency in milliseconds; ``share`` is from 0 to 1."""
        count = len(self.latencies)
        return 1000 * sorted(self.latencies)[min(int(share * count), count - 1)]


def add_up(loads: Sequence[Load]) -> Load:
    """Return the sum of loads."""
    return reduce(add, loads)


def request(
    method: str, path: str, token: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
) -> bytes:
    """Return the bytes of an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body or method in ("PUT", "POST"):
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def measure(port: int, requests: Sequence[bytes], clients: int, pids: Sequence[int]) -> Load:
    """Send ``requests`` from concurrent clients, and measure the CPU of ``pids`` and their children."""
    cpu = cpu_seconds(pids)
    started_at = time.perf_counter()
    latencies, statuses = asyncio.run(_send(port, iter(requests), clients))
    seconds = time.perf_counter() - started_at
    time.sleep(0.05)  # includes what the server does after its last response
    return Load(seconds, cpu_seconds(pids) - cpu, latencies, statuses)


async def _send(port: int, requests: Iterator[bytes], clients: int) -> tuple[list[float], Counter[int]]:
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request_bytes in requests:
            started_at = time.perf_counter()
            writer.write(request_bytes)
            status, closes = await read_response(reader)
            latencies.append(time.perf_counter() - started_at)
            statuses[status] += 1
            if closes:  # waitress closes it after a response without a length
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return latencies, statuses


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read a response; return its status, and whether the server closes the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    if length and status != 304:
        await reader.readexactly(length)
    return status, b"\r\nconnection: close" in head


def send_simultaneously(port: int, requests: Sequence[bytes], times: int) -> list[Counter[int]]:
    """Send each request ``times`` times simultaneously; return the counts of statuses by request."""

    async def send() -> list[Counter[int]]:
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(times)]
        statuses = []
        for request_bytes in requests:
            for _, writer in streams:
                writer.write(request_bytes)
            responses = await asyncio.gather(*(read_response(reader) for reader, _ in streams))
            statuses.append(Counter(status for status, _ in responses))
        for _, writer in streams:
            writer.close()
        return statuses

    return asyncio.run(send())


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time of processes and their descendants, including those that have ended."""
    return sum(map(_own_cpu, tree(pids)))


def _own_cpu(pid: int) -> float:
    try:
        # The clock of another process, as clock_getcpuclockid(3) names it: nanoseconds, not ticks.
        own = time.clock_gettime(~pid << 3 | 2)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended, so its parent has its time
        return 0
    return own + (int(fields[13]) + int(fields[14])) / _TICKS


def pss_mib(pids: Sequence[int]) -> float:
    """Return the memory of processes and their descendants in MiB, as PSS, which divides shared pages."""
    total = 0
    for pid in tree(pids):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def tree(pids: Sequence[int]) -> list[int]:
    """Return processes and their descendants."""
    tree_pids = list(pids)
    for pid in tree_pids:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            tree_pids += [int(child) for child in task.read_text().split()]
    return tree_pids
