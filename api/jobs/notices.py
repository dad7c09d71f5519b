"""Decides once a minute which notices are due, in a thread of its own. The sender of mails then sends them.

Everything is decided on a read snapshot. A short transaction then stores what is reported to people, together
with the mails, unless another worker did so first.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from api.database.engines import Database
from api.models.base import now
from api.services.notices import announcing, deciding

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60.0
#: Decisions that share a transaction. Requests on SQLite wait for it.
BATCH_SIZE = 50


class NoticeDecider:
    """Decides which notices are due. ``clock`` returns the time."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        self.database = database
        self.clock = clock

    def run(self, stopping: threading.Event) -> None:
        """Decide at once and then every minute, until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                self.work()
            except Exception:
                log.exception("deciding on notices failed")
            stopping.wait(INTERVAL_SECONDS)

    def work(self) -> int:
        """Store what is due, and return the number of mails that were added."""
        moment = self.clock()
        self._announce(moment)
        with self.database.read_snapshot() as session:
            decisions = deciding.decide(session, moment)
        mails = 0
        for start in range(0, len(decisions), BATCH_SIZE):
            batch = decisions[start : start + BATCH_SIZE]
            mails += self.database.write(partial(deciding.store, decisions=batch))
        return mails

    def _announce(self, moment: datetime) -> None:
        """Announce the results of the organizations whose managers are due to hear of results."""
        announcements = []
        with self.database.read_snapshot() as session:
            for organization_id in deciding.find_due_organizations(session, moment):
                announcements += announcing.find_announcements(session, organization_id, moment)
        for start in range(0, len(announcements), BATCH_SIZE):
            batch = announcements[start : start + BATCH_SIZE]
            self.database.write(partial(announcing.store_announcements, announcements=batch))
