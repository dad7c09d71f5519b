"""A disk without space: refusals that say when to come again, nothing half stored, and all goes on after."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.phones import Errand, Field, Refused, field_of, until_done
from tests.support.running import Running, free_port, running


@dataclass
class Disk:
    """The disk of a running program."""

    fill: Callable[[], None]
    free: Callable[[], None]


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Field, Running, Disk]]:
    """Run the program on a file system of its own, where the machine lets one be made."""
    data = folder / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(data)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody but root make file systems")
    try:
        ballast = data / "ballast"
        with field_of(data) as field:
            settings = {**field.settings, "PORT": str(free_port()), "DATA_DIR": str(data)}
            with running(folder / "log", **settings) as program:
                yield field, program, Disk(lambda: fill(ballast), ballast.unlink)
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(ballast: Path) -> None:
    """Write a file until there is no space for one byte more."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


@contextmanager
def small_files(folder: Path) -> Iterator[tuple[Field, Running, Disk]]:
    """Run the program, and let no file of it grow where machines allow no file systems of one's own."""
    with (
        field_of(folder) as field,
        running(folder, PORT=str(free_port()), **field.settings) as program,
    ):
        process = program.process.pid
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        yield (
            field,
            program,
            Disk(
                lambda: set_limit(process, 1, most),
                lambda: set_limit(process, most, most),
            ),
        )


def set_limit(process: int, size: int, most: int) -> None:
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))


@pytest.fixture(params=[small_disk, small_files], ids=["small-disk", "small-files"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Field, Running, Disk]]:
    with request.param(tmp_path) as made:
        yield made


def test_a_full_disk_refuses_and_loses_nothing(place: tuple[Field, Running, Disk]) -> None:
    field, program, disk = place
    sent, errands = field.assign(5), field.assign(10)
    assert until_done(program.base, sent) == []
    # Nothing is left of the space that SQLite had taken before: the next write needs some more.
    with field.world.database.writing_engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0
        connection.exec_driver_sql("BEGIN")
    disk.fill()
    for errand in errands:
        assert steps_refused(program.base, errand) == 1 + len(errand.pictures)
    for errand in sent:  # what needs no space goes on
        errand.hold(program.base)
    disk.free()
    assert until_done(program.base, errands) == []
    for errand in field.errands:
        errand.hold(program.base)
    field.hold()
    assert program.process.poll() is None


def steps_refused(base: str, errand: Errand) -> int:
    """Try each step of an errand by itself, and return how many were refused."""
    count = 0
    for picture in errand.pictures:
        try:
            errand.send_picture(base, picture)
        except Refused:
            count += 1
    try:
        errand.send_answers(base)
    except Refused:
        count += 1
    return count
