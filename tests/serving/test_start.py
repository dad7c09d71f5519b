"""Starting and ending the program: its data, its signals, and what it says."""

import json
import logging
import signal
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask, g

from api import log
from api.services import demo
from tests.support import running as programs
from tests.support import servers
from tests.support.running import ROOT, Running, environment, free_port, refused, running


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
        make_administrator(tmp_path)
        assert program.end() == 0
    # No demo is put beside a real organization, also when it is wanted.
    with running(tmp_path, DEMO="1") as program:
        assert demo.PASSWORD not in program.said()
        assert "admin create" not in program.said()
        assert "Secure" not in cookies_over_https(program)
    with running(tmp_path, TRUSTED_PROXIES="1") as program:
        assert "Secure" in cookies_over_https(program)


def make_administrator(folder: Path) -> None:
    made = subprocess.run(
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
    assert made.returncode == 0, made.stderr


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


def test_every_request_is_one_line_of_json_that_tells_no_secret(tmp_path: Path) -> None:
    with running(tmp_path, DEMO="0") as program:
        with pytest.raises(HTTPError) as caught:
            ask(
                f"{program.base}/api/v1/visits/{uuid.uuid4()}?secret=in-the-query",
                Authorization="Bearer in-it",
            )
        with pytest.raises(HTTPError):
            ask(f"{program.base}/photo-store/in-the-link")
        assert program.end() == 0
    said = program.said()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
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
        assert secret not in said


def test_an_error_is_logged_by_kind_and_place_with_its_request(embedded_app: Flask) -> None:
    record = logging.LogRecord("api", logging.ERROR, "", 0, "request failed", (), None)
    try:
        try:
            raise ConnectionRefusedError("nobody listens")
        except OSError:
            int("what a shopper wrote")
    except ValueError:
        record.exc_info = sys.exc_info()
    with embedded_app.test_request_context():
        g.request_id = "the-request"
        log._add_request_id(record)
    line = log._Formatter(["message"]).format(record)
    told = json.loads(line)
    assert told["request_id"] == "the-request"
    assert told["exc_info"].startswith("ValueError\n")
    assert "ConnectionRefusedError: nobody listens" in told["exc_info"]
    assert "what a shopper wrote')" not in told["exc_info"]


def test_addresses_that_servers_name_are_not_logged() -> None:
    record = logging.LogRecord("waitress", logging.ERROR, "", 0, "Serving %s failed", ("/a?b=c",), None)
    log._redact_server_messages(record)
    assert record.getMessage() == "Serving /… failed"


def test_several_processes_count_together_and_believe_no_proxy(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"of an earlier start")
    with running(tmp_path, DEMO="0", WORKERS="2") as program:
        make_administrator(tmp_path)
        assert "Secure" not in cookies_over_https(program)
        for _ in range(20):
            ask(f"{program.base}/health/live")
        numbers = ask(f"{program.base}/metrics")
        assert 'http_requests_total{method="GET",route="/health/live",status="200"} 20.0' in numbers
        assert '"route":"/health/live"' in program.said()
        assert program.end() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_connection_outlives_an_answer_without_a_body(tmp_path: Path, workers: str) -> None:
    with running(tmp_path, DEMO="0", WORKERS=workers) as program:
        connection = HTTPConnection(program.base.removeprefix("http://"), timeout=60)
        connection.request("GET", "/api/v1/openapi.json")
        answer = connection.getresponse()
        answer.read()
        line = connection.sock
        for _ in range(3):
            connection.request(
                "GET", "/api/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}
            )
            again = connection.getresponse()
            assert (again.status, again.read(), again.will_close) == (304, b"", False)
            assert connection.sock is line is not None
        connection.close()


def ask(address: str, **headers: str) -> str:
    with urlopen(Request(address, headers=headers), timeout=60) as answer:
        return answer.read().decode()


def test_methods_that_nobody_knows_are_counted_as_one(embedded_app: Flask) -> None:
    client = embedded_app.test_client()
    for method in ("FOO", "BAR", "get"):
        client.open("/health/live", method=method)
    numbers = client.get("/metrics").text
    assert 'method="other"' in numbers
    assert "FOO" not in numbers


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
        ("PHOTO_ENDPOINT_URL", "http://127.0.0.1:1"),  # and no bucket there
    ],
)
@pytest.mark.parametrize("demo_wanted", ["0", "1"])
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, name: str, value: str, demo_wanted: str
) -> None:
    settings = {"SECRET_KEY": "s" * 32, "PORT": str(free_port()), "DEMO": demo_wanted, name: value}
    if name == "PHOTO_BUCKET":
        settings |= {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
        settings["PHOTO_ENDPOINT_URL"] = "http://127.0.0.1:1"
    line = refused(tmp_path, **settings)
    assert line.startswith(f"Not started: {name}")
    assert line.count("\n") == 1
    assert "hidden" not in line


def test_a_bucket_that_is_not_there_stops_the_start(tmp_path: Path, s3_server: servers.S3) -> None:
    store = {"PHOTO_BUCKET": "no-such-bucket", "PHOTO_ENDPOINT_URL": s3_server.endpoint_url}
    line = refused(tmp_path, PORT=str(free_port()), DEMO="0", **store, **s3_server.environment)
    assert line.startswith("Not started: PHOTO_BUCKET, PHOTO_ENDPOINT_URL: photos cannot be stored")
    assert line.count("\n") == 1


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
