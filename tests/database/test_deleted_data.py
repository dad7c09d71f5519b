"""On SQLite, nothing is left of deleted data in the files of the database."""

from pathlib import Path

import pytest
from sqlalchemy import text

from api.database.engines import Database

SECRET = "the bytes of a deleted row"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'database.sqlite3'}")
    database.write(lambda session: session.execute(text("CREATE TABLE notes (note TEXT)")))
    for statement in (f"INSERT INTO notes VALUES ('{SECRET}')", "DELETE FROM notes"):
        database.write(lambda session, statement=statement: session.execute(text(statement)))
    return database


def read_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_deleted_bytes_are_in_no_file_once_the_log_is_empty(database: Database, tmp_path: Path) -> None:
    assert SECRET.encode() in read_files(tmp_path)
    assert database.empty_log()
    assert SECRET.encode() not in read_files(tmp_path)


def test_a_log_that_a_reader_needs_is_emptied_later(database: Database, tmp_path: Path) -> None:
    with database.read_snapshot() as session:
        session.execute(text("SELECT * FROM notes"))
        assert not database.empty_log()
        # Writers do not wait for the reader.
        database.write(lambda session: session.execute(text("INSERT INTO notes VALUES ('another')")))
        assert not database.empty_log()
    assert database.empty_log()
    assert SECRET.encode() not in read_files(tmp_path)
