"""A full disk: requests get a 503 with Retry-After, nothing is half stored, and sending continues later."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.phones import Delivery, Survey, Unavailable, call, create_survey, until_done
from tests.support.extent import take
from tests.support.running import Running, free_port, running


@dataclass
class Disk:
    """The disk of a running server."""

    fill: Callable[[], None]
    free: Callable[[], None]


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Survey, Running, Disk]]:
    """Run the server, in several processes, on a small file system, if the machine can mount one."""
    data = folder / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(data)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    try:
        ballast = data / "ballast"
        with create_survey(data) as survey:
            settings = {**survey.settings, "PORT": str(free_port()), "DATA_DIR": str(data), "WORKERS": "2"}
            with running(folder / "log", **settings) as program:
                yield survey, program, Disk(lambda: fill(ballast), ballast.unlink)
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(ballast: Path) -> None:
    """Write a file until no byte is free."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


@contextmanager
def small_files(folder: Path) -> Iterator[tuple[Survey, Running, Disk]]:
    """Run the server with a limit on the size of its files, which works without root."""
    with (
        create_survey(folder) as survey,
        running(folder, PORT=str(free_port()), **survey.settings) as program,
    ):
        process = program.process.pid
        _, maximum = resource.prlimit(process, resource.RLIMIT_FSIZE)
        yield (
            survey,
            program,
            Disk(
                lambda: set_limit(process, 1, maximum),
                lambda: set_limit(process, maximum, maximum),
            ),
        )


def set_limit(process: int, size: int, maximum: int) -> None:
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, maximum))


@pytest.fixture(params=take(small_disk, small_files), ids=take("small-disk", "small-files"))
def running_survey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Survey, Running, Disk]]:
    with request.param(tmp_path) as server:
        yield server


def test_full_disk_returns_503_and_loses_nothing(running_survey: tuple[Survey, Running, Disk]) -> None:
    survey, program, disk = running_survey
    sent, deliveries = survey.assign(5), survey.assign(10)
    assert until_done(program.base, sent) == []
    # Truncates SQLite's log, so that the next write needs new space.
    with survey.world.database.writing_engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0
        connection.exec_driver_sql("BEGIN")
    disk.fill()
    for delivery in deliveries:
        assert count_unavailable_steps(program.base, delivery) == 1 + len(delivery.pictures)
        assert call(program.base, "GET", "/health/live").status == 200
    assert call(program.base, "GET", "/health/ready").status == 503
    for delivery in sent:  # what needs no space still works
        delivery.verify(program.base)
    disk.free()
    assert until_done(program.base, deliveries) == []
    for delivery in survey.deliveries:
        delivery.verify(program.base)
    survey.verify()
    assert program.process.poll() is None


def count_unavailable_steps(base: str, delivery: Delivery) -> int:
    """Try each step of a delivery separately, and return how many got a 503."""
    count = 0
    for picture in delivery.pictures:
        try:
            delivery.send_picture(base, picture)
        except Unavailable:
            count += 1
    try:
        delivery.send_answers(base)
    except Unavailable:
        count += 1
    return count
