"""Recording the statements that requests send to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.support.world import World


@contextmanager
def recorded_statements(world: World) -> Iterator[list[str]]:
    """Record the statements that requests send to the database."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(world.database.reading_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(world.database.reading_engine, "before_cursor_execute", record)
