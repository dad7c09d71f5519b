"""Events: tasks that the worker runs later, written in the transaction that makes them necessary."""

import uuid
from datetime import datetime

from sqlalchemy import insert

from api.database.statements import Command, Writer, execute
from api.models.base import now
from api.models.events import Event

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
