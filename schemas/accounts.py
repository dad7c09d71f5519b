"""A person's own account: profile, sessions, invitations, and forgotten passwords."""

from marshmallow import fields

from api.domain.languages import LANGUAGES
from schemas.base import Boolean, Enum, Id, Password, Schema, Text, Time, TimeZone, Url, page_of


class ProfileEdit(Schema):
    """Changes that people make to their own account."""

    name = Text(200)
    language = Enum(LANGUAGES, allow_none=True)
    time_zone = TimeZone(allow_none=True)


class Session(Schema):
    """A session: one login on one device."""

    id = Id(required=True)
    created_at = Time(required=True)
    last_used_at = Time(required=True)
    device = fields.String(required=True, allow_none=True)
    current = Boolean(required=True)


class Invitation(Schema):
    """An invitation that was created."""

    sent = Boolean(required=True)
    expires_at = Time(required=True)
    link = Url(required=True, allow_none=True)


class InvitationAcceptance(Schema):
    """How an invited person accepts: with their name, and a password of their choice."""

    token = Text(200, required=True)
    name = Text(200, required=True)
    password = Password(required=True)


class PasswordResetRequest(Schema):
    """Whose password was forgotten. `organization` selects one of several accounts."""

    email = Text(320, required=True)
    organization = Text(200, allow_none=True)


class PasswordReset(Schema):
    """A new password in place of one that was forgotten."""

    token = Text(200, required=True)
    password = Password(required=True)


SESSION_PAGE = page_of(Session())
