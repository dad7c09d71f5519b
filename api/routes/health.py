"""Whether the program lives and is ready, and the numbers that operators watch."""

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.http.access import Routes
from api.http.context import app_context
from api.http.responses import json_answer

routes = Routes("health", __name__, description="Health")


@routes.get("/health/live", permission=ANY_CALLER)
@routes.response(200, {"type": "object"})
def live() -> Response:
    """Say that the program runs."""
    return json_answer({"status": "live"})


@routes.get("/health/ready", permission=ANY_CALLER, raises=[problems.UNAVAILABLE, problems.STORE_UNAVAILABLE])
@routes.response(200, {"type": "object"})
def ready() -> Response:
    """Say that the database and the photo store answer."""
    app_context().database.check()
    app_context().store.check()
    return json_answer({"status": "ready"})


@routes.get("/metrics", permission=ANY_CALLER)
@routes.response(200, {"type": "string"}, content_type="text/plain")
def metrics() -> Response:
    """Give the numbers that operators watch, for Prometheus."""
    numbers: bytes = current_app.extensions["metrics"].text()
    return current_app.response_class(numbers, content_type=CONTENT_TYPE_LATEST)
