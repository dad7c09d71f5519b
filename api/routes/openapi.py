"""The OpenAPI document."""

from flask import Response, current_app

from api.domain.access import ANY_CALLER
from api.http.access import Routes

routes = Routes("openapi", __name__, description="OpenAPI document")


_SCHEMA = {
    "type": "object",
    "description": "An OpenAPI 3.1 document.",
    "example": {"openapi": "3.1.0", "info": {"title": "Mystery shopper", "version": "v1"}, "paths": {}},
}


@routes.get("/openapi.json", permission=ANY_CALLER)
@routes.response(200, _SCHEMA)
def get_openapi() -> Response:
    """Get the OpenAPI document.

    It describes this server's version of the API.
    """
    return current_app.response_class(current_app.extensions["openapi"], content_type="application/json")
