"""Starts the real program, as `make run` does, and ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.servers import free_ports

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A running program, and what it has said so far in a file."""

    process: subprocess.Popen[bytes]
    base: str
    log: Path

    def said(self) -> str:
        return self.log.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's settings the program."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "DATA_DIR": str(folder), **settings}


def free_port() -> int:
    return free_ports(1)[0]


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    """Run the program with its data in ``folder`` until it answers; it is killed if it still runs after."""
    settings.setdefault("PORT", str(free_port()))
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            COMMAND, cwd=ROOT, env=environment(folder, **settings), stdout=out, stderr=subprocess.STDOUT
        )
    program = Running(process, f"http://127.0.0.1:{settings['PORT']}", log)
    try:
        wait_until_up(program)
        yield program
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until_up(program: Running) -> None:
    give_up = time.monotonic() + SECONDS
    while True:
        try:
            urlopen(f"{program.base}/docs", timeout=SECONDS).close()
            return
        except (URLError, OSError):
            assert program.process.poll() is None, program.said()
            assert time.monotonic() < give_up, program.said()
            time.sleep(0.1)


def refused(folder: Path, **settings: str) -> str:
    """Return what the program says when it does not start, which it has to do with exit code 1."""
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    return done.stderr
