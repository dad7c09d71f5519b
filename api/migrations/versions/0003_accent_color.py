"""An organization's pages have its colour."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("organizations", sa.Column("accent_color", sa.String(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("organizations", "accent_color")
