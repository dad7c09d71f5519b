"""A load of HTTP requests from this process on a server on this machine, and the CPU that it costs there."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load of requests took: latencies in milliseconds, CPU in milliseconds a request."""

    requests: int
    seconds: float
    latencies: Sequence[float]
    cpu_ms: float
    statuses: frozenset[int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency, in milliseconds, that ``share`` of the requests stayed within."""
        return sorted(self.latencies)[min(int(share * self.requests), self.requests - 1)]


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


def measure(port: int, requests: Sequence[bytes], clients: int, pids: Sequence[int]) -> Measured:
    """Send all ``requests``, from so many clients at once, and measure the CPU of ``pids`` and below."""
    before = cpu_seconds(pids)
    started = time.perf_counter()
    latencies, statuses = asyncio.run(_send(port, iter(requests), clients))
    seconds = time.perf_counter() - started
    # The kernel counts a process's CPU in ticks; what is still under way belongs to this load.
    time.sleep(0.05)
    cpu_ms = (cpu_seconds(pids) - before) * 1000 / len(requests)
    return Measured(len(requests), seconds, latencies, cpu_ms, frozenset(statuses))


async def _send(port: int, requests: Iterator[bytes], clients: int) -> tuple[list[float], set[int]]:
    latencies: list[float] = []
    statuses: set[int] = set()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in requests:
            started = time.perf_counter()
            writer.write(each)
            status, closes = await _answer(reader)
            latencies.append((time.perf_counter() - started) * 1000)
            statuses.add(status)
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


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that processes and all below them have used."""
    return sum(_own_cpu(pid) for pid in tree(pids))


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
        children = Path(f"/proc/{pid}/task/{pid}/children")
        for task in children.parent.parent.iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _own_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # Of children that ended, the time stands with the parent (PostgreSQL's connections).
    return sum(map(int, fields[11:15])) / _TICKS
