"""Add second factors, which roles need one, and the ID of the installation in tokens."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "code_sha256", name=op.f("pk_recovery_codes")),
    )
    op.add_column(
        "organizations", sa.Column("require_second_factor", sa.JSON(none_as_null=True), nullable=True)
    )
    op.execute("UPDATE organizations SET require_second_factor = '[]'")
    op.add_column("installation", sa.Column("token_issuer", sa.Uuid(), nullable=True))
    _identify_installation()


def _identify_installation() -> None:
    installation = sa.table(
        "installation",
        sa.column("id", sa.Integer()),
        sa.column("store_mark", sa.String()),
        sa.column("marked_at", sa.DateTime(timezone=True)),
        sa.column("token_issuer", sa.Uuid()),
    )
    connection = op.get_bind()
    if connection.execute(sa.update(installation).values(token_issuer=uuid.uuid4())).rowcount == 0:
        # No photo store has this mark.
        connection.execute(
            sa.insert(installation).values(
                id=1, store_mark=str(uuid.uuid4()), marked_at=datetime.now(UTC), token_issuer=uuid.uuid4()
            )
        )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("installation", "token_issuer")
    op.drop_column("organizations", "require_second_factor")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
