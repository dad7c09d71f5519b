"""The tables that ``make bench`` prints: measurements, targets, and whether they were reached."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.program import Figure, Host


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for a number; ``at_least`` means that more is better."""

    text: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether the number is within the limit."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass
class Report:
    """The rows of the tables. Each is also written to standard error when it is measured."""

    requests: list[tuple[str, int, list[str]]] = field(default_factory=list)
    others: list[tuple[str, int, list[str]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def request(
        self,
        what: str,
        host: Host,
        clients: int,
        figure: Figure,
        *targets: Target,
        bare_ms: float | None = None,
    ) -> None:
        """Add the measurements of one kind of request."""
        load = figure.load
        times_bare = "" if bare_ms is None else _times(load.cpu_ms / bare_ms)
        cells = [
            *(what, host.name, str(clients), f"{load.cpu_ms:.2f}", _times(figure.times_hello), times_bare),
            f"{load.rate:.0f}",
            " / ".join(f"{load.percentile(share):.1f}" for share in (0.5, 0.95, 0.99)),
            *_evaluate(targets),
        ]
        self._add(self.requests, what, clients, cells)
        unexpected = {status for status in load.statuses if status not in (200, 201, 304)}
        if unexpected:
            self.fail(f"{what} on {host.name}: statuses {sorted(unexpected)}")

    def other(self, what: str, host: Host, measured: str, *targets: Target) -> None:
        """Add another measurement."""
        self._add(self.others, what, 0, [what, host.name, measured, *_evaluate(targets)])

    def fail(self, reason: str) -> None:
        """Add a wrong result, which makes the benchmark exit with 1."""
        self.failures.append(reason)
        print(f"FAILED: {reason}", file=sys.stderr, flush=True)

    def _add(self, rows: list[tuple[str, int, list[str]]], what: str, clients: int, cells: list[str]) -> None:
        rows.append((what, clients, cells))
        print(" | ".join(cells), file=sys.stderr, flush=True)

    def print(self) -> None:
        """Print the tables, with the databases next to each other."""
        _print(
            [
                *("what", "on", "clients", "CPU ms", "× hello", "× bare SQL", "per second"),
                *("p50 / p95 / p99 ms", "target", "reached"),
            ],
            self.requests,
        )
        _print(["what", "on", "measured", "target", "reached"], self.others)
        for reason in self.failures:
            print(f"FAILED: {reason}")


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 20 else f"{ratio:.0f}"


def _evaluate(targets: Sequence[Target]) -> list[str]:
    missed = [target.text for target in targets if not target.is_reached]
    verdict = f"**no**: {', '.join(missed)}" if missed and len(targets) > 1 else "**no**" if missed else "yes"
    return [", ".join(target.text for target in targets), verdict if targets else ""]


def _print(head: list[str], rows: list[tuple[str, int, list[str]]]) -> None:
    if not rows:
        return
    order = list(dict.fromkeys(what for what, _, _ in rows))
    print(f"\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for _, _, cells in sorted(rows, key=lambda row: (order.index(row[0]), row[1])):
        print(f"| {' | '.join(cells)} |")
