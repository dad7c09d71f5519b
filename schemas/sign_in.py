"""Login, tokens and passwords."""

from marshmallow import fields

from api.domain.access import ROLES
from api.domain.languages import LANGUAGES
from schemas.base import Boolean, Constant, Enum, Id, Localized, NamedPlace, Password, Schema, Text
from schemas.organizations import LogoPath


class Login(Schema):
    """Email address and password.

    `organization` selects one of several matching accounts. `code` is for people with a second factor. A
    client without cookies that sends `device_token`, `null` at first, gets one for its next login.
    """

    email = Text(320, required=True)
    password = Text(1000, 0, required=True)
    organization = Text(200, allow_none=True)
    code = Text(100, allow_none=True)
    device_token = Text(100, allow_none=True)
    cookies = Boolean(load_default=False)


class TokenPair(Schema):
    """An access token and a refresh token. `expires_in` is the lifetime of the access token in seconds."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = Constant("Bearer", required=True)
    expires_in = fields.Integer(required=True)
    device_token = fields.String()


class NewPassword(Schema):
    """A change of the password."""

    old_password = Text(1000, 0, required=True)
    new_password = Password(required=True)


class NamedOrganization(Schema):
    """A summary of an organization, with the colour and the logo of its pages."""

    id = Id(required=True)
    name = fields.String(required=True)
    accent_color = fields.String(required=True, allow_none=True)
    logo = LogoPath(attribute="logo_sha256", required=True, allow_none=True)


class Briefing(Schema):
    """What a shopper reads before a visit."""

    version = fields.Integer(required=True)
    text = Localized(required=True)


class Me(Schema):
    """The caller, and the regions and locations that are assigned to them."""

    id = Id(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = Enum(ROLES, required=True)
    language = Enum(LANGUAGES, required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    organization = fields.Nested(NamedOrganization(), required=True)
    currency = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The currency in which shoppers are paid. Null if they are not, and for shoppers "
            "and managers."
        },
    )
    has_payments = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether shoppers are paid, or were and there are payments or undecided expenses. "
            "False for shoppers and managers."
        },
    )
    briefing = fields.Nested(
        Briefing(),
        required=True,
        allow_none=True,
        metadata={
            "description": "What the caller has to read before a visit. Null if there is nothing, and for "
            "everyone but shoppers."
        },
    )
    regions = fields.List(fields.Nested(NamedPlace()), required=True)
    locations = fields.List(fields.Nested(NamedPlace()), required=True)
