"""Responses that differ from the OpenAPI document fail the test that receives them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify

from api.domain import problems
from tests.support.conformance import CheckedClient, UndocumentedResponse
from tests.support.world import World, ok


def raise_conflict() -> Response:
    raise problems.ALREADY_EXISTS()


def raise_user_not_found() -> Response:
    raise problems.USER_NOT_FOUND()


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (lambda: {"status": "live", "version": 1}, "version"),
        (lambda: {"status": 5}, "/status: 5"),
        (lambda: {"status": "busy"}, "/status: "),
        (dict, '"status" is a required property'),
        (lambda: ({"status": "live"}, 202), "the status 202 is not documented"),
        (lambda: ("", 204), "the status 204 is not documented"),
        (lambda: Response("{}", content_type="text/plain"), "the type text/plain is not documented"),
        (lambda: ("no", 404), "the status 404 is not documented"),
        (raise_conflict, "the status 409 is not documented"),
    ],
)
def test_response_that_differs_from_the_document_fails(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch, view: Callable[[], Any], reason: str
) -> None:
    monkeypatch.setitem(embedded_app.view_functions, "health.check_liveness", view)
    with pytest.raises(UndocumentedResponse, match=re.escape(reason)):
        embedded_app.test_client().get("/health/live")


def test_missing_header_fails(embedded_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(embedded_app)
    region = world.region

    def create_region() -> Response:
        response = jsonify(region)
        response.status_code = 201
        response.headers["Location"] = "/api/v1/regions/x"
        return response

    monkeypatch.setitem(embedded_app.view_functions, "places.create_region", create_region)
    with pytest.raises(UndocumentedResponse, match="the header ETag is missing"):
        world.admin.post("/regions", {"code": "x", "name": "x"})


def test_undocumented_problem_of_a_documented_status_fails(
    embedded_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(embedded_app)
    monkeypatch.setitem(
        embedded_app.view_functions, "places.get_region", lambda region_id: raise_user_not_found()
    )
    with pytest.raises(UndocumentedResponse, match="the problem user-not-found is not documented"):
        world.admin.get(f"/regions/{world.region['id']}")


def test_documented_responses_pass(world: World) -> None:
    assert world.app.test_client_class is CheckedClient
    visit = world.accepted_visit()
    ok(world.manager.get(f"/visits/{visit['id']}?include=checklist"))
    ok(world.anonymous.call("HEAD", "//health/live"), 200)


def objects_of(schema: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield each schema of a JSON object with its place."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            yield where, schema
        for name, inner in schema.items():
            yield from objects_of(inner, f"{where}/{name}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from objects_of(inner, f"{where}/{index}")


def test_unknown_fields_of_a_response_are_errors(embedded_app: Flask) -> None:
    """Every object of a response either forbids unknown fields or describes the values of any field."""
    document = embedded_app.test_client().get("/api/v1/openapi.json").get_json()
    schemas = dict(document["components"]["schemas"])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation["operationId"] != "get_openapi":
                for status, response in operation["responses"].items():
                    for content in response.get("content", {}).values():
                        schemas[f"{method} {path} {status}"] = content["schema"]
    objects = [found for name, schema in schemas.items() for found in objects_of(schema, name)]
    assert len(objects) > 50
    is_open = (None, True, {})
    assert [where for where, schema in objects if schema.get("additionalProperties") in is_open] == []
