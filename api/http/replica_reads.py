"""Views that read from the replica, and what callers wrote, which they must not miss there."""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from flask import Response, current_app, g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.database.limits import REQUEST
from api.database.replica import Replica
from api.database.statements import Writer
from api.domain.access import SHOPPER, Actor
from api.http.context import app_context, autocommit, close_read_snapshot, current_actor
from api.services import latest_writes

P = ParamSpec("P")

#: Where a request read, and why: the replica could not be used, it did not have the latest write of the
#: caller yet, or the query failed there
REPLICA, UNAVAILABLE, BEHIND, FAILED = OUTCOMES = ("replica", "unavailable", "behind", "failed")


def reads_replica(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let a view read from the replica if there is one, and from the primary if the replica cannot be used.

    The view must only read, from ``read_snapshot``, because it runs again if the replica fails.
    """

    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> Response:
        replica = app_context().replica
        if replica is None:
            return view(*args, **kwargs)
        began_at = time.monotonic()
        outcome = _open_snapshot(replica, current_actor())
        try:
            return view(*args, **kwargs)
        except DBAPIError as error:
            # Who has waited for as long as a statement may take does not wait for as long again.
            has_timed_out = time.monotonic() - began_at > REQUEST.statement
            if outcome != REPLICA or has_timed_out:
                raise
            outcome = FAILED
            replica.stop_using(error)
        finally:
            current_app.extensions["metrics"].count_replica_read(outcome)
        close_read_snapshot()
        return view(*args, **kwargs)

    return run


def _open_snapshot(replica: Replica, actor: Actor) -> str:
    """Let this request read from the replica, if that has what the caller wrote last; return the outcome."""
    if not replica.is_available():
        return UNAVAILABLE
    write_id = latest_writes.find(autocommit(), actor.id)

    def is_current(session: Session) -> bool:
        return write_id is None or latest_writes.find(session, actor.id) == write_id

    session = replica.read_snapshot(is_current)
    if session is None:
        return BEHIND if replica.is_available() else UNAVAILABLE
    g.read_snapshot = session
    return REPLICA


def record_write(writer: Writer, also_for: Iterable[UUID] = ()) -> None:
    """Record at the end of a transaction that the caller writes, if they may read from the replica.

    ``also_for`` are other callers who must see the change at once.
    """
    if app_context().replica is None:
        return
    actor: Actor | None = g.get("actor")
    callers = set(also_for)
    if actor is not None and actor.role != SHOPPER:
        callers.add(actor.id)
    for caller_id in sorted(callers):  # two transactions lock the same rows in the same order
        latest_writes.record(writer, caller_id)
