"""The nginx configuration of the containers, in front of the server: large photos and forwarded headers."""

import hashlib
import json
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGTERM
from threading import Thread
from typing import Any

import pytest

from tests.support.malformed import MALFORMED, exchange
from tests.support.pictures import jpeg
from tests.support.running import ROOT, environment, free_port, running
from tests.support.servers import stop_with_parent

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

EMAIL, PASSWORD = "administrator@example.com", "four-random-words"
LARGEST_PHOTO = 20 * 2**20
#: The main configuration, for a process that writes to one folder and stays in the foreground.
MAIN_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/server.conf;
}}
"""
#: Headers of a client that pretends to be another.
SPOOFED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


@contextmanager
def nginx(folder: Path, root: Path, server: str) -> Iterator[int]:
    """Run nginx with the configuration of the containers in front of ``server``; yield its port."""
    port = free_port()
    text = (root / "deploy/nginx.conf").read_text()
    changes = {"server web:8000;": f"server {server};", "listen 8080;": f"listen 127.0.0.1:{port};"}
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "server.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN_CONFIGURATION.format(folder=folder))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [str(NGINX), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
            stdout=output,
            stderr=output,
            preexec_fn=stop_with_parent(SIGTERM),
        )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                call(port, "GET", "/health/live")
                break
            except OSError:
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def call(
    port: int, method: str, path: str, body: bytes | Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send a request; return the status and the body, which is decoded if it is JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        return response.status, json.loads(data) if "json" in (response.headers.get_content_type()) else data
    finally:
        connection.close()


@pytest.fixture(scope="module")
def proxy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of nginx in front of a running server."""
    folder = tmp_path_factory.mktemp("nginx")
    with (
        running(folder / "data", DEMO="0", TRUSTED_PROXIES="1") as program,
        nginx(folder / "proxy", root, program.base.removeprefix("http://")) as port,
    ):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "flask",
                "--app",
                "wsgi",
                "admin",
                "create",
                EMAIL,
                "--organization",
                "One",
            ],
            cwd=ROOT,
            env=environment(folder / "data", ADMIN_PASSWORD=PASSWORD),
            capture_output=True,
            check=True,
        )
        yield port


@pytest.fixture(scope="module")
def upload(proxy: int) -> tuple[str, bytes]:
    """The link for uploading a photo of the largest size, and its bytes."""

    def ok(method: str, path: str, body: Any = None, token: str = "") -> Any:
        status, response = call(proxy, method, f"/api/v1{path}", body, {"Authorization": f"Bearer {token}"})
        assert status in (200, 201), response
        return response

    def login(email: str) -> str:
        token: str = ok("POST", "/auth/login", {"email": email, "password": PASSWORD})["access_token"]
        return token

    administrator = login(EMAIL)
    region = ok("POST", "/regions", {"code": "R", "name": "Region", "parent_id": None}, administrator)
    place = {"code": "L", "name": "Store", "region_id": region["id"], "time_zone": "Europe/Madrid"}
    location = ok("POST", "/locations", {**place, "latitude": 36.5, "longitude": -6.3}, administrator)
    shopper = {"email": f"{uuid.uuid4()}@example.com", "name": "A shopper", "role": "shopper"}
    person = ok("POST", "/users", {**shopper, "password": PASSWORD}, administrator)
    now = datetime.now(UTC)
    window = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=1)).isoformat()}
    order = {"location_id": location["id"], "shopper_id": person["id"], "checklist_key": "store-visit"}
    visit = ok("POST", "/visits", {**order, "window": window}, administrator)
    photo = jpeg().ljust(LARGEST_PHOTO, b"\0")
    declaration = {
        "question": "store-front",
        "sha256": hashlib.sha256(photo).hexdigest(),
        "size": len(photo),
        "content_type": "image/jpeg",
    }
    path = f"/visits/{visit['id']}/photos/{uuid.uuid4()}"
    declared = ok("PUT", path, declaration, login(shopper["email"]))
    return declared["upload"]["url"], photo


def test_links_have_the_address_that_the_client_used(proxy: int, upload: tuple[str, bytes]) -> None:
    assert upload[0].startswith(f"http://127.0.0.1:{proxy}/photo-store/")


def test_largest_photo_is_accepted_and_a_larger_one_rejected(proxy: int, upload: tuple[str, bytes]) -> None:
    url, photo = upload
    path = url.removeprefix(f"http://127.0.0.1:{proxy}")
    headers = {"Content-Type": "image/jpeg"}
    assert call(proxy, "PUT", path, photo + b"\0", headers)[0] == 413
    status, body = call(proxy, "PUT", path, photo, headers)
    assert status in (200, 201, 204), body
    assert call(proxy, "PUT", path, photo, headers)[0] == 412  # stored already


def test_metrics_are_not_exposed(proxy: int) -> None:
    assert call(proxy, "GET", "/metrics")[0] == 404
    assert call(proxy, "GET", "/health/ready") == (200, {"status": "ready"})


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_are_rejected(proxy: int, name: str) -> None:
    request, expected = MALFORMED[name]
    assert exchange(proxy, request)[0] == expected


def test_forwarded_headers_replace_those_of_the_client(root: Path, tmp_path: Path) -> None:
    received: list[dict[str, list[str]]] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.append({name.lower(): self.headers.get_all(name) or [] for name in self.headers})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        try:
            with nginx(tmp_path, root, f"127.0.0.1:{server.server_port}") as port:
                assert call(port, "GET", "/", headers={**SPOOFED, "Host": "survey.example:8080"})[0] == 204
        finally:
            server.shutdown()
    headers = received[-1]
    assert headers["x-forwarded-for"] == ["127.0.0.1"]
    assert headers["x-forwarded-proto"] == ["http"]
    assert headers["x-forwarded-host"] == headers["host"] == ["survey.example:8080"]
