"""The worker: every event takes effect exactly once, even if tasks fail and workers are killed."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import migrations
from api.app import create_app
from api.jobs import worker as workers
from api.jobs.worker import POLL_SECONDS, TASKS, Worker
from api.models.base import now
from api.models.events import Event
from api.models.idempotency import StoredResponse
from api.models.sign_in import SignInFailure
from api.models.visits import Visit
from api.services import events, idempotency, photo_store, photo_sweep, retention
from api.services.events import LEASE, MAX_BACKOFF
from api.services.photo_sweep import Sweep
from api.services.scores import recount
from api.settings import Settings
from tests.support.world import World, ok

SECOND = timedelta(seconds=1)


class Queue:
    """The events of a test. Each adds one to the revision of the same visit."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = world.database
        self.kind = f"test-{uuid.uuid4()}"
        self.visit_id = uuid.UUID(world.visit()["id"])

    def add(self, count: int = 1, **values: Any) -> list[uuid.UUID]:
        ids = [uuid.uuid4() for _ in range(count)]
        columns = {"kind": self.kind, "visit_id": self.visit_id, "due_at": now() - SECOND, **values}
        self.database.write(
            lambda session: session.add_all(Event(id=event_id, **columns) for event_id in ids)
        )
        return ids

    def worker(self) -> Worker:
        return Worker(self.database, self.world.store)

    def add_all(self, session: Session, events: Sequence[Event]) -> None:
        count = len(events)
        session.execute(
            update(Visit).where(Visit.id == self.visit_id).values(revision=Visit.revision + count)
        )

    @property
    def effects(self) -> int:
        with self.database.read_snapshot() as session:
            return session.scalars(select(Visit.revision).where(Visit.id == self.visit_id)).one()

    @property
    def remaining(self) -> list[Event]:
        with self.database.read_snapshot() as session:
            query = select(Event).where(Event.visit_id == self.visit_id).order_by(Event.id)
            return list(session.scalars(query))

    def change(self, **values: Any) -> None:
        self.database.write(
            lambda session: session.execute(
                update(Event).where(Event.visit_id == self.visit_id).values(**values)
            )
        )


@pytest.fixture
def queue(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    queue = Queue(world)
    monkeypatch.setitem(TASKS, queue.kind, queue.add_all)  # type: ignore[arg-type]
    yield queue
    queue.database.write(
        lambda session: session.execute(delete(Event).where(Event.visit_id == queue.visit_id))
    )


def test_due_event_is_run_once_and_removed(queue: Queue) -> None:
    queue.add(3)
    assert queue.worker().work() is True
    assert (queue.effects, queue.remaining) == (3, [])
    assert queue.worker().work() is False
    assert queue.effects == 3


def test_event_that_is_not_due_is_not_run(queue: Queue) -> None:
    queue.add(due_at=now() + timedelta(minutes=1))
    assert queue.worker().work() is False
    (event,) = queue.remaining
    assert (queue.effects, event.attempts) == (0, 0)


def test_failed_task_has_no_effect_and_is_retried_later(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, events: Sequence[Event]) -> None:
        queue.add_all(session, events)
        session.flush()
        raise ArithmeticError("after the effect")

    monkeypatch.setitem(TASKS, queue.kind, fail)  # type: ignore[arg-type]
    queue.add()
    before = now()
    queue.worker().work()
    (event,) = queue.remaining
    assert (queue.effects, event.attempts, event.last_error) == (0, 1, "ArithmeticError")
    assert before + SECOND < event.due_at <= now() + 2 * SECOND
    queue.change(due_at=now())
    queue.worker().work()
    (event,) = queue.remaining
    assert event.attempts == 2
    assert event.due_at > now() + 2 * SECOND
    monkeypatch.setitem(TASKS, queue.kind, queue.add_all)  # type: ignore[arg-type]
    queue.change(due_at=now())
    queue.worker().work()
    assert (queue.effects, queue.remaining) == (1, [])


def test_backoff_has_a_maximum(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, queue.kind, lambda *_: 1 / 0)  # type: ignore[arg-type]
    queue.add(attempts=5000)
    queue.worker().work()
    (event,) = queue.remaining
    assert event.attempts == 5001
    assert event.due_at <= now() + MAX_BACKOFF


def test_failing_task_does_not_block_others(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    (bad,) = queue.add(due_at=now() - timedelta(hours=1))

    def fail_once(session: Session, events: Sequence[Event]) -> None:
        queue.add_all(session, events)
        if bad in [event.id for event in events]:
            raise ArithmeticError

    monkeypatch.setitem(TASKS, queue.kind, fail_once)  # type: ignore[arg-type]
    queue.add(10)
    queue.worker().work()
    assert queue.effects == 10
    assert [event.id for event in queue.remaining] == [bad]


def test_event_of_an_unknown_kind_is_kept(queue: Queue) -> None:
    queue.add(kind=f"{queue.kind}-unknown")
    queue.add()
    queue.worker().work()
    (event,) = queue.remaining
    assert (queue.effects, event.last_error) == (1, "KeyError")


def test_claimed_event_is_leased(queue: Queue) -> None:
    queue.add()
    before = now()
    (claimed,) = claim(queue)
    (event,) = queue.remaining
    assert (claimed.attempts, event.attempts) == (1, 1)
    assert before + LEASE <= event.due_at <= now() + LEASE
    assert claim(queue) == []
    assert queue.worker().work() is False


def test_claims_of_a_killed_worker_are_taken_over_within_30_seconds(queue: Queue) -> None:
    queue.add()
    claim(queue)
    (event,) = queue.remaining
    passed = timedelta(seconds=30 - 2 * POLL_SECONDS)
    queue.change(due_at=event.due_at - passed)
    assert queue.worker().work()
    assert (queue.effects, queue.remaining) == (1, [])


def test_only_the_latest_claim_of_an_event_has_an_effect(queue: Queue) -> None:
    queue.add()
    (slow,) = claim(queue)
    queue.change(due_at=now())  # the lease ends
    (quick,) = claim(queue)
    queue.worker()._run_tasks([slow])
    assert queue.effects == 0
    queue.worker()._run_tasks([quick])
    queue.worker()._run_tasks([slow])
    queue.worker()._run_tasks([quick])
    assert (queue.effects, queue.remaining) == (1, [])


def test_events_that_another_worker_has_claimed_are_left_to_it(queue: Queue) -> None:
    queue.add(5)
    slow = claim(queue)
    taken_over = slow[2]
    queue.database.write(
        lambda session: session.execute(
            update(Event).where(Event.id == taken_over.id).values(attempts=taken_over.attempts + 1)
        )
    )
    queue.worker()._run_tasks(slow)
    assert queue.effects == 4
    assert [event.id for event in queue.remaining] == [taken_over.id]


def test_worker_that_lost_its_claim_does_not_postpone_the_event(queue: Queue) -> None:
    queue.add()
    (slow,) = claim(queue)
    queue.change(due_at=now())
    claim(queue)
    (before,) = queue.remaining
    queue.database.write(lambda session: events.back_off(session, slow, "Slow"))
    (after,) = queue.remaining
    assert (after.due_at, after.last_error) == (before.due_at, None)


def test_due_events_are_claimed_by_time_and_then_by_id(queue: Queue) -> None:
    moment = now() - timedelta(hours=1)
    order: list[uuid.UUID] = []
    ids = queue.add(70, due_at=moment)
    while claimed := claim(queue):
        order += [event.id for event in claimed]
    assert order == sorted(ids)


def test_concurrent_workers_run_each_event_once(queue: Queue) -> None:
    queue.add(60)
    barrier = threading.Barrier(2)

    def work() -> None:
        worker = queue.worker()
        barrier.wait()
        for _ in range(50):
            if not worker.work() and not queue.remaining:
                break

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (queue.effects, queue.remaining) == (60, [])


def test_worker_stops_when_requested(queue: Queue) -> None:
    queue.add()
    worker = queue.worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: queue.effects == 1)
    worker.stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_worker_that_waits_for_a_lock_stops_anyway(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, working, unlocked = queue.worker(), threading.Event(), threading.Event()

    def work() -> bool:
        working.set()
        return unlocked.wait(60)

    monkeypatch.setattr(workers, "SHUTDOWN_SECONDS", 0.1)
    monkeypatch.setattr(worker, "work", work)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert working.wait(10)
    worker.stopping.set()
    thread.join(10)
    has_stopped = not thread.is_alive()
    unlocked.set()
    assert has_stopped


def test_worker_continues_after_an_error(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = queue.worker()
    monkeypatch.setattr(workers, "POLL_SECONDS", 0.01)
    rounds = iter([RuntimeError("the database is away"), None])
    original_work = worker.work

    def work() -> bool:
        error = next(rounds, None)
        if error:
            raise error
        return original_work()

    monkeypatch.setattr(worker, "work", work)
    queue.add()
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: queue.effects == 1)
    worker.stopping.set()
    thread.join(10)


# Cleaning up.


def test_photos_are_not_swept_at_the_start(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, swept = queue.worker(), threading.Event()
    monkeypatch.setattr(photo_sweep, "sweep_when_due", lambda *_: swept.set())
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert not swept.wait(0.5)
    worker.stopping.set()
    thread.join(10)
    assert not swept.is_set()


def test_only_old_rows_are_removed(queue: Queue) -> None:
    caller_id, names = uuid.UUID(queue.world.admin.id), ("old", "new")
    failures = {name: f"{name}-{uuid.uuid4()}" for name in names}

    def add_rows(session: Session) -> None:
        for name, created_at, window_ends_at in (
            ("old", now() - idempotency.RETENTION - SECOND, now() - SECOND),
            ("new", now(), now() + timedelta(minutes=1)),
        ):
            session.add(
                StoredResponse(caller_id=caller_id, key=name, request_sha256="0", created_at=created_at)
            )
            session.add(SignInFailure(key=failures[name], window_ends_at=window_ends_at, failures=1))

    queue.database.write(add_rows)
    queue.worker()._remove_old_rows()
    with queue.database.read_snapshot() as session:
        keys = select(StoredResponse.key).where(StoredResponse.caller_id == caller_id)
        assert session.scalars(keys).all() == ["new"]
        keys = select(SignInFailure.key).where(SignInFailure.key.in_(failures.values()))
        assert session.scalars(keys).all() == [failures["new"]]


def test_cleaning_up_applies_retention_and_then_empties_the_log(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, calls = queue.worker(), []

    def empty_log() -> None:
        calls.append("log")
        worker.stopping.set()

    monkeypatch.setattr(retention, "apply_retention", lambda *_: calls.append("retention"))
    monkeypatch.setattr(photo_sweep, "sweep_when_due", lambda *_: Sweep())
    monkeypatch.setattr(queue.database, "empty_log", empty_log)
    monkeypatch.setattr(workers, "CLEANUP_INTERVAL", timedelta(0))
    worker._clean_up_regularly()
    assert calls == ["retention", "log"]


def test_sweep_blocks_neither_tasks_nor_the_shutdown(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, sweeping, over = queue.worker(), threading.Event(), threading.Event()

    def sweep(_database: object, _store: object, stopping: Callable[[], bool]) -> Sweep:
        sweeping.set()
        while not stopping():
            over.wait(0.01)
        over.set()
        return Sweep()

    monkeypatch.setattr(photo_sweep, "sweep_when_due", sweep)
    monkeypatch.setattr(workers, "CLEANUP_INTERVAL", timedelta(0))
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert sweeping.wait(10)
    queue.add()
    wait_until(lambda: queue.effects == 1)
    worker.stopping.set()
    thread.join(10)
    assert over.is_set()
    assert not thread.is_alive()


def test_store_of_another_database_is_reported_and_not_swept(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def reject(*_arguments: object) -> Sweep:
        raise photo_store.ForeignStore

    monkeypatch.setattr(photo_sweep, "sweep_when_due", reject)
    queue.worker()._attempt(queue.worker()._sweep_photos)
    (line,) = [record for record in caplog.records if record.name == workers.__name__]
    assert line.levelname == "WARNING"
    assert "belongs to another database" in line.getMessage()


# A worker that is killed.

DYING = """
import os, sys, time
from api.app import create_app
from api.jobs.worker import POLL_SECONDS, TASKS, Worker
from api.settings import Settings

context = create_app(Settings.from_environment({"DATA_DIR": sys.argv[1]})).extensions["survey"]
for kind, task in list(TASKS.items()):
    def halt(session, events, task=task):
        task(session, events)
        session.flush()
        print("in mid-task", flush=True)
        time.sleep(600)
    TASKS[kind] = halt
Worker(context.database, context.store).run_until_stopped()
"""


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path), "ACCEPT_EVERY_MINUTES": "60"}))
    database = app.extensions["survey"].database
    migrations.upgrade(database)
    yield app
    database.close()


def test_task_of_a_killed_worker_is_run_exactly_once(own_app: Flask, tmp_path: Path, root: Path) -> None:
    world = World(own_app)
    visits = [world.visit() for _ in range(3)]
    for visit in visits:
        ok(world.send(visit, world.submission()), 201)
    world.database.write(lambda session: session.execute(update(Event).values(due_at=now())))
    command = [sys.executable, "-c", DYING, str(tmp_path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.kill()
    assert line == "in mid-task\n"

    worker = Worker(world.database, world.store)
    assert worker.work() is False  # the lease of the killed worker has not ended
    for visit in visits:
        shown = ok(world.admin.get(f"/visits/{visit['id']}"))
        assert (shown["status"], shown["decisions"]) == ("submitted", [])
    world.database.write(lambda session: session.execute(update(Event).values(due_at=now())))
    assert worker.work() is True
    assert worker.work() is False
    for visit in visits:
        shown = ok(world.admin.get(f"/visits/{visit['id']}"))
        assert (shown["status"], len(shown["decisions"])) == ("accepted", 1)
    assert ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 3
    with world.database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []
        assert session.scalars(select(Event)).all() == []


def claim(queue: Queue) -> list[Event]:
    """Claim the due events of this test, as a worker does."""
    claimed = queue.database.write(lambda session: events.claim(session, events.IS_TASK))
    return [event for event in claimed if event.visit_id == queue.visit_id]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait up to ten seconds for another thread."""
    waiting = threading.Event()
    for _ in range(1000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("The condition was not met within ten seconds.")
