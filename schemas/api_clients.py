"""API clients and their tokens."""

from marshmallow import fields, validate

from api.domain.access import SCOPES
from schemas.base import Constant, Enum, Id, Integer, PageQuery, QueryBoolean, Schema, Text, Time, page_of

_SCOPES = "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items())
MAX_OVERLAP_HOURS = 24 * 30


def _scopes(**options: object) -> fields.List:
    metadata = {"description": f"What the client may do:\n\n{_SCOPES}"}
    return fields.List(Enum(list(SCOPES)), validate=validate.Length(max=50), metadata=metadata, **options)  # type: ignore[arg-type]


def _region_ids(**options: object) -> fields.List:
    description = (
        "The regions that limit the client, each with everything below it. Without any, the client covers "
        "the whole organization"
    )
    metadata = {"description": description}
    return fields.List(Id(), validate=validate.Length(max=1000), metadata=metadata, **options)  # type: ignore[arg-type]


class ApiClientNew(Schema):
    """A new API client."""

    name = Text(200, required=True, metadata={"description": "The name of the system that uses the client"})
    scopes = _scopes(required=True)
    region_ids = _region_ids(load_default=list)


class ApiClientEdit(ApiClientNew):
    """Changes of an API client. They also apply to its tokens, immediately."""


class ApiClient(Schema):
    """A system that calls the API with tokens of its own."""

    id = Id(attribute="row.id", required=True)
    name = fields.String(
        attribute="row.name",
        required=True,
        metadata={"description": "The name of the system that uses the client"},
    )
    client_id = Id(attribute="client_id", required=True)
    scopes = _scopes(attribute="row.scopes", required=True)
    region_ids = _region_ids(required=True)
    created_at = Time(attribute="row.created_at", required=True)
    last_used_at = Time(
        attribute="row.last_used_at",
        required=True,
        allow_none=True,
        metadata={"description": "When the client last requested a token. Null before the first one"},
    )
    revoked = fields.Boolean(
        required=True, metadata={"description": "Whether the client was revoked, permanently"}
    )


class ApiClientWithSecret(ApiClient):
    """An API client with a new secret, which is returned only this once."""

    client_secret = fields.String(
        attribute="secret",
        required=True,
        metadata={"description": "The secret. Store it now: it cannot be read again"},
    )


class SecretReplacement(Schema):
    """How to replace the secret of an API client."""

    overlap_hours = Integer(
        0,
        MAX_OVERLAP_HOURS,
        load_default=24,
        metadata={"description": "How many hours the earlier secrets stay valid"},
    )


class ApiClientsQuery(PageQuery):
    """Filters of the list of API clients."""

    name = Text(200)
    revoked = QueryBoolean()


class Token(Schema):
    """An access token of an API client. There is no refresh token: request another one when it expires."""

    access_token = fields.String(required=True, metadata={"description": "The token, to send as Bearer"})
    token_type = Constant("Bearer", required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "The lifetime in seconds"})
    scope = fields.String(
        required=True, metadata={"description": "The scopes of the token, separated by spaces"}
    )


class TokenRequest(Schema):
    """A token request of an API client (RFC 6749, section 4.4.2)."""

    grant_type = fields.String(
        required=True,
        validate=validate.OneOf(["client_credentials"]),
        metadata={"description": "Always `client_credentials`"},
    )
    scope = fields.String(
        metadata={
            "description": "Narrows the token to some of the client's scopes, separated by spaces. If "
            "omitted, the token has all of them"
        }
    )


API_CLIENT_PAGE = page_of(ApiClient())
