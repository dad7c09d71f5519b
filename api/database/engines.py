"""The database: an engine for reading and one for writing, on SQLite or PostgreSQL.

Write transactions on SQLite begin with BEGIN IMMEDIATE. They wait for the write lock at their beginning, and
do not fail at their end because another one wrote first. A lock within the process queues writers in order.
Without it, they would poll the lock of the file.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from copy import copy
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, column, create_engine, event, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from api.database import failures
from api.database.group_commit import GroupCommit
from api.database.limits import BACKGROUND, CONNECTION, REQUEST, Limits, TimedLock
from api.database.statements import Autocommit, Transaction, get_cursor, translate_errors

Result = TypeVar("Result")

#: How often a transaction runs that PostgreSQL asks to run again
_ATTEMPTS = 3
#: orjson takes a tenth of the time of the standard library's json.
_JSON: Any = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
#: The revision of the tables: the one row that every database of the program has
_REVISION = table("alembic_version", column("version_num"))
#: A write that changes nothing. It skips a row that is locked, because a migration runs.
_TOUCH = update(_REVISION).values(version_num=_REVISION.c.version_num)
_TOUCH = _TOUCH.where(
    _REVISION.c.version_num.in_(select(_REVISION.c.version_num).with_for_update(skip_locked=True))
)
#: Begins a transaction of PostgreSQL whose queries see one moment.
BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#: The number of connections that an engine keeps open. Under load, it opens up to as many again.
POOL_SIZE = 6
#: The pages that each connection to SQLite keeps in memory. The caches of all connections fill up in time.
SQLITE_CACHE_KIB = 8_000


class Database:
    """A database with an engine for reading and one for writing."""

    def __init__(self, url: str) -> None:
        """Prepare the engines. ``url`` begins with sqlite:/// or postgresql://; nothing connects yet."""
        self.url = url
        self._lock = threading.Lock()
        self._write_lock: AbstractContextManager[object]
        self._group_commit: GroupCommit | None
        if url.startswith("sqlite"):
            self.reading_engine = _create_sqlite_engine(url, POOL_SIZE, "BEGIN", "PRAGMA query_only = ON")
            self.writing_engine = _create_sqlite_engine(url, 1, "BEGIN IMMEDIATE")
            self._write_lock = TimedLock(self._lock, REQUEST)
            self._group_commit = GroupCommit(self._begin_write)
        else:
            self.reading_engine = create_postgresql_engine(url, BEGIN_SNAPSHOT)
            self.writing_engine = create_postgresql_engine(url, "BEGIN")
            self._write_lock = nullcontext()
            self._group_commit = None
        #: Creates the session of each write transaction. Other parts of the program can listen to its events.
        self.write_session = sessionmaker(self.writing_engine, expire_on_commit=False)
        #: Runs prepared queries one by one, outside any transaction. It costs a fraction of a snapshot.
        self.autocommit = Autocommit(self.reading_engine)
        for engine in (self.reading_engine, self.writing_engine):
            event.listen(engine, "handle_error", self._leave_lost_server)

    def in_background(self) -> "Database":
        """Return the same database for work that no one waits for: it waits and runs for longer.

        Both have the same connections, and the same lock around the transactions that write.
        """
        database = copy(self)
        database.reading_engine = self.reading_engine.execution_options(limits=BACKGROUND)
        database.writing_engine = self.writing_engine.execution_options(limits=BACKGROUND)
        if isinstance(self._write_lock, TimedLock):
            database._write_lock = TimedLock(self._lock, BACKGROUND)
        return database

    def read_snapshot(self) -> Session:
        """Return a session for reading: all its queries see the same moment, that of the first."""
        return Session(self.reading_engine, autoflush=False)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work`` in one write transaction and commit; an exception rolls everything back.

        PostgreSQL may ask to run the transaction again, so ``work`` must only read and write the database.
        Raises sqlalchemy.exc.DBAPIError if all attempts fail.
        """

        def attempt() -> Result:
            with self.write_session(bind=self.writing_engine) as session, session.begin():
                return work(session)

        return self._retry(attempt)

    def write_statements(self, work: Callable[[Transaction], Result]) -> Result:
        """Run ``work``, which uses prepared statements only, in one write transaction, like ``write``.

        On SQLite, it shares the transaction with the work of other threads that wait.
        """
        if self._group_commit:
            return self._group_commit.run(work)

        def attempt() -> Result:
            with self.writing_engine.begin() as connection:
                return work(Transaction(connection))

        return self._retry(attempt)

    @contextmanager
    def _begin_write(self) -> Iterator[Connection]:
        with self._write_lock, self.writing_engine.begin() as connection:
            yield connection

    def _retry(self, attempt: Callable[[], Result]) -> Result:
        for attempts_left in reversed(range(_ATTEMPTS)):
            try:
                with self._write_lock:
                    return attempt()
            except DBAPIError as error:
                if not attempts_left or not failures.is_retryable(error):
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def on_error(self, report: Callable[[str], None]) -> None:
        """Call ``report`` for each error of the database, with its kind (one of failures.ERROR_KINDS)."""

        def handle(context: ExceptionContext) -> None:
            report(failures.classify(context.original_exception))

        for engine in (self.reading_engine, self.writing_engine):
            event.listen(engine, "handle_error", handle)

    def _leave_lost_server(self, context: ExceptionContext) -> None:
        """Let no connection remain to a server that has become read-only or ends, as after a failover.

        SQLAlchemy replaces the connections of the engine with the error.
        """
        if failures.needs_another_server(context.original_exception):
            context.is_disconnect = True
            is_reading = context.engine is not None and context.engine.pool is self.reading_engine.pool
            (self.writing_engine if is_reading else self.reading_engine).dispose()

    def check(self) -> None:
        """Raise sqlalchemy.exc.SQLAlchemyError unless the database can be written. It commits a write."""
        self.write(lambda session: session.execute(_TOUCH))

    def empty_log(self) -> bool:
        """Move the write-ahead log of SQLite to the database file, so that deleted data is in neither.

        Returns False if that is not possible now: the log is still needed, or the disk is full. On
        PostgreSQL, nothing happens.
        """
        if self.writing_engine.dialect.name != "sqlite":
            return True
        try:
            return self._empty_log()
        except PoolTimeout:
            return False

    def _empty_log(self) -> bool:
        with self._write_lock, closing(self.writing_engine.raw_connection()) as connection:
            cursor = get_cursor(connection)
            # Writers must not wait until the last reader is done.
            [timeout] = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                is_busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except self.writing_engine.dialect.loaded_dbapi.Error:
                return False
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {timeout}")
        return not is_busy

    def close(self) -> None:
        """Close all connections. The database can be used again afterwards."""
        self.reading_engine.dispose()
        self.writing_engine.dispose()


def create_postgresql_engine(url: str, begin: str) -> Engine:
    """Return an engine whose transactions begin with the statement ``begin``; nothing connects yet."""
    parameters = make_url(url).query
    # Times are in UTC, whatever the server or the role is set to. Compiling the query for the score of a
    # large region (JIT) takes longer than running it.
    options = {"timezone": "UTC", "jit": "off", **REQUEST.as_settings()}
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=REQUEST.lock,
        pool_use_lifo=True,  # uses few connections, whose caches stay warm
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            **{name: value for name, value in CONNECTION.items() if name not in parameters},
        },
        hide_parameters=True,
        # Transactions begin with the statement below. Autocommit queries need none.
        isolation_level="AUTOCOMMIT",
        **_JSON,
    )
    longer = "".join(f"; SET LOCAL {name} = '{value}'" for name, value in BACKGROUND.as_settings().items())
    _begin_with(engine, {REQUEST: [begin], BACKGROUND: [begin + longer]})
    return engine


def _create_sqlite_engine(url: str, pool_size: int, begin: str, *pragmas: str) -> Engine:
    # This package bundles SQLite: the version in many systems can corrupt a database with WAL.
    import pysqlite3.dbapi2

    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=REQUEST.lock,
        pool_use_lifo=True,
        connect_args={"timeout": REQUEST.lock, "check_same_thread": False},
        hide_parameters=True,  # keeps what shoppers wrote out of the log
        **_JSON,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transactions
        # SQLite's own function knows only the letters of ASCII.
        connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)
        for pragma in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            # What is deleted is overwritten with zeros.
            "PRAGMA secure_delete = ON",
            f"PRAGMA cache_size = -{SQLITE_CACHE_KIB}",
            *pragmas,
        ):
            connection.execute(pragma)

    _begin_with(
        engine,
        {
            limits: [f"PRAGMA busy_timeout = {limits.lock * 1000:.0f}", begin]
            for limits in (REQUEST, BACKGROUND)
        },
    )
    return engine


def _begin_with(engine: Engine, statements: Mapping[Limits, Sequence[str]]) -> None:
    """Begin the transactions of an engine with the statements for their limits."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        with translate_errors(connection):
            cursor = get_cursor(connection.connection)
            for statement in statements[connection.get_execution_options().get("limits", REQUEST)]:
                cursor.execute(statement)


def insert(session: Session, table: type[Any]) -> Any:
    """Return an INSERT of the session's dialect, which supports ON CONFLICT."""
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)
