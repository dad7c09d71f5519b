"""A load of HTTP requests from this process on a server on this machine, and the CPU that it costs there."""

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
    """What a load of requests took; two of them can be added up."""

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
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency, in milliseconds, that ``share`` of the requests stayed within."""
        count = len(self.latencies)
        return 1000 * sorted(self.latencies)[min(int(share * count), count - 1)]


def whole(loads: Sequence[Load]) -> Load:
    """Return loads added up."""
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
    """Send all ``requests``, from so many clients at once, and measure the CPU of ``pids`` and below."""
    cpu = cpu_seconds(pids)
    started = time.perf_counter()
    latencies, statuses = asyncio.run(_send(port, iter(requests), clients))
    seconds = time.perf_counter() - started
    time.sleep(0.05)  # what a server does after its answer belongs to this load
    return Load(seconds, cpu_seconds(pids) - cpu, latencies, statuses)


async def _send(port: int, requests: Iterator[bytes], clients: int) -> tuple[list[float], Counter[int]]:
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in requests:
            started = time.perf_counter()
            writer.write(each)
            status, closes = await _answer(reader)
            latencies.append(time.perf_counter() - started)
            statuses[status] += 1
            if closes:  # waitress ends a connection after an answer without a length, a 304 say
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return latencies, statuses


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer; return its status, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    if length and status != 304:
        await reader.readexactly(length)
    return status, b"\r\nconnection: close" in head


def at_once(port: int, requests: Sequence[bytes], times: int) -> list[Counter[int]]:
    """Send each request so many times at once; return how often each status was answered, by request."""

    async def send() -> list[Counter[int]]:
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(times)]
        answered = []
        for each in requests:
            for _, writer in streams:
                writer.write(each)
            answers = await asyncio.gather(*(_answer(reader) for reader, _ in streams))
            answered.append(Counter(status for status, _ in answers))
        for _, writer in streams:
            writer.close()
        return answered

    return asyncio.run(send())


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that processes and all below them have used, ended ones included."""
    return sum(map(_own_cpu, tree(pids)))


def _own_cpu(pid: int) -> float:
    try:
        # The clock of another process, as clock_getcpuclockid(3) names it: nanoseconds, not ticks.
        own = time.clock_gettime(~pid << 3 | 2)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended just now, and its parent has its time
        return 0
    return own + (int(fields[13]) + int(fields[14])) / _TICKS


def pss_mib(pids: Sequence[int]) -> float:
    """Return the memory of processes and all below them (PSS: what they share is divided), in MiB."""
    total = 0
    for pid in tree(pids):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def tree(pids: Sequence[int]) -> list[int]:
    """Return processes and all below them."""
    found = list(pids)
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found
