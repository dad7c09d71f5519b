"""The log has no token, password, answer or signed link, even if something fails.

``support/log_sweep.py`` checks the log of the complete test run. These tests check that it finds secrets, and
what is logged for errors that contain secrets.
"""

import json
import logging
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import text

from api import log as logs
from api.domain import visits
from api.jobs import worker as workers
from api.models.events import Event
from api.routes import submissions as routes
from api.services import submissions
from tests.support.extent import take
from tests.support.log_sweep import SWEEP, Sweep
from tests.support.pictures import jpeg
from tests.support.running import ROOT, Running, environment, running
from tests.support.world import ALL_WELL, PASSWORD, World, ok, problem
from uploads.folder import FolderStore
from uploads.s3 import S3Store

SECRET = "Zwei Wörter über den Kassierer"
ANSWERS = {**ALL_WELL, "story": {"value": SECRET, "comment": f"{SECRET}, indeed"}}


@pytest.fixture
def log() -> Iterator[Sweep]:
    """The log of the test."""
    sweep = Sweep()
    with sweep.listening():
        yield sweep


def leaks_of(sweep: Sweep, message: str, *arguments: object, **options: Any) -> list[str]:
    """Log a line as the program does, for this sweep only, and return the leaks that it finds."""
    logger = logging.Logger("api.planted", logging.INFO)
    logger.addHandler(sweep.handler)
    logger.error(message, *arguments, **options)
    assert sweep.lines
    return sweep.leaks()


# The sweep finds secrets.


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "http://127.0.0.1:8333/photos/a?X-Amz-Signature=0123",
        "PUT /photo-store/WyJhIl0.c2ln",
        "$argon2id$v=19$m=19456",
        "postgresql://survey:hidden@db/survey",
    ],
)
def test_sweep_recognizes_secrets_by_their_format(secret: str) -> None:
    assert leaks_of(Sweep(), "failed: %s", secret)
    assert leaks_of(Sweep(), "failed", extra={"where": {"deep": secret}})
    assert leaks_of(Sweep(), "GET %s", "/photo-store/<token>") == []


def test_sweep_learns_secrets_from_requests_and_responses(world: World) -> None:
    visit = world.visit()
    declared = world.declare(visit, jpeg())
    body = world.submission(ANSWERS, position={"latitude": 51.50012345, "longitude": -0.1, "accuracy_m": 1})
    ok(world.send(visit, body), 201)
    person = {"email": "someone@example.org", "name": "x", "role": "shopper", "password": "hunter-hunter"}
    ok(world.admin.post("/users", person), 201)
    pair = ok(world.anonymous.post("/auth/login", {"email": world.shopper.email, "password": PASSWORD}))
    secrets = (
        SECRET,
        f"{SECRET}, indeed",
        "51.50012345",
        "hunter-hunter",
        "someone@example.org",
        PASSWORD,
        pair["access_token"][:200],
        pair["refresh_token"][:200],
        declared["upload"]["url"][:200],
    )
    for secret in secrets:
        assert secret in SWEEP.secrets, secret
        sweep = Sweep([secret])
        assert leaks_of(sweep, "request failed: %s", secret)
        assert leaks_of(Sweep([secret]), "request failed") == []


PLANTED = """
import logging

def test_that_passes():
    logging.getLogger("api").warning("token: %s", "eyJhbGciOiJIUzI1NiJ9")
"""


@pytest.mark.full
def test_leaked_secret_fails_a_test_run_of_several_processes(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", tmp_path, "-n", "1", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed, 1 error" in done.stdout
    assert "eyJhbGciOiJIUzI1NiJ9" in done.stdout


# The log of errors.


def errors(log: Sweep) -> str:
    """Return the lines of errors and warnings, after checking that they have no secrets."""
    lines = [line for line in log.lines if '"level":"ERROR"' in line or '"level":"WARNING"' in line]
    assert lines
    log.secrets |= {SECRET, PASSWORD}
    assert log.leaks() == []
    logged = "\n".join(lines)
    assert SECRET not in logged
    assert "Zwei" not in logged
    return logged


def test_error_with_user_input_is_logged_without_it(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = world.visit()

    def fail(*_arguments: object) -> None:
        try:
            raise KeyError(world.shopper.token)
        except KeyError as error:
            raise ValueError(SECRET, PASSWORD) from error

    monkeypatch.setattr(routes.submissions, "prepare", fail)
    problem(world.send(visit, world.submission(ANSWERS)), 500, "internal-error")
    logged = errors(log)
    assert "ValueError" in logged
    assert "because of KeyError" in logged


def test_row_that_violates_a_constraint_is_not_logged(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of PostgreSQL contains the complete row with the answers."""
    visit = world.visit()
    monkeypatch.setattr(submissions, "_build_receipt", lambda *_arguments: None)
    problem(world.send(visit, world.submission(ANSWERS)), 500, "internal-error")
    assert "IntegrityError" in errors(log)


def test_failed_statement_is_logged_without_its_parameters(world: World, log: Sweep) -> None:
    visit = world.visit()

    def rename(old: str, new: str) -> None:
        world.database.write(lambda session: session.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

    far_away = {"latitude": 1, "longitude": 1, "accuracy_m": 1}
    rename("flags", "gone")
    try:
        response = world.send(visit, world.submission(ANSWERS, position=far_away))
    finally:
        rename("gone", "flags")
    assert response.status_code in (500, 503)
    logged = errors(log)
    assert "OperationalError" in logged or "ProgrammingError" in logged


def test_unavailable_store_is_logged_without_links(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    visit = world.visit()
    data = jpeg(seed=uuid.uuid4().int % 2**31)
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    if isinstance(world.store, FolderStore):
        monkeypatch.setattr(world.store, "_folder", tmp_path / "unplugged")
        monkeypatch.setattr(world.store, "_partial_folder", tmp_path / "unplugged" / ".part")
    else:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
        monkeypatch.setattr(world.store, "_client", S3Store("photos", "http://127.0.0.1:9")._client)
    confirmed = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    problem(confirmed, 503, "photo-store-unavailable")
    assert "photo store unavailable" in errors(log)


def test_failed_task_is_logged_without_its_data(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError(SECRET)

    event = Event(kind=visits.PHOTOS_DUE, visit_id=uuid.UUID(world.visit()["id"]), due_at=datetime.now(UTC))
    world.database.write(lambda session: session.add(event))
    monkeypatch.setitem(workers.TASKS, visits.PHOTOS_DUE, fail)
    workers.Worker(world.database, world.store)._run_tasks([event])
    logged = errors(log)
    assert "RuntimeError" in logged
    assert visits.PHOTOS_DUE in logged
    world.database.write(lambda session: session.delete(event))


def test_addresses_in_messages_of_servers_are_removed() -> None:
    sweep = Sweep()
    logger = logging.Logger("gunicorn.error", logging.INFO)
    logger.addHandler(sweep.handler)
    logger.error("Error handling request %s", "/photo-store/WyJhIl0.c2lnbmF0dXJl?x=1")
    logger.warning("Invalid request from ip=1.2.3.4: Invalid HTTP header: %r", "Authorization eyJhbGciOiJI")
    assert sweep.leaks() == []
    assert len(sweep.lines) == 2


def test_rows_in_messages_of_psycopg_are_removed() -> None:
    sweep = Sweep([SECRET])
    logger = logging.Logger("psycopg", logging.INFO)
    logger.addHandler(sweep.handler)
    logger.warning("error ignored terminating %r: %s", "pipeline", f"Failing row contains ({SECRET})")
    assert sweep.leaks() == []
    (line,) = sweep.lines
    assert "error ignored terminating" in line


# The log of the server.


@pytest.mark.parametrize("workers", take("2", "1"))
def test_log_of_the_server_has_no_secrets(tmp_path: Path, workers: str) -> None:
    """Neither valid nor malformed requests leave their content in the log."""
    with running(tmp_path, DEMO="0", WORKERS=workers) as program:
        create_administrator(tmp_path)
        password = "a password of mine"
        login = {"email": "me@example.org", "password": password}
        pair = call(program, "POST", "/api/v1/auth/login", login)
        token = pair["access_token"]
        call(program, "POST", "/api/v1/auth/login", {**login, "password": SECRET})
        call(program, "POST", "/api/v1/regions", {"name": SECRET, "code": "R"}, token)
        call(program, "GET", f"/api/v1/visits?external_id={token}", None, token)
        call(program, "GET", f"/photo-store/{token}", None)
        for malformed in (
            f"GET /photo-store/{token} HTTP/9.9\r\n\r\n",
            f"GET /photo-store/{token}\r\nHost: x\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {token}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization\x01: Bearer {token}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\x00\r\n\r\n",
            f"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {token}\r\n\r\n",
            f"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: {token}\r\n\r\n",
            f"{token} / HTTP/1.1\r\nHost: x\r\n\r\n",
            f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{token}\r\n\r\n",
        ):
            send_raw(program, malformed)
        assert program.end() == 0
    logged = program.log.read_text()
    sweep = Sweep([SECRET, password, token, pair["refresh_token"], token.split(".")[2]])
    sweep.write(logged)
    assert sweep.leaks() == []
    assert '"route":"/api/v1/auth/login"' in logged
    assert "Zwei" not in logged


def create_administrator(folder: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "flask", "--app", "wsgi", "admin", "create"),
            *("me@example.org", "--organization", "Mine"),
        ],
        cwd=ROOT,
        env=environment(folder, ADMIN_PASSWORD="a password of mine"),
        check=True,
        capture_output=True,
        timeout=60,
    )


def call(program: Running, method: str, path: str, body: Any, token: str | None = None) -> Any:
    """Send a request and return the JSON of the response, whatever its status."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{program.base}{path}", data, headers, method=method)
    try:
        with urlopen(request, timeout=60) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)


def send_raw(program: Running, request: str) -> None:
    """Send malformed HTTP and read until the server closes the connection."""
    port = program.port
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_sweep_formats_like_the_server() -> None:
    handler = logs.create_handler(None)
    assert type(handler.formatter) is type(Sweep().handler.formatter)
    assert handler.filters == Sweep().handler.filters[: len(handler.filters)]
