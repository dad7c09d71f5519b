"""Add the audit log, which the database keeps from being changed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RETENTION_DAYS = 400
#: All columns but personal_changes, which can be cleared.
FIXED = (
    "id, organization_id, at, actor_id, is_client, action, subject_type, subject_id, subject_count, changes, "
    "request_id"
)
MESSAGE = "Entries of the audit log never change."


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "audit_entries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("is_client", sa.Boolean(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_count", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("personal_changes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audit_entries_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    for columns in (
        ["organization_id", "at", "id"],
        ["organization_id", "actor_id", "at", "id"],
        ["organization_id", "subject_id", "at", "id"],
        ["at"],
    ):
        op.create_index(op.f(f"ix_audit_entries_{'_'.join(columns)}"), "audit_entries", columns)
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _protect_on_postgresql() -> None:
    op.execute(
        f"""
        CREATE FUNCTION reject_change_of_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$
        """
    )
    reject = "EXECUTE FUNCTION reject_change_of_audit_entries()"
    op.execute(
        f"CREATE TRIGGER audit_entries_fixed BEFORE UPDATE OF {FIXED} ON audit_entries FOR EACH ROW {reject}"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_cleared BEFORE UPDATE ON audit_entries FOR EACH ROW "
        f"WHEN (NEW.personal_changes IS NOT NULL) {reject}"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries FOR EACH ROW "
        f"WHEN (OLD.at > now() - interval '{RETENTION_DAYS} days') {reject}"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_not_truncated BEFORE TRUNCATE ON audit_entries "
        f"FOR EACH STATEMENT {reject}"
    )


def _protect_on_sqlite() -> None:
    reject = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    op.execute(f"CREATE TRIGGER audit_entries_fixed BEFORE UPDATE OF {FIXED} ON audit_entries {reject}")
    op.execute(
        "CREATE TRIGGER audit_entries_cleared BEFORE UPDATE ON audit_entries "
        f"WHEN NEW.personal_changes IS NOT NULL {reject}"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries "
        f"WHEN julianday(OLD.at) > julianday('now', '-{RETENTION_DAYS} days') {reject}"
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION reject_change_of_audit_entries()")
