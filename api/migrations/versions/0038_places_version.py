"""A version of the places, which scores name."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column(
        "organizations", sa.Column("places_version", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("organizations", "places_version")
