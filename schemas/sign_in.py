"""Signing in."""

import marshmallow as ma
from marshmallow import fields, validate

from schemas.base import Boolean, Id, NamedPlace, Schema, Text


class Login(Schema):
    """E-mail address and password; ``organization`` where several accounts fit."""

    email = Text(320, required=True)
    password = Text(1000, required=True)
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

    old_password = Text(1000, required=True)
    new_password = fields.String(required=True, validate=validate.Length(10, 1000))


class Me(Schema):
    """Who is signed in."""

    class Meta:
        """Only goes out."""

        unknown = ma.EXCLUDE

    id = Id(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    organization = fields.Nested(
        Schema.from_dict(
            {"id": Id(required=True), "name": fields.String(required=True)}, name="NamedOrganization"
        ),
        required=True,
    )
    regions = fields.List(fields.Nested(NamedPlace()), required=True)
    locations = fields.List(fields.Nested(NamedPlace()), required=True)
