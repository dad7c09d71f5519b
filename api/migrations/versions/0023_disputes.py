"""Add disputes, their effects on scores, and the settings of organizations for them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    for name in ("dispute_days", "answer_days"):
        op.add_column("organizations", sa.Column(name, sa.Integer(), server_default="7", nullable=False))
    op.add_column("submissions", sa.Column("amendments", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "disputes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("acceptance_id", sa.Uuid(), nullable=False),
        sa.Column("acceptance_ended", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("opener_id", sa.Uuid(), nullable=False),
        sa.Column("decider_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'decided', 'withdrawn')", name=op.f("ck_disputes_status")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_disputes_organization_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_disputes_visit_id")),
        sa.ForeignKeyConstraint(["acceptance_id"], ["decisions.id"], name=op.f("fk_disputes_acceptance_id")),
        sa.ForeignKeyConstraint(["opener_id"], ["users.id"], name=op.f("fk_disputes_opener_id")),
        sa.ForeignKeyConstraint(["decider_id"], ["users.id"], name=op.f("fk_disputes_decider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(
        op.f("ix_disputes_organization_id_opened_at_id"), "disputes", ["organization_id", "opened_at", "id"]
    )
    op.create_index(op.f("ix_disputes_visit_id"), "disputes", ["visit_id"])
    op.create_index(op.f("ix_disputes_acceptance_id"), "disputes", ["acceptance_id"], unique=True)
    op.create_table(
        "disputed_questions",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("amended", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("outcome_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fact', 'evidence', 'not_applicable', 'other')", name=op.f("ck_disputed_questions_kind")
        ),
        sa.CheckConstraint(
            "outcome IN ('kept', 'set_aside', 'amended')", name=op.f("ck_disputed_questions_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_disputed_questions_dispute_id")
        ),
        sa.PrimaryKeyConstraint("dispute_id", "question", name=op.f("pk_disputed_questions")),
    )
    op.create_table(
        "dispute_effects",
        sa.Column("location_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("possible", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_number"], ["locations.number"], name=op.f("fk_dispute_effects_location_number")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_dispute_effects_subject_id")),
        sa.PrimaryKeyConstraint("location_number", "subject_id", "month", name=op.f("pk_dispute_effects")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Revert the migration. Scores keep what disputes changed in them."""
    for name in ("dispute_effects", "disputed_questions", "disputes"):
        op.drop_table(name)
    op.drop_column("submissions", "amendments")
    # In place: SQLite would otherwise replace the table, to which others refer.
    for name in ("answer_days", "dispute_days"):
        op.drop_column("organizations", name)
