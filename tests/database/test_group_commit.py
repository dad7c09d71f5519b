"""Simultaneous submissions on SQLite share a commit, and each is stored or fails as if it were alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2
import pytest
from flask import Flask
from sqlalchemy import column, event, insert, select, table, text
from sqlalchemy.exc import IntegrityError, OperationalError

from api.database.engines import Database
from api.database.statements import Command, Transaction, execute
from api.services.scores import recount
from tests.support.world import ALL_WELL, World, ok, pointers, problem

ROWS = table("numbers", column("number"), column("parent"))
INSERT = Command(insert(ROWS))
#: If the number exists already, SQLite rolls the whole transaction back, as it may do if the disk is full.
INSERT_OR_ROLL_BACK = Command(insert(ROWS).prefix_with("OR ROLLBACK"))


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Database]:
    """A database with one table. ``parent`` is another number, which must be there at the commit."""
    database = Database(f"sqlite:///{tmp_path / 'numbers.sqlite3'}")
    database.write(
        lambda session: session.execute(
            text(
                "CREATE TABLE numbers (number INTEGER PRIMARY KEY, parent INTEGER "
                "REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    )
    yield database
    database.close()


def read_numbers(database: Database) -> list[int]:
    with database.read_snapshot() as session:
        return list(session.scalars(select(ROWS.c.number).order_by(ROWS.c.number)))


def add(number: int, parent: int | None = None, command: Command = INSERT) -> Callable[[Transaction], int]:
    """Return work that inserts a row and returns its number."""

    def work(transaction: Transaction) -> int:
        execute(transaction, command, number=number, parent=parent)
        return number

    return work


def run_as_group(database: Database, calls: Sequence[Callable[[], Any]]) -> list[Future[Any]]:
    """Run calls, each of which writes once, in threads that wait until all can share a transaction."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = []
        with database._write_lock:
            for number, call in enumerate(calls, 1):
                futures.append(pool.submit(call))
                wait_until(lambda number=number: count_waiting(database) == number)  # type: ignore[misc]
        wait(futures, 60)
    return futures


def count_waiting(database: Database) -> int:
    assert database._group_commit
    return len(database._group_commit._waiting)


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def write_as_group(database: Database, *works: Callable[[Transaction], Any]) -> list[Future[Any]]:
    return run_as_group(database, [partial(database.write_statements, work) for work in works])


@pytest.fixture
def commits(numbers: Database) -> list[object]:
    """The commits of the database so far."""
    commits: list[object] = []
    event.listen(numbers.writing_engine, "commit", commits.append)
    return commits


def test_threads_that_wait_share_one_commit(numbers: Database, commits: list[object]) -> None:
    futures = write_as_group(numbers, *map(add, range(8)))
    assert [future.result() for future in futures] == list(range(8))
    assert read_numbers(numbers) == list(range(8))
    assert len(commits) == 1


def test_no_thread_has_its_result_before_the_commit(numbers: Database) -> None:
    returned: list[int] = []
    returned_before: list[list[int]] = []
    event.listen(numbers.writing_engine, "commit", lambda _connection: returned_before.append(list(returned)))

    def call(number: int) -> None:
        returned.append(numbers.write_statements(add(number)))

    run_as_group(numbers, [partial(call, number) for number in range(4)])
    assert returned_before == [[]]
    assert sorted(returned) == list(range(4))


def test_work_that_fails_is_undone_alone(numbers: Database, commits: list[object]) -> None:
    def fail(transaction: Transaction) -> None:
        add(2)(transaction)
        raise ArithmeticError

    futures = write_as_group(numbers, add(1), fail, add(3), add(1), add(4))
    errors = [type(future.exception()) for future in futures]
    assert errors == [type(None), ArithmeticError, type(None), IntegrityError, type(None)]
    assert read_numbers(numbers) == [1, 3, 4]
    assert len(commits) == 1


def test_all_fail_if_the_commit_fails(numbers: Database) -> None:
    futures = write_as_group(numbers, add(1), add(2, parent=99), add(3))
    assert [type(future.exception()) for future in futures] == [IntegrityError] * 3
    assert read_numbers(numbers) == []
    assert numbers.write_statements(add(4)) == 4
    assert read_numbers(numbers) == [4]


def test_all_fail_if_the_database_rolls_everything_back(numbers: Database) -> None:
    numbers.write_statements(add(2))
    futures = write_as_group(numbers, add(1), add(2, command=INSERT_OR_ROLL_BACK), add(3))
    assert [type(future.exception()) for future in futures] == [OperationalError] * 3
    assert read_numbers(numbers) == [2]
    assert numbers.write_statements(add(4)) == 4


def test_all_fail_at_once_if_the_file_stays_locked(numbers: Database, tmp_path: Path) -> None:
    numbers.writing_engine.dispose()
    event.listen(
        numbers.writing_engine,
        "connect",
        lambda connection, _record: connection.execute("PRAGMA busy_timeout = 100"),
    )
    errors: list[str] = []
    numbers.on_error(errors.append)
    other = pysqlite3.dbapi2.connect(tmp_path / "numbers.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    futures = write_as_group(numbers, *map(add, range(4)))
    other.close()
    assert [type(future.exception()) for future in futures] == [OperationalError] * 4
    assert errors == ["unavailable"]  # one of them has tried
    assert numbers.write_statements(add(4)) == 4
    assert read_numbers(numbers) == [4]


def test_work_runs_in_the_context_of_its_own_thread(numbers: Database) -> None:
    request_id: ContextVar[int] = ContextVar("request_id")

    def call(number: int) -> int:
        request_id.set(number)
        return numbers.write_statements(lambda _transaction: request_id.get())

    futures = run_as_group(numbers, [partial(call, number) for number in range(4)])
    assert [future.result() for future in futures] == list(range(4))


def test_submission_that_is_rejected_leaves_the_others_of_its_group(embedded_app: Flask) -> None:
    world = World(embedded_app)
    visits = [world.visit() for _ in range(4)]
    photo = world.declare(visits[3], b"bytes", question="receipt")
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo["id"]]}}
    bodies = [world.submission() for _ in visits[:3]] + [world.submission(answers)]
    sent = [
        *zip(visits, bodies, strict=True),
        (visits[0], bodies[0]),
        (visits[1], {**bodies[1], "comment": "No."}),
    ]
    tasks = [partial(world.send, visit, body) for visit, body in sent]

    first, second, third, rejected, replay, conflict = (
        future.result() for future in run_as_group(world.database, tasks)
    )
    assert pointers(problem(rejected, 422, "invalid")) == ["/answers/greeting/photos/0"]
    problem(conflict, 409, "submission-conflict")
    assert (replay.status_code, replay.data) == (200, first.data)
    for visit, body, response in zip(visits, bodies, (first, second, third), strict=False):
        assert ok(response, 201)["visit_id"] == visit["id"]
        shown = world.shopper.get(f"/visits/{visit['id']}/submission")
        assert (ok(shown), shown.headers["ETag"]) == (body, response.headers["ETag"])
    assert ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]["visits"] == 3
    with world.database.read_snapshot() as session:
        assert [line for line in recount.find_differences(session) if world.location["id"] in line] == []
