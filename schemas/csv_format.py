"""Lists as CSV. The columns depend on the schema of the rows, not on which of their values are null.

The names of nested fields are joined: ``location_code``, ``trend_2026-01``, ``section_title_en``.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from marshmallow import fields

from schemas.base import Localized

#: Spreadsheets interpret a text that begins with one of these as a formula.
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: The types of values that are written as they are
_NUMBERS = frozenset((int, float, type(None)))


def to_csv(row_fields: Mapping[str, fields.Field[Any]], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header line. Each row has a value, or null, for each of the fields."""
    return "".join(stream_csv(row_fields, [rows]))


def stream_csv(
    row_fields: Mapping[str, fields.Field[Any]], parts: Iterable[Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    """Yield rows as CSV, part by part, after a header line. If it depends on no row, it is yielded first.

    The columns are those of the first part. The caller makes sure that all parts have the same ones.
    """
    needs_header = True
    if not any(map(_has_keys, row_fields.values())):
        yield _format_lines([[name for name, _ in list_columns(row_fields, [])]])
        needs_header = False
    for rows in parts:
        columns = list_columns(row_fields, rows)
        header = [[name for name, _ in columns]] if needs_header else []
        needs_header = False
        lines = zip(*(_format_cells(values) for _, values in columns), strict=True)
        yield _format_lines(chain(header, lines))


def _format_lines(lines: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def has_languages(field: fields.Field[Any]) -> bool:
    """Return whether the columns of a field depend on the languages of its values."""
    if isinstance(field, fields.Nested):
        return any(map(has_languages, field.schema.fields.values()))
    return isinstance(field, Localized)


def _has_keys(field: fields.Field[Any]) -> bool:
    """Return whether the columns of a field depend on its values, such as on their months."""
    return isinstance(field, fields.List | fields.Dict) or has_languages(field)


_Column = tuple[str, list[Any]]


def list_columns(
    row_fields: Mapping[str, fields.Field[Any]], rows: Sequence[Mapping[str, Any]]
) -> list[_Column]:
    """Return the columns of rows: their names, and their values in each row."""
    return [
        column
        for name, field in row_fields.items()
        for column in _list_columns(name, field, [row[name] for row in rows])
    ]


def _list_columns(name: str, field: fields.Field[Any], values: list[Any]) -> Iterator[_Column]:
    """Yield the columns of a field: their names, and their values in each row."""
    if isinstance(field, fields.Nested):
        yield from _list_nested_columns(name, field, values)
    elif isinstance(field, fields.List):
        by_month = [{item["month"]: item for item in items or ()} for items in values]
        yield from _list_keyed_columns(name, field.inner, by_month)
    elif isinstance(field, fields.Dict):
        yield from _list_keyed_columns(name, field.value_field or fields.Raw(), values)
    elif isinstance(field, Localized):
        by_language = [{"": value} if isinstance(value, str) else value for value in values]
        yield from _list_keyed_columns(name, fields.String(), by_language)
    else:
        yield name, values


def _list_nested_columns(name: str, field: fields.Nested, values: list[Any]) -> Iterator[_Column]:
    for key, inner in field.schema.fields.items():
        is_used = inner.required or any(value is not None and key in value for value in values)
        if is_used and key != "month":  # the month of a list's item is in the name of its columns
            inner_values = [None if value is None else value.get(key) for value in values]
            yield from _list_columns(f"{name}_{key}", inner, inner_values)


def _list_keyed_columns(name: str, inner: fields.Field[Any], values: list[Any]) -> Iterator[_Column]:
    """Yield the columns of a field whose keys depend on the data, such as months and languages."""
    keys = dict.fromkeys(key for value in values if value for key in value)
    if not keys:
        yield name, [None] * len(values)
    for key in keys:
        inner_values = [None if value is None else value.get(key) for value in values]
        yield from _list_columns(f"{name}_{key}" if key else name, inner, inner_values)


def _format_cells(values: Sequence[Any]) -> Iterable[Any]:
    # Most columns of scores have only numbers. Without a call for each of them, a file takes 15 % less time.
    return values if _NUMBERS.issuperset(map(type, values)) else map(format_cell, values)


def format_cell(value: Any) -> Any:
    """Return the content of a cell: booleans as in JSON, and texts that are never run as formulas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_MARKS):
        return f"'{value}"
    return value
