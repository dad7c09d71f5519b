"""Migrations lead from nothing to the models' tables, and back, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from api import migrations
from api.database.engines import Database
from api.models import Base
from tests.support import servers


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        url = servers.new_database(request.getfixturevalue("postgres_url"))
    database = Database(url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.reading_engine).get_table_names())


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrations.configuration(None)).get_heads()) == 1


def test_from_empty_they_make_the_tables_of_the_models(empty: Database) -> None:
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}
    with empty.reading_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_checks_and_foreign_keys_are_those_of_the_models(empty: Database) -> None:
    migrations.upgrade(empty)
    found = inspect(empty.reading_engine)
    for name, table in Base.metadata.tables.items():
        checks = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {str(each["name"]) for each in found.get_check_constraints(name)} == checks, name
        keys = {str(each.name) for each in table.foreign_key_constraints}
        assert {str(each["name"]) for each in found.get_foreign_keys(name)} == keys, name


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def test_down_to_empty_leaves_nothing(empty: Database) -> None:
    migrations.upgrade(empty)
    with empty.writing_engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), "base")
    assert tables(empty) == {"alembic_version"}
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}
