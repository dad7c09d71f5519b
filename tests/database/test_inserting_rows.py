"""Inserting many rows in one statement, on both databases."""

import uuid
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from api.database.engines import Database
from api.database.statements import BulkInsert, Query, fetch_all, insert_rows
from api.models.scores import Tally
from api.models.submissions import Flag

FLAGS = BulkInsert(Flag, ("visit_id", "revision", "code", "detail", "photo_id", "question"))
PHOTO = uuid.UUID(int=7)


class StoredFlag(NamedTuple):
    code: str
    photo_id: uuid.UUID | None
    question: str | None


STORED_FLAGS = Query(
    StoredFlag,
    select(Flag.code, Flag.photo_id, Flag.question)
    .where(Flag.visit_id == bindparam("visit_id"))
    .order_by(Flag.number),
)


def stored_flags(database: Database, visit_id: uuid.UUID) -> list[StoredFlag]:
    return fetch_all(database.autocommit, STORED_FLAGS, visit_id=visit_id)


def test_rows_are_stored_in_order_with_their_nulls(database: Database, visit_id: uuid.UUID) -> None:
    flags = [(visit_id, 1, "first", "", None, "a"), (visit_id, 1, "second", "", PHOTO, None)]
    database.write(lambda session: insert_rows(session, FLAGS, flags))
    third = (visit_id, 1, "third", "", None, None)
    database.write_statements(lambda transaction: insert_rows(transaction, FLAGS, [third]))
    database.write(lambda session: insert_rows(session, FLAGS, []))
    assert stored_flags(database, visit_id) == [
        StoredFlag("first", None, "a"),
        StoredFlag("second", PHOTO, None),
        StoredFlag("third", None, None),
    ]


def test_no_row_is_stored_if_one_is_invalid_and_the_connection_can_be_used_again(
    database: Database, visit_id: uuid.UUID
) -> None:
    valid, invalid = (visit_id, 1, "valid", "", None, None), (uuid.uuid4(), 1, "invalid", "", None, None)

    def work(session: Any) -> None:
        with pytest.raises(IntegrityError), session.begin_nested():
            insert_rows(session, FLAGS, [valid, invalid])
        insert_rows(session, FLAGS, [valid])

    database.write(work)
    assert [flag.code for flag in stored_flags(database, visit_id)] == ["valid"]
    with pytest.raises(IntegrityError):
        database.write_statements(lambda transaction: insert_rows(transaction, FLAGS, [valid, invalid]))
    assert [flag.code for flag in stored_flags(database, visit_id)] == ["valid"]


def test_names_in_another_order_than_the_columns_are_rejected() -> None:
    with pytest.raises(ValueError, match="order"):
        BulkInsert(Tally, ("times", "answer", "month", "subject_id", "location_number"))
