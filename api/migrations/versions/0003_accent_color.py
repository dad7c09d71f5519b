"""Add the accent colour of an organization."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("organizations", sa.Column("accent_color", sa.String(), nullable=True))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("organizations", "accent_color")
