"""Compares each response that a test client receives with the OpenAPI document that the program serves.

Status, media type, required headers, body and the type of a problem must be documented for the operation.
"""

import gzip
import json
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

JSON, PROBLEM = "application/json", "application/problem+json"
#: Any operation can fail with these; the document describes them as the default response.
SERVER_ERRORS = (500, 503)


class UndocumentedResponse(AssertionError):
    """A response differs from the OpenAPI document."""


class Conformance:
    """Validates responses of an app; each schema is compiled once."""

    def __init__(self, app: Flask) -> None:
        self._urls = app.url_map.bind("")
        self._document = json.loads(app.extensions["openapi"])
        self._operations = {
            operation["operationId"]: operation
            for item in self._document["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
        }
        self._validator = cache(self._compile)

    def check(self, response: TestResponse) -> None:
        """Raise UndocumentedResponse if the response differs from the document; pages have no description."""
        method, path = response.request.method, response.request.path
        if method == "OPTIONS":
            return
        try:
            endpoint, _ = self._urls.match(path, method)
        except HTTPException:
            self._check_problem(response, None)
            return
        operation = self._operations.get(endpoint.rpartition(".")[2])
        if operation is None:
            return
        try:
            if response.status_code >= 400:
                self._check_problem(response, operation)
            else:
                self._check_success(response, operation)
        except UndocumentedResponse as error:
            error.add_note(f"{method} {path} → {response.status_code} {response.mimetype}")
            raise

    def _check_success(self, response: TestResponse, operation: Any) -> None:
        status = str(response.status_code)
        documented = operation["responses"].get(status)
        _require(documented, f"the status {status} is not documented")
        content = documented.get("content", {})
        body = _read_body(response)
        if not content:
            _require(not body, "a body is not documented")
        elif response.request.method != "HEAD":
            _require(response.mimetype in content, f"the type {response.mimetype} is not documented")
            if response.mimetype == JSON:
                self._check_body(body, json.dumps(content[JSON]["schema"]))
        _check_headers(response, documented)

    def _check_problem(self, response: TestResponse, operation: Any) -> None:
        status = str(response.status_code)
        if operation and response.status_code not in SERVER_ERRORS:
            _require(status in operation["responses"], f"the status {status} is not documented")
        if response.request.method == "HEAD":
            return
        _require(response.mimetype == PROBLEM, f"an error of type {response.mimetype}")
        body = _read_body(response)
        self._check_body(body, json.dumps({"$ref": "#/components/schemas/Problem"}))
        problem = json.loads(body)
        _require(problem["status"] == response.status_code, "the status of the body differs")
        _require(response.status_code != 422 or problem.get("errors"), "a 422 without errors")
        if operation and response.status_code not in SERVER_ERRORS:
            documented = operation["responses"][status]
            _check_headers(response, documented)
            code = problem["type"].removeprefix("/problems/")
            _require(f"`{code}`" in documented["description"], f"the problem {code} is not documented")

    def _check_body(self, body: bytes, schema: str) -> None:
        for error in self._validator(schema).iter_errors(json.loads(body)):
            path = "".join(f"/{step}" for step in error.instance_path)
            raise UndocumentedResponse(f"{path}: {str(error.message)[:500]}")

    def _compile(self, schema: str) -> Any:
        rooted = {**json.loads(schema), "components": self._document["components"]}
        return jsonschema_rs.Draft202012Validator(rooted, validate_formats=True)


class CheckedClient(FlaskClient):
    """A test client that checks each response."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        self.application.extensions["conformance"].check(response)
        return response


def check_responses(app: Flask) -> None:
    """Make every test client of ``app`` check its responses."""
    app.extensions["conformance"] = Conformance(app)
    app.test_client_class = CheckedClient


def _read_body(response: TestResponse) -> bytes:
    data = response.get_data()
    return gzip.decompress(data) if response.headers.get("Content-Encoding") == "gzip" else data


def _check_headers(response: TestResponse, documented: Any) -> None:
    for name, header in documented.get("headers", {}).items():
        # The headers that operations share, which are references, depend on settings.
        is_required = header.get("required", False)
        _require(not is_required or name in response.headers, f"the header {name} is missing")


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise UndocumentedResponse(message)
