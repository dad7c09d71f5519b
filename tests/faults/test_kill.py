"""Killed in mid-flight, again and again: what was acknowledged is there once, and the rest can be sent."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.phones import FULL, Errand, Field, Traffic, field_of, until_done
from tests.support import servers
from tests.support.running import free_port, running

ROUNDS = {"embedded": 25, "servers": 25} if FULL else {"embedded": 3, "servers": 2}
#: more visits than a round can send
VISITS = 40


@pytest.fixture(params=["embedded", "servers"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def field(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Field]:
    settings = {}
    if backend == "servers":
        s3: servers.S3 = request.getfixturevalue("s3_server")
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        settings = {
            "DATABASE_URL": servers.new_database(request.getfixturevalue("postgres_url")),
            "PHOTO_BUCKET": s3.new_bucket(),
            "PHOTO_ENDPOINT_URL": s3.endpoint_url,
            "WORKERS": "2",
            **s3.environment,
        }
    with field_of(tmp_path, **settings) as made:
        yield made


def test_killed_in_mid_flight(field: Field, backend: str) -> None:
    port = str(free_port())
    lost = 0
    errands: list[Errand] = []
    for _ in range(ROUNDS[backend]):
        # What the last round left undone goes first.
        left = [errand for errand in errands if not errand.done]
        held, errands = errands, left + field.assign(VISITS - len(left))
        with running(field.folder, PORT=port, **field.settings) as program:
            for errand in held:
                errand.hold(program.base)
            with Traffic(program.base, errands) as traffic:
                traffic.wait_for(random.randint(5, 40))
                program.kill()
            lost += traffic.lost
            assert traffic.refused == []
    assert lost  # the program went away under phones that were sending
    with running(field.folder, PORT=port, **field.settings) as program:
        for errand in errands:
            errand.hold(program.base)
        assert until_done(program.base, field.errands) == []
        for errand in field.errands:
            errand.hold(program.base)
        assert program.end() == 0
    field.hold()
