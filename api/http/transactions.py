"""The one place where a request's write transaction is opened, and where first answers are remembered."""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from api.database.statements import Transaction
from api.domain import problems
from api.http.context import actor, app_context, close_read_snapshot
from api.http.responses import json_text
from api.services import idempotency

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
    close_read_snapshot()
    return app_context().database.write(work)


def in_statements(work: Callable[[Transaction], T]) -> T:
    """Run ``work``, which runs statements alone, in one write transaction; as ``in_transaction`` does."""
    close_read_snapshot()
    return app_context().database.write_statements(work)


def creating(
    work: Callable[[Session], Any],
    dump: Callable[[Any], Any],
    *,
    at: Callable[[Any], str] | None = None,
    status_of: Callable[[Any], int] = lambda _made: 201,
) -> Response:
    """Run a creating POST in one transaction, or repeat its first answer if its Idempotency-Key is known.

    ``dump`` makes JSON of what ``work`` returns, ``at`` gives the address of what was made.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= 200:
        raise problems.invalid_field("/Idempotency-Key", "A key has 1 to 200 characters.")
    request_sha256 = _digest() if key else ""

    def run(session: Session) -> tuple[int, str | None, str]:
        if key is None:
            return answer(session)
        remembered = idempotency.claim_key(session, actor().id, key, request_sha256)
        if remembered.status is None:
            remembered.status, remembered.location, remembered.body = answer(session)
            session.flush()
        assert remembered.body is not None
        return remembered.status, remembered.location, remembered.body

    def answer(session: Session) -> tuple[int, str | None, str]:
        made = work(session)
        return status_of(made), at(made) if at else None, current_app.json.dumps(dump(made))

    code, location, body = in_transaction(run)
    response = json_text(body, code)
    if location is not None:
        response.headers["Location"] = location
    return response


def _digest() -> str:
    """Return what stands for the request; keyed, so that a stolen database does not give passwords away."""
    digest = hmac.new(app_context().settings.secret_key.encode(), digestmod="sha256")
    for part in (request.method, request.full_path):
        digest.update(part.encode() + b"\0")
    digest.update(request.get_data(cache=True))
    return digest.hexdigest()
