"""Add the objects of the photo store that a sweep found unneeded."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "unneeded_objects",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_unneeded_objects")),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("unneeded_objects")
