"""Responses that routes build themselves, where no schema dumps the body."""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app


def describe_header(description: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the OpenAPI description of a response header that is always present."""
    return {"description": description, "required": True, "schema": schema or {"type": "string"}}


ETAG = {"ETag": describe_header("Identifies this representation, for `If-Match` and `If-None-Match`.")}
LOCATION_OF_NEW = {"Location": describe_header("The address of the new resource.")}
#: the headers of a 201 that creates a resource with an address of its own
CREATED = {**LOCATION_OF_NEW, **ETAG}
RETRY_AFTER = {"Retry-After": describe_header("The seconds to wait.", {"type": "integer", "minimum": 0})}


def refer_to(component: str) -> dict[str, Any]:
    """Return a reference to a schema that is a component of the OpenAPI document."""
    return {"$ref": f"#/components/schemas/{component}"}


def json_response(body: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    return json_text(current_app.json.dumps(body), status)


def json_text(text: str, status: int = 200) -> Response:
    """Return a response whose body is JSON text already."""
    return current_app.response_class(text, status=status, content_type="application/json")


def empty_response() -> Response:
    """Return a 204."""
    return current_app.response_class(status=204)
