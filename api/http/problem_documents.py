"""Every refusal leaves as a problem document (RFC 9457)."""

import logging
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, default_exceptions

from api.domain import problems
from api.domain.problems import FieldError, Problem, ProblemError
from uploads.store import StoreUnavailable

log = logging.getLogger(__name__)

_BY_STATUS = {
    problem.status: problem
    for problem in (
        problems.MALFORMED,
        problems.NOT_SIGNED_IN,
        problems.FORBIDDEN,
        problems.NOT_FOUND,
        problems.METHOD_NOT_ALLOWED,
        problems.TOO_LARGE,
        problems.UNSUPPORTED_TYPE,
        problems.INVALID,
    )
}
_KEPT_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")
RETRY_AFTER = "5"


def register(app: Flask) -> None:
    """Answer every error of ``app`` with a problem document."""
    app.register_error_handler(ProblemError, document)
    # By status: flask-smorest has its own handler for HTTPExceptions as a whole, and the narrower goes first.
    for status in default_exceptions:
        app.register_error_handler(status, _of_http)
    app.register_error_handler(StoreUnavailable, _of_store)
    app.register_error_handler(OperationalError, _of_database)
    app.register_error_handler(PoolTimeout, _of_database)
    app.register_error_handler(Exception, _of_anything)


def document(refusal: ProblemError) -> Response:
    """Return the problem document of a refusal."""
    problem = refusal.problem
    g.problem = problem.code
    body: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": refusal.detail,
        "instance": request.path,
        "request_id": g.get("request_id"),
        **refusal.extra,
    }
    # Where nothing smaller is at fault, the pointer is that of the whole (RFC 6901).
    faults = refusal.errors or ([FieldError("", refusal.detail)] if problem.status == 422 else [])
    if faults:
        body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]
    response = current_app.response_class(
        current_app.json.dumps(body), status=problem.status, content_type="application/problem+json"
    )
    response.headers.update(refusal.headers)
    if problem.status == 401:
        response.headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')
    if problem.status in (429, 503):
        response.headers.setdefault("Retry-After", RETRY_AFTER)
    return response


def _of_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    problem = _BY_STATUS.get(error.code)
    if problem is None:
        problem = Problem(f"http-{error.code}", error.code, error.name)
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return document(problem(headers=headers))


def _of_store(error: StoreUnavailable) -> Response:
    log.error("photo store down: %s", error)
    return document(problems.STORE_UNAVAILABLE())


def _of_database(error: Exception) -> Response:
    log.error("database unavailable: %s", type(error).__name__, exc_info=error)
    if isinstance(error, PoolTimeout):  # no driver has met with it
        current_app.extensions["metrics"].database_error("pool-exhausted")
    return document(problems.UNAVAILABLE())


def _of_anything(error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    return document(problems.INTERNAL())
