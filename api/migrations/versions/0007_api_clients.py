"""Add API clients, and let their requests have Idempotency-Keys."""

import sqlalchemy as sa
from alembic import op

from api.database.types import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CALLER = "fk_remembered_answers_caller_id"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "api_clients",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_api_clients_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
    )
    op.create_index(op.f("ix_api_clients_organization_id"), "api_clients", ["organization_id"])
    op.create_table(
        "api_client_regions",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f("fk_api_client_regions_client_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_api_client_regions_region_id")),
        sa.PrimaryKeyConstraint("client_id", "region_id", name=op.f("pk_api_client_regions")),
    )
    op.create_table(
        "api_client_secrets",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f("fk_api_client_secrets_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client_secrets")),
    )
    op.create_index(op.f("ix_api_client_secrets_client_id"), "api_client_secrets", ["client_id"])
    with op.batch_alter_table("remembered_answers") as batch:
        batch.drop_constraint(op.f(_CALLER), type_="foreignkey")


def downgrade() -> None:
    """Revert the migration."""
    op.execute("DELETE FROM remembered_answers WHERE caller_id NOT IN (SELECT id FROM users)")
    with op.batch_alter_table("remembered_answers") as batch:
        batch.create_foreign_key(op.f(_CALLER), "users", ["caller_id"], ["id"])
    for table in ("api_client_secrets", "api_client_regions", "api_clients"):
        op.drop_table(table)
