"""Targets, and whether they are met."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from api.domain.targets import STATUSES
from schemas.base import (
    Enum,
    Id,
    Integer,
    Localized,
    Month,
    NamedPlace,
    Number,
    PageQuery,
    Schema,
    Text,
    Time,
    page_of,
)
from schemas.scores import Interval

MAX_MONTHS = 60


def _region_id(**options: Any) -> Id:
    return Id(metadata={"description": "The ID of the region, or null for a location."}, **options)


def _location_id(**options: Any) -> Id:
    return Id(metadata={"description": "The ID of the location, or null for a region."}, **options)


def _section(**options: Any) -> Text:
    description = "The key of a section with points. Null for whole visits."
    return Text(64, allow_none=True, metadata={"description": description}, **options)


def _score(**options: Any) -> Number:
    description = "The score to reach, as a proportion from 0 to 1."
    return Number(0, 1, metadata={"description": description, "example": 0.9}, **options)


def _months(**options: Any) -> Integer:
    description = "How many of the latest months count. They include the current one, in UTC+14."
    return Integer(1, MAX_MONTHS, metadata={"description": description, "example": 6}, **options)


class TargetNew(Schema):
    """A new target, of either a region or a location."""

    region_id = _region_id(allow_none=True)
    location_id = _location_id(allow_none=True)
    checklist_key = Text(64, required=True)
    section = _section()
    score = _score(required=True)
    months = _months(required=True)

    @ma.validates_schema
    def _check_place(self, data: dict[str, Any], **_options: Any) -> None:
        if (data.get("region_id") is None) == (data.get("location_id") is None):
            raise ma.ValidationError("A target is for either a region or a location.", "region_id")


class TargetEdit(Schema):
    """Changes of a target."""

    section = _section()
    score = _score()
    months = _months()


class TargetScore(Schema):
    """The score that is compared with a target."""

    visits = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)


class Target(Schema):
    """The score that a location or region is to reach, and whether it has."""

    id = Id(required=True, attribute="target.id")
    region_id = _region_id(required=True, allow_none=True, attribute="target.region_id")
    location_id = _location_id(required=True, allow_none=True, attribute="target.location_id")
    region = fields.Nested(
        NamedPlace(),
        required=True,
        allow_none=True,
        metadata={"description": "The region, or null for a location."},
    )
    location = fields.Nested(
        NamedPlace(),
        required=True,
        allow_none=True,
        metadata={"description": "The location, or null for a region."},
    )
    checklist_key = fields.String(required=True, attribute="version.document.key")
    section = _section(required=True, attribute="target.section")
    section_title = Localized(required=True, allow_none=True)
    score = _score(required=True, attribute="target.score")
    months = _months(required=True, attribute="target.months")
    from_ = Month(data_key="from", attribute="period.first", required=True)
    to = Month(attribute="period.last", required=True)
    actual = fields.Nested(
        TargetScore(), required=True, metadata={"description": "The score of these months."}
    )
    status = Enum(
        STATUSES,
        required=True,
        attribute="result.status",
        metadata={
            "description": "`met`: the whole interval is at or above the target. `missed`: all of it is "
            "below. `unsure`: too few visits to tell.",
            "example": "unsure",
        },
    )
    visits_to_tell = fields.Integer(
        required=True,
        allow_none=True,
        attribute="result.visits_to_tell",
        metadata={
            "description": "If the status is `unsure`: about how many more visits would tell, if the score "
            "stays as it is. Null if that takes more than 50 visits, and more than the place had in these "
            "months.",
            "example": 7,
        },
    )
    created_at = Time(required=True, attribute="target.created_at")


class TargetsQuery(PageQuery):
    """Filters of the list of targets."""

    region_id = Id(metadata={"description": "The ID of the region."})
    location_id = Id(metadata={"description": "The ID of the location."})
    checklist_key = Text(64)
    section = Text(64)


TARGET_PAGE = page_of(Target())
