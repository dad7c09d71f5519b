"""What an operator sees: numbers that count all that happens, and a line in the log for each of it."""

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
ACCEPTANCE, PHOTOS = "acceptance-due", "photos-due"


def series(said: str) -> dict[str, float]:
    """Return the numbers by name and labels, as they are written."""
    lines = (line.rpartition(" ") for line in said.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def look(app: Flask) -> dict[str, float]:
    return series(ok_text(app.test_client().get("/metrics")))


def ok_text(answer: Any) -> str:
    assert answer.status_code == 200
    said: str = answer.text
    return said


@contextmanager
def counting(app: Flask, more: Mapping[str, float]) -> Iterator[None]:
    """Make sure that numbers, named as they are written, grow by so much meanwhile."""
    before = look(app)
    yield
    after = look(app)
    assert {name: after.get(name, 0) - before.get(name, 0) for name in more} == more


@contextmanager
def program(**environment: str) -> Iterator[Flask]:
    app = create_app(Settings.from_environment({"SECRET_KEY": "k" * 32, **environment}))
    yield app
    app.extensions["survey"].database.close()


@pytest.fixture(params=BACKENDS)
def own_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A program with a database to itself, which accepts visits hourly."""
    environment = {"DATA_DIR": str(tmp_path)}
    if request.param == "servers":
        environment["DATABASE_URL"] = servers.new_database(request.getfixturevalue("postgres_url"))
    with program(**environment) as app:
        migrations.upgrade(app.extensions["survey"].database)
        yield app


# Requests.


def test_requests_and_refusals_are_counted_by_route_and_code(world: World) -> None:
    me = "/api/v1/me"
    with counting(
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


def test_guessing_passwords_shows(world: World) -> None:
    body = {"email": world.shopper.email, "password": "a wrong one indeed"}
    address = {"REMOTE_ADDR": f"10.0.0.{uuid.uuid4().int % 250}"}
    with counting(
        world.app,
        {'problems_total{code="wrong-credentials"}': 10, 'problems_total{code="too-many-failures"}': 1},
    ):
        for status in (401,) * 10 + (429,):
            answer = world.anonymous.post("/auth/login", body, environ_base=address)
            assert answer.status_code == status


def test_the_numbers_tell_of_nobody(world: World) -> None:
    visit = world.visit()
    world.photo(visit)
    ok(world.send(visit, world.submission()), 201)
    said = ok_text(world.app.test_client().get("/metrics"))
    for secret in (visit["id"], world.shopper.id, world.shopper.email, world.location["code"], world.name):
        assert str(secret) not in said


def test_names_are_as_prometheus_has_them(app: Flask) -> None:
    said = ok_text(app.test_client().get("/metrics"))
    kinds = dict(line.split()[2:4] for line in said.splitlines() if line.startswith("# TYPE"))
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }
    assert {name for name, kind in kinds.items() if kind == "histogram"} <= {
        name for name in kinds if name.endswith("_seconds")
    }
    assert set(metrics.GAUGES) <= set(kinds)
    assert said.count("# TYPE") == len(kinds)


# What waits.


def test_what_waits_is_told(own_app: Flask) -> None:
    world = World(own_app)
    database = world.database
    reviewed, accepting, unsent = world.visit(), world.visit(), world.visit()
    World(own_app).admin  # noqa: B018  # of two organizations, nothing is counted twice
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
    seen = look(own_app)
    assert seen["database_up"] == seen["store_up"] == 1
    assert {name: value for name, value in seen.items() if name.startswith("worker_tasks_waiting")} == {
        f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="due"}}': 0,
        f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="later"}}': 1,
        f'worker_tasks_waiting{{kind="{PHOTOS}",state="due"}}': 1,
        f'worker_tasks_waiting{{kind="{PHOTOS}",state="later"}}': 0,
    }
    assert 50 <= seen["worker_oldest_due_task_seconds"] < 90
    assert seen['visits_waiting{step="acceptance"}'] == 1
    assert seen['visits_waiting{step="review"}'] == 1
    assert seen["photos_waiting"] == 1
    assert 100 <= seen["photos_oldest_waiting_seconds"] < 140
    assert seen["database_size_bytes"] > 100_000


def test_an_empty_database_has_its_zeros(own_app: Flask) -> None:
    seen = look(own_app)
    assert seen["worker_oldest_due_task_seconds"] == seen["photos_oldest_waiting_seconds"] == 0
    assert seen['visits_waiting{step="review"}'] == seen["photos_waiting"] == 0


def test_every_gauge_is_given_and_described(own_app: Flask) -> None:
    with own_app.extensions["survey"].database.read_snapshot() as session:
        given = backlog.read_gauges(session)
    assert set(given) == set(metrics.GAUGES)
    for name, values in given.items():
        assert {len(labels) for labels in values} == {len(metrics.GAUGES[name][1])}


def test_each_count_is_read_by_an_index(own_app: Flask) -> None:
    """So that it costs the same with half a million visits."""
    database = own_app.extensions["survey"].database
    if not database.url.startswith("sqlite"):
        pytest.skip("PostgreSQL plans by what is in its tables, and reads small ones whole")
    moments = {"moment": "2026-01-01", "since": "2026-01-01"}
    plans = {}
    with database.reading_engine.connect() as connection:
        for name in ("_TASKS", "_OLDEST_DUE", "_REVIEWS", "_PHOTOS"):
            query = getattr(backlog, name).compile(database.reading_engine)
            given = tuple(moments.get(each, query.params[each]) for each in query.positiontup)
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given)
            plans[name] = " / ".join(row[-1] for row in rows)
    assert "SCAN events USING INDEX ix_events_due_at_id" in plans["_TASKS"]
    assert "SEARCH events USING COVERING INDEX ix_events_due_at_id (due_at<?)" in plans["_OLDEST_DUE"]
    assert "ix_visits_organization_id_waiting_since_id (organization_id=? AND waiting" in plans["_REVIEWS"]
    assert "SEARCH photos USING COVERING INDEX ix_photos_declared_at" in plans["_PHOTOS"]


def test_counting_ends_somewhere(own_app: Flask) -> None:
    world = World(own_app)
    visit_id = uuid.UUID(world.visit()["id"])
    count = backlog.COUNT_LIMIT + 10

    def pile(session: Session) -> None:
        events = [
            {"id": uuid.uuid4(), "kind": PHOTOS, "visit_id": visit_id, "due_at": now()} for _ in range(count)
        ]
        session.execute(Event.__table__.insert(), events)  # type: ignore[attr-defined]

    world.database.write(pile)
    assert look(own_app)[f'worker_tasks_waiting{{kind="{PHOTOS}",state="due"}}'] == backlog.COUNT_LIMIT


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
        counting(
            world.app,
            {
                f'worker_tasks_total{{kind="{kind}",outcome="done"}}': 1,
                f'worker_tasks_total{{kind="{kind}-unknown",outcome="failed"}}': 1,
                f'worker_task_seconds_count{{kind="{kind}"}}': 1,
            },
        ),
    ):
        assert Worker(world.database, world.store, world.app.extensions["metrics"]).work()
    told = {
        record.kind: record  # type: ignore[attr-defined]
        for record in caplog.records
        if record.getMessage() == "task" and record.kind.startswith(kind)  # type: ignore[attr-defined]
    }
    done, failed = told[kind], told[f"{kind}-unknown"]
    assert (done.levelname, done.outcome, done.attempt) == ("INFO", "done", 1)
    assert (failed.levelname, failed.outcome, failed.attempt) == ("ERROR", "failed", 1)
    assert failed.exc_info[0] is KeyError
    assert done.seconds >= 0
    world.database.write(lambda session: session.delete(session.merge(event)))


# Faults.


def test_errors_that_the_database_meets_with_are_counted(world: World) -> None:
    with counting(world.app, {'database_errors_total{kind="constraint"}': 1}):
        again = {"code": world.region["code"], "name": "The same"}
        problem(world.admin.post("/regions", again), 409, "already-exists")


def test_transactions_that_run_again_are_counted(servers_app: Flask) -> None:
    database = servers_app.extensions["survey"].database
    asked = iter(["RAISE EXCEPTION 'again' USING ERRCODE = '40001'", "RETURN"])

    def work(session: Session) -> None:
        session.execute(text(f"DO $$ BEGIN {next(asked)}; END $$"))

    with counting(servers_app, {'database_errors_total{kind="try-again"}': 1}):
        database.write(work)
    with counting(servers_app, {'database_errors_total{kind="other"}': 1}), pytest.raises(ProgrammingError):
        database.write(lambda session: session.execute(text("nothing that is SQL")))


def test_a_pool_without_a_free_connection_is_counted(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted() -> None:
        raise PoolTimeout("no connection is free")

    monkeypatch.setattr(embedded_app.extensions["survey"].database, "check", exhausted)
    expected = {'database_errors_total{kind="pool-exhausted"}': 1, 'problems_total{code="unavailable"}': 1}
    with counting(embedded_app, expected):
        problem(Caller(embedded_app).get("//health/ready"), 503, "unavailable")


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/there/is/no/such.folder", "postgresql://nobody@127.0.0.1:1/nothing"]
)
def test_a_scrape_answers_without_the_database(tmp_path: Path, url: str) -> None:
    with program(DATA_DIR=str(tmp_path), DATABASE_URL=url) as app:
        seen = look(app)
        assert (seen["database_up"], seen["store_up"]) == (0, 1)
        assert not any(name.startswith("visits_waiting") for name in seen)
        problem(Caller(app).get("//health/ready"), 503, "unavailable")
        with app.app_context():
            claims = {"family": str(uuid.uuid4())}
            token = create_access_token(str(uuid.uuid4()), additional_claims=claims)
        problem(Caller(app, token=token).get("/me"), 503, "unavailable")
        seen = look(app)
        assert seen['problems_total{code="unavailable"}'] == 2
        assert seen['database_errors_total{kind="unavailable"}'] >= 3
        assert seen['http_requests_total{method="GET",route="/health/ready",status="503"}'] == 1


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_scrape_answers_without_the_store(
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
        seen = look(app)
        assert (seen["database_up"], seen["store_up"]) == (1, 0)
        assert [seen[f'store_errors_total{{operation="{name}"}}'] for name in attempts] == [1, 1, 1]
        assert seen['store_errors_total{operation="check"}'] >= 1


def test_what_hangs_is_told_as_down_and_not_asked_again(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, release = [], threading.Event()

    def hang() -> None:
        asked.append(threading.current_thread())
        release.wait(60)

    monkeypatch.setattr(embedded_app.extensions["survey"].store, "check", hang)
    monkeypatch.setattr(metrics, "SOURCE_TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    seen = [look(embedded_app) for _ in range(3)]
    assert time.monotonic() - began < 10
    assert [each["store_up"] for each in seen] == [0, 0, 0]
    assert seen[-1]["database_up"] == 1
    release.set()
    (thread,) = asked
    thread.join(10)
    assert look(embedded_app)["store_up"] == 1


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
def test_every_refusal_has_one_line_with_the_id_that_the_caller_got(
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
        answer = Caller(app).call(method, path, **options)
    (line,) = lines_of(caplog)
    document = answer.get_json(force=True)
    assert answer.status_code == document["status"] == line.status == status  # type: ignore[attr-defined]
    told = line.request_id  # type: ignore[attr-defined]
    assert told
    assert told == answer.headers["X-Request-ID"] == document["request_id"]
    assert line.route == route  # type: ignore[attr-defined]
    assert document["type"] == f"/problems/{line.problem}"  # type: ignore[attr-defined]
    assert not hasattr(line, "role")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [error.exc_info[0] for error in errors if error.exc_info] == [ZeroDivisionError] * (status == 500)


def test_a_line_names_the_callers_role_and_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    visit = world.visit()
    with caplog.at_level(logging.INFO, "api"):
        ok(world.shopper.get(f"/visits/{visit['id']}"))
    (line,) = lines_of(caplog)
    assert (line.role, line.route) == ("shopper", "/api/v1/visits/<uuid:visit_id>")  # type: ignore[attr-defined]
    assert not hasattr(line, "problem")
    said = str(vars(line))
    assert world.shopper.id not in said
    assert visit["id"] not in said


# The real program, with several processes.


def test_all_processes_count_together_and_tell_of_faults(tmp_path: Path, postgres_url: str) -> None:
    url = servers.new_database(postgres_url)
    settings = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32, "DEMO": "0", "ACCEPT_EVERY_MINUTES": "60"}
    with (
        running(tmp_path / "theirs", WORKERS="2", **settings) as served,
        program(DATA_DIR=str(tmp_path / "ours"), **settings) as ours,
    ):
        world = World(ours)
        visit = world.visit()
        ok(world.send(visit, world.submission(ALL_WELL)), 201)
        seen = scrape(served.base, lambda seen: seen['visits_waiting{step="acceptance"}'] == 1)
        assert seen[f'worker_tasks_waiting{{kind="{ACCEPTANCE}",state="later"}}'] == 1

        def hurry(session: Session) -> None:
            session.execute(text("UPDATE events SET due_at = now()"))
            session.add(Event(kind="unheard-of", visit_id=uuid.UUID(visit["id"]), due_at=now()))

        world.database.write(hurry)
        done = f'worker_tasks_total{{kind="{ACCEPTANCE}",outcome="done"}}'
        failed = 'worker_tasks_total{kind="unheard-of",outcome="failed"}'
        scrape(served.base, lambda seen: seen.get(done) == 1 and seen.get(failed, 0) >= 1)
        with world.database.read_snapshot() as session:
            assert session.get_one(Visit, uuid.UUID(visit["id"])).status == "accepted"

        (tmp_path / "theirs/photos").rename(tmp_path / "theirs/elsewhere")
        before = scrape(served.base, lambda seen: seen["store_up"] == 0)
        assert before["database_up"] == 1
        assert before['store_errors_total{operation="check"}'] >= 1

        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
        with pytest.raises(HTTPError) as caught:
            get(f"{served.base}/api/v1/me", world.admin.token)
        assert caught.value.code == 503
        seen = scrape(served.base, lambda seen: seen["database_up"] == 0)
        assert seen['database_errors_total{kind="unavailable"}'] >= 1
        assert seen['problems_total{code="unavailable"}'] == 1
        assert seen[done] == 1
        assert served.end() == 0
    lines = [json.loads(line) for line in served.said().splitlines() if line.startswith("{")]
    tasks = [line for line in lines if line["message"] == "task"]
    accepted = next(line for line in tasks if line["kind"] == ACCEPTANCE)
    assert (accepted["outcome"], accepted["attempt"], accepted["level"]) == ("done", 1, "INFO")
    refused = next(line for line in tasks if line["kind"] == "unheard-of")
    assert (refused["outcome"], refused["exc_info"].partition("\n")[0]) == ("failed", "KeyError")
    (request,) = (line for line in lines if line.get("request_id") == caught.value.headers["X-Request-ID"]
                  and line["message"] == "request")  # fmt: skip
    assert (request["status"], request["problem"]) == (503, "unavailable")


def scrape(base: str, enough: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Return the numbers once they are as expected, ten seconds at the most."""
    waiting_for = threading.Event()
    for _ in range(100):
        seen = series(get(f"{base}/metrics"))
        if enough(seen):
            return seen
        waiting_for.wait(0.1)
    raise AssertionError(seen)


def get(address: str, token: str | None = None) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(address, headers=headers), timeout=60) as answer:
        said: str = answer.read().decode()
        return said
