"""The API documentation: the OpenAPI document as a page. Also serves the style sheet of this page."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, current_app, render_template, send_from_directory

from api.domain.access import ANY_CALLER, ROLES
from api.http.access import Pages

pages = Pages("pages", __name__, template_folder="templates")

_REFERENCE = "#/components/schemas/"
#: what an example shows for a string, by format
_EXAMPLES = {
    "uuid": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11",
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "url": "https://survey.example/…",
}


@pages.get("/docs", permission=ANY_CALLER)
def docs() -> str:
    """Show the API documentation."""
    extensions = current_app.extensions
    if "docs" not in extensions:
        extensions["docs"] = _render(json.loads(extensions["openapi"]))
    return str(extensions["docs"])


@pages.get("/static/<path:filename>", permission=ANY_CALLER)
def static(filename: str) -> Response:
    """Send the style sheet of the documentation."""
    return send_from_directory(f"{pages.root_path}/static", filename)


def _render(document: Mapping[str, Any]) -> str:
    schemas = document["components"]["schemas"]
    operations = [
        _describe_operation(path, method, operation, item.get("parameters", []), document)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    ]
    return render_template(
        "docs.html",
        info=document["info"],
        sections=[
            (tag, [operation for operation in operations if tag["name"] in operation["tags"]])
            for tag in document["tags"]
        ],
        schemas=[
            (name, schema.get("description", ""), list(_list_fields(schema)), list(_list_variants(schema)))
            for name, schema in sorted(schemas.items())
        ],
    )


def _describe_operation(
    path: str, method: str, operation: Mapping[str, Any], path_parameters: list[Any], document: Any
) -> dict[str, Any]:
    roles = operation.get("x-roles")
    if roles:
        access = "Any role" if len(roles) == len(ROLES) else f"Roles: {', '.join(roles)}"
    else:
        access = "Requires a refresh token" if "security" in operation else "No authentication"
    parameters = {
        parameter["name"]: parameter
        for parameter in [*path_parameters, *operation.get("parameters", [])]
        if "name" in parameter
    }
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "tags": operation["tags"],
        "access": access,
        "parameters": [
            (parameter, list(_name_types(parameter["schema"]))) for parameter in parameters.values()
        ],
        "request": list(_list_contents(operation.get("requestBody", {}), document)),
        "responses": [
            (status, response, list(_list_contents(response, document)))
            for status, response in sorted(
                (status, _resolve(response, document)) for status, response in operation["responses"].items()
            )
        ],
    }


def _resolve(node: Mapping[str, Any], document: Any) -> Mapping[str, Any]:
    """Return a schema or response, or the one that it refers to."""
    if "$ref" not in node:
        return node
    target = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolve(target, document)


def _list_contents(body: Mapping[str, Any], document: Any) -> Iterator[tuple[str, list[str], str]]:
    """Yield media type, names of types, and an example for each content of a request or response."""
    for media_type, content in body.get("content", {}).items():
        schema = content["schema"]
        example = ""
        if media_type.endswith("json"):
            example = json.dumps(make_example(schema, document), indent=2, ensure_ascii=False)
        yield media_type, list(_name_types(schema)), example


def _list_variants(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alternatives of a schema, or the schema itself if it has none."""
    for word in ("oneOf", "anyOf"):
        if word in schema:
            for variant in schema[word]:
                yield from _list_variants(variant)
            return
    yield schema


def _name_types(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the types that a schema allows, such as ``integer`` or ``list of Flag``."""
    for variant in _list_variants(schema):
        if "$ref" in variant:
            yield variant["$ref"].removeprefix(_REFERENCE)
            continue
        types = variant.get("type", "any value")
        for name in types if isinstance(types, list) else [types]:
            if name == "array":
                yield f"list of {' or '.join(_name_types(variant['items']))}"
            elif name == "string" and "format" in variant:
                yield f"string ({variant['format']})"
            else:
                yield name


def _list_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, list[str], bool, Mapping[str, Any]]]:
    """Yield name, types, whether the field is required, and the schema of each field of an object."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield name, list(_name_types(field)), name in required, field


def make_example(schema: Mapping[str, Any], document: Any) -> Any:
    """Return an example of a schema: its own example if it has one, otherwise one built from its fields."""
    schema = _resolve(schema, document)
    for word in ("example", "const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    variants = [variant for variant in _list_variants(schema) if variant.get("type") != "null"]
    if variants[0] is not schema:
        return make_example(variants[0], document)
    types = schema.get("type")
    kind = next((name for name in types if name != "null"), None) if isinstance(types, list) else types
    if kind == "object" or "properties" in schema:
        return _make_object(schema, document)
    if kind == "array":
        return [make_example(schema["items"], document)]
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    if kind == "string":
        return _EXAMPLES.get(schema.get("format", ""), "…")
    return "…"


def _make_object(schema: Mapping[str, Any], document: Any) -> dict[str, Any]:
    example = {name: make_example(field, document) for name, field in schema.get("properties", {}).items()}
    values = schema.get("additionalProperties")
    if not example and isinstance(values, dict):
        example["…"] = make_example(values, document)
    return example
