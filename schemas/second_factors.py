"""The second factor: an authenticator app, and recovery codes."""

from marshmallow import fields

from schemas.base import Boolean, Schema, Text


class SecondFactor(Schema):
    """The second factor of the caller."""

    enabled = Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)


class SecondFactorSetup(Schema):
    """A secret for an authenticator app, in base32 and as a URI for a QR code."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class SecondFactorCode(Schema):
    """A code of the second factor."""

    code = Text(100, required=True)


class SecondFactorRemoval(SecondFactorCode):
    """What disables the second factor: the password and a code."""

    password = Text(1000, 0, required=True)


class RecoveryCodes(Schema):
    """New recovery codes, in place of all earlier ones. They are shown only once."""

    recovery_codes = fields.List(fields.String(), required=True)
