"""Schemathesis attacks the running program: every operation of its OpenAPI document, with every check.

``make test`` does little of it, ``make fuzz`` (``FUZZ=full``) takes each role and 200 examples an operation.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from api.database.engines import Database
from api.domain.access import ADMIN, MANAGER, ROLES, SHOPPER
from api.domain.visits import ACCEPTANCE_DUE, STATUSES
from api.models.base import now
from api.models.events import Event
from api.models.visits import Visit
from api.services import demo
from api.settings import Settings
from tests.support import servers
from tests.support.running import ROOT, SECONDS, Running, environment, running

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ADMINISTRATOR = "demo-admin@example.com"
#: how many people a run may shut out of their accounts
SPARE_PEOPLE = 4
#: file of words → the lists that they are taken from
KNOWN = {
    "locations": ["/locations"],
    "regions": ["/regions"],
    "people": ["/users"],
    "shoppers": ["/users?role=shopper"],
    "checklists": ["/checklists"],
}
VISITS = [f"/visits?status={status}&limit=20" for status in STATUSES]
FULL = os.environ.get("FUZZ") == "full"
BACKENDS = ("embedded", "servers")
EVERYTHING = "--phases=examples,coverage,fuzzing,stateful"
#: backend, role, and what schemathesis is told
RUNS = (
    [(backend, role, EVERYTHING, "--max-examples=200") for role in ROLES for backend in BACKENDS]
    if FULL
    else [
        ("embedded", ADMIN, "--phases=examples,coverage", "--generation-deterministic"),
        ("servers", ADMIN, "--phases=fuzzing", "--max-examples=2", "--generation-deterministic"),
    ]
)


@pytest.mark.parametrize(("backend", "role", "options"), [(run[0], run[1], run[2:]) for run in RUNS])
def test_schemathesis_finds_no_errors(
    backend: str, role: str, options: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = {"DATA_DIR": str(tmp_path)}
    if backend == "servers":
        settings |= on_servers(request.getfixturevalue("postgres_url"), request.getfixturevalue("s3_server"))
    with running(tmp_path, DEMO="1", **settings) as program:
        attack(program, role, options)
        assert_sound(program, settings)


def on_servers(postgres_url: str, s3_server: servers.S3) -> dict[str, str]:
    """Return the settings of a new database of PostgreSQL and a new bucket."""
    return {
        "DATABASE_URL": servers.new_database(postgres_url),
        "SECRET_KEY": "k" * 32,
        "PHOTO_BUCKET": s3_server.new_bucket(),
        "PHOTO_ENDPOINT_URL": s3_server.endpoint_url,
        **s3_server.environment,
    }


def attack(program: Running, role: str, options: tuple[str, ...]) -> None:
    """Let schemathesis call the operations as people of a role; it has to find nothing."""
    folder = program.log.parent
    people = [new_person(program, role) for _ in range(SPARE_PEOPLE)]
    shutil.copy(CONFIGURATION, folder)
    write_dictionaries(program, folder, visits_of(program, people[0]) if role == SHOPPER else VISITS)
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIGURATION.name),
            *("run", f"{program.base}/api/v1/openapi.json", "--no-color", "--continue-on-failure", *options),
        ],
        cwd=folder,
        env=environment(
            folder,
            PYTHONPATH=str(ROOT),
            FUZZ_BASE=program.base,
            FUZZ_PEOPLE=" ".join(person["email"] for person in people),
            FUZZ_PASSWORD=demo.PASSWORD,
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0


def visits_of(program: Running, shopper: dict[str, Any]) -> list[str]:
    """Assign visits to a shopper, and return the list of them."""
    token = administrator(program)
    orders = [
        {
            "location_id": location["id"],
            "shopper_id": shopper["id"],
            "checklist_key": "store-visit",
            "window": {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2031-01-01T00:00:00Z"},
            "override": True,
        }
        for location in called(program, "GET", "/locations", token=token)["items"]
    ]
    called(program, "POST", "/visits", orders, token)
    return [f"/visits?shopper_id={shopper['id']}"]


def write_dictionaries(program: Running, folder: Path, visits: list[str]) -> None:
    """Write what the program holds into the files that the configuration names."""
    token = administrator(program)
    for name, addresses in {**KNOWN, "visits": visits}.items():
        items = [
            item for address in addresses for item in called(program, "GET", address, token=token)["items"]
        ]
        values = [item["id"] if "id" in item else item["key"] for item in items]
        (folder / f"{name}.txt").write_text("".join(f'"{value}"\n' for value in values))


def administrator(program: Running) -> str:
    """Sign the demo's administrator in, and return his token."""
    pair = called(program, "POST", "/auth/login", {"email": ADMINISTRATOR, "password": demo.PASSWORD})
    token: str = pair["access_token"]
    return token


def new_person(program: Running, role: str) -> dict[str, Any]:
    """Add somebody of a role, a manager for all regions."""
    token, email = administrator(program), f"{uuid.uuid4().hex}@example.org"
    person: dict[str, Any] = {"email": email, "name": "A fuzzer", "role": role, "password": demo.PASSWORD}
    if role == MANAGER:
        regions = called(program, "GET", "/regions?limit=500", token=token)["items"]
        person["region_ids"] = [region["id"] for region in regions]
    made: dict[str, Any] = called(program, "POST", "/users", person, token)
    return made


def called(program: Running, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """Call the API, and return the JSON of an answer that went well."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = Request(f"{program.base}/api/v1{path}", data, headers, method=method)
    with urlopen(request, timeout=SECONDS) as answer:
        return json.load(answer)


def assert_sound(program: Running, settings: dict[str, str]) -> None:
    """See that after an attack the program is ready, its worker works, and its totals are right."""
    with urlopen(f"{program.base}/health/ready", timeout=SECONDS) as answer:
        assert json.load(answer) == {"status": "ready"}
    assert_that_the_worker_works(Database(Settings.from_environment(settings).database_url))
    recount = [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"]
    subprocess.run(recount, cwd=ROOT, env=environment(program.log.parent, **settings), check=True)
    errors = [line for line in program.said().splitlines() if '"level": "ERROR"' in line]
    assert errors == []


def assert_that_the_worker_works(database: Database) -> None:
    """Give the worker a task that is due, and see that it does it."""

    def add(session: Any) -> uuid.UUID:
        visit_id = session.scalars(select(Visit.id).limit(1)).one()
        task = Event(kind=ACCEPTANCE_DUE, visit_id=visit_id, revision=0, due_at=now())
        session.add(task)
        session.flush()
        return task.id

    task_id, give_up = database.write(add), time.monotonic() + SECONDS
    while waits(database, task_id):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    database.close()


def waits(database: Database, task_id: uuid.UUID) -> bool:
    with database.read_snapshot() as session:
        return session.get(Event, task_id) is not None
