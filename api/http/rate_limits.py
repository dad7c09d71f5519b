"""Rate limits: requests of a caller in a window of time, counted over all processes of this host.

The counters are in an SQLite file of their own. It is not synchronized to the disk, as a crash of the machine
may lose a window. If the file cannot be used, requests pass uncounted.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pysqlite3.dbapi2 as sqlite

log = logging.getLogger(__name__)

_CREATE = """
CREATE TABLE IF NOT EXISTS counters (
    caller BLOB, policy TEXT, began INTEGER, requests INTEGER, PRIMARY KEY (caller, policy)
) WITHOUT ROWID
"""
_COUNT = """
INSERT INTO counters (caller, policy, began, requests) VALUES (?, ?, ?, 1)
ON CONFLICT (caller, policy) DO UPDATE SET
    requests = CASE WHEN began = excluded.began THEN requests + 1 ELSE 1 END,
    began = excluded.began
RETURNING requests
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """At most ``quota`` requests in each window of ``seconds``."""

    name: str
    quota: int
    seconds: int = 60

    def __str__(self) -> str:
        """Return the policy as in the RateLimit-Policy header (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={self.quota};w={self.seconds}'


@dataclass(frozen=True, slots=True)
class Usage:
    """The requests of a caller in the current window, this one included, and the seconds until it ends."""

    policy: Policy
    requests: int
    reset: int

    @property
    def is_exceeded(self) -> bool:
        """Whether this request is over the quota."""
        return self.requests > self.policy.quota

    def headers(self) -> Mapping[str, str]:
        """Return the headers of the response to this request."""
        remaining = max(self.policy.quota - self.requests, 0)
        return {
            "RateLimit-Policy": str(self.policy),
            "RateLimit": f'"{self.policy.name}";r={remaining};t={self.reset}',
        }


#: the least quota for the calls that send a visit. A phone stays far below it
MIN_SENDING_QUOTA = 600


class RateLimits:
    """The limits of an installation: ``quota`` requests a minute for each caller.

    The calls with which a phone sends a visit count separately, so that they never have to wait for others.
    """

    def __init__(self, quota: int, file: Path) -> None:
        self._default = Policy("default", quota)
        self._sending = Policy("sending", max(quota, MIN_SENDING_QUOTA))
        self._counter = Counter(file)

    def count(self, caller_id: UUID, *, is_sending: bool) -> Usage | None:
        """Count a request; returns None if requests cannot be counted now."""
        return self._counter.count(self._sending if is_sending else self._default, caller_id.bytes)


class Counter:
    """Counts the requests of callers in a file that all processes of this host share."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # One connection for all threads, because each would keep three files open.
        self._lock = threading.Lock()
        self._connection: Any = None

    def count(self, policy: Policy, caller: bytes) -> Usage | None:
        """Count a request of ``caller``; returns None if the file cannot be used."""
        now = time.time()
        window = int(now // policy.seconds)
        try:
            with self._lock:
                self._connection = self._connection or self._connect()
                (requests,) = self._connection.execute(_COUNT, (caller, policy.name, window)).fetchone()
        except sqlite.Error as error:
            log.warning("requests are not counted: %s", error)
            self._connection = None
            return None
        return Usage(policy, requests, policy.seconds - int(now % policy.seconds))

    def _connect(self) -> Any:
        """Return a connection in which each statement is a transaction."""
        connection = sqlite.connect(self._file, timeout=1, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_CREATE)
        return connection
