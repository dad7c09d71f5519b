"""Alembic's migrations, and how the program runs them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from api.database.engines import Database

_FOLDER = Path(__file__).parent
#: the advisory lock under which PostgreSQL's tables are changed, by one program at a time
_TURN = 0x6D696772


def configuration(connection: object) -> Config:
    """Return Alembic's configuration for an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Bring the tables to the latest revision, in one transaction."""
    with database.writing_engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        command.upgrade(configuration(connection), "head")
