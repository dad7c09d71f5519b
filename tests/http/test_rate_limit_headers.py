"""Rate limits of the running program: every authenticated response has them, and phones have their own."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from api import migrations
from api.app import create_app
from api.http import rate_limits
from api.settings import Settings
from tests.support.conformance import check_responses
from tests.support.world import World, ok, post_token_request, problem

QUOTA = 5


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Set the clock of the rate limits, and of nothing else."""
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: float(seconds)))


@pytest.fixture
def limited_app(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path), "API_RATE_LIMIT": str(QUOTA)}))
    migrations.upgrade(app.extensions["survey"].database)
    check_responses(app)
    yield app
    app.extensions["survey"].database.close()


@pytest.fixture
def limited_world(limited_app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    # All requests of a test are in one window.
    set_clock(monkeypatch, 1_800_000_010)
    return World(limited_app)


def test_every_authenticated_response_has_the_quota(limited_world: World) -> None:
    reader = limited_world.person("manager")
    paths = ("/me", "/users", "/visits/00000000-0000-4000-8000-000000000000", "/scores", "/regions")
    remaining = []
    for path, status in zip(paths, (200, 403, 404, 422, 200), strict=True):
        response = reader.get(path)
        assert response.status_code == status
        assert response.headers["RateLimit-Policy"] == '"default";q=5;w=60'
        remaining.append(response.headers["RateLimit"])
    assert remaining == [f'"default";r={left};t=50' for left in (4, 3, 2, 1, 0)]


def test_requests_over_the_quota_wait_for_the_next_window(
    limited_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, other = limited_world.person("manager"), limited_world.person("manager")
    for _ in range(QUOTA):
        ok(reader.get("/me"))
    response = reader.get("/me")
    problem(response, 429, "rate-limited")
    assert response.headers["Retry-After"] == "50"
    assert response.headers["RateLimit"] == '"default";r=0;t=50'
    ok(other.get("/me"))
    set_clock(monkeypatch, 1_800_000_060)
    ok(reader.get("/me"))


def test_api_clients_have_a_quota_each(limited_world: World) -> None:
    first, second = (limited_world.client("scores:read") for _ in range(2))
    for _ in range(QUOTA):
        ok(first.get("/regions"))
    problem(first.get("/regions"), 429, "rate-limited")
    ok(second.get("/regions"))


def test_what_phones_send_has_a_quota_of_its_own(limited_world: World) -> None:
    shopper = limited_world.person("shopper")
    for _ in range(QUOTA):
        ok(shopper.get("/me"))
    problem(shopper.get("/visits"), 429, "rate-limited")
    unknown = "/visits/00000000-0000-4000-8000-000000000000"
    for method, path in (
        ("PUT", f"{unknown}/submission"),
        ("PUT", f"{unknown}/photos/00000000-0000-4000-8000-000000000000"),
        ("POST", f"{unknown}/photos/00000000-0000-4000-8000-000000000000/confirm"),
    ):
        response = shopper.call(method, path, {})
        assert response.status_code in (404, 422)
        assert re.match(r'"sending";q=600;w=60', response.headers["RateLimit-Policy"])


def test_anonymous_responses_have_no_quota(limited_world: World) -> None:
    for response in (
        limited_world.anonymous.get("/me"),
        limited_world.anonymous.get("/openapi.json"),
        post_token_request(limited_world.app, None),
    ):
        assert "RateLimit" not in response.headers


def test_zero_switches_the_limit_off(world: World) -> None:
    assert "RateLimit" not in world.admin.get("/me").headers
