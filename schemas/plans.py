"""Plans: how many visits each location needs."""

from marshmallow import fields

from schemas.base import Id, NamedPlace, QueryInteger, QueryNumber, Schema, Text
from schemas.scores import PeriodQuery

MAX_BUDGET = 100_000


class PlanQuery(PeriodQuery):
    """What to plan for: a half-width, or a budget of visits."""

    checklist = Text(64, required=True)
    half_width = QueryNumber(
        0.01,
        1,
        load_default=0.1,
        metadata={
            "description": "The half-width that the interval of each location is to have, as a proportion: "
            "0.1 is ±10 points.",
            "example": 0.1,
        },
    )
    budget = QueryInteger(
        0,
        MAX_BUDGET,
        metadata={
            "description": "The number of visits to suggest altogether. Without it, each location gets what "
            "it needs for `half_width`.",
            "example": 40,
        },
    )
    region_id = Id(metadata={"description": "Limits the plan to the locations at or below a region."})


class PlannedLocation(Schema):
    """What is planned for a location."""

    location = fields.Nested(NamedPlace(), required=True)
    visits = fields.Integer(
        required=True, metadata={"description": "The accepted visits of the period, with points possible."}
    )
    out = fields.Integer(
        required=True, metadata={"description": "The outstanding visits whose window opens in the period."}
    )
    half_width = fields.Float(
        required=True,
        allow_none=True,
        attribute="plan.half_width",
        metadata={
            "description": "The half-width to expect of the visits so far. Null without any.",
            "example": 0.164,
        },
    )
    needed = fields.Integer(
        required=True,
        attribute="plan.needed",
        metadata={"description": "The visits that are needed for the half-width asked for.", "example": 10},
    )
    suggested = fields.Integer(
        required=True,
        attribute="plan.suggested",
        metadata={"description": "The visits to assign.", "example": 4},
    )
    half_width_after = fields.Float(
        required=True,
        allow_none=True,
        attribute="plan.half_width_after",
        metadata={
            "description": "The half-width to expect once the outstanding and the suggested visits are "
            "accepted. Null without any visits.",
            "example": 0.098,
        },
    )


class Plan(Schema):
    """A plan of visits, location by location, sorted by code."""

    items = fields.List(
        fields.Nested(PlannedLocation()), required=True, metadata={"description": "All open locations."}
    )
