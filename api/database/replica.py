"""The replica: a second server of PostgreSQL that follows the first, for reads that may be seconds old.

It is used while checks show that it follows. Otherwise everything is read from the primary, so no request
fails because of it.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from copy import copy

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.background import Check
from api.database.engines import BEGIN_SNAPSHOT, Database, create_postgresql_engine
from api.database.failures import get_message
from api.database.limits import BACKGROUND

#: A replica that is further behind is not used. Usually it is behind by some milliseconds.
MAX_LAG_SECONDS = 3.0
#: A check that succeeded is repeated after this time.
FRESH_SECONDS = 2.0
#: How long a success counts while the next check takes its time, from the beginning of the check. What is
#: read is therefore never older.
TRUST_SECONDS = 10.0
_POLL_SECONDS = 0.02

#: The identity of a database, which its replica shares
_IDENTITY = "system_identifier, current_database() FROM pg_control_system()"
#: How far the log of the primary is written. Without `synchronous_commit`, it lacks the latest commits.
_POSITION = text(f"SELECT pg_current_wal_flush_lsn()::text, {_IDENTITY}")
_STATE = text(
    f"SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn), {_IDENTITY}"
)

log = logging.getLogger(__name__)


class ReplicaError(Exception):
    """The replica cannot be used. The message says why."""


class Replica:
    """A replica of the database ``primary``."""

    def __init__(self, url: str, primary: Database) -> None:
        """Prepare the connections. ``url`` begins with postgresql://; nothing connects yet."""
        self.url = url
        self._primary = primary
        self._engine = create_postgresql_engine(url, BEGIN_SNAPSHOT)
        self._check = Check(self._verify)
        self._lock = threading.Lock()
        self._problem: str | None = None

    def in_background(self) -> "Replica":
        """Return the same replica for work that no one waits for, like ``Database.in_background``."""
        replica = copy(self)
        replica._engine = self._engine.execution_options(limits=BACKGROUND)
        return replica

    def is_available(self, wait_seconds: float = 0.0) -> bool:
        """Return whether the replica is used now.

        If a check is due, it starts one and waits for it, but not longer than ``wait_seconds``.
        """
        if self._check.age() > FRESH_SECONDS:
            wait([self._check.start()], wait_seconds)
        return self._check.age() <= TRUST_SECONDS

    def read_snapshot(self, is_current: Callable[[Session], bool]) -> Session | None:
        """Return a session for reading, or None if the replica cannot be used now.

        ``is_current`` returns whether a snapshot has what the caller must see, or else it returns None too.
        """
        session = Session(self._engine, autoflush=False)
        try:
            session.connection()  # which fails here if it cannot be had
            if is_current(session):
                return session
        except SQLAlchemyError as error:
            self.leave(error)
        session.close()
        return None

    def wait_for_snapshot(self, is_current: Callable[[Session], bool]) -> Session | None:
        """Return a session that has what the primary has now, as far as MAX_LAG_SECONDS are enough for that.

        Like ``read_snapshot``, it returns None if the replica cannot be used.
        """
        try:
            self._verify()
        except (SQLAlchemyError, ReplicaError):  # it is in the log
            return None
        return self.read_snapshot(is_current)

    def leave(self, error: SQLAlchemyError) -> None:
        """Use the primary until the next check succeeds, because a read from the replica failed."""
        self._check.forget()
        self._report(get_message(error))

    def close(self) -> None:
        """Close all connections. The replica can be used again afterwards."""
        self._engine.dispose()

    def _verify(self) -> None:
        """Raise unless the replica soon has what the primary has now. Writes changes of that to the log."""
        try:
            self.measure_lag()
        except (SQLAlchemyError, ReplicaError) as error:
            self._check.forget()
            self._report(get_message(error) if isinstance(error, SQLAlchemyError) else str(error))
            raise
        self._report(None)

    def measure_lag(self) -> float:
        """Return how many seconds the replica takes until it has what the primary has now.

        Raises ReplicaError if that is more than MAX_LAG_SECONDS or it is not a replica of this primary, and
        sqlalchemy.exc.SQLAlchemyError if one of the two is not available.
        """
        with self._primary.reading_engine.connect() as connection:
            position, *identity = connection.execute(_POSITION).one()
        began_at = time.monotonic()
        with self._engine.connect() as connection:
            while not _has_replayed(connection, position, identity):
                if time.monotonic() - began_at > MAX_LAG_SECONDS:
                    raise ReplicaError(f"it is more than {MAX_LAG_SECONDS:.0f} seconds behind")
                time.sleep(_POLL_SECONDS)
        return time.monotonic() - began_at

    def _report(self, problem: str | None) -> None:
        """Write to the log that the replica can no longer be used, or that it can be used again."""
        with self._lock:
            before, self._problem = self._problem, problem
        if problem and not before:
            log.warning("the replica is not used: %s", problem)
        elif before and not problem:
            log.warning("the replica is used again")


def _has_replayed(connection: Connection, position: str, identity: list[object]) -> bool:
    """Return whether a replica has the log of its primary up to a position."""
    is_replica, has_replayed, *own_identity = connection.execute(_STATE, {"position": position}).one()
    if own_identity != identity:
        raise ReplicaError("it has another database")
    if not is_replica:
        raise ReplicaError("it has become a primary")
    return bool(has_replayed)
