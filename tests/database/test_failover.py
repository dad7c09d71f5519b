"""A database that cannot be written now, as during a failover: 503 until it can."""

import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api import migrations
from api.app import create_app
from api.database import failures
from api.database.engines import Database
from api.settings import Settings
from tests.support import servers
from tests.support.world import Caller, World, ok, problem

#: SQLSTATEs of the moment: lost connections, exhausted resources, time limits, interventions, system errors
PASSING = "25006 25P03 25P04 40001 40P01 08000 08006 53000 53100 53200 53300 55P03 57014 57P01 57P05 58030"
#: SQLSTATEs of bugs
PERMANENT = "22001 23502 42601 42P01 XX000"


@pytest.fixture
def postgres_world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """A world in a PostgreSQL database of its own."""
    settings = {
        "DATA_DIR": str(tmp_path_factory.mktemp("failover")),
        "DATABASE_URL": servers.new_database(postgres_url),
        "SECRET_KEY": "k" * 32,
    }
    app = create_app(Settings.from_environment(settings))
    database = app.extensions["survey"].database
    migrations.upgrade(database)
    yield World(app)
    database.close()


def set_read_only(database: Database, state: str) -> None:
    """Let new connections be read-only, as those to a standby are, or writable again."""
    name = database.url.split("@/")[1].split("?")[0]
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")


def get_readiness(app: Flask) -> int:
    return Caller(app).get("//health/ready").status_code


def get_reading_process(database: Database) -> int:
    """Return the ID of the server's process for the next connection that reads."""
    with database.read_snapshot() as session:
        return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def test_read_only_postgresql_is_503_until_it_accepts_writes(postgres_world: World) -> None:
    world, database = postgres_world, postgres_world.database
    region = {"code": "north", "name": "North"}
    ok(world.admin.get("/regions"))
    assert get_readiness(world.app) == 200
    set_read_only(database, "on")
    database.close()
    reading_process = get_reading_process(database)
    for _ in range(2):
        response = world.admin.post("/regions", region)
        problem(response, 503, "unavailable")
        assert int(response.headers["Retry-After"]) > 0
        assert get_readiness(world.app) == 503
        ok(world.admin.get("/regions"))
    # Open connections stay read-only, as if they led to the former primary, so none may be left.
    set_read_only(database, "off")
    ok(world.admin.post("/regions", region), 201)
    assert get_readiness(world.app) == 200
    assert get_reading_process(database) != reading_process
    assert [item["code"] for item in ok(world.admin.get("/regions"))["items"]].count("north") == 1


def test_read_only_sqlite_is_503_until_it_accepts_writes(embedded_app: Flask) -> None:
    world = World(embedded_app)
    ok(world.admin.get("/regions"))

    def set_query_only(state: str) -> None:
        with closing(world.database.writing_engine.raw_connection()) as connection:
            connection.cursor().execute(f"PRAGMA query_only = {state}")

    set_query_only("ON")
    try:
        problem(world.admin.post("/regions", {"code": uuid.uuid4().hex, "name": "North"}), 503, "unavailable")
        assert get_readiness(embedded_app) == 503
    finally:
        set_query_only("OFF")
    assert get_readiness(embedded_app) == 200


def test_errors_of_postgresql_are_temporary_or_bugs(servers_app: Flask) -> None:
    database = servers_app.extensions["survey"].database
    outcomes = {}
    for state in [*PASSING.split(), *PERMANENT.split()]:
        error = text(f"DO $$ BEGIN RAISE EXCEPTION 'simulated' USING ERRCODE = '{state}'; END $$")
        with pytest.raises(DBAPIError) as caught:
            database.write(lambda session, error=error: session.execute(error))
        outcomes[state] = failures.passes(caught.value)
    assert outcomes == {state: state in PASSING.split() for state in outcomes}
