"""The database itself: snapshots to read from, and one write transaction at a time to change things.

Writing on SQLite begins with BEGIN IMMEDIATE, so that no transaction finds out at its end that another wrote
before it; a lock within the process lets writers queue in order instead of polling the file's lock.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import orjson
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.database.statements import Transaction, cursor_of, errors_of

T = TypeVar("T")

#: PostgreSQL's serialization failure and deadlock: the transaction may be run again
_TRY_AGAIN = frozenset({"40001", "40P01"})
_TRIES = 3
#: out of reach or locked; no connection free; to be run again; a constraint in the way; the program's fault
ERROR_KINDS = ("unavailable", "pool-exhausted", "try-again", "constraint", "other")
#: how JSON is written and read, at a tenth of the time that Python's own takes
_JSON: Any = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
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
            self.reading_engine = _postgresql(url, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self.writing_engine = _postgresql(url, "BEGIN")
            self._turn = nullcontext()

    def read_snapshot(self) -> Session:
        """Return a session to read from: every query of its transaction sees the same moment."""
        return Session(self.reading_engine, autoflush=False)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one write transaction and commit; an exception rolls everything back.

        ``work`` runs again when PostgreSQL asks for it, so it must only read and write the database.
        """

        def once() -> T:
            with Session(self.writing_engine, expire_on_commit=False) as session, session.begin():
                return work(session)

        return self._tried(once)

    def write_statements(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work``, which runs statements alone, in one write transaction like ``write``."""

        def once() -> T:
            with self.writing_engine.begin() as connection:
                return work(Transaction(connection))

        return self._tried(once)

    def _tried(self, once: Callable[[], T]) -> T:
        for last_try in (False,) * (_TRIES - 1) + (True,):
            try:
                with self._turn:
                    return once()
            except DBAPIError as error:
                if last_try or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
        raise AssertionError("the last try returns or raises")

    def tell_errors(self, tell: Callable[[str], None]) -> None:
        """Have ``tell`` called with the kind (of ERROR_KINDS) of each error that the database meets with."""

        def told(context: ExceptionContext) -> None:
            tell(_kind_of(context.original_exception))

        for engine in (self.reading_engine, self.writing_engine):
            event.listen(engine, "handle_error", told)

    def check(self) -> None:
        """Raise when the database does not answer."""
        with self.reading_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give every connection back."""
        self.reading_engine.dispose()
        self.writing_engine.dispose()


def _kind_of(error: BaseException) -> str:
    """Name an error of a driver; by the names of PEP 249, for each driver has classes of its own."""
    if getattr(error, "sqlstate", None) in _TRY_AGAIN:
        return "try-again"
    names = {each.__name__ for each in type(error).__mro__}
    if "IntegrityError" in names:
        return "constraint"
    return "unavailable" if names & {"OperationalError", "InterfaceError"} else "other"


def _postgresql(url: str, begin: str) -> Engine:
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=POOL,
        max_overflow=POOL,
        pool_use_lifo=True,  # few are used, and stay warm
        # Times come back in UTC whatever zone the server or the role is set to; compiling a query, which a
        # large region's score may set off, takes longer than running it.
        connect_args={"options": "-c timezone=UTC -c jit=off"},
        hide_parameters=True,
        # Transactions begin below; a statement by itself needs none.
        isolation_level="AUTOCOMMIT",
        **_JSON,
    )
    _begin_with(engine, begin)
    return engine


def _sqlite(url: str, pool_size: int, begin: str, *pragmas: str) -> Engine:
    # The Python of many systems carries a SQLite that can corrupt a WAL database; this one is bundled.
    import pysqlite3.dbapi2

    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        connect_args={"timeout": 30, "check_same_thread": False},
        hide_parameters=True,  # an error that is logged must not tell what shoppers wrote
        **_JSON,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own
        for pragma in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA cache_size = -32000",
            *pragmas,
        ):
            connection.execute(pragma)

    _begin_with(engine, begin)
    return engine


def _begin_with(engine: Engine, begin: str) -> None:
    """Have the transactions of an engine begin with that statement, not where the driver guesses."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        with errors_of(connection):
            cursor_of(connection.connection).execute(begin)


def insert(session: Session, table: type[Any]) -> Any:
    """Return an INSERT that knows ON CONFLICT, in the session's dialect."""
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)
