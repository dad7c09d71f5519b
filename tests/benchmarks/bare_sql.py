"""Bare SQL: the database work of a request, done by the driver with as few statements as possible."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pysqlite3.dbapi2

from api.models.scores import Tally, Total, VisitTotal
from tests.benchmarks.load import Load, cpu_seconds

VISITS = (
    "SELECT v.id, v.status, v.opens_at, v.closes_at, v.day, v.revision, v.started_at, v.finished_at, "
    "v.return_reason, l.id, l.code, l.name, l.address, l.time_zone, l.latitude, l.longitude{} "
    "FROM visits v JOIN locations l ON l.id = v.location_id{} WHERE {} ORDER BY v.day, v.id LIMIT {}"
)
_SUBMISSION = " LEFT JOIN submissions s ON s.visit_id = v.id AND s.revision = v.revision"
SHOPPERS_VISITS = VISITS.format(", s.photos", _SUBMISSION, "v.shopper_id = ?", 11)
PAGE_OF_VISITS = VISITS.format(", s.result", _SUBMISSION, "v.organization_id = ?", 501)
CHECKLIST_VERSION = (
    "SELECT v.document, v.sha256 FROM checklist_versions v JOIN checklists c ON c.id = v.checklist_id "
    "WHERE c.organization_id = ? AND c.key = ? AND v.version = ?"
)
_SUMS = (
    "SUM(t.asked), SUM(t.visits), SUM(t.earned), SUM(t.possible), SUM(t.earned_squared), SUM(t.product), "
    "SUM(t.possible_squared), SUM(t.critical_failures), SUM(t.passed)"
)
_OF_CHECKLIST = (
    "t.subject_id IN (SELECT s.id FROM subjects s JOIN checklists c ON c.id = s.checklist_id "
    "WHERE c.organization_id = ? AND c.key = ?{})"
)
LOCATION_SCORE = (
    f"SELECT t.subject_id, t.month, {_SUMS} FROM totals t WHERE {_OF_CHECKLIST.format('')} "
    "AND t.location_number = ? AND t.month BETWEEN ? AND ? GROUP BY t.subject_id, t.month"
)
REGION_SCORE = (
    f"SELECT t.subject_id, t.month, {_SUMS} FROM totals t WHERE {_OF_CHECKLIST.format('')} "
    "AND t.month BETWEEN ? AND ? GROUP BY t.subject_id, t.month"
)
_VISITS_OF_CHECKLIST = _OF_CHECKLIST.format(" AND s.kind = 'visit'")
LEAGUE_TABLE = (
    f"SELECT l.id, l.code, l.name, {_SUMS} FROM totals t JOIN locations l ON l.number = t.location_number "
    f"WHERE {_VISITS_OF_CHECKLIST} AND t.month BETWEEN ? AND ? GROUP BY l.id, l.code, l.name"
)


class BareSql:
    """A connection of the driver with the program's settings. Parameters are written as ``?``."""

    def __init__(self, url: str, database_pids: Sequence[int]) -> None:
        self.database_pids = database_pids
        self.connection: Any
        if url.startswith("sqlite"):
            self.mark, self.begin = "?", "BEGIN IMMEDIATE"
            path = url.removeprefix("sqlite:///")
            self.connection = pysqlite3.dbapi2.connect(path, isolation_level=None, timeout=30)
            for pragma in ("journal_mode = WAL", "foreign_keys = ON", "cache_size = -32000"):
                self.connection.execute(f"PRAGMA {pragma}")
        else:
            self.mark, self.begin = "%s", "BEGIN"
            self.connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")
        self.cursor = self.connection.cursor()
        self.set_flush(True)

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self.mark == "?"

    def set_flush(self, on: bool) -> None:
        """Set whether commits wait for the disk."""
        if self.on_sqlite:
            self.cursor.execute(f"PRAGMA synchronous = {'FULL' if on else 'OFF'}")
        else:
            self.cursor.execute(f"SET synchronous_commit = {'on' if on else 'off'}")

    def set_foreign_keys(self, on: bool) -> None:
        """Set whether the database checks that the rows exist that other rows refer to."""
        if self.on_sqlite:
            self.cursor.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")
        else:
            self.cursor.execute(f"SET session_replication_role = {'origin' if on else 'replica'}")

    def settle(self) -> None:
        """Vacuum and analyze PostgreSQL now, which it would do a few minutes after so many new rows."""
        if not self.on_sqlite:
            self.cursor.execute("VACUUM ANALYZE")
            self.cursor.execute("CHECKPOINT")

    def value(self, value: Any) -> Any:
        """Return a value as the columns of this database store it."""
        if not self.on_sqlite:
            return value
        if isinstance(value, uuid.UUID):
            return value.hex
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value.isoformat() if isinstance(value, date) else value

    def measure_read(self, sql: str, parameters: Sequence[Any], times: int) -> Load:
        """Measure a SELECT, including fetching its rows."""
        sql, values = sql.replace("?", self.mark), [self.value(value) for value in parameters]

        def read() -> None:
            self.cursor.execute(sql, values)
            self.cursor.fetchall()

        return self.measure([read] * times)

    def measure(self, tasks: Sequence[Callable[[], None]]) -> Load:
        """Measure tasks, with the CPU of this process and of the database."""
        latencies = []
        cpu, own = cpu_seconds(self.database_pids), time.process_time()
        for task in tasks:
            started = time.perf_counter()
            task()
            latencies.append(time.perf_counter() - started)
        used = cpu_seconds(self.database_pids) - cpu + time.process_time() - own
        return Load(sum(latencies), used, latencies, Counter())

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """Insert a row of stored values."""
        marks = ", ".join([self.mark] * len(row))
        self.cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def insert_many(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert very many rows of stored values."""
        names = ", ".join(columns)
        if self.on_sqlite:
            self.cursor.execute(self.begin)
            marks = ", ".join("?" * len(columns))
            self.cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            self.cursor.execute("COMMIT")
            return
        with self.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def add(self, table: type[Total | VisitTotal | Tally], rows: Sequence[Sequence[Any]]) -> None:
        """Add totals or tallies to the rows with the same key, or insert them."""
        if not rows:
            return
        columns = table.__table__.columns.keys()
        marks = ", ".join([self.mark] * len(columns))
        names = f"{table.__tablename__} ({', '.join(columns)})"
        # One statement for all rows would take PostgreSQL twice as long.
        self.cursor.executemany(f"INSERT INTO {names} VALUES ({marks}) {_conflict_clause(table)}", rows)

    def add_many(self, table: type[Total | VisitTotal | Tally], rows: Sequence[Sequence[Any]]) -> None:
        """Add very many totals or tallies."""
        if not rows:
            return
        names, columns = table.__tablename__, table.__table__.columns.keys()
        column_list = ", ".join(columns)
        self.cursor.execute(f"CREATE TEMPORARY TABLE many AS SELECT * FROM {names} LIMIT 0")
        self.insert_many("many", columns, rows)
        self.cursor.execute(
            f"INSERT INTO {names} ({column_list}) SELECT {column_list} FROM many WHERE true "
            f"ORDER BY location_number, month, subject_id {_conflict_clause(table)}"
        )
        self.cursor.execute("DROP TABLE many")


def _conflict_clause(table: type[Total | VisitTotal | Tally]) -> str:
    keys = [column.name for column in table.__table__.primary_key]
    sums = [
        f"{column.name} = {table.__tablename__}.{column.name} + excluded.{column.name}"
        for column in table.__table__.columns
        if column.name not in keys
    ]
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(sums)}"
