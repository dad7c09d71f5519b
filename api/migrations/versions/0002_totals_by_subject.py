"""Totals lie by location, subject and month; answers that all questions share are counted beside the sums."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BY_MONTH = ("location_number", "month", "subject_id")
BY_SUBJECT = ("location_number", "subject_id", "month")
COUNTS = ("asked", "visits", "critical_failures", "passed")
SUMS = ("earned", "possible", "earned_squared", "product", "possible_squared")
SHARED = ("yes", "no", "answered", "not_applicable")


def upgrade() -> None:
    """Apply it."""
    former_totals, former_tallies = _set_aside("totals"), _set_aside("tallies")
    op.create_index("ix_former_tallies", "former_tallies", [*BY_MONTH, "answer"])  # each total looks there
    _make_totals(BY_SUBJECT, SHARED)
    _make_tallies(BY_SUBJECT)

    def given(answer: str) -> sa.ColumnElement[int]:
        here = [former_tallies.c[name] == former_totals.c[name] for name in BY_MONTH]
        times = sa.select(former_tallies.c.times).where(*here, former_tallies.c.answer == answer)
        return sa.func.coalesce(times.scalar_subquery(), 0)

    _fill("totals", sa.select(former_totals, *(given(answer).label(answer) for answer in SHARED)))
    _fill("tallies", sa.select(former_tallies).where(former_tallies.c.answer.not_in(SHARED)))
    _drop(former_totals, former_tallies)


def downgrade() -> None:
    """Take it back."""
    former_totals, former_tallies = _set_aside("totals"), _set_aside("tallies")
    _make_totals(BY_MONTH, ())
    _make_tallies(BY_MONTH)
    _fill("totals", sa.select(*(former_totals.c[name] for name in (*BY_MONTH, *COUNTS, *SUMS))))
    _fill("tallies", sa.select(former_tallies))
    key = [former_totals.c[name] for name in BY_MONTH]
    for answer in SHARED:
        times = former_totals.c[answer]
        counted = sa.select(*key, sa.literal(answer).label("answer"), times.label("times"))
        _fill("tallies", counted.where(times != 0))
    _drop(former_totals, former_tallies)


def _set_aside(name: str) -> sa.Table:
    """Move a table's rows to one of another name, and drop it."""
    op.execute(sa.text(f"CREATE TABLE former_{name} AS SELECT * FROM {name}"))  # noqa: S608
    op.drop_table(name)
    return sa.Table(f"former_{name}", sa.MetaData(), autoload_with=op.get_bind())


def _make_totals(key: Sequence[str], answers: Sequence[str]) -> None:
    op.create_table(
        "totals",
        *_key(key),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*COUNTS, *answers)),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        *_constraints("totals", key),
        sqlite_with_rowid=False,
    )


def _make_tallies(key: Sequence[str]) -> None:
    op.create_table(
        "tallies",
        *_key(key),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        *_constraints("tallies", [*key, "answer"]),
        sqlite_with_rowid=False,
    )


def _key(names: Sequence[str]) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in names]


def _constraints(table: str, key: Sequence[str]) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["location_number"], ["locations.number"], name=op.f(f"fk_{table}_location_number")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f(f"fk_{table}_subject_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    ]


def _fill(name: str, rows: sa.Select[int]) -> None:
    columns = rows.exported_columns.keys()
    op.execute(sa.table(name, *map(sa.column, columns)).insert().from_select(columns, rows))


def _drop(*tables: sa.Table) -> None:
    for table in tables:
        op.drop_table(table.name)
