"""How long to wait for the database: briefly for a request, longer in the background."""

from dataclasses import dataclass
from threading import Lock

from sqlalchemy.exc import TimeoutError as PoolTimeout


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in seconds: of waiting for a lock, of one statement, and of a transaction that does nothing."""

    lock: float
    statement: float
    idle: float

    def as_settings(self) -> dict[str, str]:
        """Return the settings of PostgreSQL for these limits."""
        return {
            "lock_timeout": f"{self.lock * 1000:.0f}ms",
            "statement_timeout": f"{self.statement * 1000:.0f}ms",
            "idle_in_transaction_session_timeout": f"{self.idle * 1000:.0f}ms",
        }


#: For requests. People wait, and phones give up after 30 seconds.
REQUEST = Limits(lock=5, statement=20, idle=60)
#: For the worker, exports, migrations, backups and commands
BACKGROUND = Limits(lock=600, statement=3600, idle=3600)
#: How a lost server of PostgreSQL is noticed: parameters of libpq, unless the URL has its own
CONNECTION = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


class TimedLock:
    """A lock that is not waited for longer than the limit. Several of them can share one lock."""

    def __init__(self, lock: Lock, limits: Limits) -> None:
        self._lock, self._limits = lock, limits

    def __enter__(self) -> None:
        """Raise sqlalchemy.exc.TimeoutError, as a pool does, if the lock is not free in time."""
        if not self._lock.acquire(timeout=self._limits.lock):
            raise PoolTimeout(f"No transaction could begin to write within {self._limits.lock} seconds.")

    def __exit__(self, *_error: object) -> None:
        self._lock.release()
