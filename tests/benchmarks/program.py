"""The servers that are measured, on SQLite or on PostgreSQL and S3, and the Flask application "hello"."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from api import migrations
from api.app import create_app
from api.serving import embedded, processes
from api.settings import Settings
from tests.benchmarks import seed
from tests.benchmarks.bare_sql import BareSql
from tests.benchmarks.load import Load, add_up, measure, request
from tests.support import servers
from tests.support.world import World

ROOT = Path(__file__).parents[2]
ROUNDS = 4
LOCATIONS = 1000


@dataclass(frozen=True, slots=True)
class Host:
    """What servers of one kind run on. Each uses a new ``environment()`` with its own database."""

    name: str
    workers: int
    environment: Callable[[], Mapping[str, str]]
    database_pids: Sequence[int]
    hello_port: int
    hello_pids: Sequence[int]

    def hello(self, clients: int) -> Load:
        """Measure some requests to the Flask application "hello"."""
        return measure(self.hello_port, [request("GET", "/hello")] * 150, clients, self.hello_pids)


@dataclass(frozen=True, slots=True)
class Program:
    """A running server. ``ground`` and ``bare`` use its database from this process."""

    host: Host
    ground: seed.Ground
    bare: BareSql
    environment: Mapping[str, str]
    port: int
    pid: int

    @property
    def world(self) -> World:
        """The same organization, used from this process."""
        return self.ground.world

    @property
    def pids(self) -> Sequence[int]:
        """The processes whose CPU is measured: the server, and the database if it is a server."""
        return [self.pid, *self.host.database_pids]

    def send(self, requests: Sequence[bytes], clients: int) -> Load:
        """Measure requests."""
        return measure(self.port, requests, clients, self.pids)


@dataclass(frozen=True, slots=True)
class Figure:
    """A load and that of "hello", measured in turns, because the speed of the machine changes."""

    load: Load
    hello: Load

    @property
    def times_hello(self) -> float:
        """CPU of a request, as a multiple of hello."""
        return self.load.cpu_ms / self.hello.cpu_ms


def measure_figure(program: Program, requests: Sequence[bytes], clients: int) -> Figure:
    """Measure requests in rounds, with hello before, between and after them."""
    return measure_figures([program], [requests], clients)[0]


def measure_figures(
    programs: Sequence[Program], requests: Sequence[Sequence[bytes]], clients: int
) -> list[Figure]:
    """Measure the requests of several servers in turns, with hello between them.

    A tenth of the requests is sent first, to warm up the servers. Their databases settle after that.
    """
    host = programs[0].host
    warmup = len(requests[0]) // 10
    for program, program_requests in zip(programs, requests, strict=True):
        program.send(program_requests[:warmup], clients)
        program.bare.settle()
    hellos = [host.hello(clients)]
    loads: list[list[Load]] = [[] for _ in programs]
    for number in range(ROUNDS):
        for program, program_requests, measured in zip(programs, requests, loads, strict=True):
            measured.append(program.send(program_requests[warmup + number :: ROUNDS], clients))
        hellos.append(host.hello(clients))
    return [Figure(add_up(measured), add_up(hellos)) for measured in loads]


@contextmanager
def sqlite() -> Iterator[Host]:
    """Yield a host for servers on SQLite with a folder of photos: one process of waitress."""
    with ExitStack() as stack:

        def environment() -> Mapping[str, str]:
            return {"DATA_DIR": stack.enter_context(tempfile.TemporaryDirectory())}

        yield _host(stack, "SQLite", 1, environment, [])


@contextmanager
def postgresql() -> Iterator[Host]:
    """Yield a host for servers on PostgreSQL, with fsync, and S3: two workers of gunicorn."""
    with ExitStack() as stack:
        url = stack.enter_context(servers.postgres(fsync=True))
        s3 = stack.enter_context(servers.s3())
        os.environ.update(s3.environment)  # boto3 reads the credentials from there

        def environment() -> Mapping[str, str]:
            return {
                "DATA_DIR": stack.enter_context(tempfile.TemporaryDirectory()),
                "DATABASE_URL": servers.new_database(url),
                "PHOTO_BUCKET": s3.new_bucket(),
                "PHOTO_ENDPOINT_URL": s3.endpoint_url,
            }

        postmaster = Path(url.partition("host=")[2], "data", "postmaster.pid")
        pid = int(postmaster.read_text().split()[0])
        yield _host(stack, "PostgreSQL", 2, environment, [pid])


def _host(
    stack: ExitStack,
    name: str,
    workers: int,
    environment: Callable[[], Mapping[str, str]],
    database_pids: Sequence[int],
) -> Host:
    port = servers.free_ports(1)[0]
    app = "tests.benchmarks.hello:app"
    options = ["waitress", f"--port={port}", f"--threads={embedded.THREADS}", app]
    if workers > 1:
        options = ["gunicorn", f"--bind=127.0.0.1:{port}", f"--workers={workers}", app]
        options += [f"--worker-class={processes.worker_class}", f"--threads={processes.THREADS}"]
        options += ["--no-control-socket"]
    hello = _process(stack, [sys.executable, "-m", *options], {})
    _wait(f"http://127.0.0.1:{port}/hello")
    return Host(name, workers, environment, database_pids, port, [hello.pid])


@contextmanager
def running(host: Host, build: Callable[[seed.Ground, BareSql], None] | None = None) -> Iterator[Program]:
    """Run a server on a new database with the checklist and the locations of the benchmark.

    ``build`` adds other data than these locations before the server starts.
    """
    port = servers.free_ports(1)[0]
    environment = {
        "SECRET_KEY": "k" * 40,
        "ACCEPT_EVERY_MINUTES": "0",
        "API_RATE_LIMIT": "1000000",
        "DEMO": "0",
        "PORT": str(port),
        "WORKERS": str(host.workers),
        **host.environment(),
    }
    with ExitStack() as stack:
        app = create_app(Settings.from_environment(environment))
        database = app.extensions["survey"].database
        stack.callback(database.close)
        migrations.upgrade(database)
        ground = seed.Ground(World(app))
        ground.world.publish(seed.CHECKLIST)
        bare = BareSql(database.url, host.database_pids)
        stack.callback(bare.connection.close)
        if build is None:
            ground.add_locations(LOCATIONS)
        else:
            build(ground, bare)
        process = _process(stack, [sys.executable, "-m", "flask", "--app", "wsgi", "serve"], environment)
        _wait(f"http://127.0.0.1:{port}/health/live")
        yield Program(host, ground, bare, environment, port, process.pid)


def _process(stack: ExitStack, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
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
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{address} does not respond")
