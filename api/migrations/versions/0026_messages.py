"""Add messages of reviewers to shoppers, and what a reviewer writes to the shopper with a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "messages",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_messages_organization_id")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_messages_reviewer_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_messages_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_visit_id"), "messages", ["visit_id"])
    op.create_index(
        op.f("ix_messages_organization_id_asked_at_id"), "messages", ["organization_id", "asked_at", "id"]
    )
    for table in ("decisions", "visits"):
        op.add_column(table, sa.Column("message_to_shopper", sa.String(), nullable=True))


def downgrade() -> None:
    """Revert the migration."""
    for table in ("visits", "decisions"):
        op.drop_column(table, "message_to_shopper")
    op.drop_table("messages")
