"""A lock in the database: whoever waits for it gets a 503 in the end, and everything else continues."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.faults.phones import Survey, Unavailable, call, create_survey, until_done
from tests.support import servers
from tests.support.extent import FULL
from tests.support.running import Running, free_port, running

#: More phones than the threads that served requests when a lock stopped everything
PHONES = 24
LOCKS = {
    "sqlite": "SELECT 1",  # the transaction itself is the lock
    "postgresql": "LOCK TABLE submissions IN ACCESS EXCLUSIVE MODE",
}
DATABASES = tuple(LOCKS) if FULL else ("sqlite",)


@pytest.fixture(params=DATABASES)
def locked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Survey, Running, str]]:
    """A running server, and the statement that locks its database."""
    settings = {"PORT": str(free_port())}
    if request.param == "postgresql":
        settings |= {
            "DATABASE_URL": servers.new_database(request.getfixturevalue("postgres_url")),
            "WORKERS": "2",
        }
    with create_survey(tmp_path, **settings) as survey, running(tmp_path, **survey.settings) as program:
        yield survey, program, LOCKS[request.param]


def test_lock_holds_up_neither_health_nor_reads(locked: tuple[Survey, Running, str]) -> None:
    survey, program, lock = locked
    deliveries = survey.assign(PHONES)
    for delivery in deliveries:
        delivery.pictures.clear()
    with ThreadPoolExecutor(PHONES) as threads, survey.world.database.writing_engine.connect() as connection:
        connection.execute(text(lock))
        sending = [threads.submit(delivery.send_answers, program.base) for delivery in deliveries]
        while not all(request.done() for request in sending):
            assert call(program.base, "GET", "/health/live").status == 200
            assert deliveries[0].call(program.base, "GET", "/api/v1/me").status == 200
        errors = [request.exception() for request in sending]
        # All of them have ended, and the lock is still there.
        assert {type(error) for error in errors} == {Unavailable}
        assert {str(error) for error in errors} <= {"/problems/unavailable", "/problems/overloaded"}
        if lock == LOCKS["sqlite"]:  # it locks all tables
            assert call(program.base, "GET", "/health/ready").status == 503
    assert until_done(program.base, deliveries) == []
    assert call(program.base, "GET", "/health/ready").status == 200
    survey.verify()
