"""Totals of regions, which the worker adds up from those of locations."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_SUMS = (
    ("asked", sa.Integer),
    ("visits", sa.Integer),
    ("earned", sa.BigInteger),
    ("possible", sa.BigInteger),
    ("earned_squared", sa.BigInteger),
    ("product", sa.BigInteger),
    ("possible_squared", sa.BigInteger),
    ("critical_failures", sa.Integer),
    ("passed", sa.Integer),
    ("yes", sa.Integer),
    ("no", sa.Integer),
    ("answered", sa.Integer),
    ("not_applicable", sa.Integer),
)


def upgrade() -> None:
    """Apply the migration. The worker adds up all regions afterwards."""
    _order_keys("location_number", "month", "subject_id")
    _create("region_totals", _SUMS)
    _create("region_tallies", [("times", sa.Integer)], "answer")
    _create("region_dispute_effects", [("earned", sa.BigInteger), ("possible", sa.BigInteger)])
    op.create_table(
        "region_totals_versions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_region_totals_versions_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_region_totals_versions")),
    )
    op.create_table(
        "total_changes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_number", sa.Integer(), nullable=True),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(month IS NULL) = (location_number IS NULL) AND (month IS NULL) = (region_id IS NOT NULL)",
            name=op.f("ck_total_changes_place"),
        ),
        sa.ForeignKeyConstraint(
            ["location_number"], ["locations.number"], name=op.f("fk_total_changes_location_number")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_total_changes_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_total_changes")),
    )
    op.execute(
        "INSERT INTO total_changes (id, region_id) SELECT row_number() OVER (ORDER BY id), id FROM regions"
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("total_changes")
    op.drop_table("region_totals_versions")
    for name in ("region_dispute_effects", "region_tallies", "region_totals"):
        op.drop_table(name)
    _order_keys("location_number", "subject_id", "month")


def _order_keys(*order: str) -> None:
    """Put the keys of the totals of locations in this order. SQLite stores the rows in it."""
    for name, further in (("totals", ()), ("tallies", ("answer",)), ("dispute_effects", ())):
        with op.batch_alter_table(name, table_kwargs={"sqlite_with_rowid": False}) as table:
            table.drop_constraint(op.f(f"pk_{name}"), type_="primary")
            table.create_primary_key(op.f(f"pk_{name}"), [*order, *further])


def _create(name: str, columns: Sequence[tuple[str, Any]], *more_keys: str) -> None:
    keys = ["region_id", "month", "subject_id", *more_keys]
    op.create_table(
        name,
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(key, sa.String(), nullable=False) for key in more_keys),
        *(sa.Column(column, kind(), nullable=False) for column, kind in columns),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f(f"fk_{name}_region_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f(f"fk_{name}_subject_id")),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
