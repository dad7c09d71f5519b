"""The replica: a second server of PostgreSQL that follows the first, for reads that may be seconds old.

It is used while checks show that it follows. Otherwise everything is read from the primary, so no request
fails because of it.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.database.engines import BEGIN_SNAPSHOT, Database, create_postgresql_engine
from api.database.failures import get_message
from api.database.limits import BACKGROUND

#: A replica that is further behind is not used. Usually it is behind by some milliseconds.
MAX_LAG_SECONDS = 3.0
#: The time between two checks
CHECK_SECONDS = 2.0
#: How long a success counts while the next check takes its time, from the beginning of the check. What is
#: read is therefore never older. A check that takes longer than this means that the server hangs.
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
        self._connections = _Connections(self._engine)
        self._watch = _Watch(self._verify)
        self._lock = threading.Lock()
        self._problem: str | None = None

    def in_background(self) -> "Replica":
        """Return the same replica for work that no one waits for, like ``Database.in_background``."""
        replica = copy(self)
        replica._engine = self._engine.execution_options(limits=BACKGROUND)
        return replica

    def is_available(self) -> bool:
        """Return whether the replica is used now. The first call begins to check it, every CHECK_SECONDS."""
        self._watch.start()
        return self._watch.age() <= TRUST_SECONDS

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
            self.stop_using(error)
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
        self._watch.start()
        return self.read_snapshot(is_current)

    def stop_using(self, error: SQLAlchemyError) -> None:
        """Use the primary until the next check succeeds, because a read from the replica failed.

        If all connections were busy, this is no fault of the replica.
        """
        if isinstance(error, PoolTimeout):
            return
        self._report(get_message(error))
        self._watch.repeat()

    def close(self) -> None:
        """End the checks, and close all connections."""
        self._watch.stop()
        self._engine.dispose()

    def measure_lag(self) -> float:
        """Return how many seconds the replica takes until it has what the primary has now.

        Raises ReplicaError if that is more than MAX_LAG_SECONDS or it is not a replica of this primary, and
        sqlalchemy.exc.SQLAlchemyError if one of the two is not available.
        """
        with self._primary.reading_engine.connect() as connection:
            position, *identity = connection.execute(_POSITION).one()
        began_at = time.monotonic()
        with self._connections.cut_unless_done(TRUST_SECONDS), self._engine.connect() as connection:
            while not _has_replayed(connection, position, identity):
                if time.monotonic() - began_at > MAX_LAG_SECONDS:
                    raise ReplicaError(f"it is more than {MAX_LAG_SECONDS:.0f} seconds behind")
                time.sleep(_POLL_SECONDS)
        return time.monotonic() - began_at

    def _verify(self) -> None:
        """Raise unless the replica soon has what the primary has now. Writes changes of that to the log."""
        try:
            self.measure_lag()
        except PoolTimeout:
            raise
        except (SQLAlchemyError, ReplicaError) as error:
            self._report(get_message(error) if isinstance(error, SQLAlchemyError) else str(error))
            raise
        self._report(None)

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


class _Watch:
    """Repeats a check in a thread, and remembers when the last one began if it succeeded."""

    def __init__(self, verify: Callable[[], None]) -> None:
        self._verify = verify
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_due, self._is_stopped = threading.Event(), threading.Event()
        self._succeeded_at = float("-inf")

    def start(self) -> None:
        """Begin to check, unless that has begun. Processes are forked before this."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="replica", daemon=True)
                    thread.start()
                    self._thread = thread

    def repeat(self) -> None:
        """Forget the last success, and check again without waiting."""
        self._succeeded_at = float("-inf")
        self._is_due.set()

    def stop(self) -> None:
        """Check no more."""
        self._is_stopped.set()
        self.repeat()

    def age(self) -> float:
        """Return the seconds since the beginning of the last check, if it succeeded."""
        return time.monotonic() - self._succeeded_at

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            self._is_due.clear()
            began_at = time.monotonic()
            try:
                self._verify()
                self._succeeded_at = began_at
            except PoolTimeout:  # it says nothing about the replica, and TRUST_SECONDS decide
                pass
            except (SQLAlchemyError, ReplicaError):  # it is in the log
                self._succeeded_at = float("-inf")
            except Exception:  # such as that the system has no thread left for the timer
                log.exception("checking the replica failed")
                self._succeeded_at = float("-inf")
            self._is_due.wait(CHECK_SECONDS)


class _Connections:
    """The connections of an engine that are in use, which can be cut if the server hangs.

    Neither libpq nor PostgreSQL limits how long a client waits for a server that has stopped working while
    its machine goes on. All requests that read from it would wait, and take the turns of others.
    """

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._in_use: set[Any] = set()
        self._driver_error = engine.dialect.loaded_dbapi.Error
        event.listen(engine, "checkout", lambda connection, *_: self._add(connection))
        for name in ("checkin", "invalidate"):  # both come before the connection is closed
            event.listen(engine, name, lambda connection, *_: self._remove(connection))

    @contextmanager
    def cut_unless_done(self, seconds: float) -> Iterator[None]:
        """Cut all connections if a query in the block fails, or the block takes longer.

        What waits for them gets an error. Connecting counts as a query: a server that hangs lets it time out.
        """
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except SQLAlchemyError as error:
            if not isinstance(error, PoolTimeout):  # otherwise they are all busy, and work
                self._cut()
            raise
        finally:
            timer.cancel()

    def _add(self, connection: Any) -> None:
        with self._lock:
            self._in_use.add(connection)

    def _remove(self, connection: Any) -> None:
        with self._lock:
            self._in_use.discard(connection)

    def _cut(self) -> None:
        with self._lock:
            for connection in self._in_use:
                with suppress(OSError, self._driver_error):
                    handle = socket.socket(fileno=connection.fileno())
                    try:
                        handle.shutdown(socket.SHUT_RDWR)
                    finally:
                        handle.detach()
