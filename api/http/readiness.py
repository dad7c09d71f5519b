"""Readiness: whether this program can do its work now. The response never waits for what hangs."""

import time
from collections.abc import Callable
from concurrent.futures import wait

from api.background import SingleFlight
from api.database.engines import Database
from api.domain import problems
from uploads.store import Store

#: How long a response waits for the checks. Those who ask wait for one second, or a little more.
WAIT_SECONDS = 0.7
#: A check that succeeded is repeated after this time. Each one is a write, and any caller can ask.
FRESH_SECONDS = 2.0
#: While a check is running, the last success counts for this long: a busy database is not a lost one.
TRUST_SECONDS = 10.0


class Readiness:
    """Checks that the database can be written and that the photo store is available."""

    def __init__(self, database: Database, store: Store) -> None:
        self._checks = (_Check(lambda: database.check()), _Check(lambda: store.check()))

    def verify(self) -> None:
        """Raise the error of a check that fails, or UNAVAILABLE if one does not end in time."""
        running = {check: check.start() for check in self._checks if check.age() > FRESH_SECONDS}
        wait(running.values(), WAIT_SECONDS)
        for check, future in running.items():
            if future.done():
                future.result()
            elif check.age() > TRUST_SECONDS:
                raise problems.UNAVAILABLE("A check of the database or of the photo store takes too long.")


class _Check:
    """A check that remembers when it last succeeded."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._succeeded_at = float("-inf")
        self.start = SingleFlight(self._run).start

    def _run(self) -> None:
        self._check()
        self._succeeded_at = time.monotonic()

    def age(self) -> float:
        """Return the seconds since the last success."""
        return time.monotonic() - self._succeeded_at
