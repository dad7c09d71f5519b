"""Add fees and expenses of visits, and the briefing of shoppers."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "payment_items",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("receipts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_amount", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decider_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fee', 'purchase', 'travel', 'parking', 'other')",
            name=op.f("ck_payment_items_kind"),
        ),
        sa.ForeignKeyConstraint(["decider_id"], ["users.id"], name=op.f("fk_payment_items_decider_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payment_items_organization_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_payment_items_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "id", name=op.f("pk_payment_items")),
    )
    op.create_index(
        op.f("ix_payment_items_organization_id_claimed_at_id"),
        "payment_items",
        ["organization_id", "claimed_at", "id"],
    )
    op.create_table(
        "payments",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payments_organization_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_payments_visit_id")),
        sa.ForeignKeyConstraint(
            ["visit_id", "item_id"],
            ["payment_items.visit_id", "payment_items.id"],
            name=op.f("fk_payments_visit_id_item_id"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_visit_id_item_id"), "payments", ["visit_id", "item_id"])
    op.create_index(
        op.f("ix_payments_organization_id_approved_at"), "payments", ["organization_id", "approved_at"]
    )
    op.add_column("visits", sa.Column("currency", sa.String(), nullable=True))
    op.add_column("photos", sa.Column("is_receipt", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        op.f("ix_photos_receipts"),
        "photos",
        ["declared_at"],
        sqlite_where=sa.text("is_receipt = 1"),
        postgresql_where=sa.text("is_receipt"),
    )
    op.add_column("organizations", sa.Column("currency", sa.String(), nullable=True))
    op.add_column("organizations", sa.Column("default_fee", sa.Integer(), nullable=True))
    op.add_column("organizations", sa.Column("max_expenses", sa.Integer(), nullable=True))
    op.add_column("organizations", sa.Column("briefing", sa.JSON(none_as_null=True), nullable=True))
    op.add_column(
        "organizations", sa.Column("briefing_version", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Revert the migration."""
    for column in ("briefing_version", "briefing", "max_expenses", "default_fee", "currency"):
        op.drop_column("organizations", column)
    op.drop_index(op.f("ix_photos_receipts"), table_name="photos")
    op.drop_column("photos", "is_receipt")
    op.drop_column("visits", "currency")
    op.drop_table("payments")
    op.drop_table("payment_items")
