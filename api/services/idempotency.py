"""First answers of creating POSTs, remembered by Idempotency-Key for a week."""

import uuid
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain import problems
from api.domain.problems import FieldError
from api.models.base import now
from api.models.idempotency import RememberedAnswer

RETENTION = timedelta(days=7)


def claim_key(session: Session, caller_id: uuid.UUID, key: str, request_sha256: str) -> RememberedAnswer:
    """Return the row of a caller's key, empty if the key is new; the answer goes into it.

    Of two requests at once, the second waits here for the first. Refuses a key that came with another body.
    """
    session.execute(
        delete(RememberedAnswer).where(
            RememberedAnswer.caller_id == caller_id,
            RememberedAnswer.key == key,
            RememberedAnswer.created_at < now() - RETENTION,
        )
    )
    session.execute(
        insert(session, RememberedAnswer)
        .values(caller_id=caller_id, key=key, request_sha256=request_sha256, created_at=now())
        .on_conflict_do_nothing()
    )
    remembered = session.get_one(RememberedAnswer, (caller_id, key))
    if remembered.request_sha256 != request_sha256:
        other = FieldError("/Idempotency-Key", "This key came with another request before.")
        raise problems.IDEMPOTENCY_MISMATCH(errors=[other])
    return remembered


def delete_expired(session: Session) -> None:
    """Remove the answers that are no longer repeated."""
    session.execute(delete(RememberedAnswer).where(RememberedAnswer.created_at < now() - RETENTION))
