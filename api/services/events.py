"""Events: what the worker has to do later, written in the transaction that makes it necessary."""

import uuid
from datetime import datetime

from sqlalchemy import insert

from api.database.statements import Runner, Statement, rows
from api.models.base import now
from api.models.events import Event

_ADD = Statement(insert(Event))


def add_event(on: Runner, kind: str, visit_id: uuid.UUID, revision: int, due_at: datetime) -> None:
    """Add an event about a revision, which the worker handles once it is due."""
    rows(
        on,
        _ADD,
        id=uuid.uuid4(),
        kind=kind,
        visit_id=visit_id,
        revision=revision,
        due_at=due_at,
        attempts=0,
        created_at=now(),
    )
