"""Users: people who sign in."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.access import ROLES
from api.domain.languages import LANGUAGES
from api.domain.people import STATUSES
from schemas.base import (
    Boolean,
    Enum,
    FullMatch,
    Id,
    PageQuery,
    Password,
    QueryBoolean,
    Schema,
    Text,
    Time,
    page_of,
)

EMAIL = FullMatch(
    r"^[^@\s\x00\x1c-\x1f\x85]+@[^@\s\x00\x1c-\x1f\x85]+$", error="This must be an email address."
)


class UserFields(Schema):
    """What administrators set of a person. `region_ids` and `location_ids` are for managers only."""

    email = fields.String(required=True, validate=[EMAIL, validate.Length(max=320)])
    name = Text(200, required=True)
    role = Enum(ROLES, required=True)
    language = Enum(LANGUAGES, allow_none=True)
    region_ids = fields.List(Id(), validate=validate.Length(max=1000))
    location_ids = fields.List(Id(), validate=validate.Length(max=10_000))


class UserNew(UserFields):
    """A new person, with a password or with an invitation to choose one.

    `region_ids` and `location_ids` are for managers only.
    """

    password = Password()
    invite = Boolean(load_default=False)

    @ma.validates_schema(skip_on_field_errors=False, pass_original=True)
    def _check_password(self, values: Any, original: Any, **_options: Any) -> None:
        has_password = isinstance(original, dict) and "password" in original
        if not has_password and not values.get("invite"):
            raise ma.ValidationError("A person who is not invited needs a password.", "password")
        if has_password and values.get("invite"):
            raise ma.ValidationError("People who are invited choose their own password.", "invite")


class UserEdit(UserFields):
    """Changes of a person."""

    password = Password()
    disabled = Boolean()


class UserRow(UserFields):
    """A row of an import of people. It refers to places by their codes."""

    class Meta(UserFields.Meta):
        """Replaces the IDs of places by their codes."""

        exclude = ("region_ids", "location_ids")

    region_codes = fields.List(Text(64))
    location_codes = fields.List(Text(64))


class User(Schema):
    """A person."""

    id = Id(required=True, attribute="user.id")
    email = fields.String(required=True, attribute="user.email")
    name = fields.String(required=True, attribute="user.name")
    role = Enum(ROLES, required=True, attribute="user.role")
    language = Enum(LANGUAGES, required=True, allow_none=True, attribute="user.language")
    status = Enum(STATUSES, required=True)
    disabled = fields.Boolean(required=True, attribute="user.disabled")
    region_ids = fields.List(Id(), required=True)
    location_ids = fields.List(Id(), required=True)
    visits_in_progress = fields.Integer(required=True)
    second_factor = fields.Boolean(required=True)
    last_login_at = Time(required=True, allow_none=True, attribute="user.last_login_at")
    invitation_expires_at = Time(required=True, allow_none=True)
    created_at = Time(required=True, attribute="user.created_at")


class UsersQuery(PageQuery):
    """Filters of the list of people."""

    q = Text(200)
    status = Enum(STATUSES)
    email = Text(320)
    name = Text(200)
    role = Enum(ROLES)
    disabled = QueryBoolean()
    region_id = Id()
    location_id = Id()


USER_PAGE = page_of(User())
