"""Add settings of organizations: acceptance period, languages and logo."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    with op.batch_alter_table("organizations") as batch:
        batch.add_column(sa.Column("accept_every_minutes", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("languages", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("logo_sha256", sa.String(), nullable=True))
    op.execute("""UPDATE organizations SET languages = '["en", "es"]'""")
    op.create_table(
        "organization_logos",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_logos_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization_logos")),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("organization_logos")
    # In place: SQLite would otherwise replace the table, to which others refer.
    for name in ("logo_sha256", "languages", "accept_every_minutes"):
        op.drop_column("organizations", name)
