"""Exports: what to export, and how far an export is."""

import re
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields

from api.domain.exports import ALL_FORMATS, FORMATS, KINDS, LANGUAGES, STATUSES
from api.domain.months import get_first_day, get_last_day, parse_month
from schemas.base import Day, Enum, Id, PageQuery, Query, Schema, Text, Time, Url, page_of
from schemas.scores import DIMENSIONS, INCLUDES

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: a month, or a day of it
_PATTERN = (
    "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$"
)


class PeriodBound(fields.Field[date]):
    """A day, ``YYYY-MM-DD``, or a month, ``YYYY-MM``, which stands for its first or last day."""

    def __init__(self, *, is_last: bool, description: str, **kwargs: Any) -> None:
        metadata = {"type": "string", "pattern": _PATTERN, "example": "2026-01", "description": description}
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


KIND = {
    "example": "visits",
    "description": "`scores`: the rows of `GET /scores`. `visits`: one row for each accepted visit, with a "
    "column for each question. `answers`: one row for each visit and question, with comments and points. "
    "`report`: a document about one region or location",
}


class ExportNew(Schema):
    """What to export.

    Reports are `pdf`, the other kinds `csv` or `xlsx`. Without a region and a location, an export covers all
    locations that the caller sees. Self-checks are included only if `checklist` names theirs.
    """

    kind = Enum(KINDS, required=True, metadata=KIND)
    format = Enum(ALL_FORMATS, required=True, metadata={"description": "The format of the file"})
    from_ = PeriodBound(
        data_key="from",
        attribute="from",
        allow_none=True,
        is_last=False,
        description="The first month or day; by default eleven months before the month of `to`",
    )
    to = PeriodBound(
        allow_none=True,
        is_last=True,
        description="The last month or day; by default the current month. Scores and reports need months",
    )
    region_id = Id(allow_none=True)
    location_id = Id(allow_none=True)
    checklist = Text(64, allow_none=True)
    by = fields.List(
        Enum(DIMENSIONS),
        allow_none=True,
        metadata={
            "description": "Only for scores: one or two dimensions, as in `GET /scores`. Default: `location`",
            "example": ["location"],
        },
    )
    include = fields.List(
        Enum(INCLUDES),
        allow_none=True,
        metadata={
            "description": "Only for scores: further columns, as in `GET /scores`",
            "example": ["change"],
        },
    )
    language = Enum(
        LANGUAGES,
        load_default="en",
        metadata={
            "description": "The language of a report, and of texts that a checklist has in several languages"
        },
    )

    @ma.validates_schema
    def _check_format(self, data: dict[str, Any], **_options: Any) -> None:
        allowed = FORMATS[data["kind"]]
        if data["format"] not in allowed:
            raise ma.ValidationError(f"For {data['kind']}, this must be {' or '.join(allowed)}.", "format")


class ExportProgress(Schema):
    """How far an export is. `of` is null until it is counted, and does not change afterwards."""

    done = fields.Integer(
        required=True,
        metadata={"description": "The rows that are done, or the steps of a report", "example": 1200},
    )
    of = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The number of all rows or steps", "example": 37000},
    )


class Export(Schema):
    """An export. Only the caller who requested it can read it."""

    id = Id(required=True)
    kind = Enum(KINDS, required=True, metadata=KIND)
    format = Enum(ALL_FORMATS, required=True, metadata={"description": "The format of the file"})
    from_ = Day(
        data_key="from", attribute="first_day", required=True, metadata={"description": "The first day"}
    )
    to = Day(attribute="last_day", required=True, metadata={"description": "The last day"})
    region_id = Id(required=True, allow_none=True)
    location_id = Id(required=True, allow_none=True)
    checklist = fields.String(required=True, allow_none=True)
    language = Enum(LANGUAGES, required=True, metadata={"description": "The language of texts"})
    created_at = Time(required=True, metadata={"description": "When the export was requested"})
    status = Enum(
        STATUSES,
        required=True,
        metadata={
            "description": "The file can be downloaded while the status is `ready`",
            "example": "ready",
        },
    )
    progress = fields.Nested(ExportProgress(), required=True, metadata={"description": "How far it is"})
    failure = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why the export failed, in words",
            "example": "There are too many columns for XLSX. Export one checklist, or CSV.",
        },
    )
    download = Url(required=True, allow_none=True)
    expires_at = Time(
        required=True,
        allow_none=True,
        metadata={"description": "When the file is deleted, a day after it was made"},
    )


class ExportsQuery(PageQuery):
    """The page of the list of exports."""


class FileQuery(Query):
    """The signature of a link to a file."""

    token = Text(200, required=True, metadata={"description": "The signature of the link, from `download`"})


EXPORT_PAGE = page_of(Export())
