"""The OpenAPI document: what flask-smorest tells of the routes, and what they all have in common."""

import json
import re
from collections.abc import Iterator
from typing import Any

import flask_smorest
from flask import Response, current_app

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.http.access import CSRF_HEADER, Routes
from schemas.problems import Problem
from schemas.submissions import ScoredSubmission
from schemas.visits import EvidenceVisit, OwnVisit, VisitNew, WatchedVisit

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
DESCRIPTION = f"""Checklists out to mystery shoppers' phones, answers and photos in, honest location scores
up.

Every refusal is a problem document (RFC 9457). A text that people read may be a string or an object of
language and text. Whoever signs in with cookies sends the header {CSRF_HEADER} with every method but GET and
HEAD: the value of the cookie csrf_access_token, to refresh that of csrf_refresh_token."""
#: what every operation may refuse that takes a body
_OF_BODIES = {
    str(problem.status): {"description": f"`{problem.code}`: {problem.title}", "content": PROBLEM}
    for problem in (problems.MALFORMED, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE, problems.INVALID)
}

#: answers that name something → where its ids stand, as the operations on it call them
_NAMED = {
    ("/api/v1/visits", "post", "201"): {"visit_id": "/id"},
    ("/api/v1/visits", "get", "200"): {"visit_id": "/items/0/id"},
    ("/api/v1/checklists", "post", "201"): {"key": "/key"},
    ("/api/v1/checklists", "get", "200"): {"key": "/items/0/key", "version": "/items/0/version"},
}

routes = Routes("openapi", __name__, description="This document")


@routes.get("/openapi.json", permission=ANY_CALLER)
@routes.response(200, {"type": "object"})
def get_openapi() -> Response:
    """Get the OpenAPI document."""
    return current_app.response_class(current_app.extensions["openapi"], content_type="application/json")


def describe(api: flask_smorest.Api) -> bytes:
    """Return the OpenAPI document of all routes registered so far."""
    spec = api.spec
    # These are named in routes by reference only.
    for schema in (Problem(), OwnVisit(), WatchedVisit(), EvidenceVisit(), VisitNew(), ScoredSubmission()):
        name = type(schema).__name__
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=schema)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.security_scheme(
        "cookie", {"type": "apiKey", "in": "cookie", "name": "access_token_cookie"}
    )
    document: dict[str, Any] = spec.to_dict()
    document["info"]["description"] = DESCRIPTION
    # What flask-smorest would answer, if it answered errors.
    for unused in ("Error", "PaginationMetadata"):
        del document["components"]["schemas"][unused]
    for operation in _operations(document):
        if "requestBody" in operation:
            operation["responses"] = _OF_BODIES | operation["responses"]
    _link(document)
    for status, response in _responses(document):
        if not status.isdecimal() or int(status) >= 400:
            response["content"] = PROBLEM
    return json.dumps(document, ensure_ascii=False).encode()


def _link(document: dict[str, Any]) -> None:
    """Link the answers that name something to the operations on it that need nothing else named."""
    for (path, method, status), ids in _NAMED.items():
        response = document["paths"][path][method]["responses"][status]
        response["links"] = {
            operation["operationId"]: {
                "operationId": operation["operationId"],
                "parameters": {name: f"$response.body#{ids[name]}" for name in names},
            }
            for at, item in document["paths"].items()
            for operation in _of_path(item)
            if (names := re.findall(r"{(\w+)}", at)) and ids.keys() >= set(names)
        }


def _responses(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every response that is written out, with its status; those with names are all of errors."""
    yield from document["components"].get("responses", {}).items()
    for operation in _operations(document):
        for status, response in operation["responses"].items():
            if "$ref" not in response:
                yield status, response


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from _of_path(item)


def _of_path(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Beside its operations a path holds the list of its parameters.
    yield from (operation for operation in item.values() if isinstance(operation, dict))
