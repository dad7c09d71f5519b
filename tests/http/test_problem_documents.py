"""Every error is a problem document, Flask's own included."""

import pytest

from api.app import create_app
from api.settings import Settings
from tests.http.test_access_control import routes
from tests.support.world import API, Caller, World, pointers, problem

ID = "00000000-0000-4000-8000-000000000000"


def test_an_unknown_address_is_a_problem(world: World) -> None:
    for path in ("/nothing", "//nothing", "//api", f"/regions/{ID}/nothing", "//static/nothing"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = world.admin.call(method, path)
            if answer.status_code != 405:
                problem(answer, 404, "not-found")


def test_another_method_is_405_and_says_which_are_taken(world: World) -> None:
    for method, path, taken in (
        ("DELETE", "/regions", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/me", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/auth/login", {"OPTIONS", "POST"}),
        ("PUT", f"/regions/{ID}", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("POST", "//health/live", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "//docs", {"GET", "HEAD", "OPTIONS"}),
    ):
        answer = world.admin.call(method, path)
        problem(answer, 405, "method-not-allowed")
        assert {each.strip() for each in answer.headers["Allow"].split(",")} == taken


def test_every_route_answers_405_with_what_it_takes_and_404_beside_it(world: World) -> None:
    taken: dict[str, set[str]] = {}
    for method, address, _view in routes(world.app):
        taken.setdefault(address, {"OPTIONS"}).update({method, "HEAD"} if method == "GET" else {method})
    assert len(taken) > 40
    for address, methods in taken.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods:
            answer = world.admin.call(method, f"/{address}", data=b"[" * 1000)
            body = problem(answer, 405, "method-not-allowed")
            assert body["instance"] == address
            assert {each.strip() for each in answer.headers["Allow"].split(",")} == methods, address
        if not address.startswith("/static/"):
            problem(world.admin.get(f"/{address.rstrip('/')}/no/such/address"), 404, "not-found")


def test_a_document_says_what_where_and_under_which_number(world: World) -> None:
    answer = world.admin.get(f"/regions/{ID}")
    body = problem(answer, 404, "region-not-found")
    assert body["instance"] == f"{API}/regions/{ID}"
    assert body["status"] == 404
    assert body["request_id"] == answer.headers["X-Request-ID"] != ""
    assert "errors" not in body


def test_each_request_has_a_number_of_its_own(world: World) -> None:
    numbers = {world.anonymous.get("//health/live").headers["X-Request-ID"] for _ in range(3)}
    assert len(numbers) == 3


def test_the_problem_of_a_field_points_to_it(world: World) -> None:
    body = problem(world.admin.post("/regions", {"code": "x"}), 422, "invalid")
    assert pointers(body) == ["/name"]
    assert body["errors"][0]["detail"]


def test_an_unknown_id_inside_a_body_is_422(world: World) -> None:
    region = {"code": "x", "name": "x", "parent_id": ID}
    assert pointers(problem(world.admin.post("/regions", region), 422, "invalid")) == ["/parent_id"]
    location = {"code": "x", "name": "x", "region_id": ID, "time_zone": "UTC"}
    assert pointers(problem(world.admin.post("/locations", location), 422, "invalid")) == ["/region_id"]


def test_401_says_how_to_sign_in(world: World) -> None:
    answer = world.anonymous.get("/me")
    problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nothing_of_another_organization_can_be_told_from_nothing(world: World) -> None:
    other = World(world.app)
    for path in (
        f"/regions/{other.region['id']}",
        f"/locations/{other.location['id']}",
        f"/users/{other.shopper.id}",
    ):
        theirs = world.admin.get(path)
        none = world.admin.get(path.rpartition("/")[0] + f"/{ID}")
        assert theirs.status_code == none.status_code == 404
        same = ("type", "title", "detail", "status")
        assert [theirs.json[name] for name in same] == [none.json[name] for name in same]


def test_a_role_that_may_never_is_403_even_for_what_is_not_there(world: World) -> None:
    problem(world.shopper.get(f"/regions/{ID}"), 403, "forbidden")
    problem(world.manager.post("/regions", data=b"?"), 403, "forbidden")


def test_head_and_options_are_answered(world: World) -> None:
    answer = world.admin.call("HEAD", "/regions")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "GET" in world.anonymous.call("OPTIONS", "/regions").headers["Allow"]


@pytest.fixture
def broken(tmp_path: object) -> Caller:
    """A program without tables, where a fault of ours comes out."""
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path)}))

    @app.get("/fault")
    def fault() -> str:
        raise ZeroDivisionError("secret")

    return Caller(app)


def test_our_own_fault_is_a_500_that_tells_nothing(broken: Caller) -> None:
    answer = broken.get("//fault")
    problem(answer, 500, "internal-error")
    assert b"secret" not in answer.data


def test_a_database_that_does_not_answer_is_503(broken: Caller) -> None:
    credentials = {"email": "a@example.org", "password": "x"}
    answer = broken.post("/auth/login", credentials)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_no_answer_carries_a_header_that_only_servers_may_send(world: World) -> None:
    # waitress answers 500 where an application sends one.
    answer = world.admin.post(
        "/regions", data=b" " * (2**20 + 1), headers={"Content-Type": "application/json"}
    )
    problem(answer, 413, "too-large")
    assert "Connection" not in answer.headers


def test_caches_keep_nothing_private_for_others(world: World) -> None:
    assert world.admin.get("/me").headers["Cache-Control"] == "private, no-cache"
    assert world.anonymous.get("/me").headers["Cache-Control"] == "private, no-cache"
    credentials = {"email": world.admin.email, "password": "wrong wrong wrong"}
    assert world.anonymous.post("/auth/login", credentials).headers["Cache-Control"] == "no-store"
