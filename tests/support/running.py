"""Starts the real program, as `make run` does, and ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.log_sweep import SWEEP
from tests.support.servers import dying_with_us, free_ports

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A running program, and what it has said so far: told to people, and written to its log."""

    process: subprocess.Popen[bytes]
    base: str
    told: Path
    log: Path

    def said(self) -> str:
        return self.told.read_text() + self.log.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def kill(self) -> None:
        """Kill it and all processes that it started, as a machine does that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's settings the program."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "DATA_DIR": str(folder), **settings}


def free_port() -> int:
    return free_ports(1)[0]


@contextmanager
def running(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[Running]:
    """Run the program, or a copy of it, with its data in ``folder``; it is killed if it still runs after."""
    settings.setdefault("PORT", str(free_port()))
    folder.mkdir(parents=True, exist_ok=True)
    told, log = folder / "told", folder / "log"
    with told.open("wb") as out, log.open("wb") as errors:
        process = subprocess.Popen(
            COMMAND,
            cwd=root,
            env=environment(folder, **settings),
            stdout=out,
            stderr=errors,
            start_new_session=True,  # a group of its own, to be killed as one
            preexec_fn=dying_with_us(signal.SIGTERM),
        )
    program = Running(process, f"http://127.0.0.1:{settings['PORT']}", told, log)
    try:
        wait_until_up(program)
        yield program
    finally:
        program.kill()
        SWEEP.write(log.read_text())


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
