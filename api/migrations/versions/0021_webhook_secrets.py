"""Store the secrets of webhooks encrypted, so that the secret of the program can be replaced."""

import base64
import hashlib
import hmac

import sqlalchemy as sa
from alembic import context, op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY_PURPOSE = "secrets of webhooks"


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("webhooks", sa.Column("secrets", sa.JSON(none_as_null=True), nullable=True))
    _store_secrets()
    op.drop_column("webhooks", "secret_number")


def _store_secrets() -> None:
    """Store the secrets that receivers have. They were derived from the secret of the program."""
    webhooks = sa.table(
        "webhooks",
        sa.column("id", sa.Uuid()),
        sa.column("secret_number", sa.Integer()),
        sa.column("secret_replacements", sa.JSON()),
        sa.column("secrets", sa.JSON()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(webhooks)).all():
        keys = context.config.attributes["keys"]
        secrets = []
        for number in range(row.secret_number, row.secret_number - len(row.secret_replacements) - 1, -1):
            content = f"webhook secret {row.id} {number}".encode()
            key = hmac.digest(keys.secret.encode(), content, hashlib.sha256)
            secrets.append(keys.encrypt(KEY_PURPOSE, "whsec_" + base64.b64encode(key).decode()))
        connection.execute(sa.update(webhooks).where(webhooks.c.id == row.id).values(secrets=secrets))


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("webhooks", "secrets")
    op.add_column("webhooks", sa.Column("secret_number", sa.Integer(), nullable=False, server_default="1"))
