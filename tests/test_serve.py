"""Starting and ending the program: its data, its signals, and what it says."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from api.services import demo
from tests import running as programs
from tests.running import ROOT, Running, environment, free_port, refused, running


def test_started_twice_and_ended_by_either_signal(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as first:
        said = first.said()
        assert first.base in said
        assert str(tmp_path / "survey.sqlite3") in said
        began = time.monotonic()
        assert first.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < 10
    database = (tmp_path / "survey.sqlite3").stat().st_ino
    with running(tmp_path, DEMO="0") as second:
        assert second.end(signal.SIGINT) == 0
        assert "Traceback" not in second.said()
    assert (tmp_path / "survey.sqlite3").stat().st_ino == database


def test_it_starts_empty_when_no_demo_is_wanted(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as program:
        said = program.said()
        assert demo.PASSWORD not in said
        assert "admin create" in said
        made = subprocess.run(
            [
                *(sys.executable, "-m", "flask", "--app", "wsgi", "admin", "create"),
                *("me@example.org", "--organization", "Mine"),
            ],
            cwd=ROOT,
            env=environment(tmp_path, ADMIN_PASSWORD="a password of mine"),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert made.returncode == 0, made.stderr
        assert program.end() == 0
    # No demo is put beside a real organization, also when it is wanted.
    with running(tmp_path, DEMO="1") as program:
        assert demo.PASSWORD not in program.said()
        assert "admin create" not in program.said()
        assert "Secure" not in cookies_over_https(program)
    with running(tmp_path, TRUSTED_PROXIES="1") as program:
        assert "Secure" in cookies_over_https(program)


def cookies_over_https(program: Running) -> str:
    """Log in as through a proxy that says that its client came by https; return the cookies."""
    body = {"email": "me@example.org", "password": "a password of mine", "cookies": True}
    request = Request(
        f"{program.base}/api/v1/auth/login",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Forwarded-Proto": "https"},
    )
    with urlopen(request, timeout=60) as answer:
        assert answer.status == 204
        return " ".join(answer.headers.get_all("Set-Cookie"))


def test_several_processes_end_together(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0", WORKERS="2") as program:
        assert program.end() == 0
        assert "Traceback" not in program.said()
    with socket.create_server(("127.0.0.1", int(program.base.rpartition(":")[2]))):
        pass  # nothing holds the port any more


def test_a_port_in_use_stops_the_start_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = refused(tmp_path, PORT=port)
    assert line.startswith("Not started: HOST, PORT: ")
    assert port in line
    assert line.count("\n") == 1
    assert not (tmp_path / "survey.sqlite3").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/shop"),
        ("DATABASE_URL", "sqlite:////proc/there/is/no/such.folder"),
        ("PHOTO_BUCKET", "no-such-bucket"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path: Path, name: str, value: str) -> None:
    nowhere = {
        "PHOTO_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
    }
    settings = {"SECRET_KEY": "s" * 32, "PORT": str(free_port()), "DEMO": "1", **nowhere, name: value}
    line = refused(tmp_path, **settings)
    assert line.startswith(f"Not started: {name}")
    assert line.count("\n") == 1
    assert "hidden" not in line


def test_make_run_passes_a_wrong_setting_on(tmp_path: Path) -> None:
    if not (ROOT / ".venv/.runs").exists():
        pytest.skip("this machine was not set up by make")
    done = subprocess.run(
        ["make", "run"],
        cwd=ROOT,
        env=environment(tmp_path, PORT="abc"),
        capture_output=True,
        text=True,
        timeout=programs.SECONDS,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first.startswith("Not started: PORT")
    assert all(line.startswith("make: ") for line in rest)
