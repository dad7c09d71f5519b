"""People."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.access import ROLES
from schemas.base import Boolean, Id, PageQuery, Schema, Text, Time, Word, page_of

EMAIL = validate.Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", error="This is no e-mail address.")


class UserEdit(Schema):
    """What an administrator changes of a person."""

    email = fields.String(validate=[EMAIL, validate.Length(max=320)])
    name = Text(200)
    role = Word(ROLES)
    password = fields.String(validate=validate.Length(10, 1000))
    region_ids = fields.List(Id(), validate=validate.Length(max=1000))
    location_ids = fields.List(Id(), validate=validate.Length(max=10_000))
    disabled = Boolean()


class UserNew(UserEdit):
    """A person as an administrator adds him."""

    class Meta(UserEdit.Meta):
        """Nobody is added disabled."""

        exclude = ("disabled",)

    @ma.validates_schema
    def _complete(self, data: dict[str, Any], **_options: Any) -> None:
        missing = {
            name: ["Missing data for required field."]
            for name in ("email", "name", "role", "password")
            if name not in data
        }
        if missing:
            raise ma.ValidationError(missing)


class User(Schema):
    """A person."""

    id = Id(required=True, attribute="user.id")
    email = fields.String(required=True, attribute="user.email")
    name = fields.String(required=True, attribute="user.name")
    role = fields.String(required=True, attribute="user.role")
    disabled = fields.Boolean(required=True, attribute="user.disabled")
    region_ids = fields.List(Id(), required=True)
    location_ids = fields.List(Id(), required=True)
    created_at = Time(required=True, attribute="user.created_at")


class UsersQuery(PageQuery):
    """Which people are asked for."""

    email = Text(320)
    role = Word(ROLES)


USER_PAGE = page_of(User())
