"""Responses that routes build themselves, where no schema dumps the body."""

from typing import Any

from flask import Response, current_app

ETAG = {
    "ETag": {
        "description": "Identifies this representation, for If-Match and If-None-Match",
        "required": True,
        "schema": {"type": "string"},
    }
}
#: the headers of a 201 that creates a resource with an address of its own
CREATED = {
    "Location": {
        "description": "The address of the new resource",
        "required": True,
        "schema": {"type": "string"},
    },
    **ETAG,
}


def json_response(body: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    return json_text(current_app.json.dumps(body), status)


def json_text(text: str, status: int = 200) -> Response:
    """Return a response whose body is JSON text already."""
    return current_app.response_class(text, status=status, content_type="application/json")


def empty_response() -> Response:
    """Return a 204."""
    return current_app.response_class(status=204)
