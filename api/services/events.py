"""Events: tasks that the worker runs later, written in the transaction that makes them necessary.

To claim an event, a worker counts the attempt and moves the due time to the end of its lease. Whatever
follows has an effect only if the number of attempts is still the same. If two workers hold the same event,
because the first was slower than its lease, only the second has an effect.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from api.database.statements import Command, Writer, execute
from api.domain.people import MAIL_EVENTS
from api.models.base import now
from api.models.events import Event

#: How long claimed events belong to one worker. If it is killed, another takes over within half a minute.
LEASE = timedelta(seconds=25)
MAX_BACKOFF = timedelta(hours=6)
#: Events that a worker claims at a time. They share a transaction, for which submissions on SQLite wait: it
#: needs 20 ms of CPU to accept 25 visits.
BATCH_SIZE = 25

IS_MAIL: ColumnElement[bool] = Event.kind.in_(MAIL_EVENTS)
IS_TASK: ColumnElement[bool] = ~IS_MAIL

_INSERT_EVENT = Command(insert(Event))


def add_event(writer: Writer, kind: str, visit_id: uuid.UUID, revision: int, due_at: datetime) -> None:
    """Add an event for a revision of a visit; the worker handles it from ``due_at`` on."""
    execute(
        writer,
        _INSERT_EVENT,
        id=uuid.uuid4(),
        kind=kind,
        visit_id=visit_id,
        revision=revision,
        due_at=due_at,
        attempts=0,
        created_at=now(),
    )


def add_mail(session: Session, kind: str, user_id: uuid.UUID, data: Mapping[str, Any] | None = None) -> None:
    """Add a mail to a user, to be sent at once. ``kind`` is one of the mails in ``domain/people.py``."""
    session.add(Event(kind=kind, user_id=user_id, data=data and dict(data), due_at=now()))


def add_mails(session: Session, kind: str, user_ids: Sequence[uuid.UUID]) -> None:
    """Add a mail to each of many users; see ``add_mail``."""
    session.execute(
        insert(Event), [{"kind": kind, "user_id": user_id, "due_at": now()} for user_id in user_ids]
    )


def has_due(session: Session, kinds: ColumnElement[bool]) -> bool:
    """Return whether an event is due, of the ``kinds`` IS_MAIL or IS_TASK."""
    return session.scalar(select(Event.id).where(Event.due_at <= now(), kinds).limit(1)) is not None


def claim(
    session: Session, kinds: ColumnElement[bool], batch_size: int = BATCH_SIZE, lease: timedelta = LEASE
) -> list[Event]:
    """Claim due events by due time, and those of the same time in random order, as IDs are random."""
    due_ids = (
        select(Event.id)
        .where(Event.due_at <= now(), kinds)
        .order_by(Event.due_at, Event.id)
        .limit(batch_size)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(due_ids).all()
    session.execute(
        update(Event)
        .where(Event.id.in_(ids))
        .values(due_at=now() + lease, attempts=Event.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.id)))


def remove(session: Session, claimed: Sequence[Event]) -> list[Event]:
    """Remove claimed events, and return those that were still claimed."""
    claims = [(event.id, event.attempts) for event in claimed]
    removed = set(
        session.scalars(
            delete(Event).where(tuple_(Event.id, Event.attempts).in_(claims)).returning(Event.id),
            execution_options={"synchronize_session": False},
        )
    )
    return [event for event in claimed if event.id in removed]


def back_off(session: Session, event: Event, reason: str) -> None:
    """Let a claimed event wait, the longer the more attempts have failed."""
    # 2¹⁵ seconds are longer than the maximum. 2⁵⁰ seconds would be too long for a timedelta.
    backoff = min(timedelta(seconds=2 ** min(event.attempts, 15)), MAX_BACKOFF)
    session.execute(
        update(Event)
        .where(Event.id == event.id, Event.attempts == event.attempts)
        .values(due_at=now() + backoff, last_error=reason)
    )
