"""Builds the OpenAPI document: what flask-smorest collects from the routes, and what all of them share."""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import flask_smorest

from api.domain import problems
from api.domain.access import SCOPES
from api.domain.problems import Problem
from api.http.access import CSRF_HEADER, problem_response
from api.http.responses import ETAG
from api.http.transactions import IDEMPOTENCY_KEY
from schemas.api_clients import TokenRequest
from schemas.problems import Problem as ProblemDocument
from schemas.submissions import ScoredSubmission
from schemas.visits import (
    AcceptedVisitChange,
    AssignedVisit,
    EvidenceVisit,
    OwnVisit,
    VisitChangePage,
    VisitNew,
    WatchedVisit,
    WithdrawnVisitChange,
)

DESCRIPTION = f"""\
Assign checklists to mystery shoppers, collect their answers and photos, and read the scores of locations.

Errors are problem documents (RFC 9457). Text for people to read is a string, or an object that maps languages
to strings. Authenticate with a Bearer token, or with the cookies that a login with `cookies` sets. With
cookies, every method except GET and HEAD requires the header `{CSRF_HEADER}`: the value of the cookie
`csrf_access_token`, or of `csrf_refresh_token` to refresh the tokens."""
#: the schemas that routes refer to by name
_NAMED_SCHEMAS = (
    ProblemDocument,
    OwnVisit,
    WatchedVisit,
    EvidenceVisit,
    AssignedVisit,
    AcceptedVisitChange,
    WithdrawnVisitChange,
    VisitChangePage,
    VisitNew,
    ScoredSubmission,
    TokenRequest,
)
#: the problems of every operation that has a body
_BODY_PROBLEMS = (problems.MALFORMED, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE)
#: the headers of problems, by status
_PROBLEM_HEADERS = {
    status: {name: {"description": description, "required": True, "schema": {"type": "string"}}}
    for status, name, description in (
        ("401", "WWW-Authenticate", "How to authenticate"),
        ("429", "Retry-After", "The seconds to wait"),
        ("503", "Retry-After", "The seconds to wait"),
    )
}
_DEFAULT = problem_response(problems.INTERNAL, problems.UNAVAILABLE)
_NOT_MODIFIED = {
    "description": "The client already has this representation (`If-None-Match`)",
    "headers": ETAG,
}

#: responses that contain IDs → the path parameters of other operations, as JSON pointers into the response
_LINKS = {
    ("/api/v1/visits", "post", "201"): {"visit_id": "/id"},
    ("/api/v1/visits", "get", "200"): {"visit_id": "/items/0/id"},
    ("/api/v1/checklists", "post", "201"): {"key": "/key"},
    ("/api/v1/checklists", "get", "200"): {"key": "/items/0/key", "version": "/items/0/version"},
}


def build_document(api: flask_smorest.Api) -> bytes:
    """Return the OpenAPI document of all routes registered so far, as JSON."""
    spec = api.spec
    for schema in _NAMED_SCHEMAS:
        if schema.__name__ not in spec.components.schemas:
            spec.components.schema(schema.__name__, schema=schema())
    for (schema, *_), name in api.ma_plugin.converter.refs.items():
        if schema.__doc__:
            spec.components.schemas[name]["description"] = _format(schema.__doc__)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.security_scheme("client_secret", {"type": "http", "scheme": "basic"})
    flow = {"tokenUrl": "/api/v1/auth/token", "scopes": dict(SCOPES)}
    spec.components.security_scheme("client", {"type": "oauth2", "flows": {"clientCredentials": flow}})
    spec.components.security_scheme(
        "cookie", {"type": "apiKey", "in": "cookie", "name": "access_token_cookie"}
    )
    document: dict[str, Any] = spec.to_dict()
    document["info"]["description"] = DESCRIPTION
    # flask-smorest adds these for its own errors and pages, which are not used.
    for unused in ("Error", "PaginationMetadata"):
        del document["components"]["schemas"][unused]
    for _, method, operation in _operations(document):
        # flask-smorest describes all 422 alike; these name the problems.
        responses = {
            status: response
            for status, response in operation["responses"].items()
            if status == "default" or "$ref" not in response
        }
        if "requestBody" in operation:
            for problem in _BODY_PROBLEMS:
                _add_problem(responses, problem)
        # Every operation rejects unknown query parameters.
        _add_problem(responses, problems.INVALID)
        if IDEMPOTENCY_KEY in operation.get("parameters", ()):
            _add_problem(responses, problems.IDEMPOTENCY_MISMATCH)
        contents = responses.get("200", {}).get("content", {})
        if method == "get" and "application/json" in contents:
            # Only JSON has an ETag.
            etag = {**ETAG["ETag"], "required": len(contents) == 1}
            responses["200"].setdefault("headers", {})["ETag"] = etag
            responses["304"] = _NOT_MODIFIED
        operation["responses"] = dict(sorted(responses.items()))
    _add_links(document)
    document["components"]["responses"] = {"DEFAULT_ERROR": _DEFAULT}
    for status, response in _responses(document):
        if not status.isdecimal() or int(status) >= 400:
            response["content"] = problem_response()["content"]
            if status in _PROBLEM_HEADERS:
                response["headers"] = _PROBLEM_HEADERS[status]
    return json.dumps(document, ensure_ascii=False).encode()


def _format(docstring: str) -> str:
    """Return a docstring as a description: its paragraphs, with Markdown's backticks."""
    return inspect.cleandoc(docstring).replace("``", "`")


def _add_problem(responses: dict[str, Any], problem: Problem) -> None:
    """Describe one more problem in the response of its status."""
    response = problem_response(problem)
    documented = responses.setdefault(str(problem.status), response)
    if f"`{problem.code}`" not in documented["description"]:
        documented["description"] += f"; {response['description']}"


def _add_links(document: dict[str, Any]) -> None:
    """Link responses that contain IDs to the operations that need no other path parameters."""
    for (path, method, status), pointers in _LINKS.items():
        response = document["paths"][path][method]["responses"][status]
        response["links"] = {
            operation["operationId"]: {
                "operationId": operation["operationId"],
                "parameters": {name: f"$response.body#{pointers[name]}" for name in names},
            }
            for other_path, _, operation in _operations(document)
            if (names := re.findall(r"{(\w+)}", other_path)) and pointers.keys() >= set(names)
        }


def _responses(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each response with its status, or with its name if several operations share it."""
    yield from document["components"].get("responses", {}).items()
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if "$ref" not in response:
                yield status, response


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each operation with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):  # the other entry is the list of path parameters
                yield path, method, operation
