"""Builds the OpenAPI document: what flask-smorest collects from the routes, and what all of them share."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import flask_smorest

from api.domain import problems
from api.domain.access import SCOPES
from api.domain.problems import Problem
from api.http.access import PROBLEM_TYPE, problem_response
from api.http.openapi_examples import make_example
from api.http.responses import ETAG, RETRY_AFTER, describe_header, refer_to
from api.http.tokens import CSRF_HEADER
from api.http.transactions import IDEMPOTENCY_KEY
from schemas import visits
from schemas.api_clients import TokenRequest
from schemas.base import Constant, Localized
from schemas.checklists import CHECKLIST_PAGE, OVERVIEW_PAGE
from schemas.enums import ENUMS
from schemas.examples import OBJECTS
from schemas.problems import Problem as ProblemDocument
from schemas.submissions import ScoredSubmission
from schemas.visits import (
    AcceptedVisitChange,
    AssignedVisit,
    EvidenceVisit,
    OwnVisit,
    VisitNew,
    WatchedVisit,
    WithdrawnVisitChange,
)

DESCRIPTION = f"""\
Assign checklists to mystery shoppers, collect their answers and photos, and read the scores of locations.

Errors are problem documents (RFC 9457). Text for people to read is a string, or an object that maps languages
to strings. Authenticate with a Bearer token, or with the cookies that a login with `cookies` sets. With
cookies, every method except GET and HEAD requires the header `{CSRF_HEADER}`: the value of the cookie
`csrf_access_token`, or of `csrf_refresh_token` to refresh the tokens. Over https, the names of cookies begin
with `__Host-`."""
_INFO = {
    "description": DESCRIPTION,
    "contact": {"name": "The operator of this server"},
    "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
}
_SERVERS = [{"url": "/", "description": "This server"}]
#: the schemas that routes refer to by name
_NAMED_SCHEMAS = (
    ProblemDocument,
    CHECKLIST_PAGE,
    OVERVIEW_PAGE,
    OwnVisit,
    WatchedVisit,
    EvidenceVisit,
    AssignedVisit,
    AcceptedVisitChange,
    WithdrawnVisitChange,
    VisitNew,
    ScoredSubmission,
    TokenRequest,
)
_COMPONENTS = {"Text": Localized.component, **visits.COMPONENTS}
_PATH_PARAMETERS = {
    "batch_id": "The ID of the batch.",
    "client_id": "The ID of the API client.",
    "delivery_id": "The ID of the delivery.",
    "dispute_id": "The ID of the dispute.",
    "expense_id": "The ID of the expense.",
    "export_id": "The ID of the export.",
    "key": "The key of the checklist.",
    "location_id": "The ID of the location.",
    "message_id": "The ID of the message.",
    "photo_id": "The ID of the photo.",
    "quota_id": "The ID of the quota.",
    "region_id": "The ID of the region.",
    "revision_id": "The ID of the revision of the draft.",
    "session_id": "The ID of the session.",
    "target_id": "The ID of the target.",
    "token": "The signature of the link. Use the link as it is.",
    "user_id": "The ID of the person.",
    "version": "The number of the version, from 1.",
    "view_id": "The ID of the saved view.",
    "visit_id": "The ID of the visit.",
    "webhook_id": "The ID of the webhook.",
}
#: the problems of every operation that has a body
_BODY_PROBLEMS = (problems.MALFORMED, problems.TOO_LARGE, problems.UNSUPPORTED_TYPE)
#: the headers of problems, by status
_PROBLEM_HEADERS = {
    "401": {"WWW-Authenticate": describe_header("How to authenticate.")},
    "429": RETRY_AFTER,
    "503": RETRY_AFTER,
}
_LINK = {
    "Link": {
        **describe_header('The URL of the next page, with `rel="next"`. Absent on the last page.'),
        "required": False,
    }
}
#: the headers of every response to an authenticated request
_RATE_LIMIT_HEADERS = {
    name: {"description": description, "required": False, "schema": {"type": "string"}, "example": example}
    for name, description, example in (
        (
            "RateLimit-Policy",
            "The quota `q` of requests in each window of `w` seconds.",
            '"default";q=600;w=60',
        ),
        (
            "RateLimit",
            "The requests `r` that remain in this window, and the seconds `t` until it ends.",
            '"default";r=599;t=42',
        ),
    )
}
#: the media types of bodies that consist of fields
_WITH_FIELDS = ("application/json", "application/x-www-form-urlencoded")
_DEFAULT = problem_response(problems.INTERNAL, problems.UNAVAILABLE, problems.OVERLOADED)
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


def describe_own_fields(api: flask_smorest.Api) -> None:
    """Describe our own kinds of fields; call it before routes are registered."""
    api.ma_plugin.converter.add_attribute_function(_describe_constant)


def _describe_constant(_converter: Any, field: Any, **_properties: Any) -> dict[str, Any]:
    return {"type": "string", "const": field.constant} if isinstance(field, Constant) else {}


def build_document(api: flask_smorest.Api) -> bytes:
    """Return the OpenAPI document of all routes registered so far, as JSON."""
    spec = api.spec
    for schema in _NAMED_SCHEMAS:
        if schema.__name__ not in spec.components.schemas:
            spec.components.schema(schema.__name__, schema=schema())
    for name, component in _COMPONENTS.items():
        spec.components.schema(name, component)
    for (schema, *_), name in api.ma_plugin.converter.refs.items():
        if schema.__doc__:
            spec.components.schemas[name]["description"] = _format(schema.__doc__)
    spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token, or for `POST /auth/refresh` a refresh token.",
        },
    )
    spec.components.security_scheme(
        "client_secret",
        {
            "type": "http",
            "scheme": "basic",
            "description": "The ID of an API client as the user name, and its secret as the password.",
        },
    )
    spec.components.security_scheme(
        "client",
        {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "/api/v1/auth/token", "scopes": dict(SCOPES)}},
            "description": "The access token of an API client, which needs the scope of the operation.",
        },
    )
    spec.components.security_scheme(
        "cookie",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "access_token_cookie",
            "description": f"For pages. Methods other than GET and HEAD need the header `{CSRF_HEADER}`. "
            "Over https, the name is `__Host-access_token_cookie`.",
        },
    )
    document: dict[str, Any] = spec.to_dict()
    document["info"].update(_INFO)
    document["servers"] = _SERVERS
    components = document["components"]
    # flask-smorest adds these for its own errors and pages, which are not used.
    for unused in ("Error", "PaginationMetadata"):
        del components["schemas"][unused]
    components["headers"] = _RATE_LIMIT_HEADERS
    components["responses"] = {"DEFAULT_ERROR": _DEFAULT}
    for name, example in OBJECTS.items():
        components["schemas"][name]["examples"] = [example]
    _simplify(document)
    _name_enums(document, {tuple(enum["enum"]): name for name, enum in ENUMS.items()})
    components["schemas"].update(ENUMS)
    for path in document["paths"].values():
        for parameter in path.get("parameters", ()):
            parameter["description"] = _PATH_PARAMETERS.get(parameter["name"], "")
    for _, method, operation in _operations(document):
        _complete_operation(method, operation)
    _add_links(document)
    for status, response in _responses(document):
        if not status.isdecimal() or int(status) >= 400:
            # flask-smorest describes its own errors, without a problem.
            response["content"] = {PROBLEM_TYPE: response["content"][PROBLEM_TYPE]}
            if status in _PROBLEM_HEADERS:
                response.setdefault("headers", {}).update(_PROBLEM_HEADERS[status])
    _add_examples(document)
    return json.dumps(document, ensure_ascii=False).encode()


def _format(docstring: str) -> str:
    """Return a docstring as a description: its paragraphs, with Markdown's backticks."""
    return inspect.cleandoc(docstring).replace("``", "`")


def _simplify(node: Any) -> None:
    """Write schemas as client generators expect them.

    A field with a default would become required, so the default is stated in the description.
    """
    if isinstance(node, list):
        for item in node:
            _simplify(item)
    if not isinstance(node, dict):
        return
    if len(node.get("anyOf", ())) == 1:
        node.update(node.pop("anyOf")[0])
    for field in node.get("properties", {}).values():
        default = field.pop("default", None)
        if "description" in field:
            field["description"] = _end_sentence(field["description"])
            if default is not None and "const" not in field:
                field["description"] += f" Default: `{json.dumps(default)}`."
    for child in node.values():
        _simplify(child)


def _end_sentence(text: str) -> str:
    """Return a text that ends with a full stop, unless it ends with a list."""
    return text if text.endswith(".") or text.rpartition("\n")[2].startswith("- ") else f"{text}."


def _name_enums(node: Any, names: Mapping[tuple[str, ...], str]) -> None:
    """Replace sets of words by references to their components, so that clients have one type for each."""
    if isinstance(node, dict):
        enum = node.get("enum", [])
        name = names.get(tuple(word for word in enum if word is not None))
        if name is not None:
            del node["enum"], node["type"]
            node.update({"anyOf": [refer_to(name), {"type": "null"}]} if None in enum else refer_to(name))
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _name_enums(child, names)


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    """Add what follows from the parts of an operation: the format of lists, problems and headers."""
    parameters = operation.get("parameters", ())
    for parameter in parameters:
        if parameter.get("in") == "query" and parameter["schema"].get("type") == "array":
            parameter.update(style="form", explode=False)
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
    if IDEMPOTENCY_KEY in parameters:
        _add_problem(responses, problems.IDEMPOTENCY_MISMATCH)
    headers: dict[str, Any] = {}
    success = responses.get("200", {})
    if method == "get" and (
        "application/json" in success.get("content", {}) or "ETag" in success.get("headers", {})
    ):
        headers |= ETAG
        responses["304"] = {**_NOT_MODIFIED}
    if any(parameter.get("name") == "cursor" for parameter in parameters):
        headers |= _LINK
    if headers:
        responses["200"]["headers"] = {**headers, **responses["200"].get("headers", {})}
    if "x-roles" in operation:
        for status, response in responses.items():
            if status not in ("401", "default"):
                references = {name: {"$ref": f"#/components/headers/{name}"} for name in _RATE_LIMIT_HEADERS}
                response["headers"] = {**response.get("headers", {}), **references}
    operation["responses"] = dict(sorted(responses.items()))


def _add_problem(responses: dict[str, Any], problem: Problem) -> None:
    """Describe one more problem in the response of its status."""
    response = problem_response(problem)
    documented = responses.setdefault(str(problem.status), response)
    examples = documented["content"][PROBLEM_TYPE]["examples"]
    if problem.code not in examples:
        documented["description"] += f"; {response['description']}"
        examples |= response["content"][PROBLEM_TYPE]["examples"]


def _add_examples(document: dict[str, Any]) -> None:
    """Add an example to each body that consists of fields and has none, and the examples of problems."""
    bodies = [response for _, response in _responses(document)]
    bodies += [
        operation["requestBody"] for _, _, operation in _operations(document) if "requestBody" in operation
    ]
    codes = set()
    for body in bodies:
        for media_type, content in body.get("content", {}).items():
            if media_type == PROBLEM_TYPE:
                codes |= content["examples"].keys()
            elif media_type in _WITH_FIELDS:
                content.setdefault("example", make_example(content["schema"], document))
    document["components"]["examples"] = {
        kind.code: {"summary": kind.title, "description": kind.explanation, "value": _make_problem(kind)}
        for kind in problems.list_problems()
        if kind.code in codes
    }


def _make_problem(problem: Problem) -> dict[str, Any]:
    """Return an example of a problem document."""
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.title,
        "instance": "/api/v1/visits",
        "request_id": "5f0c9a1e6a5b4f0e9b1c2d3e4f5a6b7c",
    }
    if problem.status == 422:
        body["errors"] = [{"pointer": "/location_id", "detail": "Missing data for required field."}]
    return body


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
