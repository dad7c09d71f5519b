"""Building exports in child processes: each file is complete and built once, whoever is killed."""

import os
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain.exports import MAX_FAILURES
from api.exports import tables
from api.exports.building import build
from api.jobs import exports as jobs
from api.jobs.exports import ExportBuilder
from api.metrics import Metrics
from api.models.base import now
from api.models.exports import Export
from api.services import exports
from tests.benchmarks import seed
from tests.benchmarks.bare_sql import BareSql
from tests.conftest import BACKENDS
from tests.support.exports import (
    build_all,
    builder,
    change_export,
    download,
    read_csv,
    request_export,
)
from tests.support.extent import FULL
from tests.support.world import World, ok

#: enough for a child to work for some seconds
MANY_VISITS = 6000
MANY_ANSWERS = MANY_VISITS * len(seed.QUESTIONS)


@pytest.fixture(params=BACKENDS if FULL else BACKENDS[1:])
def app(request: pytest.FixtureRequest) -> Flask:
    """The program on PostgreSQL with S3; `make full` runs these tests on both, as they take long."""
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture(autouse=True)
def no_exports_of_others(world: World) -> None:
    build_all(world)


@pytest.fixture(scope="module")
def worlds() -> dict[int, World]:
    return {}


@pytest.fixture
def many(app: Flask, worlds: dict[int, World]) -> World:
    """An organization with many visits, one for each application."""
    if id(app) not in worlds:
        worlds[id(app)] = world = World(app)
        world.publish(seed.CHECKLIST)
        ground = seed.Ground(world)
        ground.add_locations(20)
        bare = BareSql(world.database.url, [])
        ground.add_visits(bare, MANY_VISITS)
        bare.connection.close()
    return worlds[id(app)]


def request_many(many: World, file_format: str) -> str:
    """Request all answers; the visits of ``many`` are of two years."""
    return request_export(many.admin, "answers", file_format, **{"from": "2020-01"})


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process IDs of the children that are started."""
    started: list[int] = []
    start = subprocess.Popen

    def record(*args: Any, **options: Any) -> Any:
        process = start(*args, **options)
        started.append(process.pid)
        return process

    monkeypatch.setattr(jobs.subprocess, "Popen", record)
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 0.05)
    return started


def row_of(world: World, export_id: str) -> Export:
    with world.database.read_snapshot() as session:
        return session.get_one(Export, uuid.UUID(export_id))


def wait_until(is_true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_midway(world: World, export_id: str) -> bool:
    row = row_of(world, export_id)
    return row.of is not None and 0 < row.done < row.of


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_builds_the_file(world: World, children: list[int]) -> None:
    visit = world.accepted_visit()
    export_id = request_export(world.manager)
    assert builder(world).work() is True
    assert builder(world).work() is False
    assert len(children) == 1
    assert not is_running(children[0])
    assert [row["visit_id"] for row in read_csv(download(world.manager, export_id).data)] == [visit["id"]]


def test_progress_counts_to_a_fixed_number(many: World, children: list[int]) -> None:
    export_id = request_many(many, "xlsx")
    seen: list[tuple[int, int | None]] = []
    with ThreadPoolExecutor(1) as thread:
        work = thread.submit(builder(many).work)
        while not work.done():
            row = row_of(many, export_id)
            seen.append((row.done, row.of))
            time.sleep(0.02)
    progress = ok(many.admin.get(f"/exports/{export_id}"))["progress"]
    assert progress == {"done": MANY_ANSWERS, "of": MANY_ANSWERS}
    assert {of for _, of in seen} <= {None, MANY_ANSWERS}
    assert seen == sorted(seen, key=lambda item: item[0])
    assert any(0 < done < MANY_ANSWERS for done, _ in seen)


@pytest.mark.full
def test_a_killed_child_starts_over_and_ends_complete(many: World, children: list[int]) -> None:
    export_id = request_many(many, "xlsx")
    with ThreadPoolExecutor(1) as thread:
        work = thread.submit(builder(many).work)
        wait_until(lambda: is_midway(many, export_id))
        os.kill(children[0], signal.SIGKILL)
        assert work.result(60) is True
    row = row_of(many, export_id)
    assert (row.status, row.attempts, row.failures, row.key) == ("queued", 1, 1, None)
    assert builder(many).work() is True
    export = ok(many.admin.get(f"/exports/{export_id}"))
    assert (export["status"], export["progress"]["of"]) == ("ready", MANY_ANSWERS)
    assert len(children) == 2


WORKER = """
import sys, threading
from api.app import create_app
from api.jobs.exports import ExportBuilder
from api.settings import Settings
app = create_app(Settings.from_environment())
context = app.extensions["survey"]
ExportBuilder(context.database, context.store, app.extensions["metrics"], threading.Event()).work()
"""


def test_a_killed_worker_takes_its_child_with_it_and_another_starts_over(
    many: World, children: list[int]
) -> None:
    """The worker is killed as the system kills a process, so it can neither report nor clean up."""
    export_id = request_many(many, "xlsx")
    settings = many.app.extensions["survey"].settings
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "PHOTO_BUCKET": settings.photo_bucket or "",
        "PHOTO_ENDPOINT_URL": settings.photo_endpoint_url or "",
    }
    worker = subprocess.Popen([jobs.sys.executable, "-c", WORKER], env=environment, cwd=jobs._ROOT)
    wait_until(lambda: is_midway(many, export_id))
    (child,) = map(int, Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split())
    assert is_running(child)
    worker.kill()
    worker.wait()
    wait_until(lambda: not is_running(child), 20)
    assert row_of(many, export_id).status == "running"
    assert builder(many).work() is False  # the lease has not ended
    change_export(many, export_id, leased_until=now() - timedelta(seconds=1))
    assert builder(many).work() is True
    row = row_of(many, export_id)
    assert (row.status, row.attempts, row.failures, row.of) == ("ready", 2, 1, MANY_ANSWERS)


def test_a_worker_that_stops_returns_its_export_to_the_queue(many: World, children: list[int]) -> None:
    export_id = request_many(many, "xlsx")
    stopping = threading.Event()
    worker = ExportBuilder(many.database, many.store, Metrics(), stopping)
    thread = threading.Thread(target=worker.run)
    thread.start()
    wait_until(lambda: is_midway(many, export_id))
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()
    assert not is_running(children[0])
    row = row_of(many, export_id)
    assert (row.status, row.failures) == ("queued", 0)
    change_export(many, export_id, status="failed")


@pytest.mark.full
def test_an_export_is_given_up_after_three_failures(
    world: World, children: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs.ExportBuilder, "_describe", lambda *_: {})  # so that each child fails at once
    export_id = request_export(world.manager)
    for _ in range(MAX_FAILURES):
        assert ok(world.manager.get(f"/exports/{export_id}"))["status"] == "queued"
        assert builder(world).work() is True
    assert builder(world).work() is False
    export = ok(world.manager.get(f"/exports/{export_id}"))
    assert (export["status"], export["failure"]) == ("failed", exports.GIVEN_UP)
    assert len(children) == MAX_FAILURES


def test_an_export_whose_workers_die_is_given_up_after_three_leases(world: World) -> None:
    export_id = request_export(world.manager)
    for attempt in range(1, MAX_FAILURES + 1):
        claimed = world.database.write(exports.claim)
        assert claimed is not None
        assert (claimed.status, claimed.attempts) == ("running", attempt)
        change_export(world, export_id, leased_until=now() - timedelta(seconds=1))
    assert builder(world).work() is True
    row = row_of(world, export_id)
    assert (row.status, row.failure, row.failures) == ("failed", exports.GIVEN_UP, MAX_FAILURES)


def test_a_reason_in_words_is_not_tried_again(world: World, children: list[int]) -> None:
    export_id = request_export(world.manager, region_id=world.region["id"])
    ok(world.admin.patch(f"/users/{world.manager.id}", {"region_ids": []}))
    assert builder(world).work() is True
    assert builder(world).work() is False
    row = row_of(world, export_id)
    assert (row.status, row.failure, row.attempts) == ("failed", "The region does not exist.", 1)


def test_two_workers_never_run_one_export_twice(world: World) -> None:
    worlds = [world, World(world.app), World(world.app)]
    ids = {request_export(each.admin) for each in worlds for _ in range(3)}
    claims: Counter[str] = Counter()

    def work(_number: int) -> None:
        while True:
            try:
                export = world.database.write(exports.claim)
            except IntegrityError:
                continue
            if export is None:
                with world.database.read_snapshot() as session:
                    if not exports.is_any_claimable(session) and not _are_any_running(session):
                        return
                time.sleep(0.005)
                continue
            claims[str(export.id)] += 1
            with world.database.read_snapshot() as session:
                running = session.scalars(select(Export.organization_id).where(Export.status == "running"))
                assert max(Counter(running).values()) == 1
            result = {"key": f"exports/{export.id}", "size": 1, "rows": 0, "location_numbers": []}
            assert world.database.write(partial(exports.finish, export=export, **result))

    def _are_any_running(session: Session) -> bool:
        return session.scalar(select(Export.id).where(Export.status == "running").limit(1)) is not None

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    assert claims == Counter(ids)


def test_a_worker_that_was_slower_than_its_lease_changes_nothing(world: World) -> None:
    export_id = request_export(world.manager)
    slow = world.database.write(exports.claim)
    assert slow is not None
    change_export(world, export_id, leased_until=now() - timedelta(seconds=1))
    fast = world.database.write(exports.claim)
    assert fast is not None
    result = {"key": "exports/slow", "size": 1, "rows": 0, "location_numbers": []}
    for change in (
        lambda session: exports.report_progress(session, slow, (1, 2)),
        lambda session: exports.finish(session, slow, **result),
        lambda session: exports.fail(session, slow),
        lambda session: exports.release(session, slow),
    ):
        assert world.database.write(change) is False
    row = row_of(world, export_id)
    assert (row.status, row.attempts, row.done, row.key) == ("running", 2, 0, None)
    assert world.database.write(lambda session: exports.release(session, fast)) is True
    change_export(world, export_id, status="failed")


def test_a_file_is_one_snapshot_while_visits_change(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the count and the first row, one visit is withdrawn, one is added, and one moves away."""
    kept, withdrawn = world.accepted_visit(), world.accepted_visit()
    elsewhere = world.new_region()
    export_id = request_export(world.manager, "visits")
    export = world.database.write(exports.claim)
    assert export is not None
    stream = tables._Selection.stream

    def change_first(selection: Any) -> Iterator[Any]:
        ok(world.review(withdrawn, "reject", replaces=withdrawn["decisions"][0]["id"]))
        world.accepted_visit()
        ok(world.admin.patch(f"/locations/{world.location['id']}", {"region_id": elsewhere["id"]}))
        yield from stream(selection)

    monkeypatch.setattr(tables._Selection, "stream", change_first)
    result = build(
        world.database, None, lambda: world.store, export.id, export.attempts, tmp_path, lambda *_: None
    )
    rows = read_csv(b"".join(world.store.stream(result.key)))
    assert {row["visit_id"] for row in rows} == {kept["id"], withdrawn["id"]}
    assert {row["region_code"] for row in rows} == {world.region["code"]}
    assert result.rows == 2
    change_export(world, export_id, status="failed")


@pytest.mark.full
def test_a_child_has_low_priority_and_holds_few_rows(
    many: World, children: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = request_many(many, "csv")
    seen: dict[str, Any] = {}
    with ThreadPoolExecutor(1) as thread:
        work = thread.submit(builder(many).work)
        wait_until(lambda: is_midway(many, export_id) or work.done())
        if is_running(children[0]):
            seen["niceness"] = os.getpriority(os.PRIO_PROCESS, children[0])
            status = Path(f"/proc/{children[0]}/status").read_text()
            seen["peak_mib"] = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        assert work.result(60) is True
    assert seen["niceness"] >= 10
    assert seen["peak_mib"] < 120
    assert sum(1 for _ in read_csv(download(many.admin, export_id).data)) == MANY_ANSWERS


def test_a_child_leaves_no_files(world: World, children: list[int], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(jobs.tempfile, "tempdir", str(tmp_path))
    request_export(world.manager, "visits", "xlsx")
    assert builder(world).work() is True
    assert list(tmp_path.iterdir()) == []


def test_a_running_worker_builds_exports_beside_its_other_tasks(world: World) -> None:
    from api.jobs.worker import Worker

    export_id = request_export(world.manager)
    worker = Worker(world.database, world.store)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_until(lambda: ok(world.manager.get(f"/exports/{export_id}"))["status"] == "ready", 30)
    finally:
        worker.stopping.set()
        thread.join()


def test_an_unavailable_store_is_a_failure_that_is_tried_again(
    world: World, children: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = request_export(world.manager)
    nowhere = {"bucket": "nowhere", "endpoint_url": "http://127.0.0.1:9"}
    monkeypatch.setattr(type(world.store), "describe", lambda _store: nowhere)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any-secret")
    assert builder(world).work() is True
    row = row_of(world, export_id)
    assert (row.status, row.failures, row.failure) == ("queued", 1, None)
    change_export(world, export_id, status="failed")
