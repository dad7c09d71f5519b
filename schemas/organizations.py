"""Organizations and their settings."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.access import ROLES
from api.domain.colors import COLOR, MIN_CONTRAST, measure_contrast_with_white
from api.domain.fields import LANGUAGE
from api.domain.money import MAX_AMOUNT
from schemas.base import Enum, FullMatch, Id, Integer, Localized, Schema, Text
from schemas.payments import Currency

LOGO_PATH = "/api/v1/organization/logo"
MAX_ACCEPT_EVERY_MINUTES = 1440
MAX_MONTHS_KEPT = 120
MAX_DISPUTE_DAYS = 365
MAX_ALERT_DAYS = 3650
MAX_BRIEFING_LENGTH = 5000


def _check_contrast(color: str) -> None:
    if COLOR.fullmatch(color) and measure_contrast_with_white(color) < MIN_CONTRAST:
        raise ma.ValidationError(
            f"White text on this colour is not readable: the contrast is below {MIN_CONTRAST}."
        )


class LogoPath(fields.String):
    """The path of the logo. Its internal value is the hash of the logo, or None if there is none."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else LOGO_PATH


def _check_distinct(values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise ma.ValidationError("A value occurs more than once.")


def _check_briefing(briefing: Any) -> None:
    texts = [briefing] if isinstance(briefing, str) else list(briefing.values())
    if not texts or not all(text.strip() for text in texts):
        raise ma.ValidationError("A briefing must not be blank. Use null for none.")
    if max(map(len, texts)) > MAX_BRIEFING_LENGTH:
        raise ma.ValidationError(f"A briefing can have at most {MAX_BRIEFING_LENGTH} characters.")


class OrganizationEdit(Schema):
    """The settings of an organization."""

    name = Text(200, required=True)
    lockout_days = Integer(0, 3650, required=True)
    dispute_days = Integer(0, MAX_DISPUTE_DAYS, required=True)
    answer_days = Integer(1, MAX_DISPUTE_DAYS, required=True)
    accent_color = fields.String(
        required=True, allow_none=True, validate=[FullMatch(f"^{COLOR.pattern}$"), _check_contrast]
    )
    accept_every_minutes = Integer(0, MAX_ACCEPT_EVERY_MINUTES, required=True, allow_none=True)
    keep_photos_months = Integer(1, MAX_MONTHS_KEPT, required=True, allow_none=True)
    keep_personal_data_months = Integer(1, MAX_MONTHS_KEPT, required=True, allow_none=True)
    no_visit_alert_days = Integer(1, MAX_ALERT_DAYS, required=True, allow_none=True)
    currency = Currency(required=True, allow_none=True)
    default_fee = Integer(0, MAX_AMOUNT, required=True, allow_none=True)
    max_expenses = Integer(0, MAX_AMOUNT, required=True, allow_none=True)
    briefing = Localized(required=True, allow_none=True, validate=_check_briefing)
    languages = fields.List(
        fields.String(validate=FullMatch(f"^{LANGUAGE.pattern}$")),
        required=True,
        validate=[validate.Length(1, 20), _check_distinct],
        metadata={"uniqueItems": True},
    )
    require_second_factor = fields.List(
        Enum(ROLES), required=True, validate=_check_distinct, metadata={"uniqueItems": True}
    )


class Organization(OrganizationEdit):
    """An organization."""

    id = Id(required=True)
    logo = LogoPath(attribute="logo_sha256", required=True, allow_none=True)
