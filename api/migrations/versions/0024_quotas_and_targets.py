"""Add quotas of visits, and targets for scores."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "quotas",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("per", sa.String(), nullable=False),
        sa.Column("days_between", sa.Integer(), nullable=False),
        sa.Column("extra", sa.Double(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("per IN ('month', 'quarter', 'year')", name=op.f("ck_quotas_per")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_quotas_organization_id")
        ),
        sa.ForeignKeyConstraint(["checklist_id"], ["checklists.id"], name=op.f("fk_quotas_checklist_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_quotas_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotas")),
        sa.UniqueConstraint(
            "region_id", "checklist_id", "per", name=op.f("uq_quotas_region_id_checklist_id_per")
        ),
    )
    op.create_index(
        op.f("ix_quotas_organization_id_created_at_id"), "quotas", ["organization_id", "created_at", "id"]
    )
    op.create_table(
        "targets",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("section", sa.String(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(region_id IS NULL) <> (location_id IS NULL)", name=op.f("ck_targets_place")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_targets_organization_id")
        ),
        sa.ForeignKeyConstraint(["checklist_id"], ["checklists.id"], name=op.f("fk_targets_checklist_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_targets_region_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_targets_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
    )
    op.create_index(
        op.f("ix_targets_organization_id_created_at_id"), "targets", ["organization_id", "created_at", "id"]
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("targets")
    op.drop_table("quotas")
