"""Signing in."""

from marshmallow import fields

from schemas.base import Boolean, Id, NamedPlace, Password, Schema, Text


class Login(Schema):
    """E-mail address and password; ``organization`` where several accounts fit."""

    email = Text(320, required=True)
    password = Text(1000, 0, required=True)
    organization = Text(200, allow_none=True)
    cookies = Boolean(load_default=False)


class TokenPair(Schema):
    """A pair of tokens; ``expires_in`` is the access token's life in seconds."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.Constant("Bearer", required=True)
    expires_in = fields.Integer(required=True)


class NewPassword(Schema):
    """A password and the one before."""

    old_password = Text(1000, 0, required=True)
    new_password = Password(required=True)


class NamedOrganization(Schema):
    """An organization, in short, and the colour of its pages."""

    id = Id(required=True)
    name = fields.String(required=True)
    accent_color = fields.String(required=True, allow_none=True)


class Me(Schema):
    """Who is signed in, and the places that he is named for."""

    id = Id(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    organization = fields.Nested(NamedOrganization(), required=True)
    regions = fields.List(fields.Nested(NamedPlace()), required=True)
    locations = fields.List(fields.Nested(NamedPlace()), required=True)
