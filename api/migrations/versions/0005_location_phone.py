"""Add the telephone number of a location."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("locations", sa.Column("phone", sa.String(), nullable=True))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("locations", "phone")
