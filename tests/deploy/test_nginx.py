"""The nginx configuration of the containers, in front of the server: large photos and forwarded headers."""

import hashlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.malformed import MALFORMED, exchange
from tests.support.nginx import NGINX, call, nginx
from tests.support.pictures import jpeg
from tests.support.running import ROOT, environment, running

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

EMAIL, PASSWORD = "administrator@example.com", "four-random-words"
LARGEST_PHOTO = 20 * 2**20
#: Headers of a client that pretends to be another.
SPOOFED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


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
