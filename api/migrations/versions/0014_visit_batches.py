"""Add the batch of a visit, and the reason for which its lock-out was overridden."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("visits", sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.add_column("visits", sa.Column("override_reason", sa.String(), nullable=True))
    op.create_index("ix_visits_batch_id", "visits", ["batch_id"])


def downgrade() -> None:
    """Revert the migration."""
    op.drop_index("ix_visits_batch_id", "visits")
    op.drop_column("visits", "override_reason")
    op.drop_column("visits", "batch_id")
