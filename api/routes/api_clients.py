"""API clients for administrators, and the tokens that the clients request."""

from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from flask import Response, request
from flask_jwt_extended import create_access_token
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ANY_CALLER
from api.domain.problems import Problem, ProblemError
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import page_response
from api.http.parsing import require_type
from api.http.responses import ETAG, LOCATION_OF_NEW, empty_response, json_response
from api.http.transactions import in_transaction
from api.services import api_clients
from schemas import api_clients as schemas

routes = Routes("api_clients", __name__, description="API clients")

CLIENT, CLIENT_WITH_SECRET = schemas.ApiClient(), schemas.ApiClientWithSecret()
TOKEN_LIFETIME = timedelta(minutes=15)
_TOKEN_PARAMETERS = schemas.TokenRequest().fields


@routes.get("/api-clients", permission="administer API clients")
@routes.arguments(schemas.ApiClientsQuery(), location="query")
@routes.response(200, schemas.API_CLIENT_PAGE())
def list_api_clients(query: dict[str, Any]) -> Response:
    """List the API clients of the organization, sorted by name.

    Revoked clients stay in the list. Their secrets cannot be read.
    """
    page = api_clients.list_clients(read_snapshot(), current_actor(), **{"cursor": None, **query})
    return page_response(page, CLIENT)


@routes.post("/api-clients", permission="administer API clients")
@routes.arguments(schemas.ApiClientNew())
@routes.response(201, CLIENT_WITH_SECRET, headers=LOCATION_OF_NEW)
def create_api_client(body: dict[str, Any]) -> Response:
    """Add an API client.

    The response contains its secret, which cannot be read again. With the secret, the client requests tokens
    at `POST /auth/token`.
    """
    client = in_transaction(lambda session: api_clients.create_client(session, current_actor(), body))
    return _secret_response(client)


@routes.get(
    "/api-clients/<uuid:client_id>",
    permission="administer API clients",
    raises=[problems.API_CLIENT_NOT_FOUND],
)
@routes.response(200, CLIENT)
def get_api_client(client_id: UUID) -> api_clients.Client:
    """Get an API client.

    The response does not contain its secret.
    """
    row = api_clients.find_client(read_snapshot(), current_actor(), client_id)
    return api_clients.get_client(read_snapshot(), row)


@routes.patch(
    "/api-clients/<uuid:client_id>",
    permission="administer API clients",
    raises=[
        problems.API_CLIENT_NOT_FOUND,
        problems.API_CLIENT_REVOKED,
        problems.STALE,
        problems.IF_MATCH_REQUIRED,
    ],
)
@routes.arguments(schemas.ApiClientEdit(partial=True))
@routes.response(200, CLIENT, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_api_client(body: dict[str, Any], client_id: UUID) -> Response:
    """Change the name, scopes or regions of an API client.

    Omitted fields stay as they are. The changes also apply to the tokens that the client has, immediately.
    """

    def edit(session: Session) -> api_clients.Client:
        row = api_clients.find_client(session, current_actor(), client_id, lock=True)
        require_match(CLIENT.dump, api_clients.get_client(session, row))
        return api_clients.update_client(session, current_actor(), row, body)

    return resource_response(CLIENT.dump(in_transaction(edit, also_for=[client_id])))


@routes.delete(
    "/api-clients/<uuid:client_id>",
    permission="administer API clients",
    raises=[problems.API_CLIENT_NOT_FOUND],
)
@routes.response(204)
def revoke_api_client(client_id: UUID) -> Response:
    """Revoke an API client permanently.

    Its tokens stop working at once, and its webhooks are disabled. It stays in the list.
    """

    def revoke(session: Session) -> None:
        api_clients.revoke_client(
            session, api_clients.find_client(session, current_actor(), client_id, lock=True)
        )

    in_transaction(revoke)
    return empty_response()


@routes.post(
    "/api-clients/<uuid:client_id>/secret",
    permission="administer API clients",
    raises=[problems.API_CLIENT_NOT_FOUND, problems.API_CLIENT_REVOKED],
)
@routes.arguments(schemas.SecretReplacement())
@routes.response(201, CLIENT_WITH_SECRET, headers=LOCATION_OF_NEW)
def replace_api_client_secret(body: dict[str, Any], client_id: UUID) -> Response:
    """Replace the secret of an API client.

    The response contains the new secret, which cannot be read again. Earlier secrets stay valid for
    `overlap_hours`, so that the client's system can change over without a gap.
    """

    def replace(session: Session) -> api_clients.Client:
        row = api_clients.find_client(session, current_actor(), client_id, lock=True)
        return api_clients.replace_secret(session, row, timedelta(hours=body["overlap_hours"]))

    return _secret_response(in_transaction(replace))


def _secret_response(client: api_clients.Client) -> Response:
    response = json_response(CLIENT_WITH_SECRET.dump(client), 201)
    response.headers["Location"] = f"/api/v1/api-clients/{client.row.id}"
    response.headers["Cache-Control"] = "no-store"
    return response


@routes.post(
    "/auth/token",
    permission=ANY_CALLER,
    raises=[
        problems.INVALID_CLIENT,
        problems.INVALID_TOKEN_REQUEST,
        problems.UNSUPPORTED_GRANT_TYPE,
        problems.INVALID_SCOPE,
    ],
)
@routes.response(200, schemas.Token())
@routes.doc(
    security=[{"client_secret": []}],
    requestBody={
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}}
        },
    },
)
def create_token() -> Response:
    """Request an access token for an API client (OAuth 2.0 client credentials, RFC 6749, section 4.4).

    Authenticate with HTTP Basic: the client ID and the secret. Errors are problem documents that also contain
    `error` and `error_description` (RFC 6749, section 5.2).
    """
    form = _read_form()
    authorization = request.authorization
    client = None
    if authorization is not None and authorization.type == "basic":
        with app_context().database.read_snapshot() as session:
            client = api_clients.authenticate(
                session, authorization.username or "", authorization.password or ""
            )
    if client is None:
        _reject(problems.INVALID_CLIENT, {"WWW-Authenticate": 'Basic realm="api", charset="UTF-8"'})
    scopes = set(form["scope"].split()) if "scope" in form else client.scopes
    if not scopes <= client.scopes:
        _reject(problems.INVALID_SCOPE, detail="The client does not have all of these scopes.")
    in_transaction(lambda session: api_clients.record_use(session, client.client_id))
    scope = " ".join(sorted(scopes))
    token = create_access_token(
        str(client.client_id), additional_claims={"scope": scope}, expires_delta=TOKEN_LIFETIME
    )
    seconds = int(TOKEN_LIFETIME.total_seconds())
    return json_response(
        {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": scope}
    )


def _read_form() -> dict[str, str]:
    """Return the parameters of a token request. Those without a value count as omitted (RFC 6749, 3.2).

    Raises the problems of RFC 6749, section 5.2.
    """
    try:
        require_type("application/x-www-form-urlencoded")
    except ProblemError as error:
        _reject(error.problem, detail=error.detail, code="invalid_request")
    for name, values in request.form.lists():
        if name not in _TOKEN_PARAMETERS:
            _reject(
                problems.INVALID_TOKEN_REQUEST,
                detail="Only grant_type and scope are accepted. The client authenticates with HTTP Basic.",
            )
        if len(values) > 1:
            _reject(problems.INVALID_TOKEN_REQUEST, detail=f"The parameter {name} occurs more than once.")
    form = {name: value for name, value in request.form.items() if value}
    grant_type = form.get("grant_type")
    if grant_type is None:
        _reject(problems.INVALID_TOKEN_REQUEST, detail="The parameter grant_type is missing.")
    if grant_type != "client_credentials":
        _reject(problems.UNSUPPORTED_GRANT_TYPE, detail="The only grant type is client_credentials.")
    return form


def _reject(
    problem: Problem,
    headers: dict[str, str] | None = None,
    detail: str | None = None,
    code: str | None = None,
) -> NoReturn:
    """Raise a problem with the members of RFC 6749, section 5.2; ``code`` defaults to that of the problem."""
    extra = {
        "error": code or problem.code.replace("-", "_"),
        "error_description": detail or problem.title,
    }
    raise problem(detail, headers=headers, extra=extra)
