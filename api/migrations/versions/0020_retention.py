"""Add how long organizations keep photos and personal data, when people were disabled, and removed photos."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATUSES = ("awaiting_upload", "stored", "unusable")


def upgrade() -> None:
    """Apply the migration."""
    for name in ("keep_photos_months", "keep_personal_data_months"):
        op.add_column("organizations", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    users = sa.table("users", sa.column("disabled", sa.Boolean), sa.column("disabled_at", sa.DateTime))
    # Nobody knows since when. Their time begins now.
    op.execute(users.update().where(users.c.disabled).values(disabled_at=datetime.now(UTC)))
    _replace_statuses(*STATUSES, "removed")


def downgrade() -> None:
    """Revert the migration."""
    # The earlier program knows no photos without pictures.
    op.execute("DELETE FROM photos WHERE status = 'removed'")
    _replace_statuses(*STATUSES)
    op.drop_column("users", "disabled_at")
    # In place: SQLite would otherwise replace the table, to which others refer.
    for name in ("keep_personal_data_months", "keep_photos_months"):
        op.drop_column("organizations", name)


def _replace_statuses(*statuses: str) -> None:
    """Replace the constraint on the statuses of photos. SQLite copies the table, to which no other refers."""
    values = ", ".join(f"'{status}'" for status in statuses)
    with op.batch_alter_table("photos") as batch:
        batch.drop_constraint(op.f("ck_photos_status"), type_="check")
        batch.create_check_constraint(op.f("ck_photos_status"), f"status IN ({values})")
