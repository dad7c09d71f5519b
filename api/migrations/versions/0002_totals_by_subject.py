"""Sort totals by location, subject and month, and count the answers of all question types in the totals.

Before, totals were sorted by location, month and subject, and all answers were counted in the tallies.
"""

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
    """Apply the migration."""
    former_totals, former_tallies = _move_to_former("totals"), _move_to_former("tallies")
    op.create_index("ix_former_tallies", "former_tallies", [*BY_MONTH, "answer"])  # for the subqueries
    _create_totals(BY_SUBJECT, SHARED)
    _create_tallies(BY_SUBJECT)

    def count_answer(answer: str) -> sa.ColumnElement[int]:
        same_key = [former_tallies.c[name] == former_totals.c[name] for name in BY_MONTH]
        times = sa.select(former_tallies.c.times).where(*same_key, former_tallies.c.answer == answer)
        return sa.func.coalesce(times.scalar_subquery(), 0)

    _fill("totals", sa.select(former_totals, *(count_answer(answer).label(answer) for answer in SHARED)))
    _fill("tallies", sa.select(former_tallies).where(former_tallies.c.answer.not_in(SHARED)))
    _drop(former_totals, former_tallies)


def downgrade() -> None:
    """Revert the migration."""
    former_totals, former_tallies = _move_to_former("totals"), _move_to_former("tallies")
    _create_totals(BY_MONTH, ())
    _create_tallies(BY_MONTH)
    _fill("totals", sa.select(*(former_totals.c[name] for name in (*BY_MONTH, *COUNTS, *SUMS))))
    _fill("tallies", sa.select(former_tallies))
    key = [former_totals.c[name] for name in BY_MONTH]
    for answer in SHARED:
        times = former_totals.c[answer]
        tallies = sa.select(*key, sa.literal(answer).label("answer"), times.label("times"))
        _fill("tallies", tallies.where(times != 0))
    _drop(former_totals, former_tallies)


def _move_to_former(name: str) -> sa.Table:
    """Copy a table to ``former_<name>``, drop the original, and return the copy."""
    op.execute(sa.text(f"CREATE TABLE former_{name} AS SELECT * FROM {name}"))  # noqa: S608
    op.drop_table(name)
    return sa.Table(f"former_{name}", sa.MetaData(), autoload_with=op.get_bind())


def _create_totals(key: Sequence[str], answers: Sequence[str]) -> None:
    op.create_table(
        "totals",
        *_build_key_columns(key),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*COUNTS, *answers)),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        *_build_constraints("totals", key),
        sqlite_with_rowid=False,
    )


def _create_tallies(key: Sequence[str]) -> None:
    op.create_table(
        "tallies",
        *_build_key_columns(key),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        *_build_constraints("tallies", [*key, "answer"]),
        sqlite_with_rowid=False,
    )


def _build_key_columns(names: Sequence[str]) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in names]


def _build_constraints(table: str, key: Sequence[str]) -> list[sa.Constraint]:
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
