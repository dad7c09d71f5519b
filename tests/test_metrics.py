"""Metrics and the log, as operators see them."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api import metrics, migrations
from api.app import create_app
from api.http import tokens
from api.jobs.worker import TASKS, Worker
from api.models.base import now
from api.models.events import Event
from api.models.photos import Photo
from api.models.visits import Visit
from api.services import backlog
from api.settings import Settings
from tests.conftest import BACKENDS
from tests.support import servers
from tests.support.pictures import jpeg
from tests.support.running import running
from tests.support.world import ALL_WELL, Caller, World, ok, problem
from uploads.store import StoreUnavailable

NOWHERE = "http://127.0.0.1:1"
#: Only programs with a replica have it, see tests/database/test_replica.py.
OF_REPLICA = {"replica_lag_seconds"}
ACCEPTANCE, PHOTOS = "acceptance-due", "photos-due"


def series(body: str) -> dict[str, float]:
    """Return the values by name and labels, as in the text format."""
    lines = (line.rpartition(" ") for line in body.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def read_metrics(app: Flask) -> dict[str, float]:
    return series(read_text(app))


def read_text(app: Flask) -> str:
    text: bytes = app.extensions["metrics"].text()
    return text.decode()


@contextmanager
def increases(app: Flask, more: Mapping[str, float]) -> Iterator[None]:
    """Assert that these metrics, named as in the text format, increase by these amounts."""
    before = read_metrics(app)
    yield
    after = read_metrics(app)
    assert {name: after.get(name, 0) - before.get(name, 0) for name in more} == more


@contextmanager
def program(**environment: str) -> Iterator[Flask]:
    app = create_app(Settings.from_environment({"SECRET_KEY": "k" * 32, **environment}))
    yield app
    app.extensions["survey"].database.close()


@pytest.fixture(params=BACKENDS)
def own_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app with an empty database, which accepts visits hourly."""
    environment = {"DATA_DIR": str(tmp_path)}
    if request.param == "servers":
        environment["DATABASE_URL"] = servers.new_database(request.getfixturevalue("postgres_url"))
    with program(**environment) as app:
        migrations.upgrade(app.extensions["survey"].database)
        yield app


# Requests.


def test_requests_and_problems_are_counted_by_route_and_code(world: World) -> None:
    me = "/api/v1/me"
    with increases(
        world.app,
        {
            f'http_requests_total{{method="GET",route="{me}",status="200"}}': 2,
            f'http_requests_total{{method="GET",route="{me}",status="401"}}': 1,
            f'http_request_seconds_count{{route="{me}"}}': 3,
            'problems_total{code="not-signed-in"}': 1,
        },
    ):
        ok(world.admin.get("/me"))
        ok(world.admin.get("/me"))
        problem(world.anonymous.get("/me"), 401, "not-signed-in")


def test_guessed_passwords_are_counted(world: World) -> None:
    body = {"email": world.shopper.email, "password": "a wrong one indeed"}
    address = {"REMOTE_ADDR": f"10.0.0.{uuid.uuid4().int % 250}"}
    with increases(
        world.app,
        {'problems_total{code="wrong-credentials"}': 10, 'problems_total{code="too-many-failures"}': 1},
    ):
        for status in (401,) * 10 + (429,):
            response = world.anonymous.post("/auth/login", body, environ_base=address)
            assert response.status_code == status


def test_metrics_do_not_identify_people_or_places(world: World) -> None:
    visit = world.visit()
    world.photo(visit)
    ok(world.send(visit, world.submission()), 201)
    body = read_text(world.app)
    for secret in (visit["id"], world.shopper.id, world.shopper.email, world.location["code"], world.name):
        assert str(secret) not in body


def test_metric_names_follow_the_conventions_of_prometheus(app: Flask) -> None:
    body = read_text(app)
    kinds = dict(line.split()[2:4] for line in body.splitlines() if line.startswith("# TYPE"))
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }
    assert {name for name, kind in kinds.items() if kind == "histogram"} <= {
        name for name in kinds if name.endswith("_seconds")
    }
    assert metrics.GAUGES.keys() - OF_REPLICA <= set(kinds)
    assert body.count("# TYPE") == len(kinds)


# Queues.


def test_queues_are_reported(own_app: Flask) -> None:
    world = World(own_app)
    database = world.database
    reviewed, accepting, unsent = world.visit(), world.visit(), world.visit()
    World(own_app).admin  # noqa: B018  # with two organizations, nothing is counted twice
    early = world.submission()
    ok(world.send(reviewed, {**early, "started_at": early["finished_at"]}), 201)
    ok(world.send(accepting, world.submission()), 201)
    world.photo(unsent)
    photo_id = world.declare(unsent, jpeg())["id"]
    long_ago = now() - timedelta(seconds=100)
    late = now() - timedelta(seconds=50)

    def set_back(session: Session) -> None:
        session.get_one(Photo, (uuid.UUID(unsent["id"]), uuid.UUID(photo_id))).declared_at = long_ago
        visit_id = uuid.UUID(accepting["id"])
        session.add(Event(kind=PHOTOS, visit_id=visit_id, revision=1, due_at=late))

    database.write(set_back)
    values = read_metrics(own_app)
    assert values["database_up"] == values["store_up"] == 1
    assert {name: value for name, value in values.items() if name.startswith("worker_tasks_waiting")} == {
        f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="due"}}': 0,
        f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="later"}}': 1,
        f'worker_tasks_waiting{{kind="{PHOTOS}",state="due"}}': 1,
        f'worker_tasks_waiting{{kind="{PHOTOS}",state="later"}}': 0,
    }
    assert 50 <= values["worker_oldest_due_task_seconds"] < 90
    assert values['visits_waiting{step="acceptance"}'] == 1
    assert values['visits_waiting{step="review"}'] == 1
    assert values["photos_waiting"] == 1
    assert 100 <= values["photos_oldest_waiting_seconds"] < 140
    assert values["database_size_bytes"] > 100_000


def test_queues_of_an_empty_database_are_zero(own_app: Flask) -> None:
    values = read_metrics(own_app)
    assert values["worker_oldest_due_task_seconds"] == values["photos_oldest_waiting_seconds"] == 0
    assert values['visits_waiting{step="review"}'] == values["photos_waiting"] == 0


def test_every_gauge_is_collected_and_described(own_app: Flask) -> None:
    with own_app.extensions["survey"].database.read_snapshot() as session:
        gauges = backlog.read_gauges(session)
    assert set(gauges) == metrics.GAUGES.keys() - OF_REPLICA
    for name, values in gauges.items():
        assert {len(labels) for labels in values} == {len(metrics.GAUGES[name][1])}


def test_queue_lengths_are_read_from_indexes(own_app: Flask) -> None:
    """A scrape has to cost the same with half a million visits."""
    database = own_app.extensions["survey"].database
    if not database.url.startswith("sqlite"):
        pytest.skip("PostgreSQL scans small tables instead of using indexes")
    times = {"moment": "2026-01-01", "since": "2026-01-01"}
    plans = {}
    with database.reading_engine.connect() as connection:
        for name in ("_TASKS", "_OLDEST_DUE", "_REVIEWS", "_PHOTOS", "_UNPUBLISHED", "_DELIVERIES"):
            query = getattr(backlog, name).compile(database.reading_engine)
            parameters = tuple(times.get(key, query.params[key]) for key in query.positiontup)
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
            plans[name] = " / ".join(row[-1] for row in rows)
    assert "SCAN events USING INDEX ix_events_due_at_id" in plans["_TASKS"]
    assert "SEARCH events USING COVERING INDEX ix_events_due_at_id (due_at<?)" in plans["_OLDEST_DUE"]
    assert "ix_visits_organization_id_waiting_since_id (organization_id=? AND waiting" in plans["_REVIEWS"]
    assert "SEARCH photos USING COVERING INDEX ix_photos_declared_at" in plans["_PHOTOS"]
    assert "SCAN changes USING COVERING INDEX ix_changes_unpublished" in plans["_UNPUBLISHED"]
    for index in ("ix_webhook_deliveries_due", "ix_webhook_deliveries_order"):
        assert f"INDEX {index}" in plans["_DELIVERIES"]


def test_queue_lengths_are_counted_up_to_a_limit(own_app: Flask) -> None:
    world = World(own_app)
    visit_id = uuid.UUID(world.visit()["id"])
    count = backlog.COUNT_LIMIT + 10

    def add_events(session: Session) -> None:
        events = [
            {"id": uuid.uuid4(), "kind": PHOTOS, "visit_id": visit_id, "due_at": now()} for _ in range(count)
        ]
        session.execute(Event.__table__.insert(), events)  # type: ignore[attr-defined]

    world.database.write(add_events)
    assert (
        read_metrics(own_app)[f'worker_tasks_waiting{{kind="{PHOTOS}",state="due"}}'] == backlog.COUNT_LIMIT
    )


# The worker.


def test_tasks_are_counted_and_logged_by_kind_and_outcome(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kind = f"test-{uuid.uuid4()}"
    visit_id = uuid.UUID(world.visit()["id"])
    monkeypatch.setitem(TASKS, kind, lambda *_: None)  # type: ignore[arg-type]
    for each in (kind, f"{kind}-unknown"):
        event = Event(kind=each, visit_id=visit_id, due_at=now())
        world.database.write(lambda session, event=event: session.add(event))
    with (
        caplog.at_level(logging.INFO, "api"),
        increases(
            world.app,
            {
                f'worker_tasks_total{{kind="{kind}",outcome="done"}}': 1,
                f'worker_tasks_total{{kind="{kind}-unknown",outcome="failed"}}': 1,
                f'worker_task_seconds_count{{kind="{kind}"}}': 1,
            },
        ),
    ):
        assert Worker(world.database, world.store, world.app.extensions["metrics"]).work()
    records = {
        record.kind: record  # type: ignore[attr-defined]
        for record in caplog.records
        if record.getMessage() == "task" and record.kind.startswith(kind)  # type: ignore[attr-defined]
    }
    done, failed = records[kind], records[f"{kind}-unknown"]
    assert (done.levelname, done.outcome, done.attempt) == ("INFO", "done", 1)
    assert (failed.levelname, failed.outcome, failed.attempt) == ("ERROR", "failed", 1)
    assert failed.exc_info[0] is KeyError
    assert done.seconds >= 0
    world.database.write(lambda session: session.delete(session.merge(event)))


# Failures.


def test_database_errors_are_counted(world: World) -> None:
    with increases(world.app, {'database_errors_total{kind="constraint"}': 1}):
        again = {"code": world.region["code"], "name": "The same"}
        problem(world.admin.post("/regions", again), 409, "already-exists")


def test_retried_transactions_are_counted(servers_app: Flask) -> None:
    database = servers_app.extensions["survey"].database
    statements = iter(["RAISE EXCEPTION 'again' USING ERRCODE = '40001'", "RETURN"])

    def work(session: Session) -> None:
        session.execute(text(f"DO $$ BEGIN {next(statements)}; END $$"))

    with increases(servers_app, {'database_errors_total{kind="try-again"}': 1}):
        database.write(work)
    with increases(servers_app, {'database_errors_total{kind="other"}': 1}), pytest.raises(ProgrammingError):
        database.write(lambda session: session.execute(text("nothing that is SQL")))


def test_exhausted_connection_pool_is_counted(embedded_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted() -> None:
        raise PoolTimeout("no connection is free")

    monkeypatch.setattr(embedded_app.extensions["survey"].database, "check", exhausted)
    expected = {'database_errors_total{kind="pool-exhausted"}': 1, 'problems_total{code="unavailable"}': 1}
    with increases(embedded_app, expected):
        problem(Caller(embedded_app).get("//health/ready"), 503, "unavailable")


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/there/is/no/such.folder", "postgresql://nobody@127.0.0.1:1/nothing"]
)
def test_metrics_are_available_without_the_database(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program(DATA_DIR=str(tmp_path), DATABASE_URL=url) as app:
        values = read_metrics(app)
        assert (values["database_up"], values["store_up"]) == (0, 1)
        assert not any(name.startswith("visits_waiting") for name in values)
        problem(Caller(app).get("//health/ready"), 503, "unavailable")
        with app.app_context(), monkeypatch.context() as patch:
            patch.setattr(tokens, "get_issuer", lambda: "another program, when the database was available")
            claims = {"family": str(uuid.uuid4())}
            token = create_access_token(str(uuid.uuid4()), additional_claims=claims)
        problem(Caller(app, token=token).get("/me"), 503, "unavailable")
        values = read_metrics(app)
        assert values['problems_total{code="unavailable"}'] == 2
        assert values['database_errors_total{kind="unavailable"}'] >= 3
        assert values['http_requests_total{method="GET",route="/health/ready",status="503"}'] == 1


@pytest.mark.parametrize("kind", BACKENDS)
def test_metrics_are_available_without_the_photo_store(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"DATA_DIR": str(tmp_path)}
    if kind == "servers":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        environment |= {"PHOTO_BUCKET": "photos", "PHOTO_ENDPOINT_URL": NOWHERE}
    with program(**environment) as app:
        migrations.upgrade(app.extensions["survey"].database)
        if kind == "embedded":
            (tmp_path / "photos").rename(tmp_path / "elsewhere")
        store = app.extensions["survey"].store
        attempts: dict[str, Callable[[], object]] = {
            "read": lambda: store.read("photos/x", 1),
            "write": lambda: store.write("photos/x", b"x", "text/plain"),
            "list": lambda: list(store.list("photos/")),
        }
        for attempt in attempts.values():
            with pytest.raises(StoreUnavailable):
                attempt()
        problem(Caller(app).get("//health/ready"), 503, "photo-store-unavailable")
        values = read_metrics(app)
        assert (values["database_up"], values["store_up"]) == (1, 0)
        assert [values[f'store_errors_total{{operation="{name}"}}'] for name in attempts] == [1, 1, 1]
        assert values['store_errors_total{operation="check"}'] >= 1


def test_hanging_source_is_reported_as_down_and_not_called_again(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, release = [], threading.Event()

    def hang() -> None:
        calls.append(threading.current_thread())
        release.wait(60)

    monkeypatch.setattr(embedded_app.extensions["survey"].store, "check", hang)
    monkeypatch.setattr(metrics, "SOURCE_TIMEOUT_SECONDS", 0.2)
    started_at = time.monotonic()
    values = [read_metrics(embedded_app) for _ in range(3)]
    assert time.monotonic() - started_at < 10
    assert [sample["store_up"] for sample in values] == [0, 0, 0]
    assert values[-1]["database_up"] == 1
    release.set()
    (thread,) = calls
    thread.join(10)
    assert read_metrics(embedded_app)["store_up"] == 1


# The log.


def lines_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "api.requests"]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "route"),
    [
        ("GET", "//nowhere", {}, 404, "none"),
        ("GET", "/visits/no-uuid", {}, 404, "none"),
        ("DELETE", "//health/live", {}, 405, "none"),
        ("BREW", "//health/live", {}, 405, "none"),
        ("GET", "/me", {}, 401, "/api/v1/me"),
        ("POST", "/auth/login", {"data": b"{"}, 400, "/api/v1/auth/login"),
        ("POST", "/auth/login", {"data": b"x" * 2**21}, 413, "/api/v1/auth/login"),
        ("POST", "/auth/login", {"data": b"", "content_type": "text/plain"}, 415, "/api/v1/auth/login"),
        ("GET", "//health/ready", {}, 500, "/health/ready"),
    ],
)
def test_every_error_is_logged_once_with_the_request_id_of_the_response(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    route: str,
) -> None:
    monkeypatch.setattr(app.extensions["survey"].database, "check", lambda: 1 / 0)
    options = {"content_type": "application/json", **options}
    with caplog.at_level(logging.INFO, "api"):
        response = Caller(app).call(method, path, **options)
    (line,) = lines_of(caplog)
    document = response.get_json(force=True)
    assert response.status_code == document["status"] == line.status == status  # type: ignore[attr-defined]
    request_id = line.request_id  # type: ignore[attr-defined]
    assert request_id
    assert request_id == response.headers["X-Request-ID"] == document["request_id"]
    assert line.route == route  # type: ignore[attr-defined]
    assert document["type"] == f"/problems/{line.problem}"  # type: ignore[attr-defined]
    assert not hasattr(line, "role")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [error.exc_info[0] for error in errors if error.exc_info] == [ZeroDivisionError] * (status == 500)


def test_log_line_has_the_role_but_no_ids(world: World, caplog: pytest.LogCaptureFixture) -> None:
    visit = world.visit()
    with caplog.at_level(logging.INFO, "api"):
        ok(world.shopper.get(f"/visits/{visit['id']}"))
    (line,) = lines_of(caplog)
    assert (line.role, line.route) == ("shopper", "/api/v1/visits/<uuid:visit_id>")  # type: ignore[attr-defined]
    assert not hasattr(line, "problem")
    body = str(vars(line))
    assert world.shopper.id not in body
    assert visit["id"] not in body


# The server with several processes.


def test_metrics_cover_all_processes_and_show_failures(tmp_path: Path, postgres_url: str) -> None:
    url = servers.new_database(postgres_url)
    settings = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32, "DEMO": "0", "ACCEPT_EVERY_MINUTES": "60"}
    with (
        running(tmp_path / "theirs", WORKERS="2", **settings) as served,
        program(DATA_DIR=str(tmp_path / "ours"), **settings) as ours,
    ):
        world = World(ours)
        visit = world.visit()
        ok(world.send(visit, world.submission(ALL_WELL)), 201)
        values = scrape(served.metrics, lambda values: values['visits_waiting{step="acceptance"}'] == 1)
        assert values[f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="later"}}'] == 1

        def make_due(session: Session) -> None:
            session.execute(text("UPDATE events SET due_at = now()"))
            session.add(Event(kind="unheard-of", visit_id=uuid.UUID(visit["id"]), due_at=now()))

        world.database.write(make_due)
        done = f'worker_tasks_total{{kind="{ACCEPTANCE}",outcome="done"}}'
        failed = 'worker_tasks_total{kind="unheard-of",outcome="failed"}'
        scrape(served.metrics, lambda values: values.get(done) == 1 and values.get(failed, 0) >= 1)
        with world.database.read_snapshot() as session:
            assert session.get_one(Visit, uuid.UUID(visit["id"])).status == "accepted"

        (tmp_path / "theirs/photos").rename(tmp_path / "theirs/elsewhere")
        before = scrape(served.metrics, lambda values: values["store_up"] == 0)
        assert before["database_up"] == 1
        assert before['store_errors_total{operation="check"}'] >= 1

        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
        with pytest.raises(HTTPError) as caught:
            get(f"{served.base}/api/v1/me", world.admin.token)
        assert caught.value.code == 503
        values = scrape(served.metrics, lambda values: values["database_up"] == 0)
        assert values['database_errors_total{kind="unavailable"}'] >= 1
        assert values['problems_total{code="unavailable"}'] == 1
        assert values[done] == 1
        assert served.end() == 0
    lines = [json.loads(line) for line in served.output().splitlines() if line.startswith("{")]
    tasks = [line for line in lines if line["message"] == "task"]
    accepted = next(line for line in tasks if line["kind"] == ACCEPTANCE)
    assert (accepted["outcome"], accepted["attempt"], accepted["level"]) == ("done", 1, "INFO")
    failure = next(line for line in tasks if line["kind"] == "unheard-of")
    assert (failure["outcome"], failure["exc_info"].partition("\n")[0]) == ("failed", "KeyError")
    (request,) = (line for line in lines if line.get("request_id") == caught.value.headers["X-Request-ID"]
                  and line["message"] == "request")  # fmt: skip
    assert (request["status"], request["problem"]) == (503, "unavailable")


def scrape(address: str, enough: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Return the metrics once they are as expected, within ten seconds."""
    waiting_for = threading.Event()
    for _ in range(100):
        values = series(get(address))
        if enough(values):
            return values
        waiting_for.wait(0.1)
    raise AssertionError(values)


def get(address: str, token: str | None = None) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(address, headers=headers), timeout=60) as response:
        body: str = response.read().decode()
        return body
