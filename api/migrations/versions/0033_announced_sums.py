"""Judge targets by what was announced, and remember when a notice was switched on."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.drop_table("announced_targets")
    op.execute("ALTER TABLE notices RENAME COLUMN told TO reported")
    op.execute("ALTER TABLE notices RENAME COLUMN last_look TO checked_at")
    op.add_column("notices", sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "announcements", sa.Column("sums", sa.JSON(none_as_null=True), nullable=False, server_default="{}")
    )
    _store_sums()
    with op.batch_alter_table("announcements") as table:
        table.alter_column("sums", server_default=None)


def _store_sums() -> None:
    """Store the sums of all visits so far.

    Where some of them were not announced yet, they are from now on, but nobody is mailed about them.
    """
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT location_number, checklist_id, kind, subject_id, month, visits, earned, possible, "
            "earned_squared, product, possible_squared, critical_failures "
            "FROM totals JOIN subjects ON subjects.id = subject_id WHERE kind IN ('visit', 'section')"
        )
    )
    visit_ids: dict[Any, int] = {}
    # The keys are texts, as JSON needs them.
    sums: dict[tuple[int, Any], dict[str, dict[str, list[int]]]] = defaultdict(lambda: defaultdict(dict))
    failures: dict[tuple[int, Any], int] = defaultdict(int)
    for number, checklist_id, kind, subject_id, month, *columns in rows:
        if kind == "visit":
            visit_ids[checklist_id] = subject_id
            failures[number, checklist_id] += columns[-1]
        sums[number, checklist_id][str(subject_id)][str(month)] = columns[:-1]
    changes = [
        {
            "number": number,
            "subject": visit_ids[checklist_id],
            "count": sum(month_sums[0] for month_sums in by_subject[str(visit_ids[checklist_id])].values()),
            "failures": failures[number, checklist_id],
            "sums": by_subject,
        }
        for (number, checklist_id), by_subject in sums.items()
        if checklist_id in visit_ids
    ]
    announcements = sa.table(
        "announcements",
        *map(sa.column, ("location_number", "subject_id", "visits", "critical_failures", "announced_at")),
        sa.column("sums", sa.JSON),
    )
    of_location = sa.update(announcements).where(
        announcements.c.location_number == sa.bindparam("number"),
        announcements.c.subject_id == sa.bindparam("subject"),
    )
    has_more_visits = announcements.c.visits != sa.bindparam("count")
    for change in changes:
        connection.execute(
            of_location.where(has_more_visits).values(
                announced_at=None, visits=change["count"], critical_failures=change["failures"]
            ),
            {name: change[name] for name in ("number", "subject", "count")},
        )
        connection.execute(
            of_location.values(sums=change["sums"]), {name: change[name] for name in ("number", "subject")}
        )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("announcements", "sums")
    op.drop_column("notices", "enabled_at")
    op.execute("ALTER TABLE notices RENAME COLUMN checked_at TO last_look")
    op.execute("ALTER TABLE notices RENAME COLUMN reported TO told")
    op.create_table(
        "announced_targets",
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("possible", sa.BigInteger(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("target_id", name=op.f("pk_announced_targets")),
    )
