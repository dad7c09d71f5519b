"""Schemathesis calls every operation in the OpenAPI document of the running program, with all of its checks.

``make test`` runs a small part. ``make fuzz`` runs all phases for each role and database, and ``FUZZ`` is the
number of examples per operation.
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
#: A run may change passwords and lock accounts, so it signs in as one of several people.
PEOPLE_COUNT = 4
#: by dictionary of schemathesis.toml: the lists that its values are read from
DICTIONARIES = {
    "locations": ["/locations"],
    "regions": ["/regions"],
    "people": ["/users"],
    "shoppers": ["/users?role=shopper"],
    "leavers": ["/users?q=leaver"],
    "checklists": ["/checklists"],
}
VISITS = [f"/visits?status={status}&limit=20" for status in STATUSES]
EXAMPLES = int(os.environ.get("FUZZ", "0"))
BACKENDS = ("embedded", "servers")
ALL_PHASES = "--phases=examples,coverage,fuzzing,stateful"
#: backend, role, and options of schemathesis
RUNS = (
    [(backend, role, ALL_PHASES, f"--max-examples={EXAMPLES}") for role in ROLES for backend in BACKENDS]
    if EXAMPLES
    else [
        ("servers", ADMIN, "--phases=examples", "--generation-deterministic"),
    ]
)


@pytest.mark.parametrize(("backend", "role", "options"), [(run[0], run[1], run[2:]) for run in RUNS])
def test_schemathesis_finds_no_errors(
    backend: str, role: str, options: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = {"DATA_DIR": str(tmp_path)}
    if backend == "servers":
        settings |= servers.new_settings(
            request.getfixturevalue("postgres_url"), request.getfixturevalue("s3_server")
        )
    with running(tmp_path, DEMO="1", **settings) as program:
        attack(program, role, options)
        assert_healthy(program, settings)


def attack(program: Running, role: str, options: tuple[str, ...]) -> None:
    """Run schemathesis as people of a role, and fail if it finds an error."""
    folder = program.log.parent
    people = [add_person(program, role) for _ in range(PEOPLE_COUNT)]
    for _ in range(PEOPLE_COUNT):
        add_person(program, SHOPPER, name="A leaver")
    shutil.copy(CONFIGURATION, folder)
    write_dictionaries(program, folder, assign_visits(program, people[0]) if role == SHOPPER else VISITS)
    result = subprocess.run(
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
    print(result.stdout)
    assert result.returncode == 0


def assign_visits(program: Running, shopper: dict[str, Any]) -> list[str]:
    """Assign visits to a shopper, and return the paths of the lists that contain them."""
    token = sign_in_administrator(program)
    orders = [
        {
            "location_id": location["id"],
            "shopper_id": shopper["id"],
            "checklist_key": "store-visit",
            "window": {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2031-01-01T00:00:00Z"},
            "override": True,
        }
        for location in call(program, "GET", "/locations", token=token)["items"]
    ]
    call(program, "POST", "/visits", orders, token)
    return [f"/visits?shopper_id={shopper['id']}"]


def write_dictionaries(program: Running, folder: Path, visits: list[str]) -> None:
    """Write the values of the demo data to the files that the configuration names."""
    token = sign_in_administrator(program)
    for name, paths in {**DICTIONARIES, "visits": visits}.items():
        items = [item for path in paths for item in call(program, "GET", path, token=token)["items"]]
        values = [item["id"] if "id" in item else item["key"] for item in items]
        (folder / f"{name}.txt").write_text("".join(f'"{value}"\n' for value in values))


def sign_in_administrator(program: Running) -> str:
    """Sign in as the administrator of the demo, and return the access token."""
    pair = call(program, "POST", "/auth/login", {"email": ADMINISTRATOR, "password": demo.PASSWORD})
    token: str = pair["access_token"]
    return token


def add_person(program: Running, role: str, name: str = "A fuzzer") -> dict[str, Any]:
    """Add a person with a role. A manager is assigned to all regions."""
    token, email = sign_in_administrator(program), f"{uuid.uuid4().hex}@example.org"
    person: dict[str, Any] = {"email": email, "name": name, "role": role, "password": demo.PASSWORD}
    if role == MANAGER:
        regions = call(program, "GET", "/regions?limit=500", token=token)["items"]
        person["region_ids"] = [region["id"] for region in regions]
    user: dict[str, Any] = call(program, "POST", "/users", person, token)
    return user


def call(program: Running, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """Call the API and return the JSON of the response. Raises HTTPError for an error."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = Request(f"{program.base}/api/v1{path}", data, headers, method=method)
    with urlopen(request, timeout=SECONDS) as response:
        return json.load(response)


def assert_healthy(program: Running, settings: dict[str, str]) -> None:
    """Check that the program is ready, its worker works, and its totals equal a recount."""
    with urlopen(f"{program.base}/health/ready", timeout=SECONDS) as response:
        assert json.load(response) == {"status": "ready"}
    assert_worker_works(Database(Settings.from_environment(settings).database_url))
    recount = [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"]
    subprocess.run(recount, cwd=ROOT, env=environment(program.log.parent, **settings), check=True)
    errors = [line for line in program.output().splitlines() if '"level": "ERROR"' in line]
    assert errors == []


def assert_worker_works(database: Database) -> None:
    """Add an event that is due, and check that the worker handles it."""

    def add(session: Any) -> uuid.UUID:
        visit_id = session.scalars(select(Visit.id).limit(1)).one()
        event = Event(kind=ACCEPTANCE_DUE, visit_id=visit_id, revision=0, due_at=now())
        session.add(event)
        session.flush()
        return event.id

    event_id, deadline = database.write(add), time.monotonic() + SECONDS
    while is_pending(database, event_id):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    database.close()


def is_pending(database: Database, event_id: uuid.UUID) -> bool:
    with database.read_snapshot() as session:
        return session.get(Event, event_id) is not None
