"""The applications that tests call: one on SQLite and a photo folder, one on PostgreSQL and S3."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings

from api import migrations
from api.app import create_app
from api.http import readiness
from api.services.people import passwords
from api.settings import Settings
from tests.support import servers
from tests.support.conformance import check_responses
from tests.support.extent import FULL
from tests.support.log_sweep import SWEEP
from tests.support.world import QUICK_HASHER, World

BACKENDS = ("embedded", "servers")
ROOT = Path(__file__).parent.parent
#: Visits are accepted immediately, and one caller may send all requests of a test.
TEST_SETTINGS = {"ACCEPT_EVERY_MINUTES": "0", "API_RATE_LIMIT": "0"}
#: Folder, fixture or parameter of a test → its markers, by which -m selects tests
FOLDER_MARKERS = {"browser": ("browser",), "faults": ("faults",), "fuzz": ("fuzz",)}
FIXTURE_MARKERS = {
    "browser": ("browser",),
    "postgres": ("postgres",),
    "postgres_url": ("postgres",),
    "s3_server": ("s3",),
    "servers_app": ("postgres", "s3"),
}
#: By value of a parameter, such as those of the fixture ``app``
PARAMETER_MARKERS = {"postgresql": ("postgres",), "s3": ("s3",), "servers": ("postgres", "s3", "servers")}

# On a busy machine, examples take long.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with what it needs, and leave out what only `make full` runs."""
    _mark_items(items)
    if not FULL:
        config.hook.pytest_deselected(items=[item for item in items if _is_extra(item)])
        items[:] = [item for item in items if not _is_extra(item)]


def _is_extra(item: pytest.Item) -> bool:
    """Return whether a test is marked so, or runs on SQLite too and does not depend on the database."""
    markers = {marker.name for marker in item.iter_markers()}
    return "full" in markers or ({"one_database", "servers"} <= markers and "both_databases" not in markers)


def _mark_items(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, its fixtures and the values of its parameters."""
    for item in items:
        # tests/test_logs.py runs pytest on a file elsewhere.
        folder = item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT) else ""
        callspec = getattr(item, "callspec", None)
        parameters = callspec.params.values() if callspec else ()
        markers = set(FOLDER_MARKERS.get(folder, ()))
        for name in getattr(item, "fixturenames", ()):
            markers.update(FIXTURE_MARKERS.get(name, ()))
        for value in filter(lambda value: isinstance(value, str), parameters):
            markers.update(PARAMETER_MARKERS.get(value, ()))
        for marker in sorted(markers):
            item.add_marker(marker)


@pytest.fixture(scope="session", autouse=True)
def log_sweep() -> Iterator[None]:
    """Collect the log from the first test to the last. A secret in it fails the run."""
    with SWEEP.listening():
        yield
    assert SWEEP.leaks() == []


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Make the hashing of passwords in this process quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK_HASHER)
        patch.setattr(passwords, "_dummy_hash", QUICK_HASHER.hash("no account has this password"))
        yield


@pytest.fixture(scope="session", autouse=True)
def repeated_readiness_checks() -> Iterator[None]:
    """Let readiness be checked at each request, because the tests of a process share programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "FRESH_SECONDS", 0)
        patch.setattr(readiness, "TRUST_SECONDS", 0)
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3]:
    with servers.s3() as server:
        yield server


@pytest.fixture(scope="session")
def embedded_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("embedded")
    yield from run_program({"DATA_DIR": str(folder)})


@pytest.fixture(scope="session")
def servers_app(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, s3_server: servers.S3
) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("servers")
    yield from run_program(_use_servers(folder, postgres_url, s3_server))


def _use_servers(folder: Path, postgres_url: str, s3_server: servers.S3) -> dict[str, str]:
    """Return the settings of a program with a new database and a new bucket."""
    return {"DATA_DIR": str(folder), **servers.new_settings(postgres_url, s3_server)}


@pytest.fixture
def new_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Flask]]:
    """Creates programs with one of ``BACKENDS``, each with a database and a photo store of its own."""
    with ExitStack() as programs:

        def create(backend: str) -> Flask:
            folder = tmp_path_factory.mktemp(backend)
            settings = {"DATA_DIR": str(folder)}
            if backend == "servers":
                fixtures = request.getfixturevalue("postgres_url"), request.getfixturevalue("s3_server")
                settings = _use_servers(folder, *fixtures)
            return programs.enter_context(contextmanager(run_program)(settings))

        yield create


@pytest.fixture(params=BACKENDS)
def app(request: pytest.FixtureRequest) -> Flask:
    """The program, once on SQLite with a photo folder and once on PostgreSQL with S3."""
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture(scope="module", params=BACKENDS)
def own_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A program with its own database and store for each test module, for tests that read everything."""
    folder = tmp_path_factory.mktemp("own")
    settings = {"DATA_DIR": str(folder)}
    if request.param == "servers":
        settings = _use_servers(folder, *map(request.getfixturevalue, ("postgres_url", "s3_server")))
    yield from run_program(settings)


@pytest.fixture
def world(app: Flask) -> World:
    """A new organization in the program, with people who call the API."""
    return World(app)


def run_program(environment: dict[str, str]) -> Iterator[Flask]:
    """Create a program on a new database."""
    # The processes that build exports read the credentials too, so they stay for the session.
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    app = create_app(Settings.from_environment({**TEST_SETTINGS, **environment}))
    migrations.upgrade(app.extensions["survey"].database)
    app.testing = False
    check_responses(app)
    yield app
    app.extensions["survey"].database.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the repository."""
    return ROOT
