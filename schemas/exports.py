"""Exports: what to export, and how far an export is."""

import re
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from api.domain.exports import ALL_FORMATS, FORMATS, KINDS, STATUSES
from api.domain.languages import LANGUAGES
from api.domain.months import get_first_day, get_last_day, parse_month
from schemas.base import MONTH_PATTERN, Day, Enum, Id, PageQuery, Query, Schema, Text, Time, Url, page_of
from schemas.scores import DIMENSIONS, INCLUDES

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: a month, or a day of it
_PATTERN = MONTH_PATTERN.removesuffix("$") + "(-(0[1-9]|[12][0-9]|3[01]))?$"


class PeriodBound(fields.Field[date]):
    """A day, ``YYYY-MM-DD``, or a month, ``YYYY-MM``, which means its first or last day."""

    def __init__(self, *, is_last: bool, **kwargs: Any) -> None:
        metadata = {"type": "string", "pattern": _PATTERN, "example": "2026-01"}
        super().__init__(metadata=metadata, **kwargs)
        self.is_last = is_last

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return date.fromisoformat(value)
            month = parse_month(value)
        except (ValueError, TypeError):
            raise ma.ValidationError("This must be a month, YYYY-MM, or a day, YYYY-MM-DD.") from None
        return get_last_day(month) if self.is_last else get_first_day(month)


class ExportNew(Schema):
    """What to export.

    Reports are `pdf`, the other kinds `csv` or `xlsx`. Without a region and a location, an export covers all
    locations that the caller sees. Self-checks are included only if `checklist` names theirs.
    """

    kind = Enum(KINDS, required=True)
    format = Enum(ALL_FORMATS, required=True)
    from_ = PeriodBound(data_key="from", attribute="from", allow_none=True, is_last=False)
    to = PeriodBound(allow_none=True, is_last=True)
    region_id = Id(allow_none=True)
    location_id = Id(allow_none=True)
    checklist = Text(64, allow_none=True)
    by = fields.List(Enum(DIMENSIONS), allow_none=True)
    include = fields.List(Enum(INCLUDES), allow_none=True)
    language = Enum(LANGUAGES, load_default="en")

    @ma.validates_schema
    def _check_format(self, data: dict[str, Any], **_options: Any) -> None:
        allowed = FORMATS[data["kind"]]
        if data["format"] not in allowed:
            raise ma.ValidationError(f"For {data['kind']}, this must be {' or '.join(allowed)}.", "format")


class ExportProgress(Schema):
    """How far an export is."""

    done = fields.Integer(required=True)
    of = fields.Integer(required=True, allow_none=True)


class Export(Schema):
    """An export. Only the caller who requested it can read it."""

    id = Id(required=True)
    kind = Enum(KINDS, required=True)
    format = Enum(ALL_FORMATS, required=True)
    from_ = Day(data_key="from", attribute="first_day", required=True)
    to = Day(attribute="last_day", required=True)
    region_id = Id(required=True, allow_none=True)
    location_id = Id(required=True, allow_none=True)
    checklist = fields.String(required=True, allow_none=True)
    language = Enum(LANGUAGES, required=True)
    created_at = Time(required=True)
    status = Enum(STATUSES, required=True)
    progress = fields.Nested(ExportProgress(), required=True)
    failure = fields.String(required=True, allow_none=True)
    download = Url(required=True, allow_none=True)
    expires_at = Time(required=True, allow_none=True)


class ExportsQuery(PageQuery):
    """The page of the list of exports."""


class FileQuery(Query):
    """The signature of a link to a file."""

    token = Text(200, required=True)


EXPORT_PAGE = page_of(Export())
