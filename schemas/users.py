"""Users: people who sign in."""

from marshmallow import fields, validate

from api.domain.access import ROLES
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


class UserNew(Schema):
    """A new person. `region_ids` and `location_ids` are for managers only."""

    email = fields.String(required=True, validate=[EMAIL, validate.Length(max=320)])
    name = Text(200, required=True)
    role = Enum(ROLES, required=True)
    password = Password(required=True)
    region_ids = fields.List(Id(), validate=validate.Length(max=1000))
    location_ids = fields.List(Id(), validate=validate.Length(max=10_000))


class UserEdit(UserNew):
    """Changes of a person."""

    disabled = Boolean()


class User(Schema):
    """A person."""

    id = Id(required=True, attribute="user.id")
    email = fields.String(required=True, attribute="user.email")
    name = fields.String(required=True, attribute="user.name")
    role = Enum(ROLES, required=True, attribute="user.role")
    disabled = fields.Boolean(required=True, attribute="user.disabled")
    region_ids = fields.List(Id(), required=True)
    location_ids = fields.List(Id(), required=True)
    created_at = Time(required=True, attribute="user.created_at")


class UsersQuery(PageQuery):
    """Filters of the list of people."""

    email = Text(320)
    name = Text(200)
    role = Enum(ROLES)
    disabled = QueryBoolean()
    region_id = Id()
    location_id = Id()


USER_PAGE = page_of(User())
