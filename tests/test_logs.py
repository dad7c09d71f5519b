"""The log holds no token, password, answer or signed link, also when something fails.

What the whole run logs is swept by ``support/log_sweep.py``; here it is shown that the sweep finds what it
should, and what is logged of errors that carry the very things that must not be told.
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
    """What is logged during the test."""
    sweep = Sweep()
    with sweep.listening():
        yield sweep


def planted(sweep: Sweep, message: str, *arguments: object, **options: Any) -> list[str]:
    """Log a line as the program does, for this sweep alone, and return what the sweep says of it."""
    logger = logging.Logger("api.planted", logging.INFO)
    logger.addHandler(sweep.handler)
    logger.error(message, *arguments, **options)
    assert sweep.lines
    return sweep.leaks()


# The sweep finds what it should.


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
def test_the_sweep_knows_secrets_by_their_shape(secret: str) -> None:
    assert planted(Sweep(), "failed: %s", secret)
    assert planted(Sweep(), "failed", extra={"where": {"deep": secret}})
    assert planted(Sweep(), "GET %s", "/photo-store/<token>") == []


def test_the_sweep_learns_what_is_sent_and_handed_out(world: World) -> None:
    visit = world.visit()
    declared = world.declare(visit, jpeg())
    body = world.submission(ANSWERS, position={"latitude": 51.50012345, "longitude": -0.1, "accuracy_m": 1})
    ok(world.send(visit, body), 201)
    person = {"email": "someone@example.org", "name": "x", "role": "shopper", "password": "hunter-hunter"}
    ok(world.admin.post("/users", person), 201)
    pair = ok(world.anonymous.post("/auth/login", {"email": world.shopper.email, "password": PASSWORD}))
    told = (
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
    for secret in told:
        assert secret in SWEEP.secrets, secret
        sweep = Sweep([secret])
        assert planted(sweep, "request failed: %s", secret)
        assert planted(Sweep([secret]), "request failed") == []


PLANTED = """
import logging

def test_that_passes():
    logging.getLogger("api").warning("told: %s", "eyJhbGciOiJIUzI1NiJ9")
"""


def test_a_line_that_tells_fails_the_run_of_several_processes(tmp_path: Path) -> None:
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


# What is logged of errors.


def errors(log: Sweep) -> str:
    """Return the lines of errors, which must hold nothing of what was sent."""
    found = [line for line in log.lines if '"level":"ERROR"' in line or '"level":"WARNING"' in line]
    assert found
    log.secrets |= {SECRET, PASSWORD}
    assert log.leaks() == []
    told = "\n".join(found)
    assert SECRET not in told
    assert "Zwei" not in told
    return told


def test_an_error_that_holds_what_was_written_is_told_without_it(
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
    told = errors(log)
    assert "ValueError" in told
    assert "because of KeyError" in told


def test_a_row_that_the_database_refuses_is_not_told(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's message repeats the whole row, the answers included."""
    visit = world.visit()
    monkeypatch.setattr(submissions, "_make_receipt", lambda *_given: None)
    problem(world.send(visit, world.submission(ANSWERS)), 500, "internal-error")
    assert "IntegrityError" in errors(log)


def test_a_statement_that_the_database_cannot_run_is_told_without_its_parameters(
    world: World, log: Sweep
) -> None:
    visit = world.visit()

    def rename(old: str, new: str) -> None:
        world.database.write(lambda session: session.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

    far_away = {"latitude": 1, "longitude": 1, "accuracy_m": 1}
    rename("flags", "gone")
    try:
        answer = world.send(visit, world.submission(ANSWERS, position=far_away))
    finally:
        rename("gone", "flags")
    assert answer.status_code in (500, 503)
    told = errors(log)
    assert "OperationalError" in told or "ProgrammingError" in told


def test_a_store_that_is_down_is_told_without_links(
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


def test_a_task_that_fails_is_told_without_what_it_held(
    world: World, log: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError(SECRET)

    event = Event(kind=visits.PHOTOS_DUE, visit_id=uuid.UUID(world.visit()["id"]), due_at=datetime.now(UTC))
    world.database.write(lambda session: session.add(event))
    monkeypatch.setitem(workers.TASKS, visits.PHOTOS_DUE, fail)
    workers.Worker(world.database, world.store)._run_task(event)
    told = errors(log)
    assert "RuntimeError" in told
    assert visits.PHOTOS_DUE in told
    world.database.write(lambda session: session.delete(event))


def test_what_libraries_say_of_addresses_is_cut() -> None:
    sweep = Sweep()
    logger = logging.Logger("gunicorn.error", logging.INFO)
    logger.addHandler(sweep.handler)
    logger.error("Error handling request %s", "/photo-store/WyJhIl0.c2lnbmF0dXJl?x=1")
    logger.warning("Invalid request from ip=1.2.3.4: Invalid HTTP header: %r", "Authorization eyJhbGciOiJI")
    assert sweep.leaks() == []
    assert len(sweep.lines) == 2


# The served program, whose log is swept as well.


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_log_of_the_served_program(tmp_path: Path, workers: str) -> None:
    """Whatever people send, well or badly made, nothing of it is in the log."""
    with running(tmp_path, DEMO="0", WORKERS=workers) as program:
        make_administrator(tmp_path)
        password = "a password of mine"
        login = {"email": "me@example.org", "password": password}
        pair = call(program, "POST", "/api/v1/auth/login", login)
        token = pair["access_token"]
        call(program, "POST", "/api/v1/auth/login", {**login, "password": SECRET})
        call(program, "POST", "/api/v1/regions", {"name": SECRET, "code": "R"}, token)
        call(program, "GET", f"/api/v1/visits?external_id={token}", None, token)
        call(program, "GET", f"/photo-store/{token}", None)
        for broken in (
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
            raw(program, broken)
        assert program.end() == 0
    written = program.log.read_text()
    sweep = Sweep([SECRET, password, token, pair["refresh_token"], token.split(".")[2]])
    sweep.write(written)
    assert sweep.leaks() == []
    assert '"route":"/api/v1/auth/login"' in written
    assert "Zwei" not in written


def make_administrator(folder: Path) -> None:
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
    """Make a request, and return the JSON of its answer, whatever its status is."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{program.base}{path}", data, headers, method=method)
    try:
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except HTTPError as error:
        return json.load(error)


def raw(program: Running, request: str) -> None:
    """Send bytes that are no good HTTP, and wait for whatever comes."""
    port = int(program.base.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_the_sweep_formats_as_the_served_program_does() -> None:
    handler = logs.create_handler(None)
    assert type(handler.formatter) is type(Sweep().handler.formatter)
    assert handler.filters == Sweep().handler.filters[: len(handler.filters)]
