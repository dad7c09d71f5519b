"""Rows that are inserted many at once, by the cursor that a connection keeps, on both databases."""

import uuid
from typing import Any

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from api.database.engines import Database
from api.database.statements import InsertMany, Statement, many, rows
from api.models.scores import Tally
from api.models.submissions import Flag
from tests.support.world import World

FLAGS = InsertMany(Flag, ("visit_id", "revision", "code", "detail", "photo_id", "question"))
STORED = Statement(
    select(Flag.code, Flag.photo_id, Flag.question)
    .where(Flag.visit_id == bindparam("visit_id"))
    .order_by(Flag.number)
)
PHOTO = uuid.UUID(int=7)


@pytest.fixture
def database(world: World) -> Database:
    found: Database = world.app.extensions["survey"].database
    return found


@pytest.fixture
def visit_id(world: World) -> uuid.UUID:
    return uuid.UUID(world.visit()["id"])


def stored(database: Database, visit_id: uuid.UUID) -> list[Any]:
    with database.read_snapshot() as session:
        return [tuple(each) for each in rows(session, STORED, visit_id=visit_id)]


def test_rows_are_stored_in_their_order_with_what_they_lack(database: Database, visit_id: uuid.UUID) -> None:
    flags = [(visit_id, 1, "first", "", None, "a"), (visit_id, 1, "second", "", PHOTO, None)]
    database.write(lambda session: many(session, FLAGS, flags))
    database.write_statements(lambda run: many(run, FLAGS, [(visit_id, 1, "third", "", None, None)]))
    database.write(lambda session: many(session, FLAGS, []))
    assert stored(database, visit_id) == [
        ("first", None, "a"),
        ("second", PHOTO, None),
        ("third", None, None),
    ]


def test_where_one_row_cannot_be_stored_none_is_and_the_cursor_goes_on(
    database: Database, visit_id: uuid.UUID
) -> None:
    good, bad = (visit_id, 1, "good", "", None, None), (uuid.uuid4(), 1, "bad", "", None, None)

    def work(session: Any) -> None:
        with pytest.raises(IntegrityError), session.begin_nested():
            many(session, FLAGS, [good, bad])
        many(session, FLAGS, [good])

    database.write(work)
    assert stored(database, visit_id) == [("good", None, None)]
    with pytest.raises(IntegrityError):
        database.write_statements(lambda run: many(run, FLAGS, [good, bad]))
    assert stored(database, visit_id) == [("good", None, None)]


def test_names_in_another_order_than_the_columns_are_refused() -> None:
    with pytest.raises(AssertionError):
        InsertMany(Tally, ("times", "answer", "month", "subject_id", "location_number"))


@pytest.mark.parametrize("app", ["servers"], indirect=True)
def test_reading_goes_on_where_the_server_ended_its_connections(
    database: Database, visit_id: uuid.UUID
) -> None:
    assert stored(database, visit_id) == []
    with database.writing_engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert stored(database, visit_id) == []
    with pytest.raises(DBAPIError), database.writing_engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    database.write(lambda session: many(session, FLAGS, [(visit_id, 1, "after", "", None, None)]))
    assert stored(database, visit_id) == [("after", None, None)]
