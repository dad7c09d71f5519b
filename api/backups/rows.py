"""The rows of tables as JSON Lines, the same for both databases."""

import base64
import gzip
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Table
from sqlalchemy.types import TypeEngine

from api.backups.manifest import BackupError, Report
from api.models.base import Base

BATCH_SIZE = 1000
#: The files of exports are removed after a day, so no backup has them, nor the rows that refer to them. The
#: latest writes are of interest for seconds.
LEFT_OUT = frozenset({"exports", "latest_writes"})
#: Python type of a column → how its values are read from JSON
_DECODERS: dict[type, Callable[[Any], Any]] = {
    uuid.UUID: uuid.UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    bytes: base64.b64decode,
}


def get_tables() -> list[Table]:
    """Return the tables of a backup, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def write_rows(connection: Connection, table: Table, path: Path, report: Report) -> int:
    """Write all rows of a table to a new file, and return their number."""
    rows = connection.execution_options(yield_per=BATCH_SIZE).execute(sa.select(table))
    count = 0
    with path.open("xb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=5) as file:
        file.write(orjson.dumps(table.columns.keys()) + b"\n")
        for batch in rows.partitions():
            file.writelines(orjson.dumps(list(row), default=_encode) + b"\n" for row in batch)
            count += len(batch)
            report(table.name, count, None)
        file.close()
        raw.flush()
        os.fsync(raw.fileno())
    return count


def _encode(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be written to a backup")


def restore_rows(connection: Connection, table: Table, path: Path, report: Report) -> int:
    """Insert the rows of a file into an empty table, and return their number.

    Columns that the tables of the backup do not have yet are left out. Raises BackupError for a column that
    is not known any more.
    """
    with gzip.open(path) as file:
        names: list[str] = orjson.loads(file.readline())
        if unknown := set(names) - set(table.columns.keys()):
            raise BackupError(f"{table.name}: this version does not know the column {min(unknown)}.")
        columns = [sa.column(name, table.columns[name].type) for name in names]
        decoders = [_get_decoder(column.type) for column in columns]
        former = sa.table(table.name, *columns)
        references = _find_references_to_itself(table)
        links: list[dict[str, Any]] = []
        count = 0
        while batch := list(islice(file, BATCH_SIZE)):
            rows = [dict(zip(names, _decode(line, decoders), strict=True)) for line in batch]
            # Rows may refer to later rows of the same table.
            for name in references:
                links += [{"key": row["id"], name: row[name]} for row in rows if row[name] is not None]
                for row in rows:
                    row[name] = None
            connection.execute(former.insert(), rows)
            count += len(rows)
            report(table.name, count, None)
    for name in references:
        values = [link for link in links if name in link]
        if values:
            link = former.update().where(former.c.id == sa.bindparam("key", type_=table.c.id.type))
            connection.execute(link.values({name: sa.bindparam(name)}), values)
    return count


def _get_decoder(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    return None if isinstance(kind, sa.JSON) else _DECODERS.get(kind.python_type)


def _decode(line: bytes, decoders: Sequence[Callable[[Any], Any] | None]) -> Iterator[Any]:
    for value, decode in zip(orjson.loads(line), decoders, strict=True):
        yield value if value is None or decode is None else decode(value)


def _find_references_to_itself(table: Table) -> list[str]:
    """Return the columns that refer to the ID of another row of the table."""
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def continue_numbering(connection: Connection) -> None:
    """Let the sequences of PostgreSQL go on after the highest number. SQLite does so automatically."""
    if connection.dialect.name != "postgresql":
        return
    for table in get_tables():
        column = table.autoincrement_column
        if column is None:
            continue
        highest = connection.scalar(sa.select(sa.func.max(column)))
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        if highest is not None:
            connection.execute(sa.select(sa.func.setval(sequence, highest)))
