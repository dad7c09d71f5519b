"""Store the secrets of webhooks encrypted, so that the secret of the program can be replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.drop_column("webhooks", "secret_number")
    op.add_column("webhooks", sa.Column("secrets", sa.JSON(none_as_null=True), nullable=True))
    # Their secrets were derived from the secret of the program, which migrations do not know.
    op.execute(
        "UPDATE webhooks SET secrets = '[]', secret_replacements = '[]', status = 'disabled', "
        "disabled_reason = 'It has no secret any more. Replace the secret, then enable it.'"
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("webhooks", "secrets")
    op.add_column("webhooks", sa.Column("secret_number", sa.Integer(), nullable=False, server_default="1"))
