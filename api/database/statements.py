"""Statements that are built and compiled once, and run by the driver itself.

For the paths that every phone takes: what SQLAlchemy does anew for each execution costs many times what
SQLite does for it. Types, names and errors stay those of SQLAlchemy.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    Executable,
    Float,
    Integer,
    LargeBinary,
    PoolProxiedConnection,
    String,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

from api.database.types import UtcTime

Processor = Callable[[Any], Any]
#: a named tuple of the columns that a statement selects
Row = Any


class Statement:
    """A SELECT, INSERT or UPDATE, its parameters named as in ``bindparam`` or as its columns.

    ``build`` is the statement, or makes it for the name of a dialect.
    """

    def __init__(self, build: Executable | Callable[[str], Executable]) -> None:
        self._build = build
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def compiled(self, dialect: Dialect, names: Iterable[str]) -> "_Compiled":
        """Return what the driver of ``dialect`` takes, for parameters of these names."""
        key = (dialect.name, *names)
        known = self._compiled.get(key)
        if known is None:
            statement = self._build(dialect.name) if callable(self._build) else self._build
            known = self._compiled[key] = _compile(statement, dialect, key[1:])
        return known


class Transaction:
    """A transaction for statements alone, which begins and ends faster than that of a ``Session``."""

    __slots__ = ("connection", "together")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.together: list[tuple[_Compiled, Mapping[str, Any]]] | None = None


#: what statements run on. A Session whose transaction has not begun runs each by itself, outside any: what it
#: reads is then of a moment of its own. It flushes nothing before.
Runner = Session | Transaction


def rows(on: Runner, statement: Statement, **parameters: Any) -> list[Row]:
    """Run a statement and return its rows, if it has any."""
    if isinstance(on, Session):
        if not on.in_transaction():
            return _by_itself(on.bind, statement, parameters)
        connection, together = on.connection(), None
    else:
        connection, together = on.connection, on.together
    compiled = statement.compiled(connection.dialect, parameters)
    if together is not None and compiled.row is None:
        together.append((compiled, parameters))
        return []
    with errors_of(connection):
        return compiled.run(cursor_of(connection.connection), parameters)


def row(on: Runner, statement: Statement, **parameters: Any) -> Row | None:
    """Run a statement that has one row or none, and return that."""
    found = rows(on, statement, **parameters)
    return found[0] if found else None


class InsertMany(Statement):
    """An INSERT of rows with columns of these names, in the table's order; ``finish`` adds ON CONFLICT.

    PostgreSQL takes all rows at once, as an array for each column; SQLite one after the other, which costs
    it nothing.
    """

    def __init__(
        self, table: type[Any], names: Sequence[str], finish: Callable[[Any], Executable] = lambda made: made
    ) -> None:
        columns = table.__table__.columns
        # SQLite's statement has its columns in that order, and takes what it is given for each.
        assert list(names) == [each.name for each in columns if each.name in names], names

        def build(dialect: str) -> Executable:
            if dialect == "sqlite":
                return finish(sqlite.insert(table))
            arrays = [func.unnest(_array(name, columns[name].type)) for name in names]
            return finish(postgresql.insert(table).from_select(names, select(*arrays)))

        super().__init__(build)
        self.names = names


def _array(name: str, of: TypeEngine[Any]) -> BindParameter[Any]:
    """Return a parameter of PostgreSQL that is a list."""
    return bindparam(name, type_=_Numbers(of) if isinstance(of, Integer) else ARRAY(of))


class _Numbers(TypeDecorator[Sequence[int]]):
    """An array of whole numbers, none of them NULL, which leaves as text: psycopg would look at each of them.

    The parameter itself is the array, and not a text that is cast: that would be read for each row again.
    """

    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Return how a list is written as PostgreSQL reads an array."""
        return lambda numbers: f"{{{','.join(map(str, numbers))}}}"


def many(on: Runner, statement: InsertMany, each: Sequence[Sequence[Any]]) -> None:
    """Insert rows, if there are any, their values in the order of the statement's names."""
    if not each:
        return
    connection = on.connection() if isinstance(on, Session) else on.connection
    names = statement.names
    if connection.dialect.name == "postgresql":
        rows(on, statement, **dict(zip(names, map(list, zip(*each, strict=True)), strict=True)))
        return
    compiled = statement.compiled(connection.dialect, names)
    with errors_of(connection):
        cursor_of(connection.connection).executemany(compiled.text, compiled.bound_rows(each))


@contextmanager
def together(on: Runner) -> Iterator[None]:
    """Send the statements within, of those that have no rows, to a database server all at once.

    PostgreSQL takes them as one (WITH takes changes too): none may need what another has changed. It promises
    no order, and in fact begins with the last; so they are written the other way round, for who takes the
    same rows in other transactions. SQLite is no server: it runs each as it comes.
    """
    if isinstance(on, Session) or on.connection.dialect.name != "postgresql":
        yield
        return
    waiting: list[tuple[_Compiled, Mapping[str, Any]]] = []
    on.together = waiting
    try:
        yield
    finally:
        on.together = None
    if not waiting:
        return
    text = _as_one(tuple(compiled for compiled, _ in waiting))
    parameters = {
        f"{name}_{number}": value
        for number, (compiled, given) in enumerate(waiting)
        for name, value in compiled.bound(given).items()
    }
    with errors_of(on.connection):
        cursor_of(on.connection.connection).execute(text, parameters)


@cache
def _as_one(statements: Sequence["_Compiled"]) -> str:
    """Return one statement that does what these do, the names of whose parameters end with their number."""
    first, *others = (
        re.sub(r"%\((\w+)\)s", rf"%(\1_{number})s", each.text) for number, each in enumerate(statements)
    )
    parts = ", ".join(f"part_{number} AS ({text})" for number, text in reversed(list(enumerate(others))))
    return f"WITH {parts} {first}" if parts else first


def cursor_of(connection: PoolProxiedConnection) -> Any:
    """Return the driver's cursor that a connection keeps; what it gave is fetched before it is used again.

    With a new one psycopg takes half as long again for a query.
    """
    kept = connection.info
    if "cursor" not in kept:
        kept["cursor"] = connection.cursor()
    return kept["cursor"]


class errors_of:
    """Treat what the driver of a connection raises as SQLAlchemy does with what it runs itself."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, self._connection.dialect.loaded_dbapi.Error):
            # It has no public name: raises a DBAPIError, tells listeners, drops connections that are lost.
            self._connection._handle_dbapi_exception(error, None, None, None, None)


def _by_itself(engine: Any, statement: Statement, parameters: Mapping[str, Any]) -> list[Row]:
    """Run a statement on a connection of the pool, in no transaction; if that was lost, on a new one."""
    dialect = engine.dialect
    compiled = statement.compiled(dialect, parameters)
    # What is wrong is told by the second try, as SQLAlchemy tells it.
    with suppress(dialect.loaded_dbapi.Error):
        connection = engine.raw_connection()
        try:
            return compiled.run(cursor_of(connection), parameters)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, connection.driver_connection, None):
                connection.invalidate(error)
                engine.dispose()  # where the server dropped one connection it dropped all
            raise
        finally:
            connection.close()
    with engine.connect() as anew, errors_of(anew):
        return compiled.run(cursor_of(anew.connection), parameters)


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    """A statement as a driver takes it: its text, how parameters are bound, and rows made."""

    text: str
    #: the parameters in the order of the text, and how each is made what the driver takes
    binding: Sequence[tuple[str, Processor | None]]
    #: whether the driver counts the parameters, and knows no names
    positional: bool
    fixed: Mapping[str, Any]
    row: Callable[[Any], Row] | None
    reading: Sequence[tuple[int, Processor]]

    def run(self, cursor: Any, parameters: Mapping[str, Any]) -> list[Row]:
        """Run with a cursor of the driver."""
        cursor.execute(self.text, self.bound(parameters))
        if self.row is None:
            return []
        found = cursor.fetchall()
        if self.reading:
            found = [self._read(each) for each in found]
        return [self.row(each) for each in found]

    def bound(self, parameters: Mapping[str, Any]) -> Any:
        """Return parameters as the driver takes them."""
        values = {**self.fixed, **parameters} if self.fixed else parameters
        if self.positional:
            return [process(values[name]) if process else values[name] for name, process in self.binding]
        return {name: process(values[name]) if process else values[name] for name, process in self.binding}

    def bound_rows(self, each: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows of parameters, which are in the order of the text, as the driver takes them."""
        processes = [process for _, process in self.binding]
        if not any(processes):
            return each
        return [
            [process(value) if process else value for process, value in zip(processes, row, strict=True)]
            for row in each
        ]

    def _read(self, stored: Sequence[Any]) -> list[Any]:
        values = list(stored)
        for index, process in self.reading:
            values[index] = process(values[index])
        return values


def _compile(statement: Any, dialect: Dialect, names: Sequence[str]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)
    assert not compiled.insert_prefetch, "what the tables' defaults make in Python has to be given"
    processes = {name: _binding(bound.type, dialect) for bound, name in compiled.bind_names.items()}
    binding = [(name, processes[name]) for name in compiled.positiontup or processes]
    columns = [(column.key, column.type) for column in statement.exported_columns]
    reading = [
        (index, process) for index, (_, each) in enumerate(columns) if (process := _reading(each, dialect))
    ]
    row: Any = _named([name for name, _ in columns]) if columns else None
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    return _Compiled(str(compiled), binding, compiled.positional, fixed, row, reading)


def _named(names: list[str]) -> Callable[[Any], Row]:
    make: Callable[[Any], Row] = namedtuple("Row", names)._make  # type: ignore[attr-defined]
    return make


def _binding(each: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    return each.dialect_impl(dialect).bind_processor(dialect)


def _reading(each: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(each, Float):  # both drivers give floats as they are
        return None
    if isinstance(each, Uuid | Date | UtcTime):
        return _remembering(type(each), dialect)  # type: ignore[arg-type]
    return each.dialect_impl(dialect).result_processor(dialect, None)


@cache
def _remembering(kind: type[TypeEngine[Any]], dialect: Dialect) -> Processor | None:
    """Return how ids and times are read; the same come again and again, and cannot be changed.

    For types without options, as ours are.
    """
    process = kind().dialect_impl(dialect).result_processor(dialect, None)
    return process and lru_cache(maxsize=5_000)(process)


def among(column: Any, name: str, dialect: str) -> ColumnElement[bool]:
    """Return the condition that a UUID, bytes or a whole number are in the list that ``name`` gives."""
    found: ColumnElement[bool]
    if dialect == "postgresql":
        found = column == func.any(_array(name, column.type))
    else:
        listed = func.json_each(bindparam(name, type_=_HexAsJson)).table_valued("value").c.value
        found = column.in_(select(func.unhex(listed) if isinstance(column.type, LargeBinary) else listed))
    return found


class _HexAsJson(TypeDecorator[Sequence[UUID | bytes | int]]):
    """A list as SQLite's ``json_each`` reads it, UUIDs in hexadecimal as they are stored, and bytes too."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID | bytes | int] | None, dialect: Dialect) -> str:
        """Return the list as JSON."""
        return orjson.dumps([_hex(each) for each in value or ()]).decode()


def _hex(value: UUID | bytes | int) -> str | int:
    if isinstance(value, int):
        return value
    return value.hex if isinstance(value, UUID) else value.hex()
