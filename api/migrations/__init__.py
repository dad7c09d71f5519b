"""Alembic migrations, and the function that runs them."""

from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.database.engines import Database
from api.keys import Keys

_FOLDER = Path(__file__).parent
#: The advisory lock under which one program at a time changes the tables of PostgreSQL.
_UPGRADE_LOCK = 0x6D696772

#: A dump that is restored in another cluster has the IDs of transactions that are in the future there.
_FORGET_TRANSACTIONS = """
    UPDATE changes SET transaction_id = 0
    WHERE organization_id IN (SELECT id FROM organizations)
    AND transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


class NewerSchema(Exception):
    """The tables are those of a newer release, which this one could damage. The message is one line."""


def check_schema(database: Database) -> None:
    """Raise NewerSchema if the tables are those of a newer release, and the database can be reached."""
    with suppress(SQLAlchemyError), database.reading_engine.connect() as connection:
        _check_schema(connection)


def _check_schema(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise NewerSchema(
                f"the database has the tables of a newer release (revision {revision}): start that release, "
                "or restore the backup that was made before the upgrade"
            )


def configuration(connection: object, keys: Keys | None = None) -> Config:
    """Return Alembic's configuration for an open connection. ``keys`` encrypt what migrations store."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    config.attributes["keys"] = keys
    return config


def upgrade(database: Database, revision: str = "head", *, keys: Keys | None = None) -> None:
    """Upgrade the tables to a revision, the latest by default, in one transaction.

    ``keys`` are those of the program. Tables with webhooks of an earlier release need them.

    Raises NewerSchema if they are those of a newer release.
    """
    with database.in_background().writing_engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        _check_schema(connection)
        command.upgrade(configuration(connection, keys), revision)
        if connection.dialect.name == "postgresql" and revision == "head":
            connection.execute(text(_FORGET_TRANSACTIONS))
