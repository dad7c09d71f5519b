"""Quotas, and how far the visits that they require are."""

from typing import Any

from marshmallow import fields

from api.domain.quotas import MAX_DAYS_BETWEEN, MAX_VISITS, PERIODS
from schemas.base import (
    Day,
    Enum,
    Id,
    Integer,
    Month,
    NamedPlace,
    Number,
    PageQuery,
    Query,
    Schema,
    Text,
    Time,
    WordList,
    page_of,
)
from schemas.scores import PeriodQuery


def _visits(**options: Any) -> Integer:
    description = (
        "How many visits each open location at or below the region is to have in a period, at least."
    )
    return Integer(1, MAX_VISITS, metadata={"description": description, "example": 2}, **options)


def _per(**options: Any) -> Enum:
    description = "The period: a month, quarter or year of the calendar."
    return Enum(tuple(PERIODS), metadata={"description": description}, **options)


def _days_between(note: str = "", **options: Any) -> Integer:
    description = "The least number of days between two visits to a location. The planner keeps to it." + note
    return Integer(0, MAX_DAYS_BETWEEN, metadata={"description": description, "example": 21}, **options)


def _extra(note: str = "", **options: Any) -> Number:
    description = (
        "The extra visits, as a proportion of `visits`: with 0.1, one more for every ten on average. They "
        "are drawn by lot for each location and period, so that no store knows whether it has had its last "
        "visit." + note
    )
    return Number(0, 1, metadata={"description": description, "example": 0.1}, **options)


class QuotaNew(Schema):
    """A new quota."""

    checklist_key = Text(64, required=True)
    region_id = Id(required=True, metadata={"description": "The ID of the region."})
    visits = _visits(required=True)
    per = _per(required=True)
    days_between = _days_between(load_default=0)
    extra = _extra(load_default=0.1)


class QuotaEdit(Schema):
    """Changes of a quota."""

    visits = _visits()
    per = _per()
    days_between = _days_between()
    extra = _extra()


class QuotaPeriod(Schema):
    """How far a quota is in one of its periods.

    Managers and API clients get the visits that are required at least, and null for `out` and `missing`, so
    that no store is warned of a visit.
    """

    from_ = Month(data_key="from", attribute="period.first", required=True)
    to = Month(attribute="period.last", required=True)
    locations = fields.Integer(
        required=True, metadata={"description": "The number of open locations.", "example": 12}
    )
    required = fields.Integer(
        required=True,
        metadata={"description": "The visits to all locations together.", "example": 26},
    )
    accepted = fields.Integer(required=True)
    out = fields.Integer(required=True, allow_none=True)
    missing = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "The visits that have yet to be assigned. A visit too many at one location does "
            "not replace one at another.",
            "example": 8,
        },
    )


_NOT_DISCLOSED = " Null for managers and API clients."


class Quota(Schema):
    """How many visits each location of a region is to have.

    Managers and API clients get null for `days_between` and `extra`, so that no store can tell until when it
    has no visit to expect.
    """

    id = Id(required=True, attribute="quota.id")
    checklist_key = fields.String(required=True, attribute="checklist.key")
    region_id = Id(required=True, attribute="region.id", metadata={"description": "The ID of the region."})
    region = fields.Nested(NamedPlace(), required=True)
    visits = _visits(required=True, attribute="quota.visits")
    per = _per(required=True, attribute="quota.per")
    days_between = _days_between(_NOT_DISCLOSED, required=True, allow_none=True)
    extra = _extra(_NOT_DISCLOSED, required=True, allow_none=True)
    created_at = Time(required=True, attribute="quota.created_at")
    progress = fields.Nested(
        QuotaPeriod(),
        metadata={"description": "How far it is in the current period. Only with `include=progress`."},
    )


class QuotasQuery(PageQuery):
    """Filters of the list of quotas."""

    region_id = Id(metadata={"description": "The ID of the region."})
    checklist_key = Text(64)
    per = _per()
    include = WordList(("progress",), 1, load_default=tuple)


class QuotaProgress(Schema):
    """How far a quota is, period by period."""

    periods = fields.List(
        fields.Nested(QuotaPeriod()), required=True, metadata={"description": "The periods, in order."}
    )


class QuotaLocation(Schema):
    """How far a quota is at a location."""

    location = fields.Nested(NamedPlace(), required=True)
    required = fields.Integer(
        required=True,
        attribute="count.required",
        metadata={"description": "The visits that the location is to have, with extra ones.", "example": 2},
    )
    accepted = fields.Integer(required=True, attribute="count.accepted")
    out = fields.Integer(required=True, attribute="count.out")
    missing = fields.Integer(
        required=True,
        attribute="count.missing",
        metadata={"description": "The visits that have yet to be assigned.", "example": 1},
    )
    free_from = Day(
        required=True,
        allow_none=True,
        metadata={
            "description": "The first day on which `days_between` allows the next visit. Null for any day."
        },
    )


class QuotaLocations(Schema):
    """How far a quota is at each open location, sorted by code."""

    items = fields.List(
        fields.Nested(QuotaLocation()), required=True, metadata={"description": "The locations."}
    )


class QuotaLocationsQuery(Query):
    """The period of the quota."""

    month = Month(
        metadata={"description": "A month of the period. The default is the current month in UTC+14."}
    )


class QuotaProgressQuery(PeriodQuery):
    """The first and the last month. The default of both is the current one in UTC+14."""


QUOTA_PAGE = page_of(Quota())
