"""The worker is killed between the commit of an event and its delivery: every event arrives at least once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api import migrations
from api.app import create_app
from api.models.base import now
from api.models.changes import Change
from api.models.webhooks import WebhookDelivery
from api.settings import Settings
from tests.faults.phones import SECRET
from tests.support import servers
from tests.support.extent import FULL
from tests.support.receivers import Inbox, receiver
from tests.support.running import ROOT, environment
from tests.support.world import World, ok

ROUNDS = 200 if FULL else 3
VISITS = 4
SECONDS = 60
#: Loads the program once, and then forks a worker for each line of its input; prints the process IDs. The app
#: has no connection to the database yet, so its children share none.
NURSERY = """
import os, sys
from api.app import create_app
from api.serving.worker import create_worker
from api.settings import Settings
app = create_app(Settings.from_environment())
for _ in sys.stdin:
    child = os.fork()
    if not child:
        create_worker(app).run_until_stopped()
        os._exit(0)
    print(child, flush=True)
"""


class Workers:
    """Starts workers as processes of their own, quickly."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            cwd=ROOT,
            env=environment(folder, **settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=servers.stop_with_parent(signal.SIGTERM),
        )

    def start(self) -> int:
        """Start a worker, and return its process ID."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def run_workers(folder: Path, settings: dict[str, str]) -> Iterator[Workers]:
    workers = Workers(folder, settings)
    try:
        yield workers
    finally:
        workers.process.kill()
        workers.process.communicate()


class SlowInbox(Inbox):
    """Takes a moment before it responds, so that workers are killed while they wait for it."""

    def __call__(self, connection: Any) -> None:
        time.sleep(random.uniform(0, 0.03))
        super().__call__(connection)


@pytest.mark.parametrize("backend", ["sqlite", *["postgresql"] * FULL])
def test_killed_worker_loses_no_event(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = {"SECRET_KEY": SECRET, "WEBHOOK_ALLOW_PRIVATE": "1", "DATA_DIR": str(tmp_path)}
    if backend == "postgresql":
        settings["DATABASE_URL"] = servers.new_database(request.getfixturevalue("postgres_url"))
    app = create_app(Settings.from_environment({**settings, "API_RATE_LIMIT": "0"}))
    migrations.upgrade(app.extensions["survey"].database)
    world = World(app)
    visits = [world.late_visit() for _ in range(VISITS)]
    decisions: dict[str, str | None] = dict.fromkeys((visit["id"] for visit in visits), None)
    inbox = SlowInbox()
    interrupted = 0
    with receiver(inbox) as port, run_workers(tmp_path, settings) as workers:
        body = {"url": f"http://localhost:{port}/", "events": ["visit.accepted", "visit.withdrawn"]}
        inbox.secret = ok(world.admin.post("/webhooks", body), 201)["secret"]
        for number in range(ROUNDS):
            worker = workers.start()
            for visit in visits:
                decide(world, visit, decisions, "reject" if number % 2 else "accept")
            wait_for_a_moment(inbox)
            os.kill(worker, signal.SIGKILL)
            wait_until_ended(worker)
            interrupted += count_undelivered(world) > 0
            let_leases_end(world)
        worker = workers.start()
        wait_until(lambda: count_undelivered(world) == 0)
        os.kill(worker, signal.SIGTERM)
        wait_until_ended(worker)
    assert interrupted  # workers were killed before they had delivered everything
    print(f"{interrupted} of {ROUNDS} workers were interrupted; {len(inbox.received)} messages arrived.")
    verify(world, inbox)
    app.extensions["survey"].database.close()


def wait_for_a_moment(inbox: Inbox) -> None:
    """Wait for a random time, or until shortly after the next message arrives."""
    count, deadline = len(inbox.received), time.monotonic() + random.choice((0.2, 2))
    while len(inbox.received) == count and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.05))


def decide(world: World, visit: Any, decisions: dict[str, str | None], decision: str) -> None:
    """Accept a visit, or take that back."""
    response = world.review(visit, decision, replaces=decisions[visit["id"]])
    decisions[visit["id"]] = ok(response, 200)["id"]


def verify(world: World, inbox: Inbox) -> None:
    """Check that every change arrived, signed, and that those of a visit arrived in order."""
    with world.database.read_snapshot() as session:
        changes = session.scalars(select(Change).order_by(Change.number)).all()
        rows = session.execute(select(WebhookDelivery.id, WebhookDelivery.change_number)).all()
    numbers = {str(delivery_id): number for delivery_id, number in rows}
    assert sorted(numbers.values()) == [change.number for change in changes]
    assert len(changes) == ROUNDS * VISITS
    firsts = list(dict.fromkeys(received.id for received in inbox.received))
    assert set(firsts) == set(numbers)
    assert inbox.rejected == []
    for visit_id in {change.visit_id for change in changes}:
        expected = [change.number for change in changes if change.visit_id == visit_id]
        arrived = [numbers[delivery_id] for delivery_id in firsts]
        assert [number for number in arrived if number in set(expected)] == expected


def count_undelivered(world: World) -> int:
    """Return how many changes are not published, and how many deliveries are not done."""
    with world.database.read_snapshot() as session:
        changes = session.scalar(select(func.count()).where(Change.is_published.is_(False)))
        pending = session.scalar(select(func.count()).where(WebhookDelivery.status == "pending"))
    return (changes or 0) + (pending or 0)


def let_leases_end(world: World) -> None:
    """Let the leases of killed workers end, and the retries after responses that were lost be due."""
    world.database.write(
        lambda session: session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.status == "pending")
            .values(leased_until=None, next_attempt_at=now())
        )
    )


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_ended(process_id: int) -> None:
    """Wait until a process of the nursery has ended. It stays a zombie, because the nursery never waits."""
    wait_until(lambda: Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z")
