"""Checklists: drafts, published versions and summaries."""

from typing import Any

from marshmallow import fields

from api.domain.checklist import CHANNELS
from api.domain.checklist_changes import CHANGE_KINDS, EFFECTS
from api.domain.fields import KEY
from api.domain.fundamentals import KINDS
from api.domain.question_types import QUESTION_TYPES
from schemas.base import (
    Boolean,
    Enum,
    Id,
    Integer,
    Localized,
    Number,
    PageQuery,
    Schema,
    Text,
    Time,
    WordList,
    page_of,
)

#: A draft may be incomplete, so any field may be null. When a draft is stored, only JSON types, field names
#: and question types are checked. Everything else is checked at publishing.
_OPTIONAL: dict[str, Any] = {"allow_none": True}


CHECKLIST_STATUSES = ("draft", "published", "retired")
INCLUDES = ("drafts", "retired")


def _optional_string() -> Text:
    return Text(None, 0, **_OPTIONAL)


class PhotoRange(Schema):
    """How many photos an answer must and can have."""

    minimum = Integer(**_OPTIONAL)
    maximum = Integer(**_OPTIONAL)


class Condition(Schema):
    """A question is shown only if the answer to another question is one of `is`."""

    question = _optional_string()
    # "is" is a keyword in Python.
    is_ = fields.List(Text(None, 0), data_key="is", attribute="is", **_OPTIONAL)


class Band(Schema):
    """The points for a duration of up to `up_to` seconds. The last band has no `up_to`."""

    up_to = Integer(**_OPTIONAL)
    points = Integer(**_OPTIONAL)


class Option(Schema):
    """An option that can be chosen."""

    key = _optional_string()
    label = Localized(**_OPTIONAL)
    points = Integer(**_OPTIONAL)


class Question(Schema):
    """A question. Its type defines which fields it can have."""

    key = _optional_string()
    text = Localized(**_OPTIONAL)
    help = Localized(**_OPTIONAL)
    type = Enum(tuple(QUESTION_TYPES), **_OPTIONAL)
    good_answer = _optional_string()
    points = Integer(**_OPTIONAL)
    minimum = Integer(**_OPTIONAL)
    maximum = Integer(**_OPTIONAL)
    scale_points = fields.List(Integer(), **_OPTIONAL)
    multiple = Boolean(**_OPTIONAL)
    options = fields.List(fields.Nested(Option()), **_OPTIONAL)
    bands = fields.List(fields.Nested(Band()), **_OPTIONAL)
    unit = Localized(**_OPTIONAL)
    required = Boolean(**_OPTIONAL)
    not_applicable = Boolean(**_OPTIONAL)
    critical = Boolean(**_OPTIONAL)
    private = Boolean(**_OPTIONAL)
    fundamental = _optional_string()
    comment = _optional_string()
    photos = fields.Nested(PhotoRange(), **_OPTIONAL)
    only_if = fields.Nested(Condition(), **_OPTIONAL)


class Section(Schema):
    """A group of questions with a title."""

    key = _optional_string()
    title = Localized(**_OPTIONAL)
    questions = fields.List(fields.Nested(Question()), **_OPTIONAL)


class ChecklistDraft(Schema):
    """A draft of a checklist. It may be incomplete."""

    key = Text(64, required=True, metadata={"pattern": f"^{KEY.pattern}$"})
    title = Localized(**_OPTIONAL)
    channel = _optional_string()
    introduction = Localized(**_OPTIONAL)
    review = _optional_string()
    pass_mark = Number(**_OPTIONAL)
    sections = fields.List(fields.Nested(Section()), **_OPTIONAL)


class ChecklistVersion(ChecklistDraft):
    """A published version: the complete document with the defaults of omitted fields."""

    version = Integer(1, required=True)


class ChecklistSummary(Schema):
    """A summary of the latest published version of a checklist."""

    key = fields.String(required=True)
    version = fields.Integer(required=True)
    title = Localized(required=True)
    channel = Enum(CHANNELS, required=True)
    question_count = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)


class Person(Schema):
    """A person, by name."""

    id = Id(required=True)
    name = fields.String(required=True)


class LatestChange(Schema):
    """Who changed something last, and when."""

    changed_by = fields.Nested(Person(), required=True, allow_none=True)
    changed_at = Time(required=True)


class VisitCounts(Schema):
    """How many visits use something."""

    visits = fields.Integer(required=True)
    visits_out = fields.Integer(required=True)


class VersionSummary(ChecklistSummary, LatestChange, VisitCounts):
    """A published version in the list of versions: who published it and when, and its visits."""


class ChecklistOverview(LatestChange, VisitCounts):
    """A checklist as administrators see it: its current version, the state of its draft, and its visits."""

    key = fields.String(required=True)
    version = fields.Integer(required=True, allow_none=True)
    title = Localized(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    question_count = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    status = Enum(CHECKLIST_STATUSES, required=True)
    has_changes = fields.Boolean(required=True)
    error_count = fields.Integer(required=True)


class ChecklistsQuery(PageQuery):
    """What the list of checklists contains."""

    include = WordList(INCLUDES, len(INCLUDES))


class ChecklistChange(Schema):
    """A change of a checklist, and its effect on answers and scores."""

    pointer = fields.String(required=True)
    effect = Enum(EFFECTS, required=True)
    kind = Enum(CHANGE_KINDS, required=True)
    field = fields.String(required=True)
    question = fields.String(required=True, allow_none=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    detail = fields.String(required=True)


class ChecklistChanges(Schema):
    """What a version changed."""

    items = fields.List(fields.Nested(ChecklistChange()), required=True)


class Fundamental(Schema):
    """A fundamental of customer service that questions are tagged with."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    kind = Enum(KINDS, required=True)


CHECKLIST_PAGE = page_of(ChecklistSummary())
OVERVIEW_PAGE = page_of(ChecklistOverview())
VERSION_PAGE = page_of(VersionSummary())
FUNDAMENTAL_PAGE = page_of(Fundamental())
