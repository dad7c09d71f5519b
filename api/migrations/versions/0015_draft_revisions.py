"""Add the revisions of drafts. The first of each is what the draft is now."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "draft_revisions",
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("document", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklists.id"], name=op.f("fk_draft_revisions_checklist_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_draft_revisions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_revisions")),
    )
    op.create_index(
        op.f("ix_draft_revisions_checklist_id_changed_at_id"),
        "draft_revisions",
        ["checklist_id", "changed_at", "id"],
    )
    _add_first_revisions()


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table("draft_revisions")


def _add_first_revisions() -> None:
    connection = op.get_bind()
    names = ("id", "checklist_id", "document", "created_at", "changed_at")
    revisions = sa.table("draft_revisions", *map(sa.column, names))
    checklists = sa.table("checklists", sa.column("id", sa.Uuid()), sa.column("draft"))
    moment = sa.literal(datetime.now(UTC), sa.DateTime(timezone=True))
    for checklist_id in connection.scalars(sa.select(checklists.c.id)).all():
        # The database copies the document, so that it stays the same text.
        revision_id = sa.literal(uuid.uuid4(), sa.Uuid())
        first = sa.select(revision_id, checklists.c.id, checklists.c.draft, moment, moment)
        is_own = checklists.c.id == checklist_id
        connection.execute(revisions.insert().from_select(names, first.where(is_own)))
