"""Prepared statements: SQL that is compiled once per process and run by the database driver itself.

They are for the requests that every phone makes: finding the caller, checklists, visits, submissions. There,
building and processing a statement in SQLAlchemy costs more CPU than the database needs to run it.
docs/performance.md has the measurements. Everything else uses SQLAlchemy as usual. Tables, types and errors
are those of SQLAlchemy in both cases.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    Executable,
    Float,
    PoolProxiedConnection,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from api.database.lists import ListOf

Row = TypeVar("Row")
Processor = Callable[[Any], Any]


class Statement:
    """SQL with parameters, compiled once for each database and set of parameters.

    Parameters are named as in ``bindparam``, or as the columns that an INSERT or UPDATE sets.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], Compiled] = {}

    def compile(self, dialect: Dialect, names: Iterable[str]) -> "Compiled":
        """Return the statement as the driver of ``dialect`` takes it, for parameters with these names."""
        key = (dialect.name, *names)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(dialect, key[1:])
        return compiled

    def _compile(self, dialect: Dialect, names: Sequence[str]) -> "Compiled":
        return _compile(self._statement, dialect, names)


class Query(Statement, Generic[Row]):
    """A SELECT whose rows have a type: a named tuple or a dataclass with one field per column, in order."""

    def __init__(self, row_type: Callable[..., Row], statement: Executable) -> None:
        super().__init__(statement)
        self.row_type = row_type

    def _compile(self, dialect: Dialect, names: Sequence[str]) -> "Compiled":
        compiled = super()._compile(dialect, names)
        fields = list(signature(self.row_type).parameters)
        if compiled.columns != fields:
            raise TypeError(f"{self.row_type} has the fields {fields}, the query has {compiled.columns}")
        return compiled


class Command(Statement):
    """An INSERT, UPDATE or DELETE."""


class BulkInsert(Command):
    """An INSERT of many rows with values for the columns ``names``, which are in the order of the table.

    ``add_conflict_clause`` adds ON CONFLICT to it. PostgreSQL takes all rows in one statement, as one array
    for each column. SQLite takes them one by one.
    """

    def __init__(
        self,
        table: type[Any],
        names: Sequence[str],
        add_conflict_clause: Callable[[Any], Executable] = lambda statement: statement,
    ) -> None:
        self.names = names
        self._columns = table.__table__.columns
        # Values are bound by position, in the order of the table.
        if list(names) != [column.name for column in self._columns if column.name in names]:
            raise ValueError(f"These are not columns of the table in their order: {names}")
        super().__init__(add_conflict_clause(sqlite.insert(table)))
        arrays = [func.unnest(bindparam(name, type_=ListOf(self._columns[name].type))) for name in names]
        self._array_statement = add_conflict_clause(
            postgresql.insert(table).from_select(names, select(*arrays))
        )

    def _compile(self, dialect: Dialect, names: Sequence[str]) -> "Compiled":
        statement = self._array_statement if dialect.name == "postgresql" else self._statement
        return _compile(statement, dialect, names)


class Transaction:
    """A write transaction for prepared statements only. It costs less to begin than that of a Session."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class Autocommit:
    """Runs each query on its own, outside any transaction: two queries may see different moments."""

    __slots__ = ("engine",)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


#: What runs prepared statements. A Session runs them in its transaction and does not flush before.
Runner = Session | Transaction | Autocommit
#: The same, for statements that change something.
Writer = Session | Transaction


def fetch_all(runner: Runner, query: Query[Row], **parameters: Any) -> list[Row]:
    """Run a query and return its rows."""
    if isinstance(runner, Autocommit):
        rows = _run_outside_transaction(runner.engine, query, parameters)
    else:
        connection = _get_connection(runner)
        compiled = query.compile(connection.dialect, parameters)
        with translate_errors(connection):
            rows = compiled.fetch(get_cursor(connection.connection), parameters)
    return [query.row_type(*row) for row in rows]


def fetch_one(runner: Runner, query: Query[Row], **parameters: Any) -> Row | None:
    """Run a query for at most one row, and return that row or None."""
    rows = fetch_all(runner, query, **parameters)
    return rows[0] if rows else None


def execute(writer: Writer, command: Command, **parameters: Any) -> None:
    """Run a command."""
    connection = _get_connection(writer)
    compiled = command.compile(connection.dialect, parameters)
    with translate_errors(connection):
        get_cursor(connection.connection).execute(compiled.sql, compiled.bind(parameters))


def insert_rows(writer: Writer, command: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, if there are any. Each has its values in the order of the command's names."""
    if not rows:
        return
    connection = _get_connection(writer)
    if connection.dialect.name == "postgresql":
        columns = map(list, zip(*rows, strict=True))
        execute(writer, command, **dict(zip(command.names, columns, strict=True)))
        return
    compiled = command.compile(connection.dialect, command.names)
    with translate_errors(connection):
        get_cursor(connection.connection).executemany(compiled.sql, compiled.bind_rows(rows))


@contextmanager
def pipeline(writer: Writer) -> Iterator[None]:
    """Send the commands of the block to PostgreSQL without waiting for the result of each.

    An error is raised by a later command or at the end of the block. On SQLite, commands run as
    usual.
    """
    connection = _get_connection(writer)
    if connection.dialect.name != "postgresql":
        yield
        return
    driver_connection: Any = connection.connection.driver_connection
    with translate_errors(connection), driver_connection.pipeline():
        yield


def _get_connection(writer: Writer) -> Connection:
    return writer.connection() if isinstance(writer, Session) else writer.connection


def get_cursor(connection: PoolProxiedConnection) -> Any:
    """Return the one driver cursor of a connection. Fetch all its rows before the next call.

    With a new cursor for each statement, psycopg would take half as long again.
    """
    info = connection.info
    if "cursor" not in info:
        info["cursor"] = connection.cursor()
    return info["cursor"]


class translate_errors:
    """Handles errors of the driver as SQLAlchemy handles those of its own statements.

    They become a DBAPIError, listeners for "handle_error" are called, and a lost connection is discarded.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, self._connection.dialect.loaded_dbapi.Error):
            # Private, because there is no public name. test_prepared_statements.py tests what it does.
            self._connection._handle_dbapi_exception(error, None, None, None, None)


def _run_outside_transaction(
    engine: Engine, query: Query[Any], parameters: Mapping[str, Any]
) -> list[Sequence[Any]]:
    """Run a query on a connection from the pool. If that connection was lost, run it on a new one."""
    compiled = query.compile(engine.dialect, parameters)
    driver_error = engine.dialect.loaded_dbapi.Error
    try:
        connection = engine.raw_connection()
        try:
            return compiled.fetch(get_cursor(connection), parameters)
        except driver_error as error:
            if not engine.dialect.is_disconnect(error, connection.driver_connection, None):
                raise
            connection.invalidate(error)
            engine.dispose()  # a server that dropped one connection dropped all
        finally:
            connection.close()
    except driver_error as error:  # a new connection would wait as long for a lock, or for the server
        # Private, because there is no public name. test_prepared_statements.py tests what it does.
        Connection._handle_dbapi_exception_noconnection(error, engine.dialect, engine)
    with engine.connect() as new_connection, translate_errors(new_connection):
        return compiled.fetch(get_cursor(new_connection.connection), parameters)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A statement as a driver takes it."""

    sql: str
    #: The names of the parameters in the order of the SQL, each with the function that converts its value.
    binding: Sequence[tuple[str, Processor | None]]
    #: Whether the driver takes parameters by position, not by name.
    is_positional: bool
    #: Parameters whose values are part of the statement.
    constants: Mapping[str, Any]
    columns: Sequence[str]
    #: The columns whose values are converted, by index.
    reading: Sequence[tuple[int, Processor]]

    def fetch(self, cursor: Any, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run with a cursor of the driver and return the rows."""
        cursor.execute(self.sql, self.bind(parameters))
        rows: list[Sequence[Any]] = cursor.fetchall()
        return [self._read(row) for row in rows] if self.reading else rows

    def bind(self, parameters: Mapping[str, Any]) -> Any:
        """Return parameters as the driver takes them."""
        values = {**self.constants, **parameters} if self.constants else parameters
        if self.is_positional:
            return [process(values[name]) if process else values[name] for name, process in self.binding]
        return {name: process(values[name]) if process else values[name] for name, process in self.binding}

    def bind_rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows of parameters, each in the order of the SQL, as the driver takes them."""
        processors = [process for _, process in self.binding]
        if not any(processors):
            return rows
        return [
            [process(value) if process else value for process, value in zip(processors, row, strict=True)]
            for row in rows
        ]

    def _read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, process in self.reading:
            values[index] = process(values[index])
        return values


def _compile(statement: Any, dialect: Dialect, names: Sequence[str]) -> Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)
    assert not compiled.insert_prefetch, "Pass the values of columns that have a default in Python."
    processors = {name: _bind_processor(bind.type, dialect) for bind, name in compiled.bind_names.items()}
    columns = statement.exported_columns
    readers = [_result_processor(column.type, dialect) for column in columns]
    return Compiled(
        sql=str(compiled),
        binding=[(name, processors[name]) for name in compiled.positiontup or processors],
        is_positional=compiled.positional,
        constants={name: value for name, value in compiled.params.items() if name not in names},
        columns=[column.key for column in columns],
        reading=[(index, process) for index, process in enumerate(readers) if process],
    )


def _bind_processor(column_type: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(column_type: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(column_type, Float):  # both drivers return floats
        return None
    if isinstance(column_type, Uuid) and dialect.name == "sqlite":
        return _parse_uuid
    return column_type.dialect_impl(dialect).result_processor(dialect, None)


@lru_cache(maxsize=5_000)
def _parse_uuid(text: str | None) -> UUID | None:
    # SQLite stores UUIDs as text. Phones ask for the same visits, locations and checklists again and again.
    return None if text is None else UUID(text)
