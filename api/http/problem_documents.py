"""Every error response is a problem document (RFC 9457)."""

import logging
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, default_exceptions

from api.database import failures
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
_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")
#: Seconds after which to try again. Those who were rejected in one second come back in different ones.
MIN_RETRY_AFTER, MAX_RETRY_AFTER = 2, 8
#: the maximum number of field errors that a document lists
MAX_ERRORS = 20


def register(app: Flask) -> None:
    """Respond to every error of ``app`` with a problem document."""
    app.register_error_handler(ProblemError, problem_document)
    # flask-smorest handles HTTPException as a whole; handlers of single statuses take precedence.
    for status in default_exceptions:
        app.register_error_handler(status, _handle_http_exception)
    app.register_error_handler(StoreUnavailable, _handle_store_error)
    app.register_error_handler(DBAPIError, _handle_database_error)
    app.register_error_handler(PoolTimeout, _handle_pool_timeout)
    app.register_error_handler(Exception, _handle_unexpected_error)


def problem_document(error: ProblemError) -> Response:
    """Return the problem document of an error."""
    problem = error.problem
    g.problem = problem.code
    body: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": error.detail,
        "instance": request.path,
        "request_id": g.get("request_id"),
        **error.extra,
    }
    # If no single field is wrong, the empty pointer stands for the whole body (RFC 6901).
    errors = error.errors or ([FieldError("", error.detail)] if problem.status == 422 else [])
    if errors:
        body["errors"] = [{"pointer": item.pointer, "detail": item.detail} for item in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        summary = f"The first {MAX_ERRORS} of {len(errors)} errors are listed."
        body["detail"] = f"{error.detail.rstrip('.')}. {summary}"
    response = current_app.response_class(
        current_app.json.dumps(body), status=problem.status, content_type="application/problem+json"
    )
    response.headers.update(error.headers)
    if problem.status == 401:
        response.headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')
    if problem.status in (429, 503):
        seconds = MIN_RETRY_AFTER + secrets.randbelow(MAX_RETRY_AFTER - MIN_RETRY_AFTER + 1)
        response.headers.setdefault("Retry-After", str(seconds))
    return response


def _handle_http_exception(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    problem = _BY_STATUS.get(error.code)
    if problem is None:
        problem = Problem(f"http-{error.code}", error.code, error.name)
    headers = {name: value for name, value in error.get_headers() if name in _HEADERS}
    return problem_document(problem(headers=headers))


def _handle_store_error(error: StoreUnavailable) -> Response:
    log.error("photo store unavailable: %s", error)
    return problem_document(problems.STORE_UNAVAILABLE())


def _handle_database_error(error: DBAPIError) -> Response:
    if not failures.passes(error):
        return _handle_unexpected_error(error)
    log.error("database unavailable: %s", type(error).__name__, exc_info=error)
    return problem_document(problems.UNAVAILABLE())


def _handle_pool_timeout(error: PoolTimeout) -> Response:
    log.error("no connection or turn to write became free", exc_info=error)
    current_app.extensions["metrics"].count_database_error("pool-exhausted")  # no driver counts it
    return problem_document(problems.UNAVAILABLE())


def _handle_unexpected_error(error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    return problem_document(problems.INTERNAL())
