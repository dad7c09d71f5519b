"""Idempotency keys: the first response to a creating POST is stored for a week and replayed."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain import problems
from api.domain.problems import FieldError
from api.models.base import now
from api.models.idempotency import StoredResponse

RETENTION = timedelta(days=7)


def claim_key(session: Session, caller_id: uuid.UUID, key: str, hashes: Sequence[str]) -> StoredResponse:
    """Return the row of a caller's key. If the key is new, the row has no response yet.

    ``hashes`` are those of the request under the current key and the previous ones of the program.

    Of two simultaneous requests with one key, the second waits here until the first has committed.

    Raises IDEMPOTENCY_MISMATCH if the key was used with another request.
    """
    session.execute(
        delete(StoredResponse).where(
            StoredResponse.caller_id == caller_id,
            StoredResponse.key == key,
            StoredResponse.created_at < now() - RETENTION,
        )
    )
    session.execute(
        insert(session, StoredResponse)
        .values(caller_id=caller_id, key=key, request_sha256=hashes[0], created_at=now())
        .on_conflict_do_nothing()
    )
    stored = session.get_one(StoredResponse, (caller_id, key))
    if stored.request_sha256 not in hashes:
        error = FieldError("/Idempotency-Key", "This key was used with another request.")
        raise problems.IDEMPOTENCY_MISMATCH(errors=[error])
    return stored


def delete_expired(session: Session) -> None:
    """Delete the stored responses that are older than ``RETENTION``."""
    session.execute(delete(StoredResponse).where(StoredResponse.created_at < now() - RETENTION))
