"""Starting and stopping the server: data, signals, output and log."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask, g

from api import log
from api.services import demo
from tests.support import running as programs
from tests.support import servers
from tests.support.extent import FULL
from tests.support.running import (
    ROOT,
    Running,
    environment,
    fail_to_start,
    free_port,
    list_request_processes,
    running,
    wait_until,
)


def test_server_stops_on_signals_and_keeps_its_database(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as first:
        assert_metrics_have_an_address_of_their_own(first)
        output = first.output()
        assert first.base in output
        assert str(tmp_path / "survey.sqlite3") in output
        assert readable_by_others(tmp_path) == []
        started_at = time.monotonic()
        assert first.end(signal.SIGTERM) == 0
        assert time.monotonic() - started_at < 10
    database = (tmp_path / "survey.sqlite3").stat().st_ino
    with running(tmp_path, DEMO="0") as second:
        assert second.end(signal.SIGINT) == 0
        assert "Traceback" not in second.output()
    assert (tmp_path / "survey.sqlite3").stat().st_ino == database


def readable_by_others(folder: Path) -> list[Path]:
    """Return what other users could open, except the output that the test itself collects."""
    return [
        path
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077 and path.name not in ("stdout", "log")
    ]


@pytest.mark.full
def test_demo_is_only_created_in_a_new_database(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as program:
        output = program.output()
        assert demo.PASSWORD not in output
        assert "admin create" in output
        create_administrator(tmp_path)
        assert program.end() == 0
    # With an organization in the database, DEMO=1 has no effect.
    with running(tmp_path, DEMO="1") as program:
        assert demo.PASSWORD not in program.output()
        assert "admin create" not in program.output()
        assert "Secure" not in cookies_over_https(program)
    with running(tmp_path, TRUSTED_PROXIES="1") as program:
        assert "Secure" in cookies_over_https(program)


def create_administrator(folder: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "flask", "--app", "wsgi", "admin", "create"),
            *("me@example.org", "--organization", "Mine"),
        ],
        cwd=ROOT,
        env=environment(folder, ADMIN_PASSWORD="a password of mine"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr


def cookies_over_https(program: Running) -> str:
    """Sign in through a proxy that reports https, and return the cookies."""
    body = {"email": "me@example.org", "password": "a password of mine", "cookies": True}
    request = Request(
        f"{program.base}/api/v1/auth/login",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Forwarded-Proto": "https"},
    )
    with urlopen(request, timeout=60) as response:
        assert response.status == 204
        return " ".join(response.headers.get_all("Set-Cookie"))


def test_every_request_is_one_json_line_without_secrets(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as program:
        with pytest.raises(HTTPError) as caught:
            fetch(
                f"{program.base}/api/v1/visits/{uuid.uuid4()}?secret=in-the-query",
                Authorization="Bearer in-it",
            )
        with pytest.raises(HTTPError):
            fetch(f"{program.base}/photo-store/in-the-link")
        assert program.end() == 0
    output = program.output()
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("request_id") == caught.value.headers["X-Request-ID"]]
    assert line.pop("ms") >= 0
    assert datetime.fromisoformat(line.pop("time")).tzinfo
    assert line == {
        "level": "INFO",
        "name": "api.requests",
        "message": "request",
        "request_id": line["request_id"],
        "method": "GET",
        "route": "/api/v1/visits/<uuid:visit_id>",
        "status": 401,
        "problem": "not-signed-in",
    }
    for secret in ("in-the-query", "in-it", "in-the-link"):
        assert secret not in output


def test_error_is_logged_with_type_place_and_request_id(embedded_app: Flask) -> None:
    record = logging.LogRecord("api", logging.ERROR, "", 0, "request failed", (), None)
    try:
        try:
            raise ConnectionRefusedError("no listener")
        except OSError:
            int("what a shopper wrote")
    except ValueError:
        record.exc_info = sys.exc_info()
    with embedded_app.test_request_context():
        g.request_id = "the-request"
        log._add_request_id(record)
    line = log._Formatter(["message"]).format(record)
    entry = json.loads(line)
    assert entry["request_id"] == "the-request"
    assert entry["exc_info"].startswith("ValueError\n")
    assert "ConnectionRefusedError: no listener" in entry["exc_info"]
    assert "what a shopper wrote')" not in entry["exc_info"]


def test_addresses_in_messages_of_servers_are_not_logged() -> None:
    record = logging.LogRecord("waitress", logging.ERROR, "", 0, "Serving %s failed", ("/a?b=c",), None)
    log._redact_library_messages(record)
    assert record.getMessage() == "Serving /… failed"


def test_processes_share_metrics_and_ignore_untrusted_proxies(tmp_path: Path) -> None:
    counter = 'http_requests_total{method="GET",route="/health/live",status="200"}'
    with running(tmp_path, DEMO="0", WORKERS="2") as program:
        create_administrator(tmp_path)
        assert "Secure" not in cookies_over_https(program)
        for _ in range(20):
            fetch(f"{program.base}/health/live")
        assert f"{counter} 20.0" in fetch(program.metrics)
        # The counts of a killed process stay, and those of the process that replaces it are added.
        workers = list_request_processes(program)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: workers[0] not in (now := list_request_processes(program)) and len(now) == 2)
        for _ in range(20):
            fetch(f"{program.base}/health/live")
        assert f"{counter} 40.0" in fetch(program.metrics)
        assert '"route":"/health/live"' in program.output()
        assert_metrics_have_an_address_of_their_own(program)
        assert program.end() == 0


def assert_metrics_have_an_address_of_their_own(program: Running) -> None:
    assert program.metrics in program.output()
    assert "http_requests_total" in fetch(program.metrics)
    for address in (f"{program.base}/metrics", f"{program.metrics}x"):
        with pytest.raises(HTTPError, match="404"):
            fetch(address)


def test_port_of_metrics_in_use_stops_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = fail_to_start(tmp_path, PORT=str(free_port()), METRICS_PORT=port)
    assert line.startswith("Not started: METRICS_HOST, METRICS_PORT: cannot listen")
    assert line.count("\n") == 1


def fetch(address: str, **headers: str) -> str:
    with urlopen(Request(address, headers=headers), timeout=60) as response:
        return response.read().decode()


def test_unknown_methods_are_counted_together(embedded_app: Flask) -> None:
    client = embedded_app.test_client()
    for method in ("FOO", "BAR", "get"):
        client.open("/health/live", method=method)
    body = embedded_app.extensions["metrics"].text().decode()
    assert 'method="other"' in body
    assert "FOO" not in body


def test_all_processes_stop_together(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0", WORKERS="2") as program:
        assert program.end() == 0
        assert "Traceback" not in program.output()
    with socket.create_server(("127.0.0.1", program.port)):
        pass  # the port is free


@pytest.mark.full
def test_malformed_host_stops_the_start(tmp_path: Path) -> None:
    assert fail_to_start(tmp_path, HOST="pages..example").startswith("Not started: HOST, PORT: ")


def test_port_in_use_stops_the_start_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = fail_to_start(tmp_path, PORT=port)
    assert line.startswith("Not started: HOST, PORT: ")
    assert port in line
    assert line.count("\n") == 1
    assert not (tmp_path / "survey.sqlite3").exists()


@pytest.mark.parametrize(
    ("demo_setting", "name", "value"),
    [
        ("1", "PORT", "abc"),
        ("1", "DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/shop"),
        ("0", "PHOTO_BUCKET", "no-such-bucket"),  # without demo data, which stores photos
        *[
            ("1", "DATABASE_URL", "sqlite:////proc/there/is/no/such.folder"),
            ("1", "PHOTO_BUCKET", "no-such-bucket"),
            ("1", "PHOTO_ENDPOINT_URL", "http://127.0.0.1:1"),  # without PHOTO_BUCKET
        ]
        * FULL,
    ],
)
def test_invalid_setting_stops_the_start_with_one_line(
    tmp_path: Path, demo_setting: str, name: str, value: str
) -> None:
    settings = {"SECRET_KEY": "s" * 32, "PORT": str(free_port()), "DEMO": demo_setting, name: value}
    if name == "PHOTO_BUCKET":
        settings |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
        settings["PHOTO_ENDPOINT_URL"] = "http://127.0.0.1:1"
    line = fail_to_start(tmp_path, **settings)
    assert line.startswith(f"Not started: {name}")
    assert line.count("\n") == 1
    assert "hidden" not in line


@pytest.mark.full
def test_missing_bucket_stops_the_start(tmp_path: Path, s3_server: servers.S3) -> None:
    store = {"PHOTO_BUCKET": "no-such-bucket", "PHOTO_ENDPOINT_URL": s3_server.endpoint_url}
    line = fail_to_start(tmp_path, PORT=str(free_port()), DEMO="0", **store, **s3_server.environment)
    assert line.startswith("Not started: PHOTO_BUCKET, PHOTO_ENDPOINT_URL: photos cannot be stored")
    assert line.count("\n") == 1


@pytest.mark.full
def test_make_run_reports_an_invalid_setting(tmp_path: Path) -> None:
    if not (ROOT / ".venv/.runs").exists():
        pytest.skip("this machine was not set up by make")
    result = subprocess.run(
        ["make", "run"],
        cwd=ROOT,
        env=environment(tmp_path, PORT="abc"),
        capture_output=True,
        text=True,
        timeout=programs.SECONDS,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    first, *rest = result.stderr.splitlines()
    assert first.startswith("Not started: PORT")
    assert all(line.startswith("make: ") for line in rest)
