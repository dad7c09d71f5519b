"""The headers of every answer: what browsers are told to refuse, and which other origins may call."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import migrations
from api.app import create_app
from api.settings import Settings
from tests.support.world import Caller, World, ok, problem

HSTS = "Strict-Transport-Security"
PAGES = ("/", "/docs", "/static/plain.css")
VALUES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "plain.css", "default": "x"}


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Every method of every route, OPTIONS and one that it does not take included, and what is no route."""
    found = [("GET", "/nowhere"), ("GET", "/api/v1/nowhere"), ("POST", "/")]
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: VALUES[match[1] or "default"], rule.rule)
        found += [(method, address) for method in (*(rule.methods or ()), "BREW")]
    return found


def answers(app: Flask, caller: Caller, **options: Any) -> Iterator[tuple[str, TestResponse]]:
    for method, address in addresses(app):
        if address != "/api/v1/auth/logout":
            yield f"{method} {address}", caller.call(method, f"/{address}", **options)


def policy(answer: TestResponse) -> dict[str, list[str]]:
    words = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in words}


def test_every_answer_has_the_security_headers(world: World) -> None:
    statuses = set()
    for caller in (world.anonymous, world.admin):
        for what, answer in answers(world.app, caller):
            statuses.add(answer.status_code)
            headers = answer.headers
            assert headers.getlist("X-Content-Type-Options") == ["nosniff"], what
            assert headers.getlist("Referrer-Policy") == ["no-referrer"], what
            assert len(headers.getlist("Content-Security-Policy")) == 1, what
            assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"]), what
            assert headers["Cache-Control"], what
            assert HSTS not in headers, what
            assert allowed(answer) == {}, what
            assert "Origin" not in headers.get("Vary", ""), what
    assert {200, 401, 404, 405} <= statuses


def test_the_policy_lets_nothing_in_that_is_not_named(app: Flask) -> None:
    for what, answer in answers(app, Caller(app)):
        given = policy(answer)
        assert given["default-src"] == ["'none'"], what
        assert given["frame-ancestors"] == given["base-uri"] == ["'none'"], what
        assert given["form-action"] in (["'none'"], ["'self'"]), what
        for name, sources in given.items():
            for source in sources:
                assert "*" not in source, (what, name)
                assert "unsafe" not in source, (what, name)
                assert source not in ("http:", "https:", "data:"), (what, name)


def test_an_error_of_ours_has_them_too(embedded_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded_app.view_functions, "health.live", lambda: 1 / 0)
    answer = Caller(embedded_app).get("//health/live")
    problem(answer, 500, "internal-error")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert policy(answer)["default-src"] == ["'none'"]


@pytest.mark.parametrize("address", ["/", f"/visits/{VALUES['uuid']}", "/dashboard", "/docs"])
def test_pages_keep_to_their_policy(app: Flask, address: str) -> None:
    """Nothing inline but a style that the policy names by its hash, and nothing from elsewhere."""
    answer = ok_page(app, address)
    for style in re.findall("<style>(.*?)</style>", answer.text, re.S):
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert policy(answer)["style-src"] == [f"'sha256-{digest}'"]
    page = re.sub("<style>.*?</style>", "", answer.text, flags=re.S)
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", page)
    for link in re.findall(r'<(?:script|link|img|iframe)[^>]*\b(?:src|href)="([^"]*)"', page):
        assert link.startswith(("/static/", "/api/v1/")), link


def ok_page(app: Flask, address: str) -> TestResponse:
    answer = app.test_client().get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    return answer


# Transport security: only where the request came by TLS.


def test_behind_tls_browsers_are_told_to_stay_there(app: Flask) -> None:
    for what, answer in answers(app, Caller(app), base_url="https://survey.example"):
        # Of this host alone: other services of the installation's domain may have no TLS.
        assert answer.headers.getlist(HSTS) == ["max-age=31536000"], what


@pytest.mark.parametrize(("proxies", "told"), [("0", False), ("1", True)])
def test_whether_it_is_tls_is_taken_from_trusted_proxies_alone(
    tmp_path: Path, proxies: str, told: bool
) -> None:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": proxies}))
    client = app.test_client()
    assert (HSTS in client.get("/", headers={"X-Forwarded-Proto": "https"}).headers) is told
    assert HSTS not in client.get("/", headers={"X-Forwarded-Proto": "http"}).headers
    assert HSTS not in client.get("/").headers


# Other origins.

NAMED = "https://pages.example"
ORIGINS = (NAMED, "http://[::1]:3000", "http://localhost:5173")
STRANGERS = (
    "https://evil.example",
    "http://pages.example",
    "https://pages.example:8443",
    "https://pages.example.evil.example",
    "https://sub.pages.example",
    "https://pagesXexample",
    "http://:3000",
    "null",
    "*",
)
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}


@pytest.fixture(scope="module")
def open_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A program that names some origins."""
    folder = str(tmp_path_factory.mktemp("open"))
    app = create_app(Settings.from_environment({"DATA_DIR": folder, "CORS_ORIGINS": ", ".join(ORIGINS)}))
    migrations.upgrade(app.extensions["survey"].database)
    yield World(app)
    app.extensions["survey"].database.close()


def allowed(answer: TestResponse) -> dict[str, str]:
    """Return what an answer allows other origins, by the header's name without its beginning."""
    start = "Access-Control-"
    assert len(answer.headers.getlist(f"{start}Allow-Origin")) <= 1
    return {name[len(start) :]: value for name, value in answer.headers.items() if name.startswith(start)}


def words(listed: str) -> set[str]:
    return {each.strip().lower() for each in listed.split(",")}


@pytest.mark.parametrize("origin", ORIGINS)
def test_named_origins_ask_before_without_a_token(open_world: World, origin: str) -> None:
    wanted = "authorization,content-type,accept,if-match,if-none-match,idempotency-key,device-time"
    for _, address in addresses(open_world.app):
        if not address.startswith("/api/v1/") or address.endswith("nowhere"):
            continue
        headers = {**PREFLIGHT, "Origin": origin, "Access-Control-Request-Headers": f"{wanted},x-other"}
        answer = open_world.anonymous.call("OPTIONS", f"/{address}", headers=headers)
        assert answer.status_code == 200, address
        told = allowed(answer)
        assert told["Allow-Origin"] == origin
        assert words(told["Allow-Headers"]) == words(wanted)
        assert words(told["Allow-Methods"]) == {"get", "head", "post", "put", "patch", "delete"}
        assert int(told["Max-Age"]) > 0
        assert "Allow-Credentials" not in told
        assert "Origin" in answer.vary


@pytest.mark.parametrize("origin", STRANGERS)
def test_strangers_are_allowed_nothing(open_world: World, origin: str) -> None:
    headers = {"Origin": origin}
    for answer in (
        open_world.anonymous.call("OPTIONS", "/me", headers=headers | PREFLIGHT),
        open_world.admin.get("/me", headers=headers),
        open_world.anonymous.get("/me", headers=headers),
    ):
        assert allowed(answer) == {}
        assert "Origin" in answer.vary


def test_what_is_allowed_is_the_api_alone(open_world: World) -> None:
    for address in (*PAGES, "/health/live", "/metrics", "/photo-store/x", "/api/v2/me", "/api/v1"):
        for method in ("GET", "OPTIONS"):
            answer = open_world.anonymous.call(method, f"/{address}", headers={"Origin": NAMED} | PREFLIGHT)
            assert allowed(answer) == {}, address


def test_answers_of_all_kinds_can_be_read_from_a_named_origin(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, origin = open_world, {"Origin": NAMED}
    region = world.admin.get(f"/regions/{world.region['id']}", headers=origin)
    known = {**origin, "If-None-Match": region.headers["ETag"]}
    with monkeypatch.context() as broken:
        broken.setitem(world.app.view_functions, "sign_in.get_me", lambda: 1 / 0)
        failed = world.admin.get("/me", headers=origin)
    kinds = {
        200: region,
        201: world.admin.post("/regions", {"code": "CORS", "name": "New"}, headers=origin),
        304: world.admin.get(f"/regions/{world.region['id']}", headers=known),
        401: world.anonymous.get("/me", headers=origin),
        403: world.shopper.get("/users", headers=origin),
        404: world.anonymous.get("/nowhere", headers=origin),
        405: world.anonymous.call("DELETE", "/me", headers=origin),
        415: world.anonymous.post("/auth/login", headers={**origin, "Content-Type": "text/plain"}),
        428: world.admin.patch(f"/regions/{world.region['id']}", {"name": "x"}, headers=origin),
        500: failed,
    }
    exposed = {"etag", "link", "location", "retry-after", "www-authenticate", "x-request-id"}
    for status, answer in kinds.items():
        assert answer.status_code == status, answer.text
        told = allowed(answer)
        assert told.keys() == {"Allow-Origin", "Expose-Headers"}, status
        assert told["Allow-Origin"] == NAMED, status
        assert words(told["Expose-Headers"]) == exposed, status
        assert "Origin" in answer.vary, status
        assert len(answer.headers.getlist("Vary")) == 1, status


def test_what_two_things_make_vary_is_told_in_one_header(open_world: World) -> None:
    open_world.checklist  # noqa: B018
    path = "/checklists/visit/versions/1"
    for taken in ({}, {"Accept-Encoding": "gzip"}):
        headers = {"Origin": NAMED, **taken}
        large = open_world.shopper.get(path, headers=headers)
        known = open_world.shopper.get(path, headers={**headers, "If-None-Match": large.headers["ETag"]})
        head = open_world.shopper.call("HEAD", path, headers=headers)
        assert [each.status_code for each in (large, known, head)] == [200, 304, 200]
        for answer in (large, known, head):
            assert len(answer.headers.getlist("Vary")) == 1
            assert set(answer.vary) == {"Origin", "Accept-Encoding"}


def test_callers_without_an_origin_see_only_vary(open_world: World) -> None:
    answer = open_world.admin.get("/me")
    ok(answer, 200)
    assert allowed(answer) == {}
    assert "Origin" in answer.vary


def test_cookies_do_not_cross(open_world: World) -> None:
    """A page of a named origin that sends cookies along may not read what comes back."""
    headers = {"Origin": NAMED, "Cookie": f"access_token_cookie={open_world.admin.token}"}
    answer = open_world.anonymous.get("/me", headers=headers)
    ok(answer, 200)
    assert "Allow-Credentials" not in allowed(answer)
