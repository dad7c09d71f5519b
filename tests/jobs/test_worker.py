"""The worker: every event has its effect once, whatever fails, and whoever dies."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
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
from api.jobs.worker import LEASE, LONGEST_WAIT, TASKS, Worker
from api.models.base import now
from api.models.events import Event
from api.models.visits import Visit
from api.services import photo_store
from api.services.scores import recount
from api.settings import Settings
from tests.support.world import World, ok

SECOND = timedelta(seconds=1)


class Tray:
    """Events of one test, each of which adds one to the revision of the same visit."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = world.database
        self.kind = f"test-{uuid.uuid4()}"
        self.visit_id = uuid.UUID(world.visit()["id"])

    def put(self, count: int = 1, **values: Any) -> list[uuid.UUID]:
        ids = [uuid.uuid4() for _ in range(count)]
        given = {"kind": self.kind, "visit_id": self.visit_id, "due_at": now() - SECOND, **values}
        self.database.write(lambda session: session.add_all(Event(id=each, **given) for each in ids))
        return ids

    def worker(self) -> Worker:
        return Worker(self.database, self.world.store)

    def add_one(self, session: Session, event: Event) -> None:
        session.execute(update(Visit).where(Visit.id == event.visit_id).values(revision=Visit.revision + 1))

    @property
    def effects(self) -> int:
        with self.database.read_snapshot() as session:
            return session.scalars(select(Visit.revision).where(Visit.id == self.visit_id)).one()

    @property
    def left(self) -> list[Event]:
        with self.database.read_snapshot() as session:
            ours = select(Event).where(Event.visit_id == self.visit_id).order_by(Event.id)
            return list(session.scalars(ours))

    def change(self, **values: Any) -> None:
        self.database.write(
            lambda session: session.execute(
                update(Event).where(Event.visit_id == self.visit_id).values(**values)
            )
        )


@pytest.fixture
def tray(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tray]:
    tray = Tray(world)
    monkeypatch.setitem(TASKS, tray.kind, tray.add_one)  # type: ignore[arg-type]
    yield tray
    tray.database.write(lambda session: session.execute(delete(Event).where(Event.visit_id == tray.visit_id)))


def test_an_event_that_is_due_has_its_effect_once_and_is_gone(tray: Tray) -> None:
    tray.put(3)
    assert tray.worker().work() is True
    assert (tray.effects, tray.left) == (3, [])
    assert tray.worker().work() is False
    assert tray.effects == 3


def test_an_event_that_is_not_due_is_left_alone(tray: Tray) -> None:
    tray.put(due_at=now() + timedelta(minutes=1))
    assert tray.worker().work() is False
    (event,) = tray.left
    assert (tray.effects, event.attempts) == (0, 0)


def test_a_task_that_fails_leaves_no_effect_and_comes_again_later(
    tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, event: Event) -> None:
        tray.add_one(session, event)
        session.flush()
        raise ArithmeticError("after the effect")

    monkeypatch.setitem(TASKS, tray.kind, fail)  # type: ignore[arg-type]
    tray.put()
    before = now()
    tray.worker().work()
    (event,) = tray.left
    assert (tray.effects, event.attempts, event.last_error) == (0, 1, "ArithmeticError")
    assert before + SECOND < event.due_at <= now() + 2 * SECOND
    tray.change(due_at=now())
    tray.worker().work()
    (event,) = tray.left
    assert event.attempts == 2
    assert event.due_at > now() + 2 * SECOND
    monkeypatch.setitem(TASKS, tray.kind, tray.add_one)  # type: ignore[arg-type]
    tray.change(due_at=now())
    tray.worker().work()
    assert (tray.effects, tray.left) == (1, [])


def test_the_wait_after_a_failure_has_an_end(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, tray.kind, lambda *_: 1 / 0)  # type: ignore[arg-type]
    tray.put(attempts=5000)
    tray.worker().work()
    (event,) = tray.left
    assert event.attempts == 5001
    assert event.due_at <= now() + LONGEST_WAIT


def test_one_that_fails_does_not_hold_up_the_others(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    (bad,) = tray.put(due_at=now() - timedelta(hours=1))

    def fail_once(session: Session, event: Event) -> None:
        if event.id == bad:
            raise ArithmeticError
        tray.add_one(session, event)

    monkeypatch.setitem(TASKS, tray.kind, fail_once)  # type: ignore[arg-type]
    tray.put(10)
    tray.worker().work()
    assert tray.effects == 10
    assert [event.id for event in tray.left] == [bad]


def test_an_event_of_a_kind_that_nobody_knows_is_kept(tray: Tray) -> None:
    tray.put(kind=f"{tray.kind}-unknown")
    tray.put()
    tray.worker().work()
    (event,) = tray.left
    assert (tray.effects, event.last_error) == (1, "KeyError")


def test_a_claim_is_a_lease(tray: Tray) -> None:
    tray.put()
    before = now()
    (claimed,) = claims(tray)
    (event,) = tray.left
    assert (claimed.attempts, event.attempts) == (1, 1)
    assert before + LEASE <= event.due_at <= now() + LEASE
    assert claims(tray) == []
    assert tray.worker().work() is False


def test_of_two_workers_that_hold_an_event_the_later_claim_counts(tray: Tray) -> None:
    tray.put()
    (slow,) = claims(tray)
    tray.change(due_at=now())  # its lease is over
    (quick,) = claims(tray)
    tray.worker()._do(slow)
    assert tray.effects == 0
    tray.worker()._do(quick)
    tray.worker()._do(slow)
    tray.worker()._do(quick)
    assert (tray.effects, tray.left) == (1, [])


def test_a_worker_that_lost_its_event_does_not_put_it_off(tray: Tray) -> None:
    tray.put()
    (slow,) = claims(tray)
    tray.change(due_at=now())
    claims(tray)
    (before,) = tray.left
    tray.database.write(lambda session: workers._back_off(session, slow, "Slow"))
    (after,) = tray.left
    assert (after.due_at, after.last_error) == (before.due_at, None)


def test_due_events_are_claimed_by_time_and_then_by_their_random_ids(tray: Tray) -> None:
    moment = now() - timedelta(hours=1)
    order: list[uuid.UUID] = []
    ids = tray.put(70, due_at=moment)
    while claimed := claims(tray):
        order += [event.id for event in claimed]
    assert order == sorted(ids)


def test_two_workers_at_once_never_double_an_effect(tray: Tray) -> None:
    tray.put(60)
    together = threading.Barrier(2)

    def work() -> None:
        worker = tray.worker()
        together.wait()
        for _ in range(50):
            if not worker.work() and not tray.left:
                break

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (tray.effects, tray.left) == (60, [])


def test_the_worker_stops_when_told(tray: Tray) -> None:
    tray.put()
    worker = tray.worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: tray.effects == 1)
    worker.stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_round_that_fails_does_not_end_the_worker(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tray.worker()
    monkeypatch.setattr(workers, "POLL_SECONDS", 0.01)
    rounds = iter([RuntimeError("the database is away"), None])
    whole = worker.work

    def work() -> bool:
        error = next(rounds, None)
        if error:
            raise error
        return whole()

    monkeypatch.setattr(worker, "work", work)
    tray.put()
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: tray.effects == 1)
    worker.stopping.set()
    thread.join(10)


# Tidying up.


def test_nothing_is_swept_when_the_worker_starts(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, swept = tray.worker(), threading.Event()
    monkeypatch.setattr(photo_store, "sweep_when_due", lambda *_: swept.set())
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert not swept.wait(0.5)
    worker.stopping.set()
    thread.join(10)
    assert not swept.is_set()


def test_what_is_of_no_use_any_more_is_forgotten(tray: Tray) -> None:
    tray.worker()._forget()


def test_a_sweep_holds_up_neither_events_nor_the_end(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, sweeping, over = tray.worker(), threading.Event(), threading.Event()

    def sweep(_database: object, _store: object, stopping: Callable[[], bool]) -> int:
        sweeping.set()
        while not stopping():
            over.wait(0.01)
        over.set()
        return 0

    monkeypatch.setattr(photo_store, "sweep_when_due", sweep)
    monkeypatch.setattr(workers, "TIDY_EVERY", timedelta(0))
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert sweeping.wait(10)
    tray.put()
    wait_until(lambda: tray.effects == 1)
    worker.stopping.set()
    thread.join(10)
    assert over.is_set()
    assert not thread.is_alive()


def test_a_store_of_another_database_is_told_of_and_left_alone(
    tray: Tray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_arguments: object) -> int:
        raise photo_store.ForeignStore

    monkeypatch.setattr(photo_store, "sweep_when_due", refuse)
    tray.worker()._attempt(tray.worker()._sweep)
    (line,) = [record for record in caplog.records if record.name == workers.__name__]
    assert line.levelname == "WARNING"
    assert "belongs to another database" in line.getMessage()


# A worker that dies.

DYING = """
import os, sys, time
from api.app import create_app
from api.jobs.worker import TASKS, Worker
from api.settings import Settings

parts = create_app(Settings.from_environment({"DATA_DIR": sys.argv[1]})).extensions["survey"]
for kind, task in list(TASKS.items()):
    def halt(session, event, task=task):
        task(session, event)
        session.flush()
        print("in mid-task", flush=True)
        time.sleep(600)
    TASKS[kind] = halt
Worker(parts.database, parts.store).run_until_stopped()
"""


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path), "ACCEPT_EVERY_MINUTES": "60"}))
    database = app.extensions["survey"].database
    migrations.upgrade(database)
    yield app
    database.close()


def test_what_a_killed_worker_left_is_done_exactly_once(own_app: Flask, tmp_path: Path, root: Path) -> None:
    world = World(own_app)
    visit = world.visit()
    ok(world.send(visit, world.submission()), 201)
    world.database.write(lambda session: session.execute(update(Event).values(due_at=now())))
    command = [sys.executable, "-c", DYING, str(tmp_path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.kill()
    assert line == "in mid-task\n"

    worker = Worker(world.database, world.store)
    assert worker.work() is False  # the lease of the dead holds
    shown = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (shown["status"], shown["decisions"]) == ("submitted", [])
    world.database.write(lambda session: session.execute(update(Event).values(due_at=now())))
    assert worker.work() is True
    assert worker.work() is False
    shown = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (shown["status"], len(shown["decisions"])) == ("accepted", 1)
    assert ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 1
    with world.database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []
        assert session.scalars(select(Event)).all() == []


def claims(tray: Tray) -> list[Event]:
    """Claim what is due of this test's events, as a worker does."""
    return [event for event in tray.database.write(workers._claim) if event.visit_id == tray.visit_id]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for another thread, ten seconds at the most."""
    waiting = threading.Event()
    for _ in range(1000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not happen in ten seconds")
