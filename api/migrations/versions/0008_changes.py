"""Add the log of changes, with one published change for each visit that is accepted."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BATCH_SIZE = 1_000
VISITS = sa.table(
    "visits",
    *(
        sa.column(name, sa.Uuid())
        for name in ("id", "organization_id", "location_id", "checklist_version_id")
    ),
    sa.column("day", sa.Date()),
    *(sa.column(name) for name in ("status", "revision", "month")),
)
LOCATIONS = sa.table("locations", sa.column("id", sa.Uuid()), sa.column("code"))
VERSIONS = sa.table(
    "checklist_versions",
    sa.column("id", sa.Uuid()),
    sa.column("checklist_id", sa.Uuid()),
    sa.column("version"),
)
CHECKLISTS = sa.table("checklists", sa.column("id", sa.Uuid()), sa.column("key"))
SUBMISSIONS = sa.table(
    "submissions", sa.column("visit_id", sa.Uuid()), sa.column("revision"), sa.column("outcome")
)


def upgrade() -> None:
    """Apply the migration."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    transaction_id = "0" if is_sqlite else "(pg_current_xact_id()::text::bigint)"
    changes = op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), server_default=sa.text(transaction_id), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_changes_visit_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    _record_accepted_visits(changes)
    op.create_index(
        op.f("ix_changes_organization_id_transaction_id_number"),
        "changes",
        ["organization_id", "transaction_id", "number"],
    )
    op.create_index(
        "ix_changes_unpublished",
        "changes",
        ["number"],
        postgresql_where=sa.text("NOT is_published"),
        sqlite_where=sa.text("is_published = 0"),
    )


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("changes")


def _record_accepted_visits(changes: sa.Table) -> None:
    """Add a change for each accepted visit, in the order of lists: the order discloses nothing else."""
    connection = op.get_bind()
    recorded_at = datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        recorded_at = recorded_at.replace(tzinfo=None)
    accepted = (
        sa.select(VISITS, LOCATIONS.c.code, VERSIONS.c.version, CHECKLISTS.c.key, SUBMISSIONS.c.outcome)
        .join(LOCATIONS, LOCATIONS.c.id == VISITS.c.location_id)
        .join(VERSIONS, VERSIONS.c.id == VISITS.c.checklist_version_id)
        .join(CHECKLISTS, CHECKLISTS.c.id == VERSIONS.c.checklist_id)
        .join(
            SUBMISSIONS,
            (SUBMISSIONS.c.visit_id == VISITS.c.id) & (SUBMISSIONS.c.revision == VISITS.c.revision),
        )
        .where(VISITS.c.status == "accepted")
        .order_by(VISITS.c.day, VISITS.c.id)
    )
    for visits in connection.execute(accepted, execution_options={"yield_per": BATCH_SIZE}).partitions():
        rows = [_build_change(visit) | {"created_at": recorded_at} for visit in visits]
        connection.execute(changes.insert(), rows)


def _build_change(visit: sa.Row[Any]) -> dict[str, Any]:
    return {
        "organization_id": visit.organization_id,
        "location_id": visit.location_id,
        "kind": "visit.accepted",
        "visit_id": visit.id,
        "revision": visit.revision,
        "data": {
            "location": {"id": str(visit.location_id), "code": visit.code},
            "checklist": {"key": visit.key, "version": visit.version},
            "day": visit.day.isoformat(),
            "month": f"{visit.month // 12:04}-{visit.month % 12 + 1:02}",
            "changes_score": visit.outcome == "visited",
        },
        "is_published": True,
    }
