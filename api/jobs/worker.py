"""The worker: claims due events, runs those of one kind in one transaction, and retries failures later.

One transaction runs the task and removes the events, except those that another worker has claimed in the
meantime. If it fails, each event has a transaction of its own.
"""

import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain import visits
from api.domain.people import LOGIN_FAILED
from api.jobs import tasks
from api.jobs.exports import ExportBuilder
from api.jobs.mails.sender import MailSender
from api.jobs.notices import NoticeDecider
from api.jobs.reports import report_task
from api.jobs.webhooks import WebhookSender
from api.metrics import Metrics
from api.models.events import Event
from api.services import (
    api_clients,
    draft_revisions,
    events,
    exports,
    idempotency,
    latest_writes,
    photo_store,
    photo_sweep,
    retention,
    review_queue,
    webhook_deliveries,
)
from api.services.audit import reading as audit_log
from api.services.payments import claims
from api.services.people import links, login_limits, sign_in
from api.services.scores import region_totals
from uploads.folder import FolderStore
from uploads.store import Store, StoreUnavailable

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
#: How often the regions that have changed are added up. Until then, their scores take longer to read.
ADD_UP_SECONDS = 10.0
CLEANUP_INTERVAL = timedelta(hours=1)
SHUTDOWN_SECONDS = 5.0

TASKS: Mapping[str, Callable[[Session, Sequence[Event]], None]] = {
    visits.ACCEPTANCE_DUE: tasks.accept,
    visits.PHOTOS_DUE: tasks.stop_waiting_for_photos,
    LOGIN_FAILED: tasks.record_failed_logins,
}


class Worker:
    """Runs due tasks one after the other, adds up regions, sends webhooks and mails, and cleans up hourly.

    Without a mail server, nothing can be reported, so no notices are decided.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        metrics: Metrics | None = None,
        sender: WebhookSender | None = None,
        mail_sender: MailSender | None = None,
        read_url: str | None = None,
    ) -> None:
        """Prepare a worker. Without the ``sender`` of webhooks or the ``mail_sender``, it sends none.

        ``read_url`` is that of the replica that exports are read from, if there is one.
        """
        self.database = database
        self.store = store
        self.metrics = metrics or Metrics()
        self.sender = sender
        self.mail_sender = mail_sender
        self.read_url = read_url
        self.stopping = threading.Event()

    def run(self) -> None:
        """Run tasks, add up, clean up, build exports and send, each in a thread, until ``stopping`` is set.

        Returns at the latest ``SHUTDOWN_SECONDS`` after that, whatever a thread waits for.
        """
        builder = ExportBuilder(self.database, self.store, self.metrics, self.stopping, self.read_url)
        threads = [
            threading.Thread(target=self._run_due_tasks, name="tasks", daemon=True),
            threading.Thread(target=self._add_up_regularly, name="region totals", daemon=True),
            threading.Thread(target=self._clean_up_regularly, name="cleanup", daemon=True),
            threading.Thread(target=builder.run, name="exports", daemon=True),
        ]
        decider = None
        if self.mail_sender and self.mail_sender.server:
            decider = NoticeDecider(self.database)
        for name, part in (("sender", self.sender), ("mails", self.mail_sender), ("notices", decider)):
            if part is not None:
                run, arguments = part.run, (self.stopping,)
                threads.append(threading.Thread(target=run, args=arguments, name=name, daemon=True))
        for thread in threads:
            thread.start()
        self.stopping.wait()
        # A lock in the database, a call of the store or a slow receiver of webhooks may take longer.
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _run_due_tasks(self) -> None:
        while not self.stopping.is_set():
            started_at = time.monotonic()
            try:
                had_events = self.work()
            except Exception:
                log.exception("claiming events failed")
                had_events = False
            # After a batch, requests have the database for themselves for as long as the batch took.
            self.stopping.wait(time.monotonic() - started_at if had_events else POLL_SECONDS)

    def run_until_stopped(self) -> None:
        """Run due tasks until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.run()

    def work(self) -> bool:
        """Claim due events and run their tasks; return whether there were any to claim."""
        with self.database.read_snapshot() as session:
            if not events.has_due(session, events.IS_TASK):
                return False
        claimed = self.database.write(lambda session: events.claim(session, events.IS_TASK))
        for kind in dict.fromkeys(event.kind for event in claimed):
            self._run_tasks([event for event in claimed if event.kind == kind])
        return bool(claimed)

    def _run_tasks(self, claimed: Sequence[Event]) -> None:
        """Run the task for claimed events of one kind."""

        def remove_and_run(session: Session) -> list[Event]:
            removed = events.remove(session, claimed)
            TASKS[claimed[0].kind](session, removed)
            return removed

        started_at = time.perf_counter()
        try:
            removed = self.database.write(remove_and_run)
        except Exception as error:
            if len(claimed) > 1:
                for event in claimed:
                    self._run_tasks([event])
                return
            (event,) = claimed
            report_task(self.metrics, event, time.perf_counter() - started_at, "failed", logging.ERROR, error)
            reason = type(error).__name__
            self.database.write(lambda session: events.back_off(session, event, reason))
            return
        seconds = (time.perf_counter() - started_at) / len(claimed)
        for event in claimed:
            if event in removed:
                report_task(self.metrics, event, seconds, "done")
            else:
                report_task(self.metrics, event, seconds, "taken-over", logging.WARNING)

    def _add_up_regularly(self) -> None:
        while not self.stopping.wait(ADD_UP_SECONDS):
            try:
                self.add_up_regions()
            except Exception:
                log.exception("adding up regions failed")

    def add_up_regions(self) -> None:
        """Add up the regions that have changed, as ``region_totals`` explains."""
        has_more = True
        while has_more and not self.stopping.is_set():
            with self.database.read_snapshot() as session:
                organization_ids = region_totals.list_organizations_with_changes(session)
            # Organizations take turns, because one of them may change faster than it is added up.
            has_more = max(map(self._add_up_some, organization_ids), default=False)

    def _add_up_some(self, organization_id: uuid.UUID) -> bool:
        """Add up some regions of an organization; return whether others remain."""
        started_at = time.monotonic()
        try:
            return self.database.write(lambda session: region_totals.add_up_regions(session, organization_id))
        except Exception:
            log.exception("adding up regions failed")
            return False
        finally:
            # Requests have the database for themselves for as long as this took.
            self.stopping.wait(time.monotonic() - started_at)

    def _clean_up_regularly(self) -> None:
        """Clean up once an hour, for the first time an hour after the start."""
        self._attempt(lambda: photo_store.verify_ownership(self.database, self.store))
        while not self.stopping.wait(CLEANUP_INTERVAL.total_seconds()):
            self._attempt(self._remove_old_rows)
            self._attempt(self._apply_retention)
            self._attempt(self._sweep_photos)
            # Last, because it removes the traces of what was deleted.
            self._attempt(self.database.empty_log)

    def _attempt(self, task: Callable[[], object]) -> None:
        try:
            task()
        except photo_store.ForeignStore as error:
            log.warning("%s", error)
        except StoreUnavailable as error:
            log.warning("the photo store is unavailable: %s", error)
        except Exception:
            log.exception("cleaning up failed")

    def _remove_old_rows(self) -> None:
        self.database.write(idempotency.delete_expired)
        self.database.write(sign_in.delete_expired)
        self.database.write(login_limits.delete_expired)
        self.database.write(links.delete_expired)
        self.database.write(exports.expire)
        self.database.write(api_clients.delete_expired)
        self.database.write(webhook_deliveries.delete_old)
        self.database.write(draft_revisions.delete_old)
        self.database.write(review_queue.delete_expired_claims)
        self.database.write(audit_log.delete_old)
        self.database.write(claims.delete_stray_receipts)
        self.database.write(latest_writes.delete_old)

    def _apply_retention(self) -> None:
        retention.apply_retention(self.database, self.store, self.stopping.is_set)

    def _sweep_photos(self) -> None:
        result = photo_sweep.sweep_when_due(self.database, self.store, self.stopping.is_set)
        for _ in result.missing:
            self.metrics.count_missing_photo("sweep")
        if isinstance(self.store, FolderStore):
            self.store.sweep_partial_files(timedelta(days=1))
