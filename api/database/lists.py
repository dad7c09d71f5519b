"""Lists as parameters: a list is one parameter, so that the SQL does not depend on its length."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Boolean, Dialect, Integer, LargeBinary, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Element = UUID | bytes | int


class ListOf(TypeDecorator[Sequence[Any]]):
    """A list of values of a type: an array on PostgreSQL, a JSON array as text on SQLite.

    On SQLite, elements are UUIDs, bytes or integers. UUIDs and bytes are written in hexadecimal.
    """

    impl = ARRAY
    cache_ok = True

    def __init__(self, element_type: TypeEngine[Any]) -> None:
        super().__init__(element_type)
        self.element_type = element_type

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that a database knows."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(self.element_type))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return the function that converts a list to what the driver takes."""
        if dialect.name == "sqlite":
            return _to_json
        if isinstance(self.element_type, Integer):
            return _to_array_literal
        return super().bind_processor(dialect)


class among(FunctionElement[bool]):
    """The condition that the value of a column is in the list that the parameter ``name`` passes.

    The column holds UUIDs, bytes or integers.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=ListOf(column.type)))


@compiles(among, "postgresql")
def _compile_for_postgresql(condition: among, compiler: SQLCompiler, **options: Any) -> str:
    # The parameter is the array itself. A text that is cast would be parsed again for each row.
    column, values = condition.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(values, **options)})"


@compiles(among, "sqlite")
def _compile_for_sqlite(condition: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = condition.clauses
    value = "unhex(value)" if isinstance(column.type, LargeBinary) else "value"
    elements = f"json_each({compiler.process(values, **options)})"
    return f"{compiler.process(column, **options)} IN (SELECT {value} FROM {elements})"  # noqa: S608


def _to_array_literal(numbers: Sequence[int]) -> str:
    # As text, because psycopg inspects each element of a list of integers.
    return f"{{{','.join(map(str, numbers))}}}"


def _to_json(values: Sequence[Element]) -> str:
    return orjson.dumps([_to_hex(value) for value in values]).decode()


def _to_hex(value: Element) -> str | int:
    if isinstance(value, int):
        return value
    return value.hex if isinstance(value, UUID) else value.hex()
