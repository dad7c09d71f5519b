"""The database itself: snapshots to read from, and one write transaction at a time to change things.

Writing on SQLite begins with BEGIN IMMEDIATE, so that no transaction finds out at its end that another wrote
before it; a lock within the process lets writers queue in order instead of polling the file's lock.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Engine, Executable, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

T = TypeVar("T")

#: PostgreSQL's serialization failure and deadlock: the transaction may be run again
_TRY_AGAIN = frozenset({"40001", "40P01"})
_TRIES = 3
#: connections that an engine keeps open; under load it opens so many again for a while
POOL = 6


class Database:
    """An address of SQLite or PostgreSQL, with an engine for reading and one for writing."""

    def __init__(self, url: str) -> None:
        self.url = url
        if url.startswith("sqlite"):
            self.reading_engine = _sqlite(url, POOL, "BEGIN", "PRAGMA query_only = ON")
            self.writing_engine = _sqlite(url, 1, "BEGIN IMMEDIATE")
            self._turn: AbstractContextManager[object] = threading.Lock()
        else:
            self.reading_engine = _postgresql(
                url, isolation_level="REPEATABLE READ", execution_options={"postgresql_readonly": True}
            )
            self.writing_engine = _postgresql(url)
            self._turn = nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a snapshot: every query in it sees the same moment."""
        with Session(self.reading_engine, autoflush=False) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one write transaction and commit; an exception rolls everything back.

        ``work`` runs again when PostgreSQL asks for it, so it must only read and write the database.
        """
        for last_try in (False,) * (_TRIES - 1) + (True,):
            try:
                with (
                    self._turn,
                    Session(self.writing_engine, expire_on_commit=False) as session,
                    session.begin(),
                ):
                    return work(session)
            except DBAPIError as error:
                if last_try or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
        raise AssertionError("the last try returns or raises")

    def check(self) -> None:
        """Raise when the database does not answer."""
        with self.reading_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give every connection back."""
        self.reading_engine.dispose()
        self.writing_engine.dispose()


def _postgresql(url: str, **options: Any) -> Engine:
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=POOL,
        max_overflow=POOL,
        # Times come back in UTC whatever zone the server or the role is set to.
        connect_args={"options": "-c timezone=UTC"},
        hide_parameters=True,
        **options,
    )


def _sqlite(url: str, pool_size: int, begin: str, *pragmas: str) -> Engine:
    # The Python of many systems carries a SQLite that can corrupt a WAL database; this one is bundled.
    import pysqlite3.dbapi2

    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": 30, "check_same_thread": False},
        hide_parameters=True,  # an error that is logged must not tell what shoppers wrote
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver guesses
        for pragma in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA cache_size = -32000",
            *pragmas,
        ):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.connection.driver_connection.execute(begin)

    return engine


def rows(session: Session, statement: Executable, **parameters: Any) -> CursorResult[Any]:
    """Run a statement that was built once, with its parameters, and return plain rows.

    On the paths that every phone takes: building a statement costs many times as much as running it.
    """
    return session.connection().execute(statement, parameters)


def insert(session: Session, table: type[Any]) -> Any:
    """Return an INSERT that knows ON CONFLICT, in the session's dialect."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(dialect: str, table: type[Any]) -> Any:
    """Return an INSERT that knows ON CONFLICT, in the dialect of that name."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)
