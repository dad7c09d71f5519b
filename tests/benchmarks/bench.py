"""``make bench``: speed and memory of the running program, as ratios to Flask saying hello, in one run.

``BENCH=full`` takes the sizes that the README quotes. ``BENCH_ONLY=reads,submission`` measures some items
alone, ``BENCH_ON=sqlite`` (or ``postgresql``) on one database: seconds instead of minutes, for who tunes.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

from tests.benchmarks import machine, photos, reads, scores, submissions
from tests.benchmarks.program import ROOT, Host, Program, postgresql, running, sqlite
from tests.benchmarks.report import Report

FULL = os.environ.get("BENCH") == "full"
ITEMS = ("reads", "submission", "at-once", "flush", "stored", "scores", "pages", "photos", "memory")
HOSTS = {"sqlite": sqlite, "postgresql": postgresql}
STORED, FULL_STORED = 50_000, 500_000


def main() -> None:
    """Measure, print the tables, and end with 1 if something went wrong that is no matter of speed."""
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended all the same
    items, hosts = _chosen("BENCH_ONLY", ITEMS), _chosen("BENCH_ON", HOSTS)
    report = Report()
    for name in hosts:
        with HOSTS[name]() as host:
            _measure(host, items, report)
    print(machine.described())
    report.print()
    minutes = (time.monotonic() - started) / 60
    print(f"\nMeasured in {minutes:.1f} minutes.")
    sys.exit(1 if report.failures else 0)


def _chosen(variable: str, known: Iterable[str]) -> list[str]:
    given = os.environ.get(variable, "")
    chosen = given.split(",") if given else list(known)
    if unknown := set(chosen).difference(known):
        raise SystemExit(f"{variable}: {', '.join(sorted(unknown))} is none of {', '.join(known)}")
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
            submissions.measure_at_once(program, report)
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


def _measure_many(program: Program, items: list[str], report: Report) -> None:
    """Measure what must not depend on how many visits are stored, beside a program that has few."""
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
    """Have the program prove that what the bare SQL and the seed wrote is what it would have written."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"]
    environment = {**os.environ, **program.environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        report.fail(f"recount on {program.host.name}: {done.stdout[:500]}{done.stderr[-500:]}")


if __name__ == "__main__":
    main()
