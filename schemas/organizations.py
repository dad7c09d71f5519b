"""An organization: what its administrators may set for all of it."""

import marshmallow as ma
from marshmallow import fields

from api.domain.colors import COLOR, MIN_CONTRAST, measure_contrast_with_white
from schemas.base import Id, Integer, Matching, Schema


def _readable(color: str) -> None:
    if COLOR.fullmatch(color) and measure_contrast_with_white(color) < MIN_CONTRAST:
        raise ma.ValidationError(f"White text cannot be read on it: its contrast is under {MIN_CONTRAST}.")


class OrganizationEdit(Schema):
    """The least days between two visits of a shopper to a place, and the colour of the pages."""

    lockout_days = Integer(0, 3650, required=True)
    accent_color = fields.String(
        required=True, allow_none=True, validate=[Matching(f"^{COLOR.pattern}$"), _readable]
    )


class Organization(OrganizationEdit):
    """An organization."""

    id = Id(required=True)
    name = fields.String(required=True)
