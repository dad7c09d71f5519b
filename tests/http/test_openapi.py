"""The OpenAPI document is valid, and tells of all that there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.domain import flags
from api.domain.access import ANY_CALLER
from api.domain.question_types import QUESTION_TYPES

METHODS = {"get", "put", "post", "patch", "delete"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def document(embedded_app: Flask) -> Any:
    answer = embedded_app.test_client().get("/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.get_json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Every method of every route that belongs into the document, with its view function."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/api/v1/", "/health/", "/metrics", "/photo-store/")):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method.lower(), path, app.view_functions[rule.endpoint]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error)[:500] for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_tells_of_every_route_and_of_no_other(document: Any, embedded_app: Flask) -> None:
    told = {(method, path) for method, path, _ in operations(document)}
    assert told == {(method, path) for method, path, _ in routes(embedded_app)}


def test_every_operation_has_a_summary_and_a_tag(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation.get("summary", "").endswith("."), (method, path)
        assert operation.get("tags"), (method, path)


def test_every_success_has_a_schema_where_it_has_a_body(document: Any) -> None:
    for method, path, operation in operations(document):
        answers = {s: r for s, r in operation["responses"].items() if s.startswith(("2", "3"))}
        assert answers, (method, path)
        for status, answer in answers.items():
            assert answer["description"], (method, path, status)
            # Links of the photo store answer an upload with a status alone.
            if status in ("200", "201") and (method, path) != ("put", "/photo-store/{token}"):
                assert all(each["schema"] for each in answer["content"].values()), (method, path, status)


def test_every_refusal_is_a_problem_document(document: Any) -> None:
    for method, path, operation in operations(document):
        refusals = {s: r for s, r in operation["responses"].items() if not s.startswith(("2", "3"))}
        assert "default" in refusals, (method, path)
        for status, refusal in refusals.items():
            if "$ref" in refusal:
                refusal = document["components"]["responses"][refusal["$ref"].rpartition("/")[2]]
            schema = refusal["content"][PROBLEM]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)
            assert list(refusal["content"]) == [PROBLEM]


def test_every_operation_tells_the_refusals_that_its_shape_brings(document: Any) -> None:
    for method, path, operation in operations(document):
        told = set(operation["responses"])
        if "security" in operation:
            assert "401" in told, (method, path)
        if "{" in path:
            assert told & {"404", "403"}, (method, path)
        if "requestBody" in operation and path != "/photo-store/{token}":
            assert "422" in told, (method, path)
        names = {parameter.get("name") for parameter in operation.get("parameters", ())}
        if "If-Match" in names:
            assert {"412", "428"} <= told, (method, path)
        assert ("If-Match" in names) == (method == "patch" or (path.endswith("/draft") and method == "put"))


def test_security_stands_exactly_where_not_everybody_may_call(document: Any, embedded_app: Flask) -> None:
    rules = {(method, path): view.permission for method, path, view in routes(embedded_app)}
    for method, path, operation in operations(document):
        assert ("security" in operation) == (rules[method, path] != ANY_CALLER), (method, path)


def test_every_reference_resolves(document: Any) -> None:
    for reference in set(references(document)):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in node, reference
            node = node[step]


def test_every_link_leads_to_an_operation_by_its_own_parameters(document: Any) -> None:
    paths = {operation["operationId"]: path for _, path, operation in operations(document)}
    assert len(paths) == len(list(operations(document)))
    links = [
        link
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert {link["operationId"] for link in links} > {"get_visit", "get_submission", "get_version", "publish"}
    for link in links:
        assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", paths[link["operationId"]])), link


def test_no_schema_is_there_twice_under_a_numbered_name(document: Any) -> None:
    names = set(document["components"]["schemas"])
    assert {name for name in names if name[-1].isdigit() and name.rstrip("0123456789") in names} == set()


def test_no_schema_is_there_for_nothing(document: Any) -> None:
    used = {reference.rpartition("/")[2] for reference in references(document)}
    assert set(document["components"]["schemas"]) - used == set()


def test_the_page_of_it_shows_every_path(document: Any, embedded_app: Flask) -> None:
    page = embedded_app.test_client().get("/docs")
    assert page.mimetype == "text/html"
    text = page.get_data(as_text=True)
    shown = re.findall(r'class="method">([A-Z]+)</span> <code>([^<]+)</code>', text)
    assert {(method.lower(), path) for method, path in shown} == {
        (method, path) for method, path, _ in operations(document)
    }


def test_the_document_is_utf_8_json_without_ascii_escapes(embedded_app: Flask) -> None:
    data = embedded_app.test_client().get("/api/v1/openapi.json").get_data()
    assert json.loads(data)["info"]["title"]


def test_it_describes_each_registered_flag(document: Any) -> None:
    code = document["components"]["schemas"]["Flag"]["properties"]["code"]
    assert code["enum"] == list(flags.FLAG_KINDS)
    for kind in flags.FLAG_KINDS.values():
        assert f"- `{kind.code}`: {kind.raised_when}" in code["description"]


def test_it_names_the_types_of_questions_and_what_answers_them(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Question"]["properties"]["type"]["enum"] == [*QUESTION_TYPES, None]
    description = schemas["Answer"]["properties"]["value"]["description"]
    assert "- `date`: a date as `YYYY-MM-DD`, 1900 to 2100" in description
    assert re.findall(r"^- `(\w+)`", description, re.M) == [*QUESTION_TYPES]
