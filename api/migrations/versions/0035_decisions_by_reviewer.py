"""Decisions by reviewer and time, so that those of other organizations are not read."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    _replace_index("reviewer_id", "decided_at", "id")


def downgrade() -> None:
    """Revert the migration."""
    _replace_index("decided_at", "id")


def _replace_index(*columns: str) -> None:
    op.drop_index("ix_decisions_by_reviewers", "decisions")
    by_reviewer = sa.text("reviewer_id IS NOT NULL")
    op.create_index(
        "ix_decisions_by_reviewers",
        "decisions",
        list(columns),
        postgresql_where=by_reviewer,
        sqlite_where=by_reviewer,
    )
