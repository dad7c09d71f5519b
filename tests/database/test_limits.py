"""Requests wait for a lock or a slow statement for some seconds only. Work in the background waits longer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from api import migrations
from api.database import engines
from api.database.engines import Database
from api.database.limits import Limits
from api.database.statements import Query, fetch_all
from tests.conftest import BACKENDS
from tests.support import servers

SECONDS = 60
#: Limits that end within the test, and limits that do not
SHORT, LONG = (
    Limits(lock=0.3, statement=0.3, idle=SECONDS),
    Limits(lock=SECONDS, statement=SECONDS, idle=SECONDS),
)


@pytest.fixture(scope="module", params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database in which requests wait for a third of a second."""
    url = f"sqlite:///{tmp_path_factory.mktemp('limits')}/limits.sqlite3"
    if request.param == "servers":
        url = servers.new_database(request.getfixturevalue("postgres_url"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "REQUEST", SHORT)
        patch.setattr(engines, "BACKGROUND", LONG)
        database = Database(url)
        migrations.upgrade(database)
        yield database
        database.close()


def touch(session: Session) -> str:
    session.execute(text("UPDATE alembic_version SET version_num = version_num"))
    return "written"


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Hold a write transaction open during the block."""
    has_begun, is_over = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        touch(session)
        has_begun.set()
        assert is_over.wait(SECONDS)

    with ThreadPoolExecutor() as threads:
        transaction = threads.submit(database.in_background().write, hold)
        assert has_begun.wait(SECONDS)
        try:
            yield
        finally:
            is_over.set()
            transaction.result(SECONDS)


@pytest.mark.parametrize("holder", ["this process", "another process"])
def test_request_does_not_wait_for_a_lock_but_the_worker_does(database: Database, holder: str) -> None:
    other = database if holder == "this process" else Database(database.url)
    with ThreadPoolExecutor() as threads:
        with writing(other):
            worker = threads.submit(database.in_background().write, touch)
            request = threads.submit(database.write, touch)
            assert isinstance(request.exception(SECONDS / 2), SQLAlchemyError)
            assert not worker.done()
        assert worker.result(SECONDS) == "written"
    assert database.write(touch) == "written"
    other.close()


def test_reads_continue_while_a_write_waits(database: Database) -> None:
    with writing(database), database.read_snapshot() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version"))


@pytest.mark.parametrize("database", ["embedded"], indirect=True)
def test_log_that_a_long_transaction_writes_is_emptied_later(database: Database) -> None:
    with writing(database):
        assert not database.empty_log()
    assert database.empty_log()


@pytest.mark.parametrize("database", ["servers"], indirect=True)
def test_statement_of_a_request_ends_and_that_of_the_worker_continues(database: Database) -> None:
    sleep = text("SELECT pg_sleep(1)")
    with database.read_snapshot() as session, pytest.raises(OperationalError, match="statement timeout"):
        session.execute(sleep)
    with database.in_background().read_snapshot() as session:
        session.execute(sleep)


class Run(NamedTuple):
    number: int
    slept: None


@pytest.mark.parametrize("database", ["servers"], indirect=True)
def test_query_that_takes_too_long_is_not_run_again(database: Database) -> None:
    database.write(lambda session: session.execute(text("CREATE SEQUENCE runs")))
    query = select(func.nextval("runs").label("number"), func.pg_sleep(1).label("slept"))
    with pytest.raises(OperationalError, match="statement timeout"):
        fetch_all(database.autocommit, Query(Run, query))
    with database.read_snapshot() as session:
        assert session.scalar(text("SELECT last_value FROM runs")) == 1


@pytest.mark.parametrize("database", ["servers"], indirect=True)
def test_background_transactions_begin_on_connections_of_requests(database: Database) -> None:
    show = text("SHOW lock_timeout")
    background = database.in_background()
    for _ in range(10):  # more often than the driver needs to prepare a statement
        assert background.write(lambda session: session.scalar(show)) == "1min"
        assert database.write(lambda session: session.scalar(show)) == "300ms"
