"""Prepared statements: typed rows, moments, errors of the driver and pipelines, on both databases."""

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from api.database.engines import Database
from api.database.lists import among
from api.database.statements import (
    Command,
    Query,
    Transaction,
    execute,
    fetch_all,
    fetch_one,
    get_cursor,
    pipeline,
)
from api.models.base import now
from api.models.events import Event
from api.models.submissions import CommentFingerprint
from api.models.visits import Visit
from tests.support.world import World

KIND = "test-prepared-statements"


class StoredEvent(NamedTuple):
    id: uuid.UUID
    attempts: int


EVENTS = Query(
    StoredEvent,
    select(Event.id, Event.attempts).where(Event.visit_id == bindparam("visit_id")).order_by(Event.attempts),
)
ADD_EVENT = Command(insert(Event))
CHANGE_VISIT = Command(update(Visit).where(Visit.id == bindparam("visit_id")))


@pytest.fixture
def error_kinds(database: Database) -> Iterator[list[str]]:
    """The kinds of errors that the database reports during a test."""
    kinds: list[str] = []
    is_active = True
    database.on_error(lambda kind: kinds.append(kind) if is_active else None)
    yield kinds
    is_active = False


def add_event(transaction: Transaction, visit_id: uuid.UUID, attempts: int = 0) -> None:
    execute(
        transaction,
        ADD_EVENT,
        id=uuid.uuid4(),
        kind=KIND,
        visit_id=visit_id,
        revision=1,
        due_at=now().replace(year=2999),
        attempts=attempts,
        created_at=now(),
    )


def list_attempts(database: Database, visit_id: uuid.UUID) -> list[int]:
    return [event.attempts for event in fetch_all(database.autocommit, EVENTS, visit_id=visit_id)]


# Rows.


def test_rows_have_the_declared_type(database: Database, visit_id: uuid.UUID) -> None:
    database.write_statements(lambda transaction: add_event(transaction, visit_id, 7))
    event = fetch_one(database.autocommit, EVENTS, visit_id=visit_id)
    assert isinstance(event, StoredEvent)
    assert isinstance(event.id, uuid.UUID)
    assert event.attempts == 7
    assert fetch_one(database.autocommit, EVENTS, visit_id=uuid.uuid4()) is None


def test_row_type_with_other_fields_than_the_columns_is_rejected(database: Database) -> None:
    query = Query(StoredEvent, select(Event.attempts, Event.id))
    with pytest.raises(TypeError, match="attempts"):
        fetch_all(database.autocommit, query)


class Id(NamedTuple):
    id: uuid.UUID


class Fingerprint(NamedTuple):
    print: bytes


class Attempts(NamedTuple):
    attempts: int


def test_lists_of_uuids_bytes_and_integers_can_be_parameters(
    database: Database, world: World, visit_id: uuid.UUID
) -> None:
    other_visit_id = uuid.UUID(world.visit()["id"])
    by_id = Query(Id, select(Visit.id).where(among(Visit.id, "ids")))
    ids = [visit_id, other_visit_id, uuid.uuid4()]
    assert {row.id for row in fetch_all(database.autocommit, by_id, ids=ids)} == {visit_id, other_visit_id}
    assert fetch_all(database.autocommit, by_id, ids=[]) == []

    fingerprint = uuid.uuid4().bytes * 2
    row = {"organization_id": world.organization_id, "print": fingerprint, "visit_id": visit_id}
    database.write(lambda session: session.execute(insert(CommentFingerprint).values(row)))
    column = CommentFingerprint.print
    by_print = Query(Fingerprint, select(column).where(among(column, "prints")))
    rows = fetch_all(database.autocommit, by_print, prints=[fingerprint, bytes(32)])
    assert rows == [Fingerprint(fingerprint)]

    database.write_statements(lambda transaction: add_event(transaction, visit_id, 5))
    of_visit = select(Event.attempts).where(Event.visit_id == visit_id)
    by_number = of_visit.where(among(Event.attempts, "numbers"))
    assert fetch_all(database.autocommit, Query(Attempts, by_number), numbers=[4, 5]) == [Attempts(5)]
    assert fetch_all(database.autocommit, Query(Attempts, by_number), numbers=[4, 6]) == []
    with database.read_snapshot() as session:  # the same condition without a prepared statement
        assert session.scalars(by_number, {"numbers": [5]}).all() == [5]
        assert session.scalars(by_number, {"numbers": [6, 7]}).all() == []


# Moments.


def test_snapshot_sees_one_moment_and_autocommit_the_latest(database: Database, visit_id: uuid.UUID) -> None:
    with database.read_snapshot() as session:
        assert fetch_all(session, EVENTS, visit_id=visit_id) == []
        database.write_statements(lambda transaction: add_event(transaction, visit_id))
        assert fetch_all(session, EVENTS, visit_id=visit_id) == []
        assert session.scalars(select(Event.id).where(Event.visit_id == visit_id)).all() == []
        assert list_attempts(database, visit_id) == [0]
    with database.read_snapshot() as session:
        assert len(fetch_all(session, EVENTS, visit_id=visit_id)) == 1


def test_exception_rolls_a_transaction_back(database: Database, visit_id: uuid.UUID) -> None:
    def work(transaction: Transaction) -> None:
        add_event(transaction, visit_id)
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        database.write_statements(work)
    assert list_attempts(database, visit_id) == []


# Errors. These tests also notice a change of SQLAlchemy's private Connection._handle_dbapi_exception.


def test_driver_error_is_translated_and_reported(
    database: Database, visit_id: uuid.UUID, error_kinds: list[str]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        database.write_statements(lambda transaction: add_event(transaction, uuid.uuid4()))
    assert isinstance(caught.value, DBAPIError)
    assert type(caught.value.orig).__name__ in ("IntegrityError", "ForeignKeyViolation")
    assert error_kinds == ["constraint"]
    database.write_statements(lambda transaction: add_event(transaction, visit_id))
    assert list_attempts(database, visit_id) == [0]


def test_error_outside_a_transaction_is_translated_and_reported_once(
    database: Database, error_kinds: list[str]
) -> None:
    query = Query(Attempts, select(Event.attempts).where(text("no_such_column = 1")))
    with pytest.raises(DBAPIError, match="no_such_column"):
        fetch_all(database.autocommit, query)
    assert len(error_kinds) == 1


TERMINATE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.mark.parametrize("app", ["servers"], indirect=True)
def test_lost_connections_are_replaced(
    database: Database, visit_id: uuid.UUID, error_kinds: list[str]
) -> None:
    assert list_attempts(database, visit_id) == []
    with database.writing_engine.connect() as connection:
        connection.execute(TERMINATE_OTHERS)
    assert list_attempts(database, visit_id) == []  # without an error: the query ran on a new connection
    assert error_kinds == []

    def terminate(transaction: Transaction) -> None:
        with database.reading_engine.connect() as connection:
            connection.execute(TERMINATE_OTHERS)
        try:
            add_event(transaction, visit_id)
        finally:
            assert transaction.connection.invalidated

    with pytest.raises(OperationalError) as caught:
        database.write_statements(terminate)
    assert caught.value.connection_invalidated
    assert error_kinds == ["unavailable"]
    database.write_statements(lambda transaction: add_event(transaction, visit_id))
    assert list_attempts(database, visit_id) == [0]


# Pipelines.


def test_pipeline_runs_all_commands_in_order(database: Database, visit_id: uuid.UUID) -> None:
    def work(transaction: Transaction) -> None:
        with pipeline(transaction):
            for attempts in range(5):
                add_event(transaction, visit_id, attempts)
            execute(transaction, CHANGE_VISIT, visit_id=visit_id, external_id="first")
            execute(transaction, CHANGE_VISIT, visit_id=visit_id, external_id="last")
        events = fetch_all(transaction, EVENTS, visit_id=visit_id)
        assert [event.attempts for event in events] == [0, 1, 2, 3, 4]

    database.write_statements(work)
    with database.read_snapshot() as session:
        assert session.get_one(Visit, visit_id).external_id == "last"


def test_error_in_a_pipeline_rolls_everything_back(
    database: Database, visit_id: uuid.UUID, error_kinds: list[str]
) -> None:
    def work(transaction: Transaction) -> None:
        with pipeline(transaction):
            add_event(transaction, visit_id, 1)
            add_event(transaction, uuid.uuid4(), 2)
            add_event(transaction, visit_id, 3)

    with pytest.raises(IntegrityError):
        database.write_statements(work)
    assert error_kinds == ["constraint"]
    assert list_attempts(database, visit_id) == []
    database.write_statements(lambda transaction: add_event(transaction, visit_id, 4))
    assert list_attempts(database, visit_id) == [4]


@pytest.mark.parametrize("app", ["servers"], indirect=True)
def test_deadlock_in_a_pipeline_runs_the_transaction_again(
    database: Database, visit_id: uuid.UUID, error_kinds: list[str]
) -> None:
    numbers = iter((1, 2))

    def work(transaction: Transaction) -> None:
        number = next(numbers)
        with pipeline(transaction):
            add_event(transaction, visit_id, number)
            if number == 1:
                cursor = get_cursor(transaction.connection.connection)
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40P01'; END $$")

    database.write_statements(work)
    assert error_kinds == ["try-again"]
    assert list_attempts(database, visit_id) == [2]
