"""Flags name where the same was seen before; submissions name the questions that have words."""

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
    """Apply it."""
    for table, columns in ADDED.items():
        for name, type_ in columns.items():
            op.add_column(table, sa.Column(name, type_, nullable=True))
    op.add_column("submissions", sa.Column("commented", sa.JSON(none_as_null=True), nullable=True))
    _find_words()
    with op.batch_alter_table("submissions") as batch:
        batch.alter_column("commented", existing_type=sa.JSON(none_as_null=True), nullable=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_column("submissions", "commented")
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)


def _find_words() -> None:
    """Fill ``commented`` for the submissions that there are."""
    found = sa.MetaData()
    submissions, visits, versions = (
        sa.Table(name, found, autoload_with=op.get_bind())
        for name in ("submissions", "visits", "checklist_versions")
    )
    given = sa.type_coerce(submissions.c.content, sa.JSON)
    stored = (
        sa.select(submissions.c.visit_id, submissions.c.revision, given, versions.c.document)
        .join(visits, visits.c.id == submissions.c.visit_id)
        .join(versions, versions.c.id == visits.c.checklist_version_id)
    )
    for visit_id, revision, content, document in op.get_bind().execute(stored).all():
        this = (submissions.c.visit_id == visit_id) & (submissions.c.revision == revision)
        words = sa.type_coerce(list(_with_words(json.loads(document), content)), sa.JSON)
        op.get_bind().execute(submissions.update().where(this).values(commented=words))


def _with_words(document: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str | None]:
    """Yield the questions that have a comment or a text, private ones left out; None for the whole visit."""
    for section in document["sections"]:
        for question in section["questions"]:
            answer = content["answers"].get(question["key"]) or {}
            texts = [answer.get("comment"), answer.get("value") if question["type"] == "text" else None]
            if not question["private"] and any(text and text.strip() for text in texts):
                yield question["key"]
    if (content.get("comment") or "").strip():
        yield None
