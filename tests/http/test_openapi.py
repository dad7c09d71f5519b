"""The OpenAPI document is valid and complete."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from flask import Flask
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.domain import flags, publishing
from api.domain.access import ANY_CALLER
from api.domain.checklist import fill_defaults
from api.domain.question_types import QUESTION_TYPES
from api.http.openapi_examples import make_example, resolve
from schemas.examples import OBJECTS

METHODS = {"get", "put", "post", "patch", "delete"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def document(embedded_app: Flask) -> Any:
    response = embedded_app.test_client().get("/api/v1/openapi.json")
    assert response.mimetype == "application/json"
    return response.get_json()


@pytest.fixture(scope="module")
def find_errors(document: Any) -> Callable[[Any, Any], list[str]]:
    """Validates an example against a schema. Each schema is compiled once, as that takes long."""

    @cache
    def compile_schema(schema: str) -> Draft202012Validator:
        rooted = {**json.loads(schema), "components": document["components"]}
        return Draft202012Validator(rooted, validate_formats=True)

    def find(schema: Any, example: Any) -> list[str]:
        errors = compile_schema(json.dumps(schema)).iter_errors(example)
        return [f"{error.instance_path}: {error.message}"[:300] for error in errors]

    return find


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def routes(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Yield every method of every route of the API, with its view function."""
    for rule in app.url_map.iter_rules():
        # A browser that opens the address for mail programs is redirected to a page.
        if rule.endpoint == "access.one_click_address":
            continue
        if rule.rule.startswith(("/api/v1/", "/health/", "/photo-store/")):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method.lower(), path, app.view_functions[rule.endpoint]


def properties(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each property of each schema, with its path in the document."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from properties(item, f"{path}/{index}")
    if isinstance(node, dict):
        for name, schema in node.get("properties", {}).items():
            yield f"{path}/{name}", schema
        for key, child in node.items():
            if key not in ("example", "examples"):
                yield from properties(child, f"{path}/{key}")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_document_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error)[:500] for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_document_has_every_route_and_no_other(document: Any, embedded_app: Flask) -> None:
    documented = {(method, path) for method, path, _ in operations(document)}
    assert documented == {(method, path) for method, path, _ in routes(embedded_app)}


def test_every_operation_has_a_summary_a_description_and_a_tag(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation.get("summary", "").endswith("."), (method, path)
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)


def test_every_property_parameter_and_header_has_a_description(document: Any) -> None:
    described = dict(properties(document))
    described |= {
        f"{path} {parameter['name']}": parameter
        for path, item in document["paths"].items()
        for owner in item.values()
        for parameter in (owner if isinstance(owner, list) else owner.get("parameters", []))
    }
    described |= {
        f"{path} {status} {name}": resolve(header, document)
        for _, path, operation in operations(document)
        for status, response in operation["responses"].items()
        for name, header in response.get("headers", {}).items()
    }
    assert len(described) > 700
    assert [name for name, node in described.items() if not node.get("description")] == []


def test_no_description_says_the_same_as_the_name(document: Any) -> None:
    for name, node in properties(document):
        words = re.sub(r"\W", "", node["description"].lower())
        assert words != re.sub(r"\W|_", "", name.rpartition("/")[2]), name


def test_no_property_with_a_default_is_required(document: Any) -> None:
    """Client generators treat a property with a default as required, so the description states it."""
    assert [name for name, node in properties(document) if "default" in node] == []
    login = document["components"]["schemas"]["Login"]
    assert "cookies" not in login["required"]
    assert login["properties"]["cookies"]["description"].endswith("Default: `false`.")


def test_alternatives_of_visits_have_a_field_that_tells_them_apart(document: Any) -> None:
    schemas = document["components"]["schemas"]
    unions = {name: schema for name, schema in schemas.items() if "discriminator" in schema}
    assert set(unions) == {"Visit", "NewVisit", "ChangedVisit", "VisitChange"}
    for name, union in unions.items():
        discriminator = union["discriminator"]
        mapping = discriminator["mapping"]
        assert [option["$ref"] for option in union["oneOf"]] == list(dict.fromkeys(mapping.values())), name
        for value, reference in mapping.items():
            shape = resolve({"$ref": reference}, document)
            field = shape["properties"][discriminator["propertyName"]]
            assert value in field.get("enum", [field.get("const")])
            assert discriminator["propertyName"] in shape["required"]


def test_lists_in_queries_are_arrays_separated_by_commas(document: Any) -> None:
    parameters = {
        parameter["name"]: parameter
        for parameter in document["paths"]["/api/v1/scores"]["get"]["parameters"]
        if parameter["schema"].get("type") == "array"
    }
    assert set(parameters) == {"by", "include", "fields"}
    for parameter in parameters.values():
        assert (parameter["style"], parameter["explode"]) == ("form", False)
        assert len(parameter["schema"]["items"]["enum"]) > 5


def test_texts_are_a_component(document: Any) -> None:
    properties_of_question = document["components"]["schemas"]["Question"]["properties"]
    text = {"$ref": "#/components/schemas/Text"}
    assert properties_of_question["text"]["anyOf"] == [text, {"type": "null"}]
    assert document["components"]["schemas"]["SectionName"]["properties"]["title"]["$ref"] == text["$ref"]


def test_the_document_describes_headers_where_they_occur(document: Any) -> None:
    for method, path, operation in operations(document):
        responses = operation["responses"]
        headers = {status: set(response.get("headers", {})) for status, response in responses.items()}
        limits = {"RateLimit", "RateLimit-Policy"}
        if "x-roles" in operation:
            assert all(limits <= headers[status] for status in headers.keys() - {"401", "default"})
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert ("Link" in headers.get("200", ())) == ("cursor" in names), (method, path)
        assert "Retry-After" in headers.get("429", {"Retry-After"})


def test_every_success_has_a_schema_where_it_has_a_body(document: Any) -> None:
    for method, path, operation in operations(document):
        responses = {s: r for s, r in operation["responses"].items() if s.startswith(("2", "3"))}
        assert responses, (method, path)
        for status, response in responses.items():
            assert response["description"], (method, path, status)
            # The response to an upload to the photo store has no body.
            if status in ("200", "201") and (method, path) != ("put", "/photo-store/{token}"):
                assert all(content["schema"] for content in response["content"].values()), (
                    method,
                    path,
                    status,
                )


def test_every_error_is_a_problem_document(document: Any) -> None:
    for method, path, operation in operations(document):
        errors = {s: r for s, r in operation["responses"].items() if not s.startswith(("2", "3"))}
        assert "default" in errors, (method, path)
        for status, error in errors.items():
            if "$ref" in error:
                error = document["components"]["responses"][error["$ref"].rpartition("/")[2]]
            schema = error["content"][PROBLEM]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)
            assert list(error["content"]) == [PROBLEM]


def test_every_operation_documents_the_errors_that_follow_from_its_parts(document: Any) -> None:
    for method, path, operation in operations(document):
        documented = set(operation["responses"])
        if operation["security"]:
            assert "401" in documented, (method, path)
        if "{" in path:
            assert documented & {"404", "403", "410"}, (method, path)
        if "requestBody" in operation and path != "/photo-store/{token}":
            assert "422" in documented, (method, path)
        names = {parameter.get("name") for parameter in operation.get("parameters", ())}
        if "If-Match" in names:
            assert {"412", "428"} <= documented, (method, path)
        is_edit = method == "patch" or (path.endswith("/draft") and method == "put")
        is_deletion = (method, path) == ("delete", "/api/v1/users/{user_id}")
        assert ("If-Match" in names) == (is_edit or is_deletion)


def test_security_is_documented_for_all_routes_but_the_open_ones(document: Any, embedded_app: Flask) -> None:
    permissions = {(method, path): view.permission for method, path, view in routes(embedded_app)}
    for method, path, operation in operations(document):
        # A token request has the client's ID and secret instead of a token.
        is_closed = permissions[method, path] != ANY_CALLER or path == "/api/v1/auth/token"
        assert bool(operation["security"]) == is_closed, (method, path)


def test_every_reference_resolves(document: Any) -> None:
    for reference in set(references(document)):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in node, reference
            node = node[step]


def test_every_link_has_the_parameters_of_its_operation(document: Any) -> None:
    paths = {operation["operationId"]: path for _, path, operation in operations(document)}
    assert len(paths) == len(list(operations(document)))
    links = [
        link
        for _, _, operation in operations(document)
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    targets = {link["operationId"] for link in links}
    assert targets > {"get_visit", "get_submission", "get_checklist_version", "publish_checklist"}
    for link in links:
        assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", paths[link["operationId"]])), link


def test_no_schema_has_a_numbered_duplicate(document: Any) -> None:
    names = set(document["components"]["schemas"])
    assert {name for name in names if name[-1].isdigit() and name.rstrip("0123456789") in names} == set()


def test_every_schema_is_used(document: Any) -> None:
    used = {reference.rpartition("/")[2] for reference in references(document)}
    assert set(document["components"]["schemas"]) - used == set()


def test_the_document_is_utf_8_json_without_ascii_escapes(embedded_app: Flask) -> None:
    data = embedded_app.test_client().get("/api/v1/openapi.json").get_data()
    assert json.loads(data)["info"]["title"]


def test_document_describes_each_registered_flag(document: Any) -> None:
    code = document["components"]["schemas"]["Flag"]["properties"]["code"]
    assert code["enum"] == list(flags.FLAG_KINDS)
    for kind in flags.FLAG_KINDS.values():
        assert f"- `{kind.code}`: {kind.raised_when}" in code["description"]


def test_document_describes_the_value_of_each_question_type(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Question"]["properties"]["type"]["anyOf"][0]["$ref"].endswith("/QuestionType")
    assert schemas["QuestionType"]["enum"] == [*QUESTION_TYPES]
    description = schemas["Answer"]["properties"]["value"]["description"]
    assert "- `date`: a date as `YYYY-MM-DD`, 1900 to 2100" in description
    assert re.findall(r"^- `(\w+)`", description, re.M) == [*QUESTION_TYPES]


def test_every_body_has_a_valid_example(document: Any, find_errors: Callable[[Any, Any], list[str]]) -> None:
    """Pictures and other files have none, and those of problems are components."""
    checked = 0
    for method, path, operation in operations(document):
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, body in bodies.items():
            for media_type, content in resolve(body, document).get("content", {}).items():
                if content["schema"].get("format") == "binary" and "example" not in content:
                    continue
                examples = [resolve(node, document)["value"] for node in content.get("examples", {}).values()]
                examples += [content["example"]] if "example" in content else []
                assert examples, (method, path, name, media_type)
                for example in examples:
                    assert find_errors(content["schema"], example) == [], (path, name, example)
                    checked += 1
                if media_type == PROBLEM and name != "default":
                    statuses = {str(example["status"]) for example in examples}
                    assert statuses == {name}, (method, path)
    assert checked > 200


def test_the_example_of_a_checklist_can_be_published() -> None:
    draft = OBJECTS["ChecklistDraft"]
    assert publishing.find_errors(draft) == []
    assert OBJECTS["ChecklistVersion"] == {**fill_defaults(draft), "version": 3}


def test_examples_of_schemas_are_valid(document: Any, find_errors: Callable[[Any, Any], list[str]]) -> None:
    """What the documentation page shows as an example of a schema is accepted by the schema."""
    for name, schema in document["components"]["schemas"].items():
        example = make_example(schema, document)
        assert find_errors({"$ref": f"#/components/schemas/{name}"}, example) == [], example
