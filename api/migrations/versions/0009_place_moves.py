"""Count the places that were moved to another region."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("organizations", sa.Column("place_moves", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("organizations", "place_moves")
