"""Lookups: what the server reads from the API while it renders a page."""

from typing import Any

import pytest
from flask import Flask, request, request_finished, request_started

from api.http.cookies import ACCESS_TOKEN
from api.pages import lookups
from tests.support.world import World

PAGE = "/dashboard"


def open_page(world: World, token: str) -> tuple[Any, list[str]]:
    """Open a page with the cookie of a session; return the response and the calls of the API meanwhile."""
    calls: list[str] = []

    def record(_app: Flask) -> None:
        if request.path.startswith("/api/"):
            calls.append(request.path)

    with request_started.connected_to(record, world.app):
        client = world.app.test_client(use_cookies=False)
        response = client.get(PAGE, headers={"Cookie": f"{ACCESS_TOKEN}={token}"})
    assert response.status_code == 200
    return response, calls


def test_lookups_have_the_rights_of_the_session(world: World) -> None:
    world.accepted_visit()
    token = world.manager.token
    assert token
    response, calls = open_page(world, token)
    assert len(calls) >= 1
    assert "checklist=visit" in response.get_data(as_text=True)


def test_the_page_answers_for_itself_when_a_session_has_ended(world: World) -> None:
    response, calls = open_page(world, "an-ended-session")
    assert len(calls) == 1
    assert "RateLimit" not in response.headers
    assert "checklist=" not in response.get_data(as_text=True).partition("</head>")[0]


def test_no_call_follows_a_slow_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "PATIENCE_SECONDS", -1)
    token = world.manager.token
    assert token
    _, calls = open_page(world, token)
    assert len(calls) == 1


def test_a_page_and_its_lookups_are_requests_of_their_own(world: World) -> None:
    ids: list[str] = []

    def record(_app: Flask, response: Any) -> None:
        ids.append(response.headers["X-Request-ID"])

    token = world.manager.token
    assert token
    with request_finished.connected_to(record, world.app):
        open_page(world, token)
    assert len(set(ids)) == len(ids) > 1
