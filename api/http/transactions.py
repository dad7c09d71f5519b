"""The write transaction of a request, and the replay of responses by Idempotency-Key."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, current_app, g, request
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import Session

from api.database.statements import Transaction
from api.domain import problems
from api.domain.access import Actor
from api.http.context import app_context, autocommit, close_read_snapshot, current_actor
from api.http.etags import compute_etag, compute_live_etag
from api.http.replica_reads import record_write
from api.http.responses import json_text
from api.services import idempotency
from api.services.audit import recording
from api.services.audit.recording import Author
from api.services.people import sign_in

T = TypeVar("T")

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body replays the first response, for a week.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def in_transaction(work: Callable[[Session], T], *, also_for: Iterable[UUID] = ()) -> T:
    """Run ``work`` in one write transaction, and return its result after the commit.

    The read snapshot is closed first: it would not show the changes, and it holds a connection. From a
    replica, the caller reads only what has the changes, and so do ``also_for``, callers whose rights change.

    Raises NOT_SIGNED_IN if the caller was deleted since the request began.
    """
    close_read_snapshot()
    author = _get_author()

    def run(session: Session) -> T:
        recording.set_author(session, author)
        result = work(session)
        session.flush()  # so that the row of the caller is locked last
        record_write(session, also_for)
        return result

    try:
        return app_context().database.write(run)
    except (IntegrityError, NoResultFound):
        # Rows cannot refer to a person who was deleted, and their own row is not found.
        if _is_deleted(g.get("actor")):
            raise problems.NOT_SIGNED_IN() from None
        raise


def _is_deleted(actor: Actor | None) -> bool:
    """Return whether the caller of this request is a person who no longer exists."""
    if actor is None or actor.family_id is None:
        return False
    return sign_in.find_actor(autocommit(), actor.id, actor.family_id) is None


def _get_author() -> Author:
    """Return who makes the changes of this request, for the audit log."""
    actor: Actor | None = g.get("actor")
    request_id = g.get("request_id")
    return Author(actor.id, actor.is_client, request_id) if actor else Author(request_id=request_id)


def in_statements(work: Callable[[Transaction], T]) -> T:
    """Run ``work``, which uses prepared statements only, in one write transaction; see ``in_transaction``."""
    close_read_snapshot()

    def run(transaction: Transaction) -> T:
        result = work(transaction)
        record_write(transaction)
        return result

    return app_context().database.write_statements(run)


def create_resource(
    work: Callable[[Session], T],
    dump: Callable[[T], Any],
    get_location: Callable[[T], str],
    *,
    edited: Sequence[str] | None = None,
) -> Response:
    """Run a POST that creates a resource; see ``run_once``. The response has the ETag that GET returns.

    ``dump`` therefore has to return the JSON that GET returns. ``edited`` is for a ``live_response``.
    """
    response = run_once(work, dump, get_location=get_location)
    content = response.get_data()
    response.set_etag(compute_etag(content) if edited is None else compute_live_etag(content, edited))
    return response


def run_once(
    work: Callable[[Session], T],
    dump: Callable[[T], Any],
    *,
    get_location: Callable[[T], str] | None = None,
    get_status: Callable[[T], int] = lambda _result: 201,
) -> Response:
    """Run a creating POST in one transaction, or replay its first response if the Idempotency-Key is known.

    ``dump`` turns the result of ``work`` into JSON, ``get_location`` returns the address of the new resource.
    Raises IDEMPOTENCY_MISMATCH if the key was used with another request.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= 200:
        raise problems.invalid_field("/Idempotency-Key", "A key has 1 to 200 characters.")
    hashes = _hash_request() if key else []

    def run(session: Session) -> tuple[int, str | None, str]:
        result = work(session)
        location = get_location(result) if get_location else None
        return get_status(result), location, current_app.json.dumps(dump(result))

    def run_or_replay(session: Session) -> tuple[int, str | None, str]:
        if key is None:
            return run(session)
        stored = idempotency.claim_key(session, current_actor().id, key, hashes)
        if stored.status is None:
            stored.status, stored.location, stored.body = run(session)
            session.flush()
        assert stored.body is not None
        return stored.status, stored.location, stored.body

    status, location, body = in_transaction(run_or_replay)
    response = json_text(body, status)
    if location is not None:
        response.headers["Location"] = location
    return response


def _hash_request() -> list[str]:
    """Return the hash of the request under each key, so that a stolen database does not reveal passwords."""
    content = b"\0".join([request.method.encode(), request.full_path.encode(), request.get_data(cache=True)])
    keys = app_context().settings.keys.derive("requests with an Idempotency-Key")
    return [hmac.digest(key, content, "sha256").hex() for key in keys]
