"""Add the earlier photo or comment that a flag refers to, and the commented questions of a submission."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADDED: Mapping[str, Mapping[str, sa.types.TypeEngine[Any]]] = {
    "comment_prints": {"question": sa.String()},
    "flags": {"question": sa.String(), "other_photo_id": sa.Uuid(), "other_question": sa.String()},
    "photos": {"seen_photo_id": sa.Uuid()},
}


def upgrade() -> None:
    """Apply the migration."""
    for table, columns in ADDED.items():
        for name, type_ in columns.items():
            op.add_column(table, sa.Column(name, type_, nullable=True))
    op.add_column("submissions", sa.Column("commented", sa.JSON(none_as_null=True), nullable=True))
    _fill_commented()
    with op.batch_alter_table("submissions") as batch:
        batch.alter_column("commented", existing_type=sa.JSON(none_as_null=True), nullable=False)


def downgrade() -> None:
    """Revert the migration."""
    op.drop_column("submissions", "commented")
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)


def _fill_commented() -> None:
    """Set ``commented`` of the existing submissions."""
    metadata = sa.MetaData()
    submissions, visits, versions = (
        sa.Table(name, metadata, autoload_with=op.get_bind())
        for name in ("submissions", "visits", "checklist_versions")
    )
    connection = op.get_bind()
    key = (submissions.c.visit_id, submissions.c.revision)
    content_column = sa.type_coerce(submissions.c.content, sa.JSON)
    stored = sa.select(*key, visits.c.checklist_version_id).join(visits, visits.c.id == key[0])
    documents = {
        version_id: json.loads(document)
        for version_id, document in connection.execute(sa.select(versions.c.id, versions.c.document))
    }
    for visit_id, revision, version_id in connection.execute(stored).all():
        is_row = (key[0] == visit_id) & (key[1] == revision)
        content: Any = connection.scalar(sa.select(content_column).where(is_row))
        commented = sa.type_coerce(list(_find_commented(documents[version_id], content)), sa.JSON)
        connection.execute(submissions.update().where(is_row).values(commented=commented))


def _find_commented(document: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str | None]:
    """Yield the keys of questions with a comment or text, except private ones; None is the whole visit."""
    for section in document["sections"]:
        for question in section["questions"]:
            answer = content["answers"].get(question["key"]) or {}
            texts = [answer.get("comment"), answer.get("value") if question["type"] == "text" else None]
            if not question["private"] and any(text and text.strip() for text in texts):
                yield question["key"]
    if (content.get("comment") or "").strip():
        yield None
