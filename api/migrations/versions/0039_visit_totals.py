"""Store the totals of whole visits a second time, next to each other."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KEYS = ("subject_id", "location_number", "month")
_SUMS = {
    "asked": sa.Integer,
    "visits": sa.Integer,
    "earned": sa.BigInteger,
    "possible": sa.BigInteger,
    "earned_squared": sa.BigInteger,
    "product": sa.BigInteger,
    "possible_squared": sa.BigInteger,
    "critical_failures": sa.Integer,
    "passed": sa.Integer,
}


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "visit_totals",
        *(sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in _KEYS),
        *(sa.Column(name, kind(), nullable=False) for name, kind in _SUMS.items()),
        sa.ForeignKeyConstraint(
            ["location_number"], ["locations.number"], name=op.f("fk_visit_totals_location_number")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_visit_totals_subject_id")),
        sa.PrimaryKeyConstraint(*_KEYS, name=op.f("pk_visit_totals")),
        sqlite_with_rowid=False,
    )
    columns = ", ".join([*_KEYS, *_SUMS])
    op.execute(
        f"INSERT INTO visit_totals ({columns}) SELECT {columns} FROM totals "  # noqa: S608
        "JOIN subjects ON subjects.id = subject_id WHERE kind = 'visit' "
        "ORDER BY subject_id, location_number, month"
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("visit_totals")
