"""Every route of the running program says who may call it, and holds to it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from api.domain.access import ANY_CALLER, PERMISSIONS, REFRESH_TOKEN
from api.http.access import Pages, Routes
from tests.support.world import Caller, World, problem

VALUES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "x", "default": "x"}


def routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Every method of every route, with an address of it and its view function."""
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: VALUES[match[1] or "default"], rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, address, app.view_functions[rule.endpoint]


def test_each_route_names_a_rule_that_exists(app: Flask) -> None:
    for method, address, view in routes(app):
        permission = getattr(view, "permission", None)
        assert permission in PERMISSIONS or permission in (ANY_CALLER, REFRESH_TOKEN), (method, address)


def test_nobody_comes_in_where_not_anybody_may(app: Flask) -> None:
    nobody = Caller(app)
    for method, address, view in routes(app):
        answer = nobody.call(method, f"/{address}", {} if method != "GET" else None)
        if view.permission == ANY_CALLER:
            assert answer.status_code < 500, (method, address)
            assert answer.json is None or answer.json.get("type") != "/problems/not-signed-in", address
        else:
            problem(answer, 401, "not-signed-in")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), (method, address)


def test_each_role_is_refused_exactly_what_its_permissions_do_not_hold(world: World) -> None:
    for role in ("shopper", "manager", "reviewer", "admin"):
        caller = world.person(role)
        for method, address, view in routes(world.app):
            if view.permission not in PERMISSIONS or address == "/api/v1/auth/logout":
                continue
            # A body that nobody takes: whoever may come in is told so, or that the thing is not there.
            answer = caller.call(method, f"/{address}", data=b"?" if method != "GET" else None)
            code = (answer.get_json(silent=True, force=True) or {}).get("type")
            refused = (answer.status_code, code) == (403, "/problems/forbidden")
            assert refused == (role not in PERMISSIONS[view.permission]), (role, method, address, code)
            assert answer.status_code < 500, (role, method, address)


def test_only_what_has_to_be_is_open_to_anybody(app: Flask) -> None:
    addresses = {address for _method, address, view in routes(app) if view.permission == ANY_CALLER}
    assert addresses == {
        "/",
        "/visits/00000000-0000-4000-8000-000000000000",
        "/dashboard",
        "/dashboard/locations",
        "/dashboard/locations/00000000-0000-4000-8000-000000000000",
        "/dashboard/regions/00000000-0000-4000-8000-000000000000",
        "/dashboard/visits/00000000-0000-4000-8000-000000000000",
        "/dashboard/sections",
        "/dashboard/questions",
        "/dashboard/reviews",
        "/static/x/x",
        "/sw.js",
        "/manifest.webmanifest",
        "/docs",
        "/static/x",
        "/api/v1/openapi.json",
        "/api/v1/auth/login",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/photo-store/x",
    }


def test_a_route_without_who_is_a_type_error() -> None:
    for routes_ in (Routes("some", __name__), Pages("pages", __name__)):
        with pytest.raises(TypeError):
            routes_.get("/somewhere")  # type: ignore[call-arg]


def test_a_route_with_an_unknown_permission_is_a_lookup_error() -> None:
    for routes_ in (Routes("some", __name__), Pages("pages", __name__)):
        with pytest.raises(LookupError, match="fly"):
            routes_.get("/somewhere", permission="fly")
