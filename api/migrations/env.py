"""Runs migrations on the connection of ``api.migrations.upgrade``."""

from typing import Literal

from alembic import context

from api.database.types import UtcTime
from api.models import Base


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write the program's own types into new migrations as those of the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
