"""Starts and stops the server as `make run` does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.log_sweep import SWEEP
from tests.support.servers import free_ports, stop_with_parent

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A running server, the address of its metrics, and its output so far: ``stdout`` for people, ``log``."""

    process: subprocess.Popen[bytes]
    base: str
    metrics: str
    stdout: Path
    log: Path

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def output(self) -> str:
        return self.stdout.read_text() + self.log.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end of the process, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def kill(self) -> None:
        """Kill the server and all its processes, as a power failure does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return environment variables for the server, without settings of this machine."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    # One caller may send all requests of a test.
    return {**inherited, "DATA_DIR": str(folder), "API_RATE_LIMIT": "1000000", **settings}


def list_request_processes(program: Running) -> list[int]:
    """Return the IDs of the processes that gunicorn, one of the program's two children, has forked."""
    return [grandchild for child in list_children(program.process.pid) for grandchild in list_children(child)]


def list_children(process_id: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def free_port() -> int:
    return free_ports(1)[0]


@contextmanager
def running(
    folder: Path, root: Path = ROOT, listener: socket.socket | None = None, **settings: str
) -> Iterator[Running]:
    """Run the server, or a copy of it in ``root``, with its data in ``folder``; kill it at the end.

    With a ``listener``, the server gets that socket as from systemd.
    """
    command, request_signal = COMMAND, stop_with_parent(signal.SIGTERM)
    if listener is not None:
        settings |= {"PORT": str(listener.getsockname()[1]), "LISTEN_FDS": "1"}
        command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *COMMAND]

    def prepare() -> None:
        request_signal()
        if listener is not None:
            os.dup2(listener.fileno(), 3)

    for name in ("PORT", "METRICS_PORT"):
        settings.setdefault(name, str(free_port()))
    folder.mkdir(parents=True, exist_ok=True)
    stdout, log = folder / "stdout", folder / "log"
    with stdout.open("wb") as output, log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment(folder, **settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,  # a process group, so that kill() can kill all of it
            preexec_fn=prepare,
            pass_fds=() if listener is None else (3,),
        )
    base, metrics = (f"http://127.0.0.1:{settings[name]}" for name in ("PORT", "METRICS_PORT"))
    program = Running(process, base, f"{metrics}/metrics", stdout, log)
    try:
        wait_until_up(program)
        yield program
    finally:
        program.kill()
        SWEEP.write(log.read_text())


def wait_until_up(program: Running) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            urlopen(f"{program.base}/docs", timeout=SECONDS).close()
            return
        except (URLError, OSError):
            assert program.process.poll() is None, program.output()
            assert time.monotonic() < deadline, program.output()
            time.sleep(0.1)


def fail_to_start(folder: Path, **settings: str) -> str:
    """Start the server with settings that must stop it with exit code 1; return its error message."""
    result = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert result.returncode == 1, result
    assert result.stdout == ""
    return result.stderr
