"""``make bench``: speed and memory of the running program, as ratios to Flask saying hello, in one run.

Each figure is the CPU of the server (and of the database where it is one) for a request, and the latency
that clients see. ``BENCH=full`` measures at the sizes that the README quotes; without it, at smaller ones.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api import migrations
from api.app import create_app
from api.settings import Settings
from tests import servers
from tests.benchmarks import seed
from tests.benchmarks.load import Measured, measure, pss_mib, request
from tests.world import World, ok

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("BENCH") == "full"


@dataclass(frozen=True, slots=True)
class Program:
    """The running program on one kind of database, with Flask saying hello beside it."""

    name: str
    world: World
    port: int
    hello_port: int
    pids: Sequence[int]
    hello_pids: Sequence[int]


@contextmanager
def running(name: str, url: str | None, database_pids: Sequence[int]) -> Iterator[Program]:
    """Run the program and the hello beside it, each with as many workers as the other."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        workers = "1" if url is None else "2"
        port, hello_port = servers.free_ports(2)
        environment = {
            "DATA_DIR": folder,
            "SECRET_KEY": "k" * 40,
            "ACCEPT_EVERY_MINUTES": "0",
            "DEMO": "0",
            "PORT": str(port),
            "WORKERS": workers,
            **({"DATABASE_URL": url} if url else {}),
        }
        app = create_app(Settings.from_environment(environment))
        migrations.upgrade(app.extensions["survey"].database)
        world = World(app)
        world.publish(seed.CHECKLIST)
        program = _process(stack, [sys.executable, "-m", "flask", "--app", "wsgi", "serve"], environment)
        hello = _process(stack, _hello_command(hello_port, int(workers)), {})
        _wait(f"http://127.0.0.1:{port}/health/live")
        _wait(f"http://127.0.0.1:{hello_port}/hello")
        yield Program(name, world, port, hello_port, [program.pid, *database_pids], [hello.pid])


def _hello_command(port: int, workers: int) -> list[str]:
    if workers == 1:
        return [
            sys.executable,
            "-m",
            "waitress",
            f"--port={port}",
            "--threads=8",
            "tests.benchmarks.hello:app",
        ]
    options = [
        "--workers",
        str(workers),
        "--worker-class",
        "gthread",
        "--threads",
        "64",
        "--no-control-socket",
    ]
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "tests.benchmarks.hello:app",
        f"--bind=127.0.0.1:{port}",
        *options,
    ]


def _process(stack: ExitStack, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return process


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{address} does not answer")


def row(what: str, measured: Measured, hello_ms: float, target: str) -> None:
    """Print one line of the table."""
    print(
        f"| {what} | {measured.cpu_ms:.2f} | {measured.cpu_ms / hello_ms:.1f}× | {target} | "
        f"{measured.rate:.0f} | {measured.percentile(0.5):.1f} / {measured.percentile(0.95):.1f} / "
        f"{measured.percentile(0.99):.1f} |"
    )
    if not measured.statuses <= {200, 201, 304}:
        print(f"|  | answered {sorted(measured.statuses)} | | | | |")


def benchmark(program: Program) -> None:
    """Measure and print everything about one program."""
    world = program.world
    stored, many = (50_000, 1000) if FULL else (5_000, 200)
    print(f"\n### {program.name}\n")
    print("| what | CPU ms | × hello | target | a second | p50 / p95 / p99 ms |\n|---|---|---|---|---|---|")
    print_memory(program, "at rest")
    for clients in (1, 8):
        hello = measure(program.hello_port, [request("GET", "/hello")] * 1500, clients, program.hello_pids)
        row(f"hello, {clients} client(s)", hello, hello.cpu_ms, "")
        _reads(program, clients, hello.cpu_ms)
        _submissions(program, clients, hello.cpu_ms, "an empty table")
    seed.locations(world, many)
    seed.visits(world, stored)
    for clients in (1, 8):
        _submissions(program, clients, hello.cpu_ms, f"{stored} visits stored")
    _scores(program, hello.cpu_ms, many, stored)
    print_memory(program, "after that load")


def _reads(program: Program, clients: int, hello_ms: float) -> None:
    world, token = program.world, program.world.shopper.token
    path = f"/api/v1/checklists/{seed.KEY}/versions/1"
    tag = world.shopper.get(path.removeprefix("/api/v1")).headers["ETag"]
    for what, each, target in (
        ("checklist version", request("GET", path, token), "≤ 3"),
        ("its 304", request("GET", path, token, headers=[f"If-None-Match: {tag}"]), "≤ 2.2"),
        ("visit list of 10", request("GET", "/api/v1/visits?limit=10", token), "≤ 3.5"),
    ):
        row(
            f"{what}, {clients} client(s)",
            measure(program.port, [each] * 600, clients, program.pids),
            hello_ms,
            target,
        )


def _submissions(program: Program, clients: int, hello_ms: float, among: str) -> None:
    world, generator = program.world, random.Random(1)
    count = 400
    ids = _assigned(world, count)
    sent = [
        request("PUT", f"/api/v1/visits/{visit_id}/submission", world.shopper.token, seed.body(generator))
        for visit_id in ids
    ]
    target = "≤ 6.5, ≥ 160/s" if "SQLite" in program.name else "≤ 8, ≥ 250/s"
    row(
        f"submission, {clients} client(s), {among}",
        measure(program.port, sent, clients, program.pids),
        hello_ms,
        target,
    )


def _assigned(world: World, count: int) -> list[str]:
    order = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": seed.KEY,
        "window": {"opens_at": "2020-01-01T00:00:00Z", "closes_at": "2100-01-01T00:00:00Z"},
        "override": True,
    }
    made = ok(world.admin.post("/visits", [order] * count), 201)["items"]
    return [visit["id"] for visit in made]


def _scores(program: Program, hello_ms: float, many: int, stored: int) -> None:
    token = program.world.admin.token
    place = ok(program.world.admin.get("/locations?code=L00001"))["items"][0]["id"]
    region = program.world.region["id"]
    for what, path, times, target in (
        (f"a location's score, {stored} visits", f"/api/v1/locations/{place}/score", 100, "p95 ≤ 20 ms"),
        (f"league table of {many} locations", "/api/v1/scores?by=location&limit=500", 20, "≤ 150 ms"),
        (f"score of a region of {many} locations", f"/api/v1/regions/{region}/score", 20, "≤ 300 ms"),
        ("a page of 500 visits", "/api/v1/visits?limit=500", 20, "≤ 100 ms"),
    ):
        row(
            what,
            measure(program.port, [request("GET", path, token)] * times, 1, program.pids),
            hello_ms,
            target,
        )


def print_memory(program: Program, when: str) -> None:
    """Print the memory of server and worker, without the database."""
    print(f"| memory {when}: {pss_mib(program.pids[:1]):.0f} MiB | | | | | |")


def main() -> None:
    """Measure on SQLite with waitress, then on PostgreSQL with two workers."""
    with running("SQLite, one process", None, []) as program:
        benchmark(program)
    with servers.postgres(fsync=True) as url:
        pids = [int(line) for line in _postmaster(url)]
        with running("PostgreSQL, two workers", servers.new_database(url), pids) as program:
            benchmark(program)


def _postmaster(url: str) -> Iterator[str]:
    folder = Path(url.partition("host=")[2])
    for file in (folder / "data" / "postmaster.pid", folder.parent / "data" / "postmaster.pid"):
        if file.exists():
            yield file.read_text().splitlines()[0]
            return


if __name__ == "__main__":
    main()
