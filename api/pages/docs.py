"""The API documentation: the OpenAPI document as a page. Also serves the style sheet of this page."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, current_app, render_template, send_from_directory

from api.domain.access import ANY_CALLER, ROLES
from api.http.access import Pages
from api.http.openapi_examples import list_variants, resolve

pages = Pages("pages", __name__, template_folder="templates")

_REFERENCE = "#/components/schemas/"


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
            (name, schema.get("description", ""), list(_list_fields(schema)), list(list_variants(schema)))
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
        access = "Requires a refresh token" if operation["security"] else "No authentication"
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
                (status, resolve(response, document)) for status, response in operation["responses"].items()
            )
        ],
    }


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
            elif name == "string" and "format" in variant:
                yield f"string ({variant['format']})"
            else:
                yield name


def _list_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, list[str], bool, Mapping[str, Any]]]:
    """Yield name, types, whether the field is required, and the schema of each field of an object."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield name, list(_name_types(field)), name in required, field
