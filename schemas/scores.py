"""Scores: figures with their uncertainty, of places, sections, fundamentals and questions."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields

from schemas.base import (
    Id,
    Integer,
    Localized,
    Month,
    NamedPlace,
    Query,
    QueryInteger,
    Schema,
    Text,
    Word,
    page_of,
)


class Interval(Schema):
    """A 95 % interval."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)


class Figures(Schema):
    """A score with what it rests on: SCORE of a section, fundamental or question."""

    visits = fields.Integer(required=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    spread = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)
    indicative = fields.Boolean(required=True)


class VisitFigures(Figures):
    """SCORE of whole visits."""

    critical_failures = fields.Integer(required=True)
    passed = fields.Integer(required=True)


class Change(Schema):
    """The difference to the equally long period just before."""

    difference = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)
    significant = fields.Boolean(required=True, allow_none=True)


class SectionName(Schema):
    """A section of a checklist."""

    checklist = fields.String(required=True)
    key = fields.String(required=True)
    title = Localized(required=True)


class FundamentalName(Schema):
    """A fundamental of customer service."""

    key = fields.String(required=True)
    title = fields.String(required=True)


class QuestionName(Schema):
    """A question of a checklist, as its newest version words it."""

    checklist = fields.String(required=True)
    key = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)
    fundamental = fields.String(required=True, allow_none=True)


class SectionFigures(SectionName, Figures):
    """A section's figures."""


class FundamentalFigures(FundamentalName, Figures):
    """A fundamental's figures."""


class QuestionFigures(QuestionName, Figures):
    """A question's figures, and how it was answered."""

    answers = fields.Dict(keys=fields.String(), values=Integer(), required=True)


class MonthFigures(VisitFigures):
    """A month's figures."""

    month = fields.String(required=True)


class RowMonth(Figures):
    """A month's figures in a row; the counts of whole visits only where the row is about these."""

    month = fields.String(required=True)
    critical_failures = fields.Integer()
    passed = fields.Integer()


class Child(VisitFigures):
    """A region or a location right below a region."""

    region = fields.Nested(NamedPlace())
    location = fields.Nested(NamedPlace())


class Report(Schema):
    """The score of a place over a period, and what explains it."""

    from_ = Month(data_key="from", attribute="from", required=True)
    to = Month(required=True)
    checklist = fields.String(required=True, allow_none=True)
    total = fields.Nested(VisitFigures(), required=True)
    previous = fields.Nested(VisitFigures(), required=True)
    change = fields.Nested(Change(), required=True)
    sections = fields.List(fields.Nested(SectionFigures()), required=True)
    fundamentals = fields.List(fields.Nested(FundamentalFigures()), required=True)
    questions = fields.List(fields.Nested(QuestionFigures()), required=True)
    months = fields.List(fields.Nested(MonthFigures()), required=True)


class LocationReport(Report):
    """A location's report."""

    location = fields.Nested(NamedPlace(), required=True)


class RegionReport(Report):
    """A region's report, with everything below it."""

    region = fields.Nested(NamedPlace(), required=True)
    children = fields.List(fields.Nested(Child()), required=True)


class PeriodQuery(Query):
    """A period of whole months, both included."""

    from_ = Month(data_key="from", attribute="from")
    to = Month()


class ReportQuery(PeriodQuery):
    """A period, and the checklist if one is named."""

    checklist = Text(64)


class Words(fields.String):
    """Several of a few fixed words, with commas between them."""

    def __init__(self, words: Sequence[str], most: int, **kwargs: Any) -> None:
        described = f"Of {', '.join(words)}; several with commas between them"
        one = f"({'|'.join(words)})"
        shown = {"description": described, "pattern": f"^{one}(,{one}){{0,{most - 1}}}$"}
        super().__init__(metadata=shown, **kwargs)
        self.words = words

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        given = tuple(str(value).split(","))
        for word in given:
            if word not in self.words:
                raise ma.ValidationError(f"{word!r} is none of {', '.join(self.words)}.")
        return given


def rows_query(by: Sequence[str], includes: Sequence[str], sorts: Sequence[str]) -> ma.Schema:
    """Return the schema of the query of ``GET /scores``."""

    class RowsQuery(ReportQuery):
        """Which rows of scores are asked for."""

    fields_of_it: dict[str, Any] = {
        "by": Words(by, 2, required=True),
        "region_id": Id(),
        "location_id": Id(),
        "include": Words(includes, len(includes), load_default=tuple),
        "sort": Word(sorts, load_default="name"),
        "fields": fields.String(metadata={"pattern": "^[a-z_]+(,[a-z_]+)*$"}),
        "limit": QueryInteger(1, 500),
        "cursor": fields.String(),
    }
    return RowsQuery.from_dict(fields_of_it, name="RowsQuery")()


class ChecklistName(Schema):
    """A checklist."""

    key = fields.String(required=True)
    title = Localized(required=True)


class RankRange(Schema):
    """The ranks that a location could have by chance."""

    best = fields.Integer(required=True)
    worst = fields.Integer(required=True)


class WorstSection(SectionName):
    """A location's section with the lowest score."""

    score = fields.Float(required=True)
    visits = fields.Integer(required=True)


class Row(Schema):
    """A row of scores: what it is by, and the figures that were picked.

    Rows by section, question or fundamental have no counts of whole visits; ranks are those of locations.
    """

    location = fields.Nested(NamedPlace())
    region = fields.Nested(NamedPlace())
    section = fields.Nested(SectionName())
    question = fields.Nested(QuestionName())
    fundamental = fields.Nested(FundamentalName())
    checklist = fields.Nested(ChecklistName())
    month = fields.String()
    visits = fields.Integer()
    points_earned = fields.Integer()
    points_possible = fields.Integer()
    score = fields.Float(allow_none=True)
    spread = fields.Float(allow_none=True)
    interval = fields.Nested(Interval(), allow_none=True)
    indicative = fields.Boolean()
    critical_failures = fields.Integer()
    passed = fields.Integer()
    rank = fields.Integer(allow_none=True)
    rank_range = fields.Nested(RankRange(), allow_none=True)
    change = fields.Nested(Change())
    previous_visits = fields.Integer(metadata={"description": "In the equally long period just before"})
    months = fields.List(fields.Nested(RowMonth()))
    trend = fields.Dict(
        keys=fields.String(),
        values=fields.Float(allow_none=True),
        metadata={"description": "The score of each month of the period"},
    )
    made = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "How many visits were accepted for each month, with or without points"},
    )
    worst_section = fields.Nested(WorstSection(), allow_none=True)


RowPage = page_of(Row())
