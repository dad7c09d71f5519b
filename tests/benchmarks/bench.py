"""``make bench``: speed and memory of the server, compared with a Flask application that returns "hello".

``BENCH=full`` uses large amounts of data, such as 500,000 visits. ``BENCH=scale`` measures only what a chain
of 10,000 locations reads. ``BENCH_ONLY=reads,submission`` measures some items only, ``BENCH_ON=sqlite`` (or
``postgresql``) one database only. docs/performance.md has results.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

from tests.benchmarks import acceptance, chain, exports, machine, photos, reads, scores, submissions
from tests.benchmarks.program import ROOT, Host, Program, postgresql, running, sqlite
from tests.benchmarks.report import Report

FULL = os.environ.get("BENCH") == "full"
SCALE = os.environ.get("BENCH") == "scale"
ITEMS = (
    "reads",
    "submission",
    "at-once",
    "one-location",
    "flush",
    "stored",
    "scores",
    "pages",
    "photos",
    "memory",
    "exports",
    "acceptance",
)
HOSTS = {"sqlite": sqlite, "postgresql": postgresql}
STORED, FULL_STORED = 50_000, 500_000
ACCEPTED = 10_000
EXPORTED, FULL_EXPORTED = 10_000, 200_000


def main() -> None:
    """Measure, print the tables, and exit with 1 if a result was wrong."""
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # also stops the servers
    items, hosts = _choose("BENCH_ONLY", ITEMS), _choose("BENCH_ON", HOSTS)
    report = Report()
    for name in hosts:
        with HOSTS[name]() as host:
            if SCALE:
                with running(host, chain.build) as program:
                    scores.measure_chain(program, report)
            else:
                _measure(host, items, report)
    print(machine.describe())
    report.print()
    minutes = (time.monotonic() - started) / 60
    print(f"\nMeasured in {minutes:.1f} minutes.")
    sys.exit(1 if report.failures else 0)


def _choose(variable: str, names: Iterable[str]) -> list[str]:
    value = os.environ.get(variable, "")
    chosen = value.split(",") if value else list(names)
    if unknown := set(chosen).difference(names):
        raise SystemExit(f"{variable}: {', '.join(sorted(unknown))} is not one of {', '.join(names)}")
    return chosen


def _measure(host: Host, items: list[str], report: Report) -> None:
    with running(host) as program:
        if "memory" in items:
            photos.measure_at_rest(program, report)
        if "reads" in items:
            reads.measure(program, report)
        if "submission" in items:
            submissions.measure(program, report)
        if "at-once" in items:
            submissions.measure_simultaneous(program, report)
        if "one-location" in items:
            submissions.measure_one_location(program, report)
        if "flush" in items:
            submissions.measure_flush(program, report)
        if {"submission", "flush"} & set(items):
            _recount(program, report)
        if {"stored", "scores", "pages"} & set(items):
            _measure_many(program, items, report)
        if "photos" in items:
            photos.measure_photos(program, report)
        if "memory" in items:
            photos.measure_under_load(program, report)
    if "acceptance" in items:
        with running(host) as program:
            acceptance.measure(program, ACCEPTED, report)
            _recount(program, report)
    if "exports" in items:
        _measure_exports(host, report)


def _measure_exports(host: Host, report: Report) -> None:
    with running(host) as program:
        exports.measure(program, FULL_EXPORTED if FULL else EXPORTED, report)


def _measure_many(program: Program, items: list[str], report: Report) -> None:
    """Measure what must not depend on the number of visits, and compare with a server that has few."""
    with running(program.host) as few:
        program.ground.add_visits(program.bare, STORED)
        if "stored" in items:
            submissions.measure_stored(few, program, STORED, report)
        if "pages" in items:
            scores.measure_pages(program, report)
        if "scores" in items:
            few.ground.add_visits(few.bare, scores.FEW, scores.FEW_LOCATIONS)
            _recount(few, report)
            if FULL:
                program.ground.add_visits(program.bare, FULL_STORED - STORED)
            visits = FULL_STORED if FULL else STORED
            scores.measure_location(few, program, visits, report)
            scores.measure_tables(program, visits, report)


def _recount(program: Program, report: Report) -> None:
    """Check with `scores recount` that bare SQL and seed wrote the same totals as the program."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"]
    environment = {**os.environ, **program.environment}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if result.returncode:
        report.fail(f"recount on {program.host.name}: {result.stdout[:500]}{result.stderr[-500:]}")


if __name__ == "__main__":
    main()
