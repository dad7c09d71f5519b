"""Imports of CSV files: the text is parsed, compared with what is stored, and reported line by line.

``parse_csv`` returns the rows of a file. After a schema has checked their cells, ``plan_import`` decides what
happens with each row. Nothing is stored until then, so that all errors of a file are reported together.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from api.domain import problems
from api.domain.imports import ADD, CHANGED, ERROR, NEW, UNCHANGED
from api.domain.problems import FieldError, pointer

_DELIMITERS = ",;\t"
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")

Stored = TypeVar("Stored")
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of file.

    ``key`` is the column that identifies what a row describes. It is one of the ``required`` columns, which
    every new row fills in. ``readers`` convert the text of a cell to a JSON value, by column; other cells are
    text, or null if they are empty.
    """

    key: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    readers: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that a file may have."""
        return (*self.required, *self.optional)


@dataclass(frozen=True, slots=True)
class LineError:
    """An error in a column of a line, or in the line as a whole. Line 1 is the header."""

    line: int
    column: str | None
    detail: str


@dataclass(slots=True)
class Row:
    """A row: the number of its first line, and its values by column. Values with errors are omitted."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class ImportFile:
    """The rows of a file, and the errors that were found in it so far."""

    columns: Columns
    mode: str
    header: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """A column whose value changes."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class PlannedRow(Generic[Stored]):
    """What happens with a row. ``stored`` is what it describes, unless that is new or has an error."""

    line: int
    state: str
    values: Values = field(default_factory=dict)
    stored: Stored | None = None
    changes: tuple[Change, ...] = ()

    @property
    def edits(self) -> dict[str, Any]:
        """The values to store: all values of a new row, and those of an existing one that change."""
        if self.state == NEW:
            return dict(self.values)
        return {change.column: change.after for change in self.changes}


@dataclass(frozen=True, slots=True)
class ImportPlan(Generic[Stored]):
    """What an import does: each row in the order of the file, and all errors."""

    rows: list[PlannedRow[Stored]]
    errors: list[LineError]

    def count_states(self) -> dict[str, int]:
        """Return the number of rows in each state, except those with errors."""
        counts = Counter(row.state for row in self.rows)
        return {state: counts[state] for state in (NEW, CHANGED, UNCHANGED)}

    @property
    def only_adds(self) -> bool:
        """Whether every row is new."""
        return all(row.state == NEW for row in self.rows)

    def check(self) -> None:
        """Raise INVALID if there are errors, with pointers to their line and column (``/3/code``)."""
        if self.errors:
            raise problems.INVALID(errors=[to_field_error(error) for error in self.errors])


def to_field_error(error: LineError) -> FieldError:
    """Return the error of a line as an error of the request."""
    path = (error.line,) if error.column is None else (error.line, error.column)
    return FieldError(pointer(*path), error.detail)


def read_number(cell: str) -> float | str | None:
    """Return a number, also with a decimal comma; a text that is none stays a text, which schemas reject."""
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else cell or None


def read_boolean(cell: str) -> bool | str:
    """Return ``true`` or ``false`` as a boolean, whose default is false; any other text stays a text."""
    word = cell.lower() or "false"
    return {"true": True, "false": False}.get(word, word)


def parse_csv(text: str, columns: Columns, mode: str) -> ImportFile:
    """Return the rows of a CSV file, in the shape of JSON, and the errors of its header and its cells.

    Cells are separated by commas, semicolons or tabs, as the header is. An empty cell where a value is
    required is an error, and so is a wrong number of cells. In mode ``update``, only the key is required.
    """
    file = ImportFile(columns, mode)
    numbered_rows = _read_cells(text.removeprefix("\ufeff"), file.errors)
    if file.errors:
        return file
    file.header = [name.strip() for name in numbered_rows[0][1]] if numbered_rows else []
    file.errors += _find_header_errors(file)
    if file.errors:
        return file
    for line, cells in numbered_rows[1:]:
        if len(cells) == len(file.header):
            file.rows.append(_parse_row(file, line, cells))
        else:
            detail = f"This row has {len(cells)} cells instead of {len(file.header)}."
            file.errors.append(LineError(line, None, detail))
    if len(numbered_rows) == 1:
        file.errors.append(LineError(2, None, "The file has no rows."))
    return file


def plan_import(
    file: ImportFile,
    stored: Mapping[Any, Stored],
    describe: Callable[[Stored], Values],
    find_errors: Callable[[Values, Stored | None], Iterable[tuple[str, str]]],
) -> ImportPlan[Stored]:
    """Decide what happens with each row of a file.

    ``stored`` is what exists, by key, and ``describe`` returns its values by column, like those of a row.
    ``find_errors`` takes the values of a row and what is stored for it, and returns the columns of its errors
    with a message for each.
    """
    key_column = file.columns.key
    missing = [name for name in file.columns.required if name not in file.header]
    errors, rows = list(file.errors), list[PlannedRow[Stored]]()
    wrong_lines = {error.line for error in errors}
    lines_by_key: dict[Any, int] = {}
    for row in file.rows:
        key = row.values.get(key_column)
        match = stored.get(key)
        found = list(find_errors(row.values, match))
        if key in lines_by_key:
            found.append((key_column, f"Line {lines_by_key[key]} has the same value."))
        elif key is not None:
            lines_by_key[key] = row.line
            if match is not None and file.mode == ADD:
                found.append((key_column, f"This {key_column} already exists."))
            if match is None:
                found += [(name, "A new row needs this column.") for name in missing]
        errors += [LineError(row.line, column, detail) for column, detail in found]
        if found or row.line in wrong_lines:
            wrong_lines.add(row.line)
        elif match is None:
            rows.append(PlannedRow(row.line, NEW, row.values))
        else:
            changes = _compare(file.header, describe(match), row.values)
            state = CHANGED if changes else UNCHANGED
            rows.append(PlannedRow(row.line, state, row.values, match, changes))
    rows += [PlannedRow(line, ERROR) for line in wrong_lines]
    positions = {name: position for position, name in enumerate(file.header)}
    return ImportPlan(
        sorted(rows, key=lambda row: row.line),
        sorted(errors, key=lambda error: (error.line, positions.get(error.column or "", -1))),
    )


def _compare(header: list[str], before: Values, after: Values) -> tuple[Change, ...]:
    return tuple(
        Change(column, before[column], after[column]) for column in header if after[column] != before[column]
    )


def _read_cells(text: str, errors: list[LineError]) -> list[tuple[int, list[str]]]:
    """Return the cells of each row that has any, with the number of its first line.

    A cell may contain line breaks. Text that is not CSV is added to ``errors``.
    """
    header = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbered_rows, line = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                numbered_rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        errors.append(LineError(line, None, f"This is not valid CSV: {error}."))
    return numbered_rows


def _find_header_errors(file: ImportFile) -> list[LineError]:
    columns = file.columns
    required = columns.required if file.mode == ADD else (columns.key,)
    counts = Counter(file.header)
    found = [(name, "This column is unknown.") for name in counts if name not in columns.names]
    found += [(name, "This column is missing.") for name in required if name not in counts]
    found += [(name, "The header has this column more than once.") for name in counts if counts[name] > 1]
    return [LineError(1, name, detail) for name, detail in found]


def _parse_row(file: ImportFile, line: int, cells: list[str]) -> Row:
    values: dict[str, Any] = {}
    for name, cell in zip(file.header, map(str.strip, cells), strict=True):
        if name in file.columns.required and not cell:
            file.errors.append(LineError(line, name, "This must not be empty."))
            continue
        read = file.columns.readers.get(name)
        values[name] = read(cell) if read else cell or None
    return Row(line, values)
