"""The one place where a request's write transaction is opened, and where first answers are remembered."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import marshmallow as ma
from flask import Response, current_app, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.domain import problems
from api.models.base import now
from api.models.database import insert
from api.models.idempotency import RememberedAnswer
from api.routes.answers import json_text
from api.routes.parts import actor, close_reading, parts
from api.services.idempotency import REMEMBERED_FOR

T = TypeVar("T")

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body within a week repeat the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run ``work`` in one write transaction; the answer leaves after its commit.

    The snapshot that was read from is given back first: it is of before, and holds a connection.
    """
    close_reading()
    return parts().database.write(work)


def creating(
    work: Callable[[Session], Any],
    schema: ma.Schema,
    *,
    at: Callable[[Any], str] | None = None,
    status: int = 201,
    status_of: Callable[[Any], int] | None = None,
) -> Response:
    """Run a creating POST in one transaction, or repeat its first answer if its Idempotency-Key is known.

    ``schema`` dumps what ``work`` returns, ``at`` gives the address of what was made.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= 200:
        raise problems.invalid("/Idempotency-Key", "A key has 1 to 200 characters.")
    request_sha256 = _digest() if key else ""

    def run(session: Session) -> tuple[int, str | None, str]:
        if key is None:
            return answer(session)
        remembered = _claim(session, key, request_sha256)
        if remembered.status is None:
            remembered.status, remembered.location, remembered.body = answer(session)
            session.flush()
        assert remembered.body is not None
        return remembered.status, remembered.location, remembered.body

    def answer(session: Session) -> tuple[int, str | None, str]:
        made = work(session)
        code = status_of(made) if status_of else status
        return code, at(made) if at else None, current_app.json.dumps(schema.dump(made))

    code, location, body = in_transaction(run)
    response = json_text(body, code)
    if location is not None:
        response.headers["Location"] = location
    return response


def _claim(session: Session, key: str, request_sha256: str) -> RememberedAnswer:
    """Return the row of a key; of two requests at once, the second waits for the first."""
    caller_id = actor().id
    session.execute(
        delete(RememberedAnswer).where(
            RememberedAnswer.caller_id == caller_id, RememberedAnswer.created_at < now() - REMEMBERED_FOR
        )
    )
    session.execute(
        insert(session, RememberedAnswer)
        .values(caller_id=caller_id, key=key, request_sha256=request_sha256, created_at=now())
        .on_conflict_do_nothing()
    )
    remembered = session.get_one(RememberedAnswer, (caller_id, key))
    if remembered.request_sha256 != request_sha256:
        raise problems.IDEMPOTENCY_MISMATCH()
    return remembered


def _digest() -> str:
    parts_of_request = (request.method, request.full_path, request.get_data(cache=True))
    digest = hashlib.sha256()
    for part in parts_of_request:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()
