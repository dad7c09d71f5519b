"""Sends the mails among the events, one after the other, in a thread of its own.

Each is sent outside any transaction, and its event is removed afterwards. If the worker is killed in between,
the mail is sent once more, with the same ID and the same link.
"""

import logging
import threading
import time
from datetime import timedelta

from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.people import PASSWORD_FORGOTTEN
from api.jobs.mails.messages import build_message
from api.jobs.mails.server import MailServer, Undeliverable
from api.jobs.reports import report_task
from api.keys import Keys
from api.metrics import Metrics
from api.models.base import now
from api.models.events import Event
from api.services import events
from api.services.people import accounts

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
#: Longer than a mail server may take, because a second worker would send the mail again.
LEASE = timedelta(minutes=5)
#: A mail that could not be sent for so long is given up.
MAX_AGE = timedelta(days=2)


class MailSender:
    """Sends mails by a server. Without one, mails are discarded."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        server: MailServer | None,
        *,
        keys: Keys,
        sender: str = "",
        public_url: str = "",
    ) -> None:
        """Prepare the sender. ``sender`` is who mails come from, ``public_url`` the address of the pages."""
        self.database = database
        self.metrics = metrics
        self.server = server
        self.keys = keys
        self.sender = sender
        self.public_url = public_url

    def run(self, stopping: threading.Event) -> None:
        """Send mails until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                had_mail = self.work()
            except Exception:
                log.exception("sending mails failed")
                had_mail = False
            if not had_mail:
                stopping.wait(POLL_SECONDS)

    def work(self) -> bool:
        """Send the next mail that is due; return whether there was one."""
        with self.database.read_snapshot() as session:
            if not events.has_due(session, events.IS_MAIL):
                return False
        claimed = self.database.write(lambda session: events.claim(session, events.IS_MAIL, 1, LEASE))
        for event in claimed:
            self._handle(event)
        return bool(claimed)

    def _handle(self, event: Event) -> None:
        started_at = time.perf_counter()
        try:
            outcome = self._run(event)
            level: int = logging.INFO
            reason: Exception | None = None
        except (Undeliverable, ValueError) as error:
            outcome, level, reason = "undeliverable", logging.WARNING, error
        except Exception as error:
            is_old = event.created_at < now() - MAX_AGE
            outcome, level, reason = "given-up" if is_old else "failed", logging.ERROR, error
        report_task(self.metrics, event, time.perf_counter() - started_at, outcome, level, reason)
        if outcome == "failed":
            name = type(reason).__name__
            self.database.write(lambda session: events.back_off(session, event, name))
        else:
            self.database.write(lambda session: events.remove(session, [event]))

    def _run(self, event: Event) -> str:
        """Do what an event asks for, and return the outcome."""
        if self.server is None:
            return "discarded"
        if event.kind == PASSWORD_FORGOTTEN:
            self.database.write(lambda session: self._start_reset(session, event))
            return "done"
        with self.database.read_snapshot() as session:
            message = build_message(
                session,
                event,
                keys=self.keys,
                public_url=self.public_url,
                sender=self.sender,
            )
        if message is None:
            return "outdated"
        self.server.send(message)
        return "done"

    def _start_reset(self, session: Session, event: Event) -> None:
        data = event.data or {}
        if events.remove(session, [event]):
            accounts.start_password_reset(session, data["email"], data["organization"], self.keys)
