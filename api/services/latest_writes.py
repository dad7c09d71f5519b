"""What each caller wrote last: they read from the replica only what has it.

Each write transaction of a caller, and each that changes their rights, replaces their row. Of two snapshots
with the same row, one on the primary and one on the replica, the second has everything that this caller wrote
before the first. The row is replicated like everything else, so this depends neither on clocks nor on
positions in the log, and it holds after a failover too.
"""

import uuid
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from api.database.statements import Command, Query, Runner, Writer, execute, fetch_one
from api.models.base import now
from api.models.latest_writes import LatestWrite

#: How long rows are kept: much longer than a replica may be behind
RETENTION = timedelta(hours=1)


class _Write(NamedTuple):
    write_id: uuid.UUID


_FIND = Query(_Write, select(LatestWrite.write_id).where(LatestWrite.caller_id == bindparam("caller_id")))
_new = postgresql.insert(LatestWrite)
#: Only PostgreSQL has replicas.
_RECORD = Command(
    _new.on_conflict_do_update(
        index_elements=["caller_id"],
        set_={"write_id": _new.excluded.write_id, "written_at": _new.excluded.written_at},
    )
)


def record(writer: Writer, caller_id: uuid.UUID) -> None:
    """Record that a caller writes. Their row stays locked, so call this at the end of the transaction."""
    execute(writer, _RECORD, caller_id=caller_id, write_id=uuid.uuid4(), written_at=now())


def find(runner: Runner, caller_id: uuid.UUID) -> uuid.UUID | None:
    """Return what identifies the latest write of a caller, or None if they have not written lately."""
    row = fetch_one(runner, _FIND, caller_id=caller_id)
    return row.write_id if row else None


def delete_old(session: Session) -> None:
    """Delete the rows that every replica in use has had for long."""
    session.execute(delete(LatestWrite).where(LatestWrite.written_at < now() - RETENTION))
