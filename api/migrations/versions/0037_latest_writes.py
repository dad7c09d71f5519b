"""The latest write of each caller, for reading from a replica."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "latest_writes",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller_id", name=op.f("pk_latest_writes")),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("latest_writes")
