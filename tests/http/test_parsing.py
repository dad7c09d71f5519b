"""Bodies and queries: input that is ambiguous, or that the database cannot store, is rejected with 4xx."""

import gzip
import json
import re
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api.models.base import Base
from tests.support.world import Caller, World, ok, pointers, problem

pytestmark = pytest.mark.one_database

JSON = {"Content-Type": "application/json"}

AMBIGUOUS: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{'name': 'x'}",
    "text after the end": b'{"name": "x"} x',
    "a duplicate key": b'{"name": "x", "name": "y"}',
    "a duplicate key in an inner object": b'{"name": {"a": 1, "a": 1}}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "a number beyond every float": b'{"name": 1e400}',
    "10^400 in full": b'{"name": 1' + b"0" * 400 + b"}",
    "an integer beyond 2^53": b'{"name": 9007199254740993}',
    "an integer below -2^53": b'{"name": -9007199254740993}',
    "NUL": b'{"name": "a\\u0000"}',
    "NUL in a key": b'{"a\\u0000": "a"}',
    "a raw NUL": b'{"name": "a\x00"}',
    "a lone high surrogate": b'{"name": "\\ud800"}',
    "a lone low surrogate": b'{"name": "\\udc00 x"}',
    "a lone surrogate in a key": b'{"\\uD83D": 1}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-16 without a byte order mark": '{"name": "x"}'.encode("utf-16-le"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "900 levels": b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
    "60 levels": b'{"name": ' + b"[" * 60 + b"]" * 60 + b"}",
    "1,001 keys": json.dumps({f"k{index}": 0 for index in range(1001)}).encode(),
}


OTHER_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/jsonx",
    "text/csv; charset=utf-16",
    "",
)


def test_ambiguous_json_is_malformed(world: World) -> None:
    for case, data in AMBIGUOUS.items():
        response = world.admin.post("/regions", data=data, headers=JSON)
        assert response.status_code == 400, case
        problem(response, 400, "malformed-request")


ID = "00000000-0000-4000-8000-000000000000"
VALUES = {"key": "some-key", "token": "some-link"}
#: the cases that apply to CSV
INVALID_TEXT = (
    "NUL",
    "not UTF-8",
    "a surrogate in UTF-8",
    "UTF-16",
    "UTF-16 without a byte order mark",
    "a raw NUL",
)


@dataclass(frozen=True)
class BodyRoute:
    """A route that accepts a body, from the OpenAPI document."""

    method: str
    address: str
    content_type: str
    role: str

    def call(self, world: World, data: bytes, **headers: str) -> TestResponse:
        """Call the route as a caller who may: an administrator if possible."""
        caller: Caller = getattr(world, self.role)
        headers = {"Content-Type": self.content_type, "If-Match": "*", **headers}
        return caller.call(self.method, f"/{self.address}", data=data, headers=headers)


def body_routes(world: World, content_type: str) -> list[BodyRoute]:
    """Return every route that accepts a body of this type."""
    document = ok(world.anonymous.get("/openapi.json"))
    return [
        BodyRoute(
            method.upper(),
            re.sub(r"{(\w+)}", lambda name: VALUES.get(name[1], ID), path),
            accepted,
            next(
                (role for role in ("admin", "manager") if role in operation.get("x-roles", ())), "anonymous"
            ),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation
        for accepted in operation["requestBody"]["content"]
        if accepted == content_type
    ]


def stored(world: World) -> dict[str, int]:
    """Count the rows of every table."""
    with world.database.read_snapshot() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def check_problem(response: TestResponse, route: BodyRoute, status: int, code: str) -> None:
    """Check that a response is this problem, with all members of a problem document."""
    body = problem(response, status, code)
    assert body["status"] == response.status_code
    assert body["instance"] == route.address
    assert body["request_id"] == response.headers["X-Request-ID"] != ""
    assert body["title"] and body["detail"]
    assert ("errors" in body) == (status == 422)


def test_anonymous_body_of_unknown_fields_gets_a_short_response(world: World) -> None:
    unknown = {f"unknown{index}": 0 for index in range(1000)}
    response = world.anonymous.post("/auth/login", json=unknown)
    body = problem(response, 422, "invalid")
    assert len(body["errors"]) == 20
    assert body["detail"].endswith("The first 20 of 1002 errors are listed.")
    assert len(response.data) < 3000
    for large in ({f"k{index}": 0 for index in range(60_000)}, {"email": [0] * 60_000}):
        problem(world.anonymous.post("/auth/login", json=large), 400, "malformed-request")


def test_every_json_route_rejects_ambiguous_json(world: World) -> None:
    routes = body_routes(world, "application/json")
    assert len(routes) > 15
    world.manager  # noqa: B018
    before = stored(world)
    for route in routes:
        for data in AMBIGUOUS.values():
            check_problem(route.call(world, data), route, 400, "malformed-request")
        for data in (b"[]", b"5", b"null", b'"x"', b"[[]]", b'{"no such field": 1}'):
            check_problem(route.call(world, data), route, 422, "invalid")
    assert stored(world) == before


def test_every_route_with_a_body_rejects_other_types_and_large_bodies(
    world: World,
) -> None:
    world.manager  # noqa: B018
    before = stored(world)
    for route in body_routes(world, "application/json") + body_routes(world, "text/csv"):
        for content_type in OTHER_TYPES:
            response = route.call(world, b"{}", **{"Content-Type": content_type})
            check_problem(response, route, 415, "unsupported-media-type")
        response = route.call(world, gzip.compress(b"{}"), **{"Content-Encoding": "gzip"})
        check_problem(response, route, 415, "unsupported-media-type")
        check_problem(route.call(world, b" " * (2**20 + 1)), route, 413, "too-large")
    assert stored(world) == before


def test_csv_that_is_not_valid_text_is_malformed(world: World) -> None:
    routes = body_routes(world, "text/csv")
    assert routes
    world.manager  # noqa: B018
    before = stored(world)
    for route, case in product(routes, INVALID_TEXT):
        data = b"a\x00" if case == "NUL" else AMBIGUOUS[case]
        check_problem(route.call(world, data), route, 400, "malformed-request")
    assert stored(world) == before


def test_upload_without_a_valid_link_stores_nothing(embedded_app: Flask) -> None:
    world = World(embedded_app)
    (route,) = (route for route in body_routes(world, "image/jpeg") if "/photo-store/" in route.address)
    before = stored(world)
    for data in AMBIGUOUS.values():
        response = route.call(world, data, **{"Content-Type": "image/jpeg"})
        check_problem(response, route, 403, "upload-refused")
    response = route.call(world, bytes(20 * 2**20 + 1), **{"Content-Type": "image/jpeg"})
    check_problem(response, route, 413, "too-large")
    assert stored(world) == before


def test_body_over_a_mebibyte_without_a_length_is_413(world: World) -> None:
    header = b"code,name,region_code,time_zone\n"
    lines = b"".join(b"c%05d,A store,%b,UTC\n" % (n, world.region["code"].encode()) for n in range(40_000))
    before = stored(world)
    for path, content_type, data in (
        ("/locations/import", "text/csv", header + lines),
        ("/regions", "application/json", b'{"code": "x", "name": "x"}'.ljust(2**20 + 1)),
    ):
        response = world.admin.post(
            path,
            input_stream=BytesIO(data),
            headers={"Content-Type": content_type, "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},  # as gunicorn sets it
        )
        problem(response, 413, "too-large")
    assert stored(world) == before


def test_surrogate_pairs_and_the_largest_integers_are_accepted(world: World) -> None:
    data = b'{"name": "\\ud83d\\ude00", "code": "\xc3\xa9"}'
    region = ok(world.admin.post("/regions", data=data, headers=JSON), 201)
    assert (region["name"], region["code"]) == ("😀", "é")
    response = world.admin.post("/regions", data=b'{"name": 9007199254740992, "code": "x"}', headers=JSON)
    assert pointers(problem(response, 422, "invalid")) == ["/name"]


def test_another_content_type_is_415(world: World) -> None:
    body = json.dumps({"name": "x", "code": "x"}).encode()
    for content_type in OTHER_TYPES:
        response = world.admin.post("/regions", data=body, headers={"Content-Type": content_type})
        problem(response, 415, "unsupported-media-type")
    problem(
        world.admin.post("/regions", data=body, headers={**JSON, "Content-Encoding": "gzip"}),
        415,
        "unsupported-media-type",
    )
    ok(world.admin.post("/regions", data=body, headers={"Content-Type": "application/json; charset=UTF-8"}))


def test_body_over_a_mebibyte_is_413(world: World) -> None:
    body = json.dumps({"name": "x", "code": "x"}).encode().ljust(2**20)
    ok(world.admin.post("/regions", data=body, headers=JSON), 201)
    problem(world.admin.post("/regions", data=body + b" ", headers=JSON), 413, "too-large")
    csv = {"Content-Type": "text/csv"}
    problem(world.admin.post("/locations/import", data=body + b" ", headers=csv), 413, "too-large")
    problem(world.anonymous.post("/auth/login", data=body + b" ", headers=JSON), 413, "too-large")


def test_body_that_is_not_an_object_is_422(world: World) -> None:
    for body in ([], "x", 5, True, None):
        response = world.admin.post("/regions", data=json.dumps(body), headers=JSON)
        problem(response, 422, "invalid")


def test_unknown_fields_are_rejected_with_their_pointers(world: World) -> None:
    response = world.admin.post("/regions", {"name": "x", "code": "x", "id": "x", "a/b~c": 1})
    assert set(pointers(problem(response, 422, "invalid"))) == {"/id", "/a~1b~0c"}
    window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z", "x": 1}
    visit = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": "visit",
        "window": window,
    }
    assert pointers(problem(world.admin.post("/visits", [visit]), 422, "invalid")) == ["/0/window/x"]


#: field of a location → values of wrong types or out of range
INVALID: dict[str, list[Any]] = {
    "code": [5, True, None, "", " ", "x" * 65, ["x"], {"x": 1}],
    "name": [5, None, "", "x" * 201],
    "region_id": [
        "x",
        5,
        None,
        "00000000-0000-4000-8000-00000000000",
        "{00000000-0000-4000-8000-000000000000}",
    ],
    "time_zone": ["Mars/Base", "../etc/passwd", "", "Europe", 5, None, "europe/nowhere"],
    "latitude": ["51", True, 91, -90.1, [51]],
    "longitude": ["0", False, 180.1],
    "closed": ["true", 1, 0, None, "yes"],
    "external_id": [5, "", True],
    "address": [5, " "],
    "phone": [5, "", "call us"],
}


def test_types_are_strict(world: World) -> None:
    valid = {"code": "x", "name": "x", "region_id": world.region["id"], "time_zone": "Europe/London"}
    for field, values in INVALID.items():
        for value in values:
            response = world.admin.post("/locations", {**valid, field: value})
            body = problem(response, 422, "invalid")
            assert pointers(body) == [f"/{field}"], (field, value)
    upper = {**valid, "region_id": world.region["id"].upper()}
    if upper["region_id"] != world.region["id"]:
        assert pointers(problem(world.admin.post("/locations", upper), 422, "invalid")) == ["/region_id"]


def test_integers_and_booleans_are_strict(world: World) -> None:
    document = {"key": "strict", "sections": [{"questions": [{"points": 1}]}]}
    for points in ("5", 5.7, True, [5]):
        document["sections"][0]["questions"][0] = {"points": points}  # type: ignore[index]
        response = world.admin.post("/checklists", document)
        assert pointers(problem(response, 422, "invalid")) == ["/sections/0/questions/0/points"], points
    for required in (1, "true", "yes", 0):
        document["sections"][0]["questions"][0] = {"required": required}  # type: ignore[index]
        response = world.admin.post("/checklists", document)
        assert pointers(problem(response, 422, "invalid")) == ["/sections/0/questions/0/required"], required


def test_integral_floats_are_integers(world: World) -> None:
    data = b'{"key": "numbers", "pass_mark": 1e0, "sections": [{"questions": [{"points": 5.0}]}]}'
    created = world.admin.post("/checklists", data=data, headers=JSON)
    assert ok(created, 201)["sections"] == [{"questions": [{"points": 5}]}]
    assert b'"points":5}' in created.data
    beyond = world.admin.post("/checklists", data=data.replace(b"5.0", b"9007199254740994.0"), headers=JSON)
    assert pointers(problem(beyond, 422, "invalid")) == ["/sections/0/questions/0/points"]


def test_naive_and_impossible_times_are_rejected(world: World) -> None:
    world.checklist  # noqa: B018
    valid = "2026-01-01T10:00:00Z"
    for time in (
        "2026-01-01T10:00:00",
        "2026-01-01",
        "2026-01-01 10:00",
        "2026-02-30T10:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T10:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "20260101T100000Z",
        "２026-01-01T10:00:00Z",
        1767261600,
        None,
    ):
        visit = {
            "location_id": world.location["id"],
            "shopper_id": world.shopper.id,
            "checklist_key": "visit",
            "window": {"opens_at": time, "closes_at": valid},
        }
        response = world.admin.post("/visits", visit)
        assert pointers(problem(response, 422, "invalid"))[0] == "/window/opens_at", time


def test_unknown_and_duplicate_query_parameters_are_rejected(world: World) -> None:
    for path in ("/regions?colour=red", "/me?x=1", f"/regions/{world.region['id']}?x=1", "/fundamentals?x=1"):
        response = world.admin.get(path)
        assert pointers(problem(response, 422, "invalid")) == ["/colour" if "colour" in path else "/x"], path
    for path in (
        "/regions?limit=1&limit=2",
        "/regions?code=a&code=a",
        "/visits?status=assigned&status=accepted",
    ):
        problem(world.admin.get(path), 422, "invalid")
    response = world.admin.post("/regions?x=1", {"name": "x", "code": "x"})
    assert pointers(problem(response, 422, "invalid")) == ["/x"]


def test_queries_are_strict(world: World) -> None:
    for query in (
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=1.0",
        "limit=%201",
        "limit=",
        "limit=99999999999999999999",
        "limit=%D9%A1",
        "code=%00",
        "code=",
        "closed=1",
        "closed=True",
        "parent_id=x",
        "parent_id=",
        "cursor=",
        "cursor=x",
        "cursor=%00",
        "%00=1",
    ):
        problem(world.admin.get(f"/regions?{query}"), 422, "invalid")
    assert ok(world.admin.get("/regions?code=%ff"))["items"] == []


def test_path_that_the_database_cannot_store_is_404(world: World) -> None:
    world.checklist  # noqa: B018
    for path in (
        "/checklists/%00/draft",
        "/checklists/%ff/draft",
        "/checklists/%ED%A0%80/draft",
        "/checklists/visit/versions/99999999999999999999",
        "/checklists/visit/versions/2147483648",
        "/checklists/visit/versions/0",
        "/checklists/visit/versions/-1",
        "/checklists/visit/versions/x",
        "/regions/x",
        "/regions/%00",
    ):
        assert world.admin.get(path).status_code == 404, path
    for path in ("/checklists/%00/publish", "/checklists/%00/retire"):
        assert world.admin.post(path).status_code == 404, path
