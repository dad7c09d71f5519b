"""Answers that questions of any type share are counted beside a question's sums."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ANSWERS = ("yes", "no", "answered", "not_applicable")
_KEY = ("location_number", "month", "subject_id")
totals = sa.table("totals", *map(sa.column, (*_KEY, *ANSWERS)))
tallies = sa.table("tallies", *map(sa.column, (*_KEY, "answer", "times")))


def upgrade() -> None:
    """Apply it."""
    for answer in ANSWERS:
        op.add_column("totals", sa.Column(answer, sa.Integer(), nullable=True))
    here = [tallies.c[name] == totals.c[name] for name in _KEY]
    counts = {
        answer: sa.select(tallies.c.times).where(*here, tallies.c.answer == answer).scalar_subquery()
        for answer in ANSWERS
    }
    op.execute(totals.update().values({name: sa.func.coalesce(times, 0) for name, times in counts.items()}))
    op.execute(tallies.delete().where(tallies.c.answer.in_(ANSWERS)))
    with op.batch_alter_table("totals", table_kwargs={"sqlite_with_rowid": False}) as batch:
        for answer in ANSWERS:
            batch.alter_column(answer, existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    """Take it back."""
    for answer in ANSWERS:
        given = sa.select(*(totals.c[name] for name in _KEY), sa.literal(answer), totals.c[answer])
        columns = [*_KEY, "answer", "times"]
        op.execute(tallies.insert().from_select(columns, given.where(totals.c[answer] != 0)))
    with op.batch_alter_table("totals", table_kwargs={"sqlite_with_rowid": False}) as batch:
        for answer in ANSWERS:
            batch.drop_column(answer)
