"""Checklists: drafts as they are written, versions as they are listed."""

from typing import Any

from marshmallow import fields

from api.domain.fields import KEY
from api.domain.question_types import QUESTION_TYPES
from schemas.base import Boolean, Integer, Localized, Number, Schema, Text, Word, page_of

#: A draft may be incomplete, so any field may be null. Only the JSON types, the names of fields and the types
#: of questions are checked when a draft is stored; everything else is checked at publishing.
_LEFT_OUT: dict[str, Any] = {"allow_none": True}


def _word() -> Text:
    return Text(None, 0, **_LEFT_OUT)


class PhotoRange(Schema):
    """How many photos an answer takes."""

    minimum = Integer(**_LEFT_OUT)
    maximum = Integer(**_LEFT_OUT)


class Condition(Schema):
    """A question is asked only if another was answered so."""

    question = _word()
    # "is" is no name for an attribute in Python
    is_ = fields.List(Text(None, 0), data_key="is", attribute="is", **_LEFT_OUT)


class Band(Schema):
    """Points for a duration of up to so many seconds."""

    up_to = Integer(**_LEFT_OUT)
    points = Integer(**_LEFT_OUT)


class Option(Schema):
    """One answer of a choice."""

    key = _word()
    label = Localized(**_LEFT_OUT)
    points = Integer(**_LEFT_OUT)


class Question(Schema):
    """A question; which fields it may have depends on its type."""

    key = _word()
    text = Localized(**_LEFT_OUT)
    help = Localized(**_LEFT_OUT)
    type = Word(tuple(QUESTION_TYPES), **_LEFT_OUT)
    good_answer = _word()
    points = Integer(**_LEFT_OUT)
    minimum = Integer(**_LEFT_OUT)
    maximum = Integer(**_LEFT_OUT)
    scale_points = fields.List(Integer(), **_LEFT_OUT)
    multiple = Boolean(**_LEFT_OUT)
    options = fields.List(fields.Nested(Option()), **_LEFT_OUT)
    bands = fields.List(fields.Nested(Band()), **_LEFT_OUT)
    unit = Localized(**_LEFT_OUT)
    required = Boolean(**_LEFT_OUT)
    not_applicable = Boolean(**_LEFT_OUT)
    critical = Boolean(**_LEFT_OUT)
    private = Boolean(**_LEFT_OUT)
    fundamental = _word()
    comment = _word()
    photos = fields.Nested(PhotoRange(), **_LEFT_OUT)
    only_if = fields.Nested(Condition(), **_LEFT_OUT)


class Section(Schema):
    """Questions that belong together."""

    key = _word()
    title = Localized(**_LEFT_OUT)
    questions = fields.List(fields.Nested(Question()), **_LEFT_OUT)


class ChecklistDraft(Schema):
    """A checklist that is being written."""

    key = Text(64, required=True, metadata={"pattern": f"^{KEY.pattern}$"})
    title = Localized(**_LEFT_OUT)
    channel = _word()
    introduction = Localized(**_LEFT_OUT)
    review = _word()
    pass_mark = Number(**_LEFT_OUT)
    sections = fields.List(fields.Nested(Section()), **_LEFT_OUT)


class ChecklistVersion(ChecklistDraft):
    """A published version: the whole document, with every field filled in."""

    version = Integer(1, required=True)


class ChecklistSummary(Schema):
    """The latest published version of a checklist, in short."""

    key = fields.String(required=True)
    version = fields.Integer(required=True)
    title = Localized(required=True)
    channel = fields.String(required=True)
    question_count = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)


class Fundamental(Schema):
    """A fundamental of customer service that questions are tagged with."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True)


CHECKLIST_PAGE = page_of(ChecklistSummary())
FUNDAMENTAL_PAGE = page_of(Fundamental())
