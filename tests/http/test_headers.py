"""The headers of every response: security headers, and CORS for the origins that the settings name."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
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
PAGES = ("/", "/docs", "/sw.js")
VALUES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "none", "default": "x"}


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Return every method of every route, an unknown method of each, and some unknown addresses."""
    addresses = [("GET", "/nowhere"), ("GET", "/api/v1/nowhere"), ("POST", "/")]
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: VALUES[match[1] or "default"], rule.rule)
        addresses += [(method, address) for method in (*(rule.methods or ()), "BREW")]
    return addresses


def call_all(app: Flask, caller: Caller, **options: Any) -> Iterator[tuple[str, TestResponse]]:
    for method, address in addresses(app):
        if address != "/api/v1/auth/logout":
            yield f"{method} {address}", caller.call(method, f"/{address}", **options)


def policy(response: TestResponse) -> dict[str, list[str]]:
    directives = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


@pytest.mark.one_database
def test_every_response_has_the_security_headers(world: World) -> None:
    statuses = set()
    for caller in (world.anonymous, world.admin):
        for call, response in call_all(world.app, caller):
            statuses.add(response.status_code)
            headers = response.headers
            assert headers.getlist("X-Content-Type-Options") == ["nosniff"], call
            assert headers.getlist("Referrer-Policy") == ["no-referrer"], call
            assert len(headers.getlist("Content-Security-Policy")) == 1, call
            assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"]), call
            assert headers["Cache-Control"], call
            assert HSTS not in headers, call
            assert allowed(response) == {}, call
            assert "Origin" not in headers.get("Vary", ""), call
    assert {200, 401, 404, 405} <= statuses


def test_content_security_policy_allows_only_named_sources(app: Flask) -> None:
    for call, response in call_all(app, Caller(app)):
        directives = policy(response)
        assert directives["default-src"] == ["'none'"], call
        assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"], call
        assert directives["form-action"] in (["'none'"], ["'self'"]), call
        for name, sources in directives.items():
            for source in sources:
                assert "*" not in source, (call, name)
                assert "unsafe" not in source, (call, name)
                assert source not in ("http:", "https:", "data:"), (call, name)


def test_internal_error_has_the_security_headers(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(embedded_app.view_functions, "health.check_liveness", lambda: 1 / 0)
    response = Caller(embedded_app).get("//health/live")
    problem(response, 500, "internal-error")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert policy(response)["default-src"] == ["'none'"]


@pytest.mark.parametrize("address", ["/", f"/visits/{VALUES['uuid']}", "/dashboard", "/docs"])
def test_pages_keep_to_their_policy(app: Flask, address: str) -> None:
    """Nothing is inline but a style with its hash in the policy, and nothing comes from other hosts."""
    response = ok_page(app, address)
    for style in re.findall("<style>(.*?)</style>", response.text, re.S):
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert policy(response)["style-src"] == [f"'sha256-{digest}'"]
    page = re.sub("<style>.*?</style>", "", response.text, flags=re.S)
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", page)
    for link in re.findall(r'<(?:script|link|img|iframe)[^>]*\b(?:src|href)="([^"]*)"', page):
        assert link.startswith(("/static/", "/api/v1/")), link


def ok_page(app: Flask, address: str) -> TestResponse:
    response = app.test_client().get(address)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return response


# Transport security: only for requests over TLS.


def test_https_response_has_strict_transport_security(app: Flask) -> None:
    for call, response in call_all(app, Caller(app), base_url="https://survey.example"):
        # Without subdomains: other services of the domain may have no TLS.
        assert response.headers.getlist(HSTS) == ["max-age=31536000"], call


@pytest.mark.parametrize(("proxies", "is_trusted"), [("0", False), ("1", True)])
def test_only_trusted_proxies_can_report_https(tmp_path: Path, proxies: str, is_trusted: bool) -> None:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": proxies}))
    client = app.test_client()
    assert (HSTS in client.get("/", headers={"X-Forwarded-Proto": "https"}).headers) is is_trusted
    assert HSTS not in client.get("/", headers={"X-Forwarded-Proto": "http"}).headers
    assert HSTS not in client.get("/").headers


# Other origins.

NAMED = "https://pages.example"
ORIGINS = (NAMED, "http://[::1]:3000", "http://localhost:5173")
OTHER_ORIGINS = (
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
    """A program whose settings name some origins."""
    folder = str(tmp_path_factory.mktemp("open"))
    app = create_app(Settings.from_environment({"DATA_DIR": folder, "CORS_ORIGINS": ", ".join(ORIGINS)}))
    migrations.upgrade(app.extensions["survey"].database)
    yield World(app)
    app.extensions["survey"].database.close()


def allowed(response: TestResponse) -> dict[str, str]:
    """Return the CORS headers of a response, by their names without the prefix."""
    start = "Access-Control-"
    assert len(response.headers.getlist(f"{start}Allow-Origin")) <= 1
    return {name[len(start) :]: value for name, value in response.headers.items() if name.startswith(start)}


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize("origin", ORIGINS)
def test_preflight_of_a_named_origin_needs_no_token(open_world: World, origin: str) -> None:
    wanted = "authorization,content-type,accept,if-match,if-none-match,idempotency-key,device-time"
    for _, address in addresses(open_world.app):
        if not address.startswith("/api/v1/") or address.endswith("nowhere"):
            continue
        headers = {**PREFLIGHT, "Origin": origin, "Access-Control-Request-Headers": f"{wanted},x-other"}
        response = open_world.anonymous.call("OPTIONS", f"/{address}", headers=headers)
        assert response.status_code == 200, address
        cors = allowed(response)
        assert cors["Allow-Origin"] == origin
        assert words(cors["Allow-Headers"]) == words(wanted)
        assert words(cors["Allow-Methods"]) == {"get", "head", "post", "put", "patch", "delete"}
        assert int(cors["Max-Age"]) > 0
        assert "Allow-Credentials" not in cors
        assert "Origin" in response.vary


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_other_origins_are_allowed_nothing(open_world: World, origin: str) -> None:
    headers = {"Origin": origin}
    for response in (
        open_world.anonymous.call("OPTIONS", "/me", headers=headers | PREFLIGHT),
        open_world.admin.get("/me", headers=headers),
        open_world.anonymous.get("/me", headers=headers),
    ):
        assert allowed(response) == {}
        assert "Origin" in response.vary


def test_named_origins_can_call_only_the_api(open_world: World) -> None:
    for address in (*PAGES, "/health/live", "/photo-store/x", "/api/v2/me", "/api/v1"):
        for method in ("GET", "OPTIONS"):
            response = open_world.anonymous.call(method, f"/{address}", headers={"Origin": NAMED} | PREFLIGHT)
            assert allowed(response) == {}, address


def test_named_origin_can_read_responses_of_every_status(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, origin = open_world, {"Origin": NAMED}
    region = world.admin.get(f"/regions/{world.region['id']}", headers=origin)
    known = {**origin, "If-None-Match": region.headers["ETag"]}
    with monkeypatch.context() as broken:
        broken.setitem(world.app.view_functions, "accounts.get_me", lambda: 1 / 0)
        failed = world.admin.get("/me", headers=origin)
    responses = {
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
    exposed = {"etag", "link", "location", "ratelimit", "ratelimit-policy", "retry-after"}
    exposed |= {"www-authenticate", "x-request-id"}
    for status, response in responses.items():
        assert response.status_code == status, response.text
        cors = allowed(response)
        assert cors.keys() == {"Allow-Origin", "Expose-Headers"}, status
        assert cors["Allow-Origin"] == NAMED, status
        assert words(cors["Expose-Headers"]) == exposed, status
        assert "Origin" in response.vary, status
        assert len(response.headers.getlist("Vary")) == 1, status


def test_vary_is_one_header_with_all_names(open_world: World) -> None:
    open_world.checklist  # noqa: B018
    path = "/checklists/visit/versions/1"
    for accepted in ({}, {"Accept-Encoding": "gzip"}):
        headers = {"Origin": NAMED, **accepted}
        large = open_world.shopper.get(path, headers=headers)
        known = open_world.shopper.get(path, headers={**headers, "If-None-Match": large.headers["ETag"]})
        head = open_world.shopper.call("HEAD", path, headers=headers)
        assert [response.status_code for response in (large, known, head)] == [200, 304, 200]
        for response in (large, known, head):
            assert len(response.headers.getlist("Vary")) == 1
            assert set(response.vary) == {"Origin", "Accept-Encoding"}


def test_request_without_origin_gets_only_vary(open_world: World) -> None:
    response = open_world.admin.get("/me")
    ok(response, 200)
    assert allowed(response) == {}
    assert "Origin" in response.vary


def test_cookies_are_not_accepted_across_origins(open_world: World) -> None:
    """A page of a named origin that sends cookies must not read the response."""
    headers = {"Origin": NAMED, "Cookie": f"access_token_cookie={open_world.admin.token}"}
    response = open_world.anonymous.get("/me", headers=headers)
    ok(response, 200)
    assert "Allow-Credentials" not in allowed(response)


def test_only_the_names_of_this_server_are_accepted(world: World) -> None:
    settings = world.app.extensions["survey"].settings
    app = create_app(replace(settings, allowed_hosts=("survey.example", ".shops.example")))
    caller = Caller(app)
    for host in ("survey.example", "survey.example:8443", "north.shops.example", "localhost:80", "127.0.0.1"):
        ok(caller.get("/openapi.json", headers={"Host": host}))
    for host in ("other.example", "survey.example.other.example", "www.survey.example", "10.0.0.1", ""):
        problem(caller.get("/openapi.json", headers={"Host": host}), 400, "malformed-request")
    app.extensions["survey"].database.close()
