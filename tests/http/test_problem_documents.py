"""Every error is a problem document, including those of Flask."""

import pytest

from api.app import create_app
from api.settings import Settings
from tests.http.test_access_control import routes
from tests.support.world import API, Caller, World, pointers, problem

pytestmark = pytest.mark.one_database

ID = "00000000-0000-4000-8000-000000000000"


def test_unknown_address_is_a_problem_document(world: World) -> None:
    for path in ("/nothing", "//nothing", "//api", f"/regions/{ID}/nothing", "//static/nothing"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            response = world.admin.call(method, path)
            if response.status_code != 405:
                problem(response, 404, "not-found")


def test_other_method_is_405_with_the_allowed_methods(world: World) -> None:
    for method, path, allowed in (
        ("DELETE", "/regions", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/me", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("GET", "/auth/login", {"OPTIONS", "POST"}),
        ("PUT", f"/regions/{ID}", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("POST", "//health/live", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "//docs", {"GET", "HEAD", "OPTIONS"}),
    ):
        response = world.admin.call(method, path)
        problem(response, 405, "method-not-allowed")
        assert {method.strip() for method in response.headers["Allow"].split(",")} == allowed


def test_every_route_returns_405_for_other_methods_and_404_below_it(world: World) -> None:
    allowed: dict[str, set[str]] = {}
    for method, address, _view in routes(world.app):
        allowed.setdefault(address, {"OPTIONS"}).update({method, "HEAD"} if method == "GET" else {method})
    assert len(allowed) > 40
    for address, methods in allowed.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods:
            response = world.admin.call(method, f"/{address}", data=b"[" * 1000)
            body = problem(response, 405, "method-not-allowed")
            assert body["instance"] == address
            assert {name.strip() for name in response.headers["Allow"].split(",")} == methods, address
        below = f"/{address.rstrip('/')}/no/such/address"
        if address.startswith("/dashboard"):  # the dashboard shows its own page
            response = world.admin.get(below)
            assert (response.status_code, response.mimetype) == (404, "text/html"), address
        elif not address.startswith("/static/"):
            problem(world.admin.get(below), 404, "not-found")


def test_problem_document_has_status_path_and_request_id(world: World) -> None:
    response = world.admin.get(f"/regions/{ID}")
    body = problem(response, 404, "region-not-found")
    assert body["instance"] == f"{API}/regions/{ID}"
    assert body["status"] == 404
    assert body["request_id"] == response.headers["X-Request-ID"] != ""
    assert "errors" not in body


def test_each_request_has_its_own_id(world: World) -> None:
    ids = {world.anonymous.get("//health/live").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_field_error_has_a_pointer(world: World) -> None:
    body = problem(world.admin.post("/regions", {"code": "x"}), 422, "invalid")
    assert pointers(body) == ["/name"]
    assert body["errors"][0]["detail"]


def test_unknown_id_in_a_body_is_422(world: World) -> None:
    region = {"code": "x", "name": "x", "parent_id": ID}
    assert pointers(problem(world.admin.post("/regions", region), 422, "invalid")) == ["/parent_id"]
    location = {"code": "x", "name": "x", "region_id": ID, "time_zone": "UTC"}
    assert pointers(problem(world.admin.post("/locations", location), 422, "invalid")) == ["/region_id"]


def test_401_has_www_authenticate(world: World) -> None:
    response = world.anonymous.get("/me")
    problem(response, 401, "not-signed-in")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_resource_of_another_organization_looks_like_an_unknown_one(world: World) -> None:
    other = World(world.app)
    for path in (
        f"/regions/{other.region['id']}",
        f"/locations/{other.location['id']}",
        f"/users/{other.shopper.id}",
    ):
        theirs = world.admin.get(path)
        unknown = world.admin.get(path.rpartition("/")[0] + f"/{ID}")
        assert theirs.status_code == unknown.status_code == 404
        same = ("type", "title", "detail", "status")
        assert [theirs.json[name] for name in same] == [unknown.json[name] for name in same]


def test_forbidden_role_gets_403_even_for_an_unknown_resource(world: World) -> None:
    problem(world.shopper.get(f"/regions/{ID}"), 403, "forbidden")
    problem(world.manager.post("/regions", data=b"?"), 403, "forbidden")


def test_head_and_options_are_supported(world: World) -> None:
    response = world.admin.call("HEAD", "/regions")
    assert (response.status_code, response.data) == (200, b"")
    assert "GET" in world.anonymous.call("OPTIONS", "/regions").headers["Allow"]


@pytest.fixture
def broken(tmp_path: object) -> Caller:
    """A program without tables, with a route that raises an exception."""
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path)}))

    @app.get("/bug")
    def bug() -> str:
        raise ZeroDivisionError("secret")

    return Caller(app)


def test_internal_error_is_a_500_without_details(broken: Caller) -> None:
    response = broken.get("//bug")
    problem(response, 500, "internal-error")
    assert b"secret" not in response.data


def test_unavailable_database_is_503(broken: Caller) -> None:
    credentials = {"email": "a@example.org", "password": "x"}
    response = broken.post("/auth/login", credentials)
    problem(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_no_response_has_a_hop_by_hop_header(world: World) -> None:
    # waitress responds with 500 if an application sends one.
    response = world.admin.post(
        "/regions", data=b" " * (2**20 + 1), headers={"Content-Type": "application/json"}
    )
    problem(response, 413, "too-large")
    assert "Connection" not in response.headers


def test_shared_caches_store_nothing_private(world: World) -> None:
    assert world.admin.get("/me").headers["Cache-Control"] == "private, no-cache"
    assert world.anonymous.get("/me").headers["Cache-Control"] == "private, no-cache"
    credentials = {"email": world.admin.email, "password": "wrong wrong wrong"}
    assert world.anonymous.post("/auth/login", credentials).headers["Cache-Control"] == "no-store"
