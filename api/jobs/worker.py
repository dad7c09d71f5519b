"""The worker: claims events that are due, runs each in its own transaction, and backs off from what fails.

An event is claimed by moving its due time on (the lease) and counting the attempt; its effect and its removal
are one transaction, which the attempt fences: of two workers that hold the same event, one's effect counts.
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
from api.metrics import Metrics
from api.models.base import now
from api.models.events import Event
from api.services import idempotency, photo_store
from api.services.people import sign_in
from uploads.folder import FolderStore
from uploads.store import Store, StoreUnavailable

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
POLL_SECONDS = 1.0
CLAIMED_AT_ONCE = 50
TIDY_EVERY = timedelta(hours=1)
LAST_SECONDS = 5.0

TASKS: Mapping[str, Callable[[Session, Event], None]] = {
    visits.ACCEPTANCE_DUE: tasks.accept,
    visits.PHOTOS_DUE: tasks.stop_waiting_for_photos,
}


class _Fenced(Exception):
    """Another worker took the event over."""


class Worker:
    """Does what is due, one event after the other."""

    def __init__(self, database: Database, store: Store, metrics: Metrics | None = None) -> None:
        self.database = database
        self.store = store
        self.metrics = metrics or Metrics()
        self.stopping = threading.Event()

    def run(self) -> None:
        """Do what is due until ``stopping`` is set, and tidy up beside it."""
        tidying = threading.Thread(target=self._keep_tidy, name="tidying", daemon=True)
        tidying.start()
        while not self.stopping.is_set():
            try:
                busy = self.work()
            except Exception:
                log.exception("the worker's round failed")
                busy = False
            if not busy:
                self.stopping.wait(POLL_SECONDS)
        # Whatever the store is still asked for then may be broken off.
        tidying.join(LAST_SECONDS)

    def run_until_stopped(self) -> None:
        """Do what is due until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.run()

    def work(self) -> bool:
        """Do events that are due now; returns whether there were any that no other worker holds."""
        with self.database.read_snapshot() as session:
            due = session.scalar(select(Event.id).where(Event.due_at <= now()).limit(1))
        if due is None:
            return False
        claimed = self.database.write(_claim)
        for event in claimed:
            self._do(event)
        return bool(claimed)

    def _do(self, event: Event) -> None:
        def effect(session: Session) -> None:
            done = session.execute(
                delete(Event).where(Event.id == event.id, Event.attempts == event.attempts)
            )
            if not done.rowcount:  # type: ignore[attr-defined]
                raise _Fenced
            TASKS[event.kind](session, event)

        began = time.perf_counter()
        try:
            self.database.write(effect)
        except _Fenced:
            self._note(event, began, "taken-over", logging.WARNING)
        except Exception as error:
            self._note(event, began, "failed", logging.ERROR, error)
            reason = type(error).__name__
            self.database.write(lambda session: _back_off(session, event, reason))
        else:
            self._note(event, began, "done", logging.INFO)

    def _note(
        self, event: Event, began: float, outcome: str, level: int, error: Exception | None = None
    ) -> None:
        """Give an attempt its line in the log and its place in the metrics."""
        seconds = time.perf_counter() - began
        self.metrics.task(event.kind, outcome, seconds)
        entry = {
            "kind": event.kind,
            "attempt": event.attempts,
            "outcome": outcome,
            "seconds": round(seconds, 3),
        }
        log.log(level, "task", extra=entry, exc_info=error)

    def _keep_tidy(self) -> None:
        """Tidy up once an hour, and first an hour after the start."""
        self._attempt(lambda: photo_store.verify_ownership(self.database, self.store))
        while not self.stopping.wait(TIDY_EVERY.total_seconds()):
            self._attempt(self._forget)
            self._attempt(self._sweep)

    def _attempt(self, task: Callable[[], object]) -> None:
        try:
            task()
        except photo_store.ForeignStore as refusal:
            log.warning("%s", refusal)
        except StoreUnavailable as error:
            log.warning("the photo store cannot be used now: %s", error)
        except Exception:
            log.exception("tidying up failed")

    def _forget(self) -> None:
        self.database.write(idempotency.delete_expired)
        self.database.write(sign_in.delete_expired)

    def _sweep(self) -> None:
        photo_store.sweep_when_due(self.database, self.store, self.stopping.is_set)
        if isinstance(self.store, FolderStore):
            self.store.sweep_partial_files(timedelta(days=1))


def _claim(session: Session) -> list[Event]:
    """Take events that are due, in the order of their time and then at random, as their ids are."""
    due = (
        select(Event.id)
        .where(Event.due_at <= now())
        .order_by(Event.due_at, Event.id)
        .limit(CLAIMED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(due).all()
    session.execute(
        update(Event)
        .where(Event.id.in_(ids))
        .values(due_at=now() + LEASE, attempts=Event.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    claimed = session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.id)).all()
    return list(claimed)


def _back_off(session: Session, event: Event, reason: str) -> None:
    # 2¹⁵ seconds are more than the longest wait, and 2⁵⁰ more than a timedelta holds.
    wait = min(timedelta(seconds=2 ** min(event.attempts, 15)), LONGEST_WAIT)
    session.execute(
        update(Event)
        .where(Event.id == event.id, Event.attempts == event.attempts)
        .values(due_at=now() + wait, last_error=reason)
    )
