"""Every route of the running program declares its permission, and enforces it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from api.domain.access import ANY_CALLER, PERMISSIONS, REFRESH_TOKEN
from api.http.access import Pages, Routes
from tests.support.world import Caller, World, problem

pytestmark = pytest.mark.one_database

VALUES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "path": "x", "default": "x"}


def routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Yield every method of every route, with an example address and the view function."""
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: VALUES[match[1] or "default"], rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, address, app.view_functions[rule.endpoint]


def test_every_route_names_a_known_permission(app: Flask) -> None:
    for method, address, view in routes(app):
        permission = getattr(view, "permission", None)
        assert permission in PERMISSIONS or permission in (ANY_CALLER, REFRESH_TOKEN), (method, address)


def test_anonymous_callers_reach_only_open_routes(app: Flask) -> None:
    anonymous = Caller(app)
    for method, address, view in routes(app):
        response = anonymous.call(method, f"/{address}", {} if method != "GET" else None)
        if view.permission == ANY_CALLER:
            assert response.status_code < 500, (method, address)
            assert response.json is None or response.json.get("type") != "/problems/not-signed-in", address
        else:
            problem(response, 401, "not-signed-in")
            assert response.headers["WWW-Authenticate"].startswith("Bearer"), (method, address)


def test_each_role_is_forbidden_exactly_what_it_has_no_permission_for(world: World) -> None:
    for role in ("shopper", "manager", "reviewer", "admin"):
        caller = world.person(role)
        for method, address, view in routes(world.app):
            if view.permission not in PERMISSIONS or address == "/api/v1/auth/logout":
                continue
            # No route accepts this body, so callers with the permission get another error than 403.
            response = caller.call(method, f"/{address}", data=b"?" if method != "GET" else None)
            code = (response.get_json(silent=True, force=True) or {}).get("type")
            is_forbidden = (response.status_code, code) == (403, "/problems/forbidden")
            assert is_forbidden == (role not in PERMISSIONS[view.permission].roles), (
                role,
                method,
                address,
                code,
            )
            assert response.status_code < 500, (role, method, address)


def test_only_these_addresses_are_open_to_any_caller(app: Flask) -> None:
    addresses = {address for _method, address, view in routes(app) if view.permission == ANY_CALLER}
    assert addresses == {
        "/",
        "/visits/00000000-0000-4000-8000-000000000000",
        "/dashboard",
        "/dashboard/locations",
        "/dashboard/locations/00000000-0000-4000-8000-000000000000",
        "/dashboard/regions/00000000-0000-4000-8000-000000000000",
        "/dashboard/visits/00000000-0000-4000-8000-000000000000",
        "/dashboard/map",
        "/dashboard/sections",
        "/dashboard/questions",
        "/dashboard/comments",
        "/dashboard/photos",
        "/dashboard/reviews",
        "/dashboard/disputes",
        "/dashboard/payments",
        "/dashboard/account",
        "/invitation",
        "/password",
        "/unsubscribe",
        "/dashboard/",
        "/dashboard/x",
        "/dashboard/admin",
        "/dashboard/admin/places/00000000-0000-4000-8000-000000000000",
        "/dashboard/admin/x",
        "/dashboard/admin/people/00000000-0000-4000-8000-000000000000",
        "/dashboard/admin/checklists/x",
        "/dashboard/admin/checklists/x/publish",
        "/static/x/x",
        "/sw.js",
        "/manifest.webmanifest",
        "/docs",
        "/problems/x",
        "/api/v1/openapi.json",
        "/api/v1/auth/login",
        "/api/v1/auth/token",
        "/api/v1/auth/invitation",
        "/api/v1/auth/password",
        "/api/v1/auth/password-reset",
        "/api/v1/unsubscribe/x",
        "/api/v1/exports/00000000-0000-4000-8000-000000000000/file",
        "/health/live",
        "/health/ready",
        "/photo-store/x",
    }


def test_route_without_permission_is_a_type_error() -> None:
    for blueprint in (Routes("some", __name__), Pages("pages", __name__)):
        with pytest.raises(TypeError):
            blueprint.get("/somewhere")  # type: ignore[call-arg]


def test_route_with_unknown_permission_is_a_lookup_error() -> None:
    for blueprint in (Routes("some", __name__), Pages("pages", __name__)):
        with pytest.raises(LookupError, match="fly"):
            blueprint.get("/somewhere", permission="fly")
