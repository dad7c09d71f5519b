"""Submissions have an outcome; photos of a store that was closed belong to no question."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("submissions", sa.Column("outcome", sa.String(), nullable=False, server_default="visited"))
    # There are such submissions only where this migration was taken back before.
    submissions = sa.table("submissions", sa.column("content", sa.JSON()), sa.column("outcome"))
    is_closed = submissions.c.content["outcome"].as_string() == "store-closed"
    op.execute(submissions.update().where(is_closed).values(outcome="store-closed"))
    with op.batch_alter_table("submissions") as batch:
        batch.alter_column("outcome", existing_type=sa.String(), server_default=None)
        batch.create_check_constraint(
            op.f("ck_submissions_outcome"), "outcome IN ('visited', 'store-closed')"
        )
    _set_question(nullable=True)
    op.execute("UPDATE photos SET question = NULL WHERE question = ''")


def downgrade() -> None:
    """Take it back."""
    op.execute("UPDATE photos SET question = '' WHERE question IS NULL")
    _set_question(nullable=False)
    with op.batch_alter_table("submissions") as batch:
        batch.drop_constraint(op.f("ck_submissions_outcome"), type_="check")
    op.drop_column("submissions", "outcome")


def _set_question(*, nullable: bool) -> None:
    """Set whether a photo may have no question."""
    with op.batch_alter_table("photos") as batch:
        batch.alter_column("question", existing_type=sa.String(), nullable=nullable)
