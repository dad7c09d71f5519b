"""Writes a table as CSV: UTF-8 with a byte order mark, as RFC 4180 says, with inert cells."""

import csv
from pathlib import Path

from api.exports.tables import Table
from schemas.csv_format import format_cell


def write_csv(table: Table, path: Path) -> None:
    """Write a table to ``path``. Dates are written as YYYY-MM-DD, and truth values as in JSON."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(format_cell, table.columns))
        # Only texts and truth values need a format. Numbers are most cells.
        writer.writerows(
            [format_cell(value) if type(value) in (str, bool) else value for value in row]
            for row in table.rows
        )
