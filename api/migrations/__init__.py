"""Alembic migrations, and the function that runs them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from api.database.engines import Database

_FOLDER = Path(__file__).parent
#: The advisory lock under which one program at a time changes the tables of PostgreSQL.
_UPGRADE_LOCK = 0x6D696772

#: A dump that is restored in another cluster has the IDs of transactions that are in the future there.
_FORGET_TRANSACTIONS = """
    UPDATE changes SET transaction_id = 0
    WHERE organization_id IN (SELECT id FROM organizations)
    AND transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


def configuration(connection: object) -> Config:
    """Return Alembic's configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Upgrade the tables to a revision, the latest by default, in one transaction."""
    with database.writing_engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        command.upgrade(configuration(connection), revision)
        if connection.dialect.name == "postgresql" and revision == "head":
            connection.execute(text(_FORGET_TRANSACTIONS))
