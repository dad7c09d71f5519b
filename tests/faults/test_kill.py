"""The server is killed while phones send: acknowledged data is stored once, the rest can be sent."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pysqlite3.dbapi2
import pytest

from tests.faults.phones import Delivery, Survey, Traffic, create_survey, until_done
from tests.support import servers
from tests.support.extent import FULL
from tests.support.running import free_port, running

ROUNDS = 25 if FULL else 2
#: More visits than phones send in a round.
VISITS = 40 if FULL else 8
#: Phones that send at the same time
PHONES = 8


@pytest.fixture(params=["embedded", "servers"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def survey(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Survey]:
    settings = {}
    if backend == "servers":
        s3: servers.S3 = request.getfixturevalue("s3_server")
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        settings = servers.new_settings(request.getfixturevalue("postgres_url"), s3) | {"WORKERS": "2"}
    with create_survey(tmp_path, **settings) as survey:
        yield survey


def test_killed_server_loses_nothing_that_was_acknowledged(backend: str, survey: Survey) -> None:
    port = str(free_port())
    lost = 0
    deliveries: list[Delivery] = []
    for number in range(ROUNDS):
        # Deliveries that the previous round did not complete come first.
        remaining = [delivery for delivery in deliveries if not delivery.is_complete]
        earlier, deliveries = deliveries, remaining + survey.assign(VISITS - len(remaining))
        with running(survey.folder, PORT=port, **survey.settings) as program:
            for delivery in earlier:
                delivery.verify(program.base)
            with Traffic(program.base, deliveries, PHONES) as traffic:
                traffic.wait_for(random.randint(5, VISITS))
                if backend == "embedded" and number % 2:
                    let_submissions_wait(survey.folder)
                program.kill()
            lost += traffic.lost
            assert traffic.unavailable == []
    assert lost  # phones were sending when the server was killed
    with running(survey.folder, PORT=port, **survey.settings) as program:
        for delivery in deliveries:
            delivery.verify(program.base)
        assert until_done(program.base, survey.deliveries) == []
        for delivery in survey.deliveries:
            delivery.verify(program.base)
        assert program.end() == 0
    survey.verify()


def let_submissions_wait(folder: Path) -> None:
    """Lock the file of an embedded server, so that the submissions of several phones share a commit.

    Returns at about the time of that commit: SQLite notices within 0.1 seconds that the file is free.
    """
    with closing(pysqlite3.dbapi2.connect(folder / "survey.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(0.1)
    time.sleep(random.uniform(0, 0.15))
