"""Locations have a telephone number."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("locations", sa.Column("phone", sa.String(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("locations", "phone")
