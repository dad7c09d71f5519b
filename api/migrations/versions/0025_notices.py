"""Add notices, the results that were announced to managers, and the time zones of people."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("users", sa.Column("time_zone", sa.String(), nullable=True))
    op.add_column("organizations", sa.Column("no_visit_alert_days", sa.Integer(), nullable=True))
    op.execute("UPDATE organizations SET no_visit_alert_days = 90")
    op.create_table(
        "notices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("last_look", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notices")),
    )
    op.create_table(
        "announcements",
        sa.Column("location_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("critical_failures", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("possible", sa.BigInteger(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_number"], ["locations.number"], name=op.f("fk_announcements_location_number")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_announcements_subject_id")),
        sa.PrimaryKeyConstraint("location_number", "subject_id", name=op.f("pk_announcements")),
    )
    # Nobody is mailed about visits from before this version.
    op.execute(
        "INSERT INTO announcements "
        "(location_number, subject_id, visits, critical_failures, month, earned, possible) "
        "SELECT location_number, subject_id, SUM(visits), SUM(critical_failures), MAX(month), 0, 0 "
        "FROM totals JOIN subjects ON subjects.id = subject_id WHERE kind = 'visit' "
        "GROUP BY location_number, subject_id"
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("announcements")
    op.drop_table("notices")
    op.drop_column("organizations", "no_visit_alert_days")
    op.drop_column("users", "time_zone")
