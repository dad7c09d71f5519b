"""The wire format of scores: figures with their uncertainty, in reports and in rows."""

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from marshmallow import fields

from api.domain.verdicts import VERDICTS
from schemas.base import (
    Enum,
    Id,
    Integer,
    Localized,
    Month,
    NamedPlace,
    Query,
    QueryInteger,
    Schema,
    Text,
    WordList,
    page_of,
)


class Interval(Schema):
    """A 95 % interval."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)


class Figures(Schema):
    """The score of a section, fundamental or question, with its uncertainty."""

    visits = fields.Integer(required=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    spread = fields.Float(required=True, allow_none=True)
    interval = fields.Nested(Interval(), required=True, allow_none=True)
    indicative = fields.Boolean(required=True)


class VisitFigures(Figures):
    """The score of whole visits."""

    critical_failures = fields.Integer(required=True)
    passed = fields.Integer(required=True)


class VerdictFigures(Schema):
    """How a score compares with that of all visits of the same checklist that the caller may see."""

    verdict = Enum(VERDICTS, allow_none=True)
    comparison = fields.Float(allow_none=True)
    verdict_interval = fields.Nested(Interval(), allow_none=True)


class Total(VisitFigures, VerdictFigures):
    """The score of whole visits of a place. Only with `include=verdict` does it have a verdict."""


class ReportTotal(Total):
    """The score of a place over the whole period."""

    score_before_disputes = fields.Float(required=True, allow_none=True)


class Change(Schema):
    """The change since the previous period, which has the same length."""

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
    """A question of a checklist, in the wording of its newest version."""

    checklist = fields.String(required=True)
    key = fields.String(required=True)
    text = Localized(required=True)
    section = fields.String(required=True)
    fundamental = fields.String(required=True, allow_none=True)


class SectionFigures(SectionName, Figures, VerdictFigures):
    """A section's figures."""


class FundamentalFigures(FundamentalName, Figures, VerdictFigures):
    """A fundamental's figures."""


class QuestionFigures(QuestionName, Figures, VerdictFigures):
    """A question's figures, and how often each answer was given."""

    answers = fields.Dict(keys=fields.String(), values=Integer(), required=True)


class MonthFigures(VisitFigures):
    """A month's figures."""

    month = fields.String(required=True)


class QuarterFigures(VisitFigures):
    """The figures of a quarter: three months, or fewer at the beginning of the period."""

    from_ = Month(data_key="from", attribute="from", required=True)
    to = Month(required=True)


class RowMonth(Figures):
    """A month's figures in a row. Only rows of whole visits have the last two fields."""

    month = fields.String(required=True)
    critical_failures = fields.Integer()
    passed = fields.Integer()


class Child(Total):
    """A region or location directly below a region, with its score."""

    region = fields.Nested(NamedPlace())
    location = fields.Nested(NamedPlace())


class Report(Schema):
    """The score of a location or region over a period, with the figures that explain it."""

    from_ = Month(data_key="from", attribute="from", required=True)
    to = Month(required=True)
    checklist = fields.String(required=True, allow_none=True)
    total = fields.Nested(ReportTotal(), required=True)
    previous = fields.Nested(VisitFigures(), required=True)
    change = fields.Nested(Change(), required=True)
    sections = fields.List(fields.Nested(SectionFigures()), required=True)
    fundamentals = fields.List(fields.Nested(FundamentalFigures()), required=True)
    questions = fields.List(fields.Nested(QuestionFigures()), required=True)
    months = fields.List(fields.Nested(MonthFigures()), required=True)
    quarters = fields.List(fields.Nested(QuarterFigures()))


class LocationReport(Report):
    """A location's report."""

    location = fields.Nested(NamedPlace(), required=True)


class RegionReport(Report):
    """A region's report: everything below it, and its children."""

    region = fields.Nested(NamedPlace(), required=True)
    children = fields.List(fields.Nested(Child()), required=True)
    children_next = fields.String(required=True, allow_none=True)


class PeriodQuery(Query):
    """A period of whole months, from the first to the last inclusive."""

    from_ = Month(data_key="from", attribute="from")
    to = Month()


class ReportQuery(PeriodQuery):
    """A period, and optionally a checklist."""

    checklist = Text(64)


class PlaceReportQuery(ReportQuery):
    """Which visits a report counts, and what it has in addition."""

    include = WordList(("verdict", "quarters"), 2, load_default=tuple)


class RegionReportQuery(PlaceReportQuery):
    """Which visits the report of a region counts, what it has in addition, and a page of its children."""

    limit = QueryInteger(1, 500, load_default=500)
    cursor = fields.String()


def _make_optional(schema: Schema) -> dict[str, fields.Field[Any]]:
    """Return the fields of a schema, none of them required, for a schema that describes them itself."""
    optional = {name: copy.copy(field) for name, field in schema.fields.items()}
    for field in optional.values():
        field.required = False
        field.metadata = {word: text for word, text in field.metadata.items() if word != "description"}
    return optional


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


class WeakestQuestion(QuestionName):
    """The question clearly below its comparison that cost a location the most points."""

    score = fields.Float(required=True)
    visits = fields.Integer(required=True)
    comparison = fields.Float(required=True)


# Rows. What follows is the only definition of their fields: the responses of ``GET /scores`` in JSON and CSV,
# its parameters, and the queries of the dashboard follow from it.

FieldMap = Mapping[str, fields.Field[Any]]

#: Fields that identify a row: the dimensions that are in ``by``
DIMENSION_FIELDS: FieldMap = {
    "location": fields.Nested(NamedPlace()),
    "region": fields.Nested(NamedPlace()),
    "section": fields.Nested(SectionName()),
    "question": fields.Nested(QuestionName()),
    "fundamental": fields.Nested(FundamentalName()),
    "month": fields.String(),
    "checklist": fields.Nested(ChecklistName()),
}
#: The score and its figures. Only rows of whole visits have all of them.
FIGURE_FIELDS = _make_optional(VisitFigures())
PART_FIGURES = tuple(Figures().fields)
#: Fields of rows by location alone
RANK_FIELDS: FieldMap = {
    "rank": fields.Integer(allow_none=True),
    "rank_range": fields.Nested(RankRange(), allow_none=True),
}
#: Fields of rows that ``include`` names
INCLUDED_FIELDS: FieldMap = {
    "change": fields.Nested(Change()),
    "previous_visits": fields.Integer(),
    "months": fields.List(fields.Nested(RowMonth())),
    "trend": fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True)),
    "made": fields.Dict(keys=fields.String(), values=fields.Integer()),
    "worst_section": fields.Nested(WorstSection(), allow_none=True),
    "weakest_question": fields.Nested(WeakestQuestion(), allow_none=True),
    "answers": fields.Dict(keys=fields.String(), values=fields.Integer()),
}
#: Fields of rows with ``include=verdict``
VERDICT_FIELDS = _make_optional(VerdictFigures())

DIMENSIONS = tuple(DIMENSION_FIELDS)
#: The dimensions whose rows are about a part of each visit
PARTS = ("section", "question", "fundamental")
INCLUDES = (*INCLUDED_FIELDS, "verdict")
SORTS = ("name", "score", "-score", "visits", "-visits", "difference", "-difference")

ROW_FIELDS: FieldMap = {
    **DIMENSION_FIELDS,
    **FIGURE_FIELDS,
    **RANK_FIELDS,
    **INCLUDED_FIELDS,
    **VERDICT_FIELDS,
}
Row = cast(type[Schema], Schema.from_dict(dict(ROW_FIELDS), name="Row"))
Row.__doc__ = """A row of scores: its dimensions, and the selected fields.

    Rows by section, question or fundamental omit `critical_failures` and `passed`. Only rows by location have
    ranks.
    """
RowPage = page_of(Row())


def list_row_fields(by: Sequence[str], include: Collection[str] = ()) -> list[str]:
    """Return the names of the fields that rows of a query have, in their order."""
    has_parts = not set(PARTS).isdisjoint(by)
    return [
        *by,
        *(PART_FIGURES if has_parts else FIGURE_FIELDS),
        *(RANK_FIELDS if tuple(by) == ("location",) else ()),
        *(name for name in INCLUDED_FIELDS if name in include),
        *(VERDICT_FIELDS if "verdict" in include else ()),
    ]


class RowsQuery(ReportQuery):
    """Which rows to return, and which of their fields."""

    by = WordList(DIMENSIONS, 2, required=True)
    region_id = Id()
    location_id = Id()
    include = WordList(INCLUDES, len(INCLUDES), load_default=tuple)
    sort = Enum(SORTS, load_default="name")
    fields_ = WordList(tuple(ROW_FIELDS), len(ROW_FIELDS), data_key="fields", attribute="fields")
    limit = QueryInteger(1, 500)
    cursor = fields.String()
