"""The OpenAPI document: what flask-smorest tells of the routes, and what they all have in common."""

import json
from typing import Any

import flask_smorest

from schemas.problems import Problem
from schemas.visits import EvidenceVisit, OwnVisit, VisitNew, WatchedVisit

PROBLEM = "application/problem+json"


def describe(api: flask_smorest.Api) -> bytes:
    """Return the OpenAPI document as it is served."""
    spec = api.spec
    for name, schema in (
        ("Problem", Problem()),
        ("OwnVisit", OwnVisit()),
        ("WatchedVisit", WatchedVisit()),
        ("EvidenceVisit", EvidenceVisit()),
        ("VisitNew", VisitNew()),
    ):
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=schema)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.security_scheme(
        "cookie", {"type": "apiKey", "in": "cookie", "name": "access_token_cookie"}
    )
    document: dict[str, Any] = spec.to_dict()
    document["info"]["description"] = (
        "Checklists out to mystery shoppers' phones, answers and photos in, honest location scores up. "
        "Every refusal is a problem document (RFC 9457)."
    )
    for responses in (document["components"].get("responses", {}),):
        for response in responses.values():
            _as_problem(response)
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                for status, response in operation.get("responses", {}).items():
                    if status == "default" or (status.isdecimal() and int(status) >= 400):
                        _as_problem(response)
    return json.dumps(document, ensure_ascii=False).encode()


def _as_problem(response: dict[str, Any]) -> None:
    if "$ref" in response:
        return
    response["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
