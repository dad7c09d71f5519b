"""Writes a table as XLSX, in constant memory: numbers, dates and truth values are real ones.

Texts are never formulas, whatever they begin with.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import rustpy_xlsxwriter

from api.exports.tables import Table, Value

#: the limits of the format; the first row of a sheet is the header
MAX_ROWS = 1_048_575
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
COLUMN_WIDTH = 18


class TooManyColumns(Exception):
    """The table has more columns than a sheet can have."""


def write_xlsx(
    table: Table, path: Path, title: str, about: Sequence[tuple[str, str]], max_rows: int = MAX_ROWS
) -> None:
    """Write a table to ``path``, on as many sheets as it needs, and a last sheet that says what it contains.

    ``title`` is the name of the first sheet. ``about`` are the names and values on the last one. Raises
    TooManyColumns.
    """
    if len(table.columns) > MAX_COLUMNS:
        raise TooManyColumns
    rows = iter(table.rows)
    sheet_count = max(1, -(-table.row_count // max_rows))
    sheets: list[tuple[str, Any]] = [
        (title if number == 1 else f"{title} {number}", _read_sheet(table.columns, rows, max_rows))
        for number in range(1, sheet_count + 1)
    ]
    # The data come first, because programs that read workbooks read the first sheet.
    sheets.append(("about", ({"name": name, "value": _cut(value)} for name, value in about)))
    options: Mapping[str, Any] = {
        "freeze_panes": {name: {"row": 1, "col": 0} for name, _ in sheets},
        "column_width": {"general": COLUMN_WIDTH},
        "bold_headers": True,
        "datetime_format": "yyyy-mm-dd",
    }
    rustpy_xlsxwriter.write_worksheets(sheets, path, **options)


def _read_sheet(
    columns: Sequence[str], rows: Iterator[Sequence[Value]], max_rows: int
) -> Iterator[dict[str, Value]]:
    """Yield the next rows for one sheet, or one without values, because only rows bring the header."""
    first = next(rows, None)
    if first is None:
        yield dict.fromkeys(columns)
        return
    for row in chain([first], islice(rows, max_rows - 1)):
        yield dict(zip(columns, map(_cut, row), strict=True))


def _cut(value: Value) -> Value:
    return value[:MAX_TEXT] if isinstance(value, str) else value
