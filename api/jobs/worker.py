"""The worker: claims due events, runs each in a transaction of its own, and retries failures later.

To claim an event, the worker counts the attempt and moves the due time to the end of its lease. One
transaction then runs the task and removes the event, if the number of attempts is still the same. If two
workers hold the same event, because the first was slower than its lease, only one transaction commits.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain import visits
from api.jobs import tasks
from api.jobs.exports import ExportBuilder
from api.jobs.webhooks import WebhookSender
from api.metrics import Metrics
from api.models.base import now
from api.models.events import Event
from api.services import api_clients, draft_revisions, exports, idempotency, photo_store, webhook_deliveries
from api.services.audit import reading as audit_log
from api.services.people import sign_in
from uploads.folder import FolderStore
from uploads.store import Store, StoreUnavailable

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
MAX_BACKOFF = timedelta(hours=6)
POLL_SECONDS = 1.0
BATCH_SIZE = 50
CLEANUP_INTERVAL = timedelta(hours=1)
SHUTDOWN_SECONDS = 5.0

TASKS: Mapping[str, Callable[[Session, Event], None]] = {
    visits.ACCEPTANCE_DUE: tasks.accept,
    visits.PHOTOS_DUE: tasks.stop_waiting_for_photos,
}


class _TakenOver(Exception):
    """Another worker has claimed the event."""


class Worker:
    """Runs due tasks one after the other, sends webhooks, and cleans up once an hour."""

    def __init__(
        self,
        database: Database,
        store: Store,
        metrics: Metrics | None = None,
        sender: WebhookSender | None = None,
    ) -> None:
        """Prepare a worker. Without a ``sender``, it sends no webhooks."""
        self.database = database
        self.store = store
        self.metrics = metrics or Metrics()
        self.sender = sender
        self.stopping = threading.Event()

    def run(self) -> None:
        """Run due tasks until ``stopping`` is set, with threads that clean up, build exports and send."""
        builder = ExportBuilder(self.database, self.store, self.metrics, self.stopping)
        threads = [
            threading.Thread(target=self._clean_up_regularly, name="cleanup", daemon=True),
            threading.Thread(target=builder.run, name="exports", daemon=True),
        ]
        if self.sender is not None:
            arguments = (self.stopping,)
            threads.append(
                threading.Thread(target=self.sender.run, args=arguments, name="sender", daemon=True)
            )
        for thread in threads:
            thread.start()
        while not self.stopping.is_set():
            try:
                had_events = self.work()
            except Exception:
                log.exception("claiming events failed")
                had_events = False
            if not had_events:
                self.stopping.wait(POLL_SECONDS)
        # A call of the store, or a slow receiver of webhooks, may be interrupted.
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def run_until_stopped(self) -> None:
        """Run due tasks until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.run()

    def work(self) -> bool:
        """Claim due events and run their tasks; return whether there were any to claim."""
        with self.database.read_snapshot() as session:
            due = session.scalar(select(Event.id).where(Event.due_at <= now()).limit(1))
        if due is None:
            return False
        events = self.database.write(_claim)
        for event in events:
            self._run_task(event)
        return bool(events)

    def _run_task(self, event: Event) -> None:
        def remove_and_run(session: Session) -> None:
            result = session.execute(
                delete(Event).where(Event.id == event.id, Event.attempts == event.attempts)
            )
            if not result.rowcount:  # type: ignore[attr-defined]
                raise _TakenOver
            TASKS[event.kind](session, event)

        started_at = time.perf_counter()
        try:
            self.database.write(remove_and_run)
        except _TakenOver:
            self._record(event, started_at, "taken-over", logging.WARNING)
        except Exception as error:
            self._record(event, started_at, "failed", logging.ERROR, error)
            reason = type(error).__name__
            self.database.write(lambda session: _back_off(session, event, reason))
        else:
            self._record(event, started_at, "done", logging.INFO)

    def _record(
        self, event: Event, started_at: float, outcome: str, level: int, error: Exception | None = None
    ) -> None:
        """Write an attempt to the log and the metrics."""
        seconds = time.perf_counter() - started_at
        self.metrics.count_task(event.kind, outcome, seconds)
        entry = {
            "kind": event.kind,
            "attempt": event.attempts,
            "outcome": outcome,
            "seconds": round(seconds, 3),
        }
        log.log(level, "task", extra=entry, exc_info=error)

    def _clean_up_regularly(self) -> None:
        """Clean up once an hour, for the first time an hour after the start."""
        self._attempt(lambda: photo_store.verify_ownership(self.database, self.store))
        while not self.stopping.wait(CLEANUP_INTERVAL.total_seconds()):
            self._attempt(self._remove_old_rows)
            self._attempt(self._sweep_photos)

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
        self.database.write(exports.expire)
        self.database.write(api_clients.delete_expired)
        self.database.write(webhook_deliveries.delete_old)
        self.database.write(draft_revisions.delete_old)
        self.database.write(audit_log.delete_old)

    def _sweep_photos(self) -> None:
        photo_store.sweep_when_due(self.database, self.store, self.stopping.is_set)
        if isinstance(self.store, FolderStore):
            self.store.sweep_partial_files(timedelta(days=1))


def _claim(session: Session) -> list[Event]:
    """Claim due events by due time, and those of the same time in random order, as IDs are random."""
    due_ids = (
        select(Event.id)
        .where(Event.due_at <= now())
        .order_by(Event.due_at, Event.id)
        .limit(BATCH_SIZE)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(due_ids).all()
    session.execute(
        update(Event)
        .where(Event.id.in_(ids))
        .values(due_at=now() + LEASE, attempts=Event.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.id)))


def _back_off(session: Session, event: Event, reason: str) -> None:
    # 2¹⁵ seconds are longer than the maximum. 2⁵⁰ seconds would be too long for a timedelta.
    backoff = min(timedelta(seconds=2 ** min(event.attempts, 15)), MAX_BACKOFF)
    session.execute(
        update(Event)
        .where(Event.id == event.id, Event.attempts == event.attempts)
        .values(due_at=now() + backoff, last_error=reason)
    )
