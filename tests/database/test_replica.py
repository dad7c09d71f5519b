"""Scores and exports are read from a streaming replica, but nobody misses what they wrote."""

import os
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.database import replica as replicas
from api.database.engines import POOL_SIZE
from api.database.limits import Limits
from api.database.replica import Replica, ReplicaError
from api.domain.access import ADMIN, Actor
from api.exports.building import Result, build
from api.http import replica_reads
from api.http.transactions import in_transaction
from api.jobs.exports import ExportBuilder
from api.metrics import Metrics
from api.models.organizations import Organization
from api.services import exports
from api.services.scores import places
from tests.conftest import run_program
from tests.support import servers
from tests.support.exports import download, read_csv, request_export
from tests.support.running import list_children
from tests.support.world import Caller, World, ok, problem, request_token

SECONDS = 30


@dataclass
class Pair:
    """A program with a primary and a replica, and a world in it whose manager and admin have read scores."""

    world: World
    read_url: str
    process: servers.Process

    @property
    def replica(self) -> Replica:
        replica: Replica = self.world.app.extensions["survey"].replica
        return replica

    def run(self, statement: str) -> None:
        """Run a statement on the replica."""
        run(self.read_url, statement)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the replica receive, but not show, what is written to the primary."""
        self.run("SELECT pg_wal_replay_pause()")
        eventually(lambda: self.is_paused())
        try:
            yield
        finally:
            self.run("SELECT pg_wal_replay_resume()")

    def is_paused(self) -> bool:
        with psycopg.connect(self.read_url, autocommit=True) as connection:
            state = connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone()
        return state == ("paused",)

    def rename(self, name: str, caller: Caller | None = None) -> None:
        """Change the name of the store, as the administrator by default."""
        path, caller = f"/locations/{self.world.location['id']}", caller or self.world.admin
        etag = self.world.admin.get(path).headers["ETag"]
        ok(caller.patch(path, {"name": name}, headers={"If-Match": etag}))

    def reads(self, outcome: str) -> int:
        """Return how many requests had this outcome."""
        prefix = f'replica_reads_total{{outcome="{outcome}"}} '
        lines = metrics_of(self.world.app).splitlines()
        [count] = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
        return int(float(count))


def settings(folder: Path, url: str, **more: str) -> dict[str, str]:
    return {"DATA_DIR": str(folder), "DATABASE_URL": url, "SECRET_KEY": "k" * 32, **more}


@pytest.fixture(scope="module")
def primary_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with tables on a server of its own, because a replica copies all databases."""
    with servers.postgres_process() as (server_url, _):
        url = servers.new_database(server_url)
        # The default of PostgreSQL, but not of tests: the log is written before a commit returns.
        run(server_url, f"ALTER DATABASE {get_name(url)} SET synchronous_commit = on")
        for _ in run_program(settings(tmp_path_factory.mktemp("primary"), url)):
            pass
        yield url


@pytest.fixture(scope="module")
def shared_pair(primary_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with (
        # A query on the replica does not hold up what conflicts with it for long.
        servers.replica_process(primary_url, max_standby_streaming_delay="500ms") as (read_url, process),
        contextmanager(run_program)(settings(folder, primary_url, DATABASE_READ_URL=read_url)) as app,
    ):
        pair = Pair(World(app), read_url, process)
        pair.world.accepted_visit()
        yield pair
        pair.replica.close()


@pytest.fixture
def pair(shared_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """The pair, whose replica is in use and is checked often."""
    monkeypatch.setattr(replicas, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(replicas, "MAX_LAG_SECONDS", 1.0)
    shared_pair.rename("Old name")
    eventually_replica(shared_pair)
    return shared_pair


def read_name(caller: Caller) -> str | None:
    """Return the name of the store in the scores."""
    rows = ok(caller.get("/scores?by=location"))["items"]
    return rows[0]["location"]["name"] if rows else None


def eventually_replica(pair: Pair) -> None:
    """Wait until managers and administrators read from the replica."""
    for caller in (pair.world.manager, pair.world.admin):

        def reads_replica(caller: Caller = caller) -> bool:
            before = pair.reads("replica")
            read_name(caller)
            return pair.reads("replica") > before

        eventually(reads_replica)


def eventually(is_true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def trusted(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """The pair with checks that are patient, so that a replica that is paused stays in use."""
    monkeypatch.setattr(replicas, "MAX_LAG_SECONDS", 600)
    monkeypatch.setattr(replicas, "TRUST_SECONDS", 600)
    return pair


def test_writer_reads_the_primary_until_the_replica_has_caught_up(trusted: Pair, tmp_path: Path) -> None:
    pair, world = trusted, trusted.world
    environment = settings(tmp_path / "other", world.database.url, DATABASE_READ_URL=pair.read_url)
    with contextmanager(run_program)(environment) as other_host:
        elsewhere = Caller(other_host, world.admin.id, world.admin.email, world.admin.token)
        replica_there = other_host.extensions["survey"].replica
        eventually(replica_there.is_available)
        behind = pair.reads("behind")
        with pair.paused():
            pair.rename("New name")
            assert read_name(world.admin) == "New name"
            assert pair.reads("behind") == behind + 1
            # The manager reads from the replica, which does not show it yet.
            assert read_name(world.manager) == "Old name"
            # A program on another host knows what the administrator wrote too.
            assert read_name(elsewhere) == "New name"
        eventually(lambda: read_name(world.manager) == "New name")
        eventually_replica(pair)
        replica_there.close()


def test_new_rights_apply_at_once(trusted: Pair) -> None:
    world = trusted.world
    client = ok(world.admin.post("/api-clients", {"name": "Sync", "scopes": ["scores:read"]}), 201)
    reader = Caller(world.app, client["id"], token=request_token(world.app, client)["access_token"])
    other = world.person("manager", region_ids=[world.region["id"]])
    eventually(lambda: read_name(reader) and read_name(other))
    elsewhere = {"region_ids": [world.new_region()["id"]]}
    with trusted.paused():
        for path in (f"/users/{other.id}", f"/api-clients/{client['id']}"):
            etag = world.admin.get(path).headers["ETag"]
            ok(world.admin.patch(path, elsewhere, headers={"If-Match": etag}))
        assert read_name(reader) is read_name(other) is None
        assert read_name(world.manager) == "Old name"


def test_the_row_of_the_caller_is_locked_last(pair: Pair) -> None:
    """Otherwise, two requests of one caller could each wait for a row that the other one has locked."""
    world, url = pair.world, pair.world.database.url
    lock = "SELECT 1 FROM {} WHERE {} = %s FOR UPDATE NOWAIT"
    is_blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as thread, psycopg.connect(url) as one, psycopg.connect(url) as two:
        one.execute(lock.format("organizations", "id"), [world.organization_id])
        renamed = thread.submit(rename_organization, world)
        eventually(lambda: two.execute(is_blocked).fetchone() != (0,))
        two.execute(lock.format("latest_writes", "caller_id"), [world.admin.id])
        two.rollback()
        one.rollback()
        renamed.result()


def rename_organization(world: World) -> None:
    """Change an object without a flush, in the transaction of a request."""

    def change(session: Session) -> None:
        session.get_one(Organization, world.organization_id).name += " & Sons"

    with world.app.test_request_context():
        g.actor = Actor(uuid.UUID(world.admin.id), world.organization_id, ADMIN)
        in_transaction(change)


def test_an_api_client_reads_what_it_wrote_with_another_token(trusted: Pair) -> None:
    world = trusted.world
    scopes = ["scores:read", "places:write"]
    client = ok(world.admin.post("/api-clients", {"name": "Sync", "scopes": scopes}), 201)
    tokens = [request_token(world.app, client, scope=scope)["access_token"] for scope in scopes]
    reader, writer = (Caller(world.app, client["id"], token=token) for token in tokens)
    eventually(lambda: read_name(reader))
    with trusted.paused():
        trusted.rename("Name of the client", writer)
        assert read_name(reader) == "Name of the client"
        assert read_name(world.manager) == "Old name"


def test_replica_that_falls_behind_is_left_until_it_has_caught_up(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    world = pair.world
    with pair.paused():
        pair.rename("New name")
        eventually(lambda: read_name(world.manager) == "New name")
        assert "the replica is not used: it is more than 1 seconds behind" in caplog.text
        assert read_state(pair) == "unavailable"
        assert pair.reads("unavailable") > 0
    eventually_replica(pair)
    assert "the replica is used again" in caplog.text
    eventually(lambda: read_state(pair) == "available")


def test_stopped_replica_is_left_until_it_runs_again(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    world = pair.world
    assert read_state(pair) == "available"
    pair.process.stop()
    for _ in range(3):
        pair.rename("New name")
        assert read_name(world.manager) == "New name"
    eventually(lambda: read_state(pair) == "unavailable")
    assert "replica_up 0.0" in metrics_of(world.app)
    assert "the replica is not used: " in caplog.text
    pair.process.start()
    eventually_replica(pair)
    assert "the replica is used again" in caplog.text
    assert "replica_up 1.0" in metrics_of(world.app)
    assert "replica_lag_seconds 0." in metrics_of(world.app)


def test_replica_that_hangs_is_left(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes stop, but their connections stay, so that no time limit of the network ends them."""
    monkeypatch.setattr(replicas, "TRUST_SECONDS", 5.0)
    assert pair.process.running is not None
    processes = [*list_children(pair.process.running.pid), pair.process.running.pid]
    before = pair.reads("replica")
    for process_id in processes:
        os.kill(process_id, signal.SIGSTOP)
    try:
        pair.rename("New name")
        with ThreadPoolExecutor(4) as threads:  # more than there are open connections
            names = list(threads.map(read_name, [pair.world.manager] * 4))
        assert names == ["New name"] * 4
        assert pair.reads("replica") == before
    finally:
        for process_id in processes:
            os.kill(process_id, signal.SIGCONT)
    eventually_replica(pair)


def test_promoted_replica_is_not_used(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    database = pair.world.database
    with servers.replica_process(database.url) as (read_url, _):
        replica = Replica(read_url, database)
        eventually(replica.is_available)
        run(read_url, "SELECT pg_promote()")
        eventually(lambda: not replica.is_available())
        assert "the replica is not used: it has become a primary" in caplog.text
        replica.close()


def test_replica_of_another_database_is_not_used(pair: Pair) -> None:
    name = get_name(pair.read_url)
    replica = Replica(pair.read_url.replace(name, "postgres"), pair.world.database)
    with pytest.raises(ReplicaError, match="another database"):
        replica.measure_lag()
    assert not replica.is_available()
    replica.close()


def test_query_that_conflicts_with_replication_runs_again_on_the_primary(
    trusted: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, find = trusted.world, places.get_location
    run(world.database.url, "CREATE TABLE IF NOT EXISTS dropped (number INTEGER)")
    eventually(lambda: has_table(trusted, "dropped"))
    servers_read: list[bool] = []

    def conflict(session: Session, *arguments: Any) -> Any:
        servers_read.append(bool(session.scalar(text("SELECT pg_is_in_recovery()"))))
        if servers_read[-1]:
            session.execute(text("SELECT count(*) FROM dropped"))
            run(world.database.url, "DROP TABLE dropped")
            session.execute(text("SELECT pg_sleep(30)"))
        return find(session, *arguments)

    monkeypatch.setattr(places, "get_location", conflict)
    failed = trusted.reads("failed")
    assert ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 1
    assert servers_read == [True, False]
    assert trusted.reads("failed") == failed + 1


def test_query_that_takes_too_long_does_not_run_again(trusted: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_reads, "REQUEST", Limits(lock=1, statement=0.2, idle=1))

    def time_out(session: Session, *_: Any) -> None:
        session.execute(text("SET LOCAL statement_timeout = 300"))
        session.execute(text("SELECT pg_sleep(30)"))

    monkeypatch.setattr(places, "get_location", time_out)
    world = trusted.world
    problem(world.manager.get(f"/locations/{world.location['id']}/score"), 503, "unavailable")


def test_what_the_replica_cannot_read_is_read_from_the_primary(pair: Pair, tmp_path: Path) -> None:
    primary_url = pair.world.database.url
    run(primary_url, "CREATE ROLE reader LOGIN")
    run(primary_url, "GRANT SELECT ON latest_writes TO reader")
    read_url = pair.read_url.replace("postgres@", "reader@")
    with contextmanager(run_program)(settings(tmp_path, primary_url, DATABASE_READ_URL=read_url)) as app:
        eventually(app.extensions["survey"].replica.is_available)
        manager = pair.world.manager
        caller = Caller(app, manager.id, manager.email, manager.token)
        assert ok(caller.get("/scores?by=location"))["items"]


def test_busy_connections_are_no_fault_of_the_replica(pair: Pair) -> None:
    eventually_replica(pair)
    sessions = [pair.replica.read_snapshot(lambda _: True) for _ in range(2 * POOL_SIZE)]
    try:
        with pytest.raises(PoolTimeout):
            pair.replica.measure_lag()
        for session in sessions:
            assert session is not None
            session.execute(text("SELECT 1"))
    finally:
        for session in sessions:
            if session is not None:
                session.close()


def test_checks_go_on_after_an_unexpected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "CHECK_SECONDS", 0.01)
    errors = [RuntimeError("can't start new thread")]

    def verify() -> None:
        if errors:
            raise errors.pop()

    watch = replicas._Watch(verify)
    watch.start()
    eventually(lambda: watch.age() < SECONDS)
    watch.stop()


def test_problems_of_callers_are_the_same_on_the_replica(trusted: Pair) -> None:
    before = trusted.reads("replica")
    problem(trusted.world.manager.get(f"/locations/{uuid.uuid4()}/score"), 404, "location-not-found")
    assert trusted.reads("replica") == before + 1


# Exports.


def build_export(pair: Pair, on_progress: Callable[[int, int], None], *, primary: bool = True) -> Result:
    """Build an export in this process; if not ``primary``, nothing but checks can read from the primary."""
    world = pair.world
    request_export(world.manager)
    export = world.database.write(exports.claim)
    assert export is not None
    database = world.database.in_background()
    if not primary:
        database.read_snapshot = None  # type: ignore[method-assign,assignment]
    with tempfile.TemporaryDirectory() as folder:
        arguments = (lambda: world.store), export.id, export.attempts, Path(folder), on_progress
        result = build(database, pair.replica, *arguments)
    world.database.write(lambda session: exports.finish(session, export, **asdict(result)))
    return result


def test_exports_are_read_from_the_replica(pair: Pair) -> None:
    assert build_export(pair, lambda *_: None, primary=False).rows == 1


def test_export_is_read_again_if_the_replica_ends_its_connection(pair: Pair) -> None:
    ended: list[bool] = []

    def end_connections(*_: int) -> None:
        if not ended:
            ended.append(True)
            pair.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    assert build_export(pair, end_connections).rows == 1
    assert ended


@pytest.mark.parametrize("state", ["follows", "stopped", pytest.param("paused", marks=pytest.mark.full)])
def test_a_child_builds_an_export_whatever_the_replica_does(pair: Pair, state: str) -> None:
    world = pair.world
    worker = ExportBuilder(world.database, world.store, Metrics(), threading.Event(), pair.read_url)
    with pair.paused() if state == "paused" else nullcontext():
        if state == "stopped":
            pair.process.stop()
        export_id = request_export(world.manager)
        assert worker.work()
        assert len(read_csv(download(world.manager, export_id).data)) == 1
    if state == "stopped":
        pair.process.start()


def metrics_of(app: Flask) -> str:
    text: bytes = app.extensions["metrics"].text()
    return text.decode()


def read_state(pair: Pair) -> str:
    """Return the state of the replica in the response to the readiness check."""
    state: str = ok(Caller(pair.world.app).get("//health/ready"))["replica"]
    return state


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def get_name(url: str) -> str:
    """Return the name of the database of a URL."""
    return url.split("@/")[1].split("?")[0]


def has_table(pair: Pair, name: str) -> bool:
    with psycopg.connect(pair.read_url, autocommit=True) as connection:
        return connection.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,)
