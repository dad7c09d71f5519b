"""Claims of waiting visits, decisions that were undone, and decisions by time."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "review_claims",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_review_claims_visit_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_review_claims_reviewer_id")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_review_claims")),
    )
    op.add_column("decisions", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    by_reviewer = sa.text("reviewer_id IS NOT NULL")
    op.create_index(
        "ix_decisions_by_reviewers",
        "decisions",
        ["decided_at", "id"],
        postgresql_where=by_reviewer,
        sqlite_where=by_reviewer,
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_index("ix_decisions_by_reviewers", "decisions")
    op.drop_column("decisions", "undone_at")
    op.drop_table("review_claims")
