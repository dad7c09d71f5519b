"""Health checks, for operators."""

from flask import Response

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.http.access import Routes
from api.http.context import app_context
from api.http.responses import json_response
from schemas.health import Health

routes = Routes("health", __name__, description="Health")


@routes.get("/health/live", permission=ANY_CALLER)
@routes.response(200, Health(), description="The program runs")
def check_liveness() -> Response:
    """Check that the program runs.

    It does not check the database or the photo store, so that a failure of theirs does not restart the
    program.
    """
    return json_response({"status": "live"})


@routes.get("/health/ready", permission=ANY_CALLER, raises=[problems.UNAVAILABLE, problems.STORE_UNAVAILABLE])
@routes.response(200, Health(), description="Database and photo store are available")
def check_readiness() -> Response:
    """Check that the database can be written and that the photo store is available.

    Send requests to this server only while the response is 200. It arrives within a second: a check that
    takes longer counts as failed. A success counts for 2 seconds.

    Without `DATABASE_READ_URL`, there is no `replica`. While it is unavailable, everything is read from the
    database itself.
    """
    context = app_context()
    context.readiness.verify()
    state = {"status": "ready"}
    if context.replica is not None:
        state["replica"] = "available" if context.replica.is_available() else "unavailable"
    return json_response(state)
