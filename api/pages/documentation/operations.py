"""The operations and schemas of the OpenAPI document, as the API documentation shows them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from api.domain.access import ROLES
from api.http.access import PROBLEM_TYPE
from api.http.openapi_examples import list_variants, resolve
from api.pages.documentation.calls import make_call, write_curl, write_python

API = "/api/v1"
_REFERENCE = "#/components/schemas/"
#: what people of a role are called, in the order in which they are listed
_PEOPLE = {"shopper": "shoppers", "manager": "managers", "reviewer": "reviewers", "admin": "administrators"}


def describe_operations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the page shows of each operation, in the order of the document."""
    return [
        _describe_operation(path, method, operation, item.get("parameters", []), document)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)  # the other entry is the list of path parameters
    ]


def describe_schemas(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the page shows of each schema, sorted by name."""
    return [
        {
            "name": name,
            "description": schema.get("description", ""),
            "fields": list(_list_fields(schema)),
            "types": [] if "properties" in schema else list(_name_types(schema)),
            "values": schema.get("enum", []),
        }
        for name, schema in sorted(document["components"]["schemas"].items())
    ]


def describe_people(roles: Iterator[str] | list[str] | frozenset[str]) -> str:
    """Return roles in words, such as ``managers and administrators``."""
    if set(roles) == set(ROLES):
        return "everyone who is signed in"
    names = [name for role, name in _PEOPLE.items() if role in roles]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _describe_operation(
    path: str, method: str, operation: Mapping[str, Any], path_parameters: list[Any], document: Any
) -> dict[str, Any]:
    parameters = {
        parameter["name"]: parameter
        for parameter in [*path_parameters, *operation.get("parameters", [])]
        if "name" in parameter
    }
    responses = {status: resolve(response, document) for status, response in operation["responses"].items()}
    call = make_call(method, path, operation, list(parameters.values()), document)
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "short_path": path.removeprefix(API),
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "tags": operation["tags"],
        "callers": list(_list_callers(operation)),
        "scopes": operation.get("x-scopes", []),
        "parameters": [
            (parameter, list(_name_types(parameter["schema"]))) for parameter in parameters.values()
        ],
        "request": list(_list_contents(operation.get("requestBody", {}), document)),
        "responses": [
            (status, response, list(_list_contents(response, document)))
            for status, response in sorted(responses.items())
            if not _is_problem(response)
        ],
        "problems": list(_list_problems(responses)),
        "curl": write_curl(call),
        "python": write_python(call),
    }


def _list_callers(operation: Mapping[str, Any]) -> Iterator[str]:
    """Yield who may call an operation, in sentences without a full stop, with backticks for scopes."""
    security = [name for alternative in operation.get("security", []) for name in alternative]
    if "x-roles" in operation:
        yield f"People: {describe_people(operation['x-roles'])}"
        scopes = [f"`{scope}`" for scope in operation["x-scopes"]]
        yield f"API clients: with the scope {' or '.join(scopes)}" if scopes else "API clients: none"
    elif "client_secret" in security:
        yield "API clients: with their ID and secret (HTTP Basic)"
    elif security:
        yield "People: with a refresh token"
    else:
        yield "Anyone, without authentication"


def _is_problem(response: Mapping[str, Any]) -> bool:
    return PROBLEM_TYPE in response.get("content", {})


def _list_problems(responses: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int | None, list[str]]]:
    """Yield the codes of problems by status, which is None for those that every operation can have."""
    for status, response in sorted(responses.items()):
        if _is_problem(response):
            codes = list(response["content"][PROBLEM_TYPE]["examples"])
            yield int(status) if status.isdecimal() else None, codes


def _list_contents(body: Mapping[str, Any], document: Any) -> Iterator[tuple[str, list[str], str]]:
    """Yield media type, names of types, and an example for each content of a request or response."""
    for media_type, content in body.get("content", {}).items():
        yield media_type, list(_name_types(content["schema"])), _show_example(content, document)


def _show_example(content: Mapping[str, Any], document: Any) -> str:
    """Return the example of a request or response, the first if it has several, or nothing."""
    examples = [resolve(example, document)["value"] for example in content.get("examples", {}).values()]
    example = examples[0] if examples else content.get("example", "")
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _name_types(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the types that a schema allows, such as ``integer`` or ``list of Flag``."""
    for variant in list_variants(schema):
        if "$ref" in variant:
            yield variant["$ref"].removeprefix(_REFERENCE)
            continue
        types = variant.get("type", "any value")
        for name in types if isinstance(types, list) else [types]:
            if name == "array":
                yield f"list of {' or '.join(_name_types(variant['items']))}"
            elif name == "string" and variant.get("format") == "binary":
                yield "bytes"
            elif name == "string" and "format" in variant:
                yield f"string ({variant['format']})"
            else:
                yield name


def _list_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, list[str], bool, Mapping[str, Any]]]:
    """Yield name, types, whether the field is required, and the schema of each field of an object."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield name, list(_name_types(field)), name in required, field
