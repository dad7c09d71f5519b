"""Organizations and their settings."""

import marshmallow as ma
from marshmallow import fields

from api.domain.colors import COLOR, MIN_CONTRAST, measure_contrast_with_white
from schemas.base import FullMatch, Id, Integer, Schema


def _check_contrast(color: str) -> None:
    if COLOR.fullmatch(color) and measure_contrast_with_white(color) < MIN_CONTRAST:
        raise ma.ValidationError(
            f"White text on this colour is not readable: the contrast is below {MIN_CONTRAST}."
        )


class OrganizationEdit(Schema):
    """The settings of an organization.

    `lockout_days` is the minimum number of days between two visits of a shopper to a location. `accent_color`
    is the colour of the pages.
    """

    lockout_days = Integer(0, 3650, required=True)
    accent_color = fields.String(
        required=True, allow_none=True, validate=[FullMatch(f"^{COLOR.pattern}$"), _check_contrast]
    )


class Organization(OrganizationEdit):
    """An organization."""

    id = Id(required=True)
    name = fields.String(required=True)
