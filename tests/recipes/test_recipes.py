"""The recipes of docs/recipes: their exact code, run against the program as a customer runs it."""

import csv
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import requests
from standardwebhooks import Webhook

from tests.support.recipes import PAGES, RECIPES, Caller, DemoProgram, Workspace, read_recipe, save_recipes
from tests.support.running import ROOT, free_port, running

NewWorkspace = Callable[..., Workspace]
#: the lines for bash that request a token, which other recipes refer to
TOKEN_LINES = read_recipe(RECIPES / "sync-scores.md").bash.partition("\ncurl")[0] + "\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProgram]:
    """The program, in which visits without flags are accepted as soon as their answers arrive."""
    settings = {"DEMO": "1", "ACCEPT_EVERY_MINUTES": "0", "WEBHOOK_ALLOW_PRIVATE": "1"}
    with running(tmp_path_factory.mktemp("program"), **settings) as server:
        yield DemoProgram(server)


@pytest.fixture
def new_workspace(program: DemoProgram, tmp_path: Path) -> NewWorkspace:
    """A function that returns a folder with the recipes, and an API client with these scopes."""

    def create(*scopes: str, region_ids: tuple[str, ...] = ()) -> Workspace:
        client = program.new_client(*scopes, region_ids=region_ids)
        return Workspace(tmp_path, program.running.base, client)

    return create


def succeed(result: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a recipe that must succeed."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def fail(result: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a recipe that must report an error, without a traceback."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def query(database: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement).fetchall()


def test_code_is_formatted_and_without_errors(tmp_path: Path) -> None:
    save_recipes(tmp_path)
    ruff = [Path(sys.executable).with_name("ruff"), "--config", ROOT / "pyproject.toml"]
    ruff += ["--config", "line-length = 88", "--config", 'lint.isort.known-first-party = ["survey"]']
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        result = subprocess.run([*ruff, *command, tmp_path], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_all_parts(page: Path) -> None:
    text = page.read_text()
    assert text.startswith("# ")
    assert "**Scope" in text
    assert "## Watch out for" in text
    assert read_recipe(page).code


def test_named_calls_exist(program: DemoProgram) -> None:
    paths = program.admin.get("/openapi.json")["paths"]
    calls = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    named = set(re.findall(r"`([A-Z]+) (/[^`]*)`", "".join(page.read_text() for page in PAGES)))
    assert {f"{method} /api/v1{path}" for method, path in named} - calls == set()
    assert len(named) > 8


# Connect: what the program itself responds only under load or after minutes.


@dataclass(frozen=True, slots=True)
class Response:
    """A response of ``ScriptedServer``."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ScriptedServer:
    """A server that sends responses one after the other, and keeps the headers of the requests."""

    responses: list[Response]
    requests: list[Mapping[str, str]] = field(default_factory=list)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Run the server, and yield its address."""
        script = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.requests.append(self.headers)
                response = script.responses.pop(0)
                body = json.dumps(response.body).encode()
                self.send_response(response.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
                for name, value in {**headers, **response.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = respond

            def log_message(self, *_arguments: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()


def token(name: str, expires_in: int = 900) -> Response:
    return Response(200, {"access_token": name, "token_type": "Bearer", "expires_in": expires_in})


def run_script(folder: Path, responses: list[Response], script: str) -> tuple[str, list[Mapping[str, str]]]:
    """Run a script that uses ``survey.py``; return its error output and the headers of its requests."""
    server = ScriptedServer(responses)
    with server.serve() as base:
        workspace = Workspace(folder, base, {"client_id": "id", "client_secret": "secret"})
        result = workspace.run("-c", f"import time\nfrom survey import *\nsurvey = Survey()\n{script}")
    assert server.responses == []
    return result.stderr, server.requests


def test_connect_waits_as_the_server_asks(tmp_path: Path) -> None:
    responses = [
        Response(503, headers={"Retry-After": "0"}),
        token("t"),
        Response(429, headers={"Retry-After": "2"}),
        Response(200, {"number": 1}),
    ]
    script = """
begin = time.monotonic()
assert survey.post("numbers", json={}).json() == {"number": 1}
assert 2 <= time.monotonic() - begin < 6
"""
    errors, (first, second, limited, retried) = run_script(tmp_path, responses, script)
    assert errors == ""
    assert first["Authorization"] == second["Authorization"] == "Basic aWQ6c2VjcmV0"
    assert limited["Authorization"] == retried["Authorization"] == "Bearer t"
    assert limited["Idempotency-Key"] == retried["Idempotency-Key"]
    assert first["Idempotency-Key"] != limited["Idempotency-Key"]


def test_connect_raises_problems_and_other_errors(tmp_path: Path) -> None:
    document = {"type": "/problems/invalid", "title": "Invalid", "status": 422, "detail": "Not valid."}
    document["errors"] = [{"pointer": "/a", "detail": "Wrong."}]
    responses = [
        token("t"),
        Response(422, document, {"Content-Type": "application/problem+json"}),
        Response(500),
    ]
    script = """
try:
    survey.get("numbers")
except Problem as problem:
    assert (problem.type, str(problem)) == ("/problems/invalid", "Not valid.")
    assert problem.errors == [{"pointer": "/a", "detail": "Wrong."}]
survey.get("numbers")
"""
    errors, _ = run_script(tmp_path, responses, script)
    assert "HTTPError: 500 Server Error" in errors.splitlines()[-1]


def test_connect_renews_the_token(tmp_path: Path) -> None:
    responses = [token("first", 61), Response(200), Response(200), token("second"), Response(200)]
    script = """
survey.get("a")
survey.get("b")
time.sleep(1.1)
survey.get("c")
"""
    errors, requests = run_script(tmp_path, responses, script)
    assert errors == ""
    tokens = [requests[number]["Authorization"] for number in (1, 2, 4)]
    assert tokens == ["Bearer first", "Bearer first", "Bearer second"]


# Scores.


def test_sync_scores(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("scores:read")
    database, year = workspace.folder / "scores.sqlite3", datetime.now(UTC).year - 1

    def compare() -> int:
        expected = {
            (row["location"]["code"], row["month"]): (row["visits"], row["points_earned"], row["score"])
            for row in program.admin.list_all(f"/scores?by=location,month&from={year}-01&limit=500")
        }
        columns = "location_code, month, visits, points_earned, score"
        rows = query(database, f"SELECT {columns} FROM scores")
        assert {(code, month): tuple(figures) for code, month, *figures in rows} == expected
        return len(rows)

    assert succeed(workspace.run("sync_scores.py")) == f"{compare()} rows stored."
    assert compare() > 100
    not_modified = program.count_responses("/scores", 304)
    assert succeed(workspace.run("sync_scores.py")) == "Nothing has changed."
    assert program.count_responses("/scores", 304) == not_modified + 1
    program.accept_visit(program.new_location(program.region("SPAIN")))
    assert succeed(workspace.run("sync_scores.py")).endswith("rows stored.")
    compare()


def test_sync_scores_with_curl(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("scores:read")
    lines = read_recipe(RECIPES / "sync-scores.md").bash
    file = workspace.folder / "scores.csv"

    def count_rows() -> int:
        return len(list(csv.DictReader(file.read_text().splitlines())))

    succeed(workspace.run_bash(lines))
    expected = len(program.admin.list_all("/scores?by=location,month&limit=500"))
    assert count_rows() == expected > 100
    before, not_modified = file.read_bytes(), program.count_responses("/scores", 304)
    succeed(workspace.run_bash(lines))
    assert program.count_responses("/scores", 304) == not_modified + 1
    assert file.read_bytes() == before
    program.accept_visit(program.new_location(program.region("SPAIN")))
    succeed(workspace.run_bash(lines))
    assert count_rows() > expected


# The change feed.


def test_copy_visits(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    spain, isles = program.region("SPAIN"), program.region("ISLES")
    location = program.new_location(spain)
    workspace = new_workspace("visits:read", region_ids=(spain["id"],))
    database = workspace.folder / "visits.sqlite3"
    reader = program.sign_in("demo-manager-spain@example.com")

    def catch_up() -> set[str]:
        """Run the recipe, and return the IDs of its copy."""
        output = succeed(workspace.run("copy_visits.py"))
        rows = query(database, "SELECT id, day, location_code, score FROM visits")
        assert output == f"{len(rows)} visits"
        return {row[0] for row in rows}

    def listed(caller: Any) -> set[str]:
        return {visit["id"] for visit in caller.list_all("/visits?status=accepted&limit=500")}

    assert catch_up() == listed(reader) != set()
    first, second = (program.accept_visit(location) for _ in range(2))
    assert {first, second} <= catch_up() == listed(reader)
    program.reject_visit(first)
    assert first not in catch_up() == listed(reader)
    (document,) = query(database, f"SELECT document FROM visits WHERE id = '{second}'")
    visit = json.loads(document[0])
    assert visit.pop("change") == "accepted"
    assert visit == reader.get(f"/visits/{second}")

    # The feed restarts when the client may see more.
    program.admin.patch(f"/api-clients/{workspace.client['id']}", {"region_ids": [spain["id"], isles["id"]]})
    restarted = program.count_responses("/visits", 409)
    assert catch_up() > listed(reader)
    assert program.count_responses("/visits", 409) == restarted + 1
    # ... and when it may see less: nothing stays that it may not see.
    program.admin.patch(f"/api-clients/{workspace.client['id']}", {"region_ids": [spain["id"]]})
    assert catch_up() == listed(reader)


def test_copy_visits_continues_where_it_stopped(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    """The program is stopped after its second page: a later run continues from there."""
    workspace = new_workspace("visits:read")
    code = (workspace.folder / "copy_visits.py").read_text()
    assert code.count('"limit": 500') == 1
    small = code.replace('"limit": 500', '"limit": 20')
    (workspace.folder / "copy_visits.py").write_text(small)
    stop = "import os, copy_visits as recipe\n" + (
        "apply, seen = recipe.apply, []\n"
        "def stop(db, item):\n"
        "    seen.append(item)\n"
        "    apply(db, item)\n"
        "    if len(seen) == 50: os._exit(9)\n"
        "recipe.apply = stop\n"
        "db = recipe.sqlite3.connect(recipe.DATABASE)\n"
        "db.executescript(recipe.TABLES)\n"
        "recipe.catch_up(recipe.Survey(), db)\n"
    )
    assert workspace.run("-c", stop).returncode == 9
    database = workspace.folder / "visits.sqlite3"
    assert query(database, "SELECT count(*) FROM visits") == [(40,)]
    succeed(workspace.run("copy_visits.py"))
    expected = {visit["id"] for visit in program.admin.list_all("/visits?status=accepted&limit=500")}
    assert {row[0] for row in query(database, "SELECT id FROM visits")} == expected


# Webhooks.


@dataclass
class Receiver:
    """The running receiver, its database, and the webhook that sends to it."""

    workspace: Workspace
    webhook: Any
    client: Caller

    def query(self, statement: str) -> list[Any]:
        return query(self.workspace.folder / "webhooks.sqlite3", statement)

    def wait_for(self, statement: str, expected: list[Any]) -> None:
        """Wait until a query of the receiver's database has these rows."""
        deadline = time.monotonic() + 30
        while (rows := self.query(statement)) != expected:
            assert time.monotonic() < deadline, rows
            time.sleep(0.1)

    def send(self, message_id: str, at: datetime, body: str, secret: str | None = None) -> int:
        """Send a message that is signed with a secret, and return the status of the response."""
        signature = Webhook(secret or self.webhook["secret"]).sign(message_id, at, body)
        headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp()))}
        return self.post(body, {**headers, "webhook-signature": signature})

    def post(self, body: str, headers: dict[str, str]) -> int:
        return requests.post(self.webhook["url"], data=body.encode(), headers=headers, timeout=30).status_code

    def processed(self) -> list[str]:
        """Return the types of the messages that were processed, in order."""
        return [line.split()[0] for line in (self.workspace.folder / "process.out").read_text().splitlines()]

    def delivery_ids(self, event: str) -> list[str]:
        """Return the IDs of deliveries of an event, newest first."""
        page = self.client.get(f"/webhooks/{self.webhook['id']}/deliveries?event={event}")
        return [delivery["id"] for delivery in page["items"]]


@pytest.fixture
def new_receiver(program: DemoProgram, new_workspace: NewWorkspace) -> Iterator[Receiver]:
    workspace = new_workspace("webhooks:write")
    base = f"http://127.0.0.1:{free_port()}"
    workspace.settings["RECEIVER_URL"] = f"{base}/webhooks"
    lines = TOKEN_LINES + read_recipe(RECIPES / "receive-webhooks.md").bash
    webhook = json.loads(succeed(workspace.run_bash(lines)))
    # By default, gunicorn has a socket in the home folder, for all programs of the user.
    workspace.settings |= {
        "SURVEY_WEBHOOK_SECRET": webhook["secret"],
        "GUNICORN_CMD_ARGS": "--no-control-socket",
    }
    commands = {
        "receive": ["gunicorn", "--bind", base.removeprefix("http://"), "receive_webhooks:app"],
        "process": ["flask", "--app", "receive_webhooks", "process"],
    }
    with ExitStack() as stack:
        for name, command in commands.items():
            stack.enter_context(workspace.start(name, [sys.executable, "-m", *command]))
        wait_until_up(base)
        receiver = Receiver(workspace, webhook, program.sign_in_client(workspace.client))
        receiver.wait_for("SELECT count(*) FROM sqlite_master WHERE name = 'inbox'", [(1,)])
        yield receiver


def wait_until_up(base: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            requests.get(base, timeout=30)
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_receive_webhooks(program: DemoProgram, new_receiver: Receiver) -> None:
    receiver, location = new_receiver, program.new_location(program.region("SPAIN"))
    path = f"/webhooks/{receiver.webhook['id']}"
    receiver.client.post(f"{path}/test")
    receiver.wait_for("SELECT count(*) FROM inbox WHERE processed", [(1,)])
    visit_id = program.accept_visit(location)
    visit = program.admin.get(f"/visits/{visit_id}")
    day = program.sign_in("demo-manager-spain@example.com").get(f"/visits/{visit_id}")["day"]
    assert visit["location"]["code"] == location["code"]
    visits = "SELECT * FROM visits"
    receiver.wait_for(visits, [(visit_id, location["code"], day)])

    # Sent again, it is received and not processed.
    (delivery_id,) = receiver.delivery_ids("visit.accepted")
    receiver.client.post(f"{path}/deliveries/{delivery_id}/redeliver")
    deadline = time.monotonic() + 30
    while len(delivery := receiver.client.get(f"{path}/deliveries/{delivery_id}")["attempts"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [attempt["status"] for attempt in delivery] == [204, 204]
    program.reject_visit(visit_id)
    receiver.wait_for(visits, [])
    receiver.wait_for("SELECT count(*) FROM inbox WHERE processed", [(3,)])
    assert receiver.processed() == ["webhook.test", "visit.accepted", "visit.withdrawn"]

    # A second secret: messages with both signatures are accepted.
    receiver.client.post(f"{path}/secret")
    receiver.client.post(f"{path}/test")
    receiver.wait_for("SELECT count(*) FROM inbox WHERE processed", [(4,)])


def test_receiver_rejects_messages_that_are_not_valid(new_receiver: Receiver) -> None:
    receiver, now = new_receiver, datetime.now(UTC)
    body = json.dumps({"type": "webhook.test", "timestamp": now.isoformat(), "data": {}})
    assert receiver.send("old", now - timedelta(minutes=6), body) == 401
    assert receiver.send("future", now + timedelta(minutes=6), body) == 401
    assert receiver.send("forged", now, body, f"whsec_{b64encode(b'x' * 32).decode()}") == 401
    assert receiver.post(body, {}) == 401
    headers = {"webhook-id": "odd", "webhook-timestamp": str(int(now.timestamp()))}
    assert receiver.post(body, {**headers, "webhook-signature": "odd"}) == 401
    assert receiver.post("x" * (1 << 21), {}) == 413
    assert receiver.query("SELECT * FROM inbox") == []
    assert [receiver.send("good", now, body) for _ in range(2)] == [204, 204]
    receiver.wait_for("SELECT id, processed FROM inbox", [("good", 1)])
    assert receiver.processed() == ["webhook.test"]


# Locations.


def write_locations(file: Path, codes: list[str], region: str = "SPAIN") -> None:
    lines = [f'{code},"Store {code}",{region},Europe/Madrid' for code in codes]
    file.write_text("\n".join(["code,name,region_code,time_zone", *lines, ""]))


def test_import_locations(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("places:write")
    file, codes = workspace.folder / "locations.csv", [f"I-{uuid.uuid4().hex[:8]}" for _ in range(3)]
    write_locations(file, codes)
    assert succeed(workspace.run("import_locations.py", "locations.csv")) == "3 new, 0 changed, 0 unchanged"
    for code in codes:
        (location,) = program.admin.get(f"/locations?code={code}")["items"]
        assert location["name"] == f"Store {code}"

    new = f"I-{uuid.uuid4().hex[:8]}"
    write_locations(file, [new, codes[1]])
    with file.open("a") as rows:
        rows.write("x,Store,NOWHERE,Europe/Madrid\n")
    output = fail(workspace.run("import_locations.py", "locations.csv"))
    assert "locations.csv:3: code This code already exists." in output
    assert "locations.csv:4: region_code There is no region with this code." in output
    assert program.admin.get(f"/locations?code={new}")["items"] == []
    dry_run = succeed(workspace.run("import_locations.py", "locations.csv", "--update", "--dry-run"))
    assert dry_run.splitlines() == [
        "1 new, 0 changed, 1 unchanged",
        "locations.csv:4: region_code There is no region with this code.",
    ]
    file.write_text("code,name,region_code,time_zone,colour\n")
    assert "locations.csv:1: colour This column is unknown." in fail(
        workspace.run("import_locations.py", "locations.csv")
    )


def test_import_locations_with_curl(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("places:write")
    codes = [f"I-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    write_locations(workspace.folder / "locations.csv", codes)
    lines = TOKEN_LINES + read_recipe(RECIPES / "import-locations.md").bash
    result = json.loads(succeed(workspace.run_bash(lines)))
    assert result == {"new": 2, "changed": 0, "unchanged": 0, "errors": [], "imported": 2}
    assert len(program.admin.get(f"/locations?code={codes[1]}")["items"]) == 1
    assert workspace.run_bash(lines).returncode == 22  # the status of an error


# Assignments.

COLUMNS = ("external_id", "location_code", "shopper_id", "checklist_key", "opens_at", "closes_at")


def write_plan(file: Path, rows: list[tuple[str, str, str]], checklist_key: str) -> None:
    """Write a plan for next month. A row has an external ID, the code of a location, and a shopper's ID."""
    opens_at = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=32
    )
    times = [opens_at.isoformat(), (opens_at + timedelta(days=7)).isoformat()]
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(COLUMNS)
        writer.writerows([*row, checklist_key, *times] for row in rows)


def test_assign_visits(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("visits:write")
    name = uuid.uuid4().hex
    plan, result = (workspace.folder / f"{name}{suffix}" for suffix in (".csv", ".assigned.csv"))
    codes = [location["code"] for location in program.admin.list_all("/locations")]
    shopper_id, _ = program.new_shopper()

    def assigned() -> dict[str, str]:
        visits = program.admin.list_all(f"/visits?shopper_id={shopper_id}")
        assert {visit["status"] for visit in visits} <= {"assigned"}
        return {visit["external_id"]: visit["id"] for visit in visits}

    def read_result() -> dict[str, str]:
        with result.open(newline="") as rows:
            return {row["external_id"]: row["visit_id"] for row in csv.DictReader(rows)}

    # Errors name the visit, and nothing is assigned.
    nobody = str(uuid.uuid4())
    rows = [(f"{name}-{number}", code, shopper_id) for number, code in enumerate(codes[:5])]
    wrong = [*rows, (f"{name}-nobody", codes[0], nobody), (f"{name}-nowhere", "NOWHERE", shopper_id)]
    write_plan(plan, wrong, program.checklist)
    output = fail(workspace.run("assign_visits.py", plan.name))
    assert f"{name}-nowhere: location_id:" in output
    write_plan(plan, wrong[:-1], program.checklist)
    output = fail(workspace.run("assign_visits.py", plan.name))
    assert f"{name}-nobody: shopper_id: This shopper does not exist." in output
    write_plan(plan, [*rows, (f"{name}-again", codes[0], shopper_id)], program.checklist)
    output = fail(workspace.run("assign_visits.py", plan.name))
    assert f"{name}-again: shopper_id: This shopper has a visit to this location within 30 days" in output
    assert assigned() == {}
    assert not result.exists()

    # The corrected plan is assigned, once.
    write_plan(plan, rows, program.checklist)
    assert succeed(workspace.run("assign_visits.py", plan.name)) == "5 visits assigned"
    visits = assigned()
    assert visits == read_result()
    assert visits.keys() == {row[0] for row in rows}
    assert "This plan is assigned" in fail(workspace.run("assign_visits.py", plan.name))
    result.unlink()  # as if the response was lost
    assert succeed(workspace.run("assign_visits.py", plan.name)) == "5 visits assigned"
    assert visits == read_result() == assigned()
    result.unlink()
    write_plan(plan, rows[:4], program.checklist)
    assert "already used" in fail(workspace.run("assign_visits.py", plan.name))
    assert visits == assigned()


def test_assign_visits_in_several_lists(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    workspace = new_workspace("visits:write")
    script = workspace.folder / "assign_visits.py"
    assert script.read_text().count("BATCH = 1000") == 1
    script.write_text(script.read_text().replace("BATCH = 1000", "BATCH = 2"))
    name = uuid.uuid4().hex
    codes = [location["code"] for location in program.admin.list_all("/locations")][:5]
    shopper_id, _ = program.new_shopper()
    rows = [(f"{name}-{number}", code, shopper_id) for number, code in enumerate(codes)]
    rows[3] = (rows[3][0], codes[3], str(uuid.uuid4()))
    write_plan(workspace.folder / f"{name}.csv", rows, program.checklist)
    assert f"{name}-3: shopper_id: This shopper does not exist." in fail(
        workspace.run("assign_visits.py", f"{name}.csv")
    )
    rows[3] = (rows[3][0], codes[3], shopper_id)
    write_plan(workspace.folder / f"{name}.csv", rows, program.checklist)
    assert succeed(workspace.run("assign_visits.py", f"{name}.csv")) == "5 visits assigned"
    assert len(program.admin.list_all(f"/visits?shopper_id={shopper_id}")) == 5


# Exports.


def test_export_answers(program: DemoProgram, new_workspace: NewWorkspace) -> None:
    visit_id = program.accept_visit(program.new_location(program.region("SPAIN")))
    workspace = new_workspace("visits:read")
    month = f"{datetime.now(UTC):%Y-%m}"
    succeed(workspace.run("export_answers.py", month, "answers.xlsx"))
    sheet = openpyxl.load_workbook(workspace.folder / "answers.xlsx").worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    answers = [dict(zip(header, row, strict=True)) for row in rows]
    assert [answer for answer in answers if answer["visit_id"] == visit_id]
    assert {f"{answer['day']:%Y-%m}" for answer in answers} == {month}
    assert not (workspace.folder / "answers.xlsx.part").exists()
