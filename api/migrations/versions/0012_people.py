"""Add links to choose a password, mails, the device of a session, and the language of a person."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0017"
branch_labels = None
depends_on = None

IS_IN_PROGRESS = sa.text("status IN ('assigned', 'returned', 'submitted')")


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "account_links",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'password-reset')", name=op.f("ck_account_links_purpose")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_links_user_id")),
        sa.PrimaryKeyConstraint("user_id", "purpose", name=op.f("pk_account_links")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_account_links_token_sha256")),
    )
    op.add_column("users", sa.Column("language", sa.String(), nullable=True))
    op.add_column("users", sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True))
    # Only a downgrade stores this.
    op.execute("UPDATE users SET password_hash = '' WHERE password_hash = 'invited'")
    op.add_column("token_families", sa.Column("device", sa.String(), nullable=True))
    op.add_column("token_families", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("events") as batch:
        batch.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("data", sa.JSON(none_as_null=True), nullable=True))
        batch.create_foreign_key(op.f("fk_events_user_id"), "users", ["user_id"], ["id"])
    op.create_index(
        "ix_visits_in_progress",
        "visits",
        ["shopper_id"],
        postgresql_where=IS_IN_PROGRESS,
        sqlite_where=IS_IN_PROGRESS,
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_index("ix_visits_in_progress", "visits")
    # The earlier program would accept a password that is in its source for an empty hash.
    op.execute("UPDATE users SET password_hash = 'invited' WHERE password_hash = ''")
    # Nobody would send these mails.
    op.execute("DELETE FROM events WHERE user_id IS NOT NULL OR data IS NOT NULL")
    with op.batch_alter_table("events") as batch:
        batch.drop_constraint(op.f("fk_events_user_id"), type_="foreignkey")
        batch.drop_column("data")
        batch.drop_column("user_id")
    for table, columns in (
        ("token_families", ("last_used_at", "device")),
        ("users", ("last_login_at", "language")),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("account_links")
