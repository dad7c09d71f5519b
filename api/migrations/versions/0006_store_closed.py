"""Add the outcome of a submission, and allow photos of a closed store, which belong to no question."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("submissions", sa.Column("outcome", sa.String(), nullable=False, server_default="visited"))
    # Such submissions exist only where this migration was applied and reverted before.
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
    """Revert the migration."""
    op.execute("UPDATE photos SET question = '' WHERE question IS NULL")
    _set_question(nullable=False)
    with op.batch_alter_table("submissions") as batch:
        batch.drop_constraint(op.f("ck_submissions_outcome"), type_="check")
    op.drop_column("submissions", "outcome")


def _set_question(*, nullable: bool) -> None:
    """Set whether the question of a photo is nullable."""
    with op.batch_alter_table("photos") as batch:
        batch.alter_column("question", existing_type=sa.String(), nullable=nullable)
