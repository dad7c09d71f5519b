"""How long first answers of creating POSTs are remembered, and their removal after that."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.models.base import now
from api.models.idempotency import RememberedAnswer

REMEMBERED_FOR = timedelta(days=7)


def forget_old(session: Session) -> None:
    """Remove the answers that are no longer repeated."""
    session.execute(delete(RememberedAnswer).where(RememberedAnswer.created_at < now() - REMEMBERED_FOR))
