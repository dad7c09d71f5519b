"""Checklists: drafts as they are written, versions as they are listed."""

from typing import Any

from marshmallow import fields

from schemas.base import Boolean, Integer, Localized, Number, Schema, Text, page_of

#: what a draft may say; whether it makes sense is told when it is published
_WORD: dict[str, Any] = {"allow_none": True}


class PhotoRange(Schema):
    """How many photos an answer takes."""

    minimum = Integer(0, allow_none=True)
    maximum = Integer(0, allow_none=True)


class Condition(Schema):
    """A question is asked only if another was answered so."""

    question = Text(64, required=True)
    # "is" is no name for an attribute in Python
    is_ = fields.List(Text(64), required=True, data_key="is", attribute="is")


class Band(Schema):
    """Points for a duration of up to so many seconds."""

    up_to = Integer(0, allow_none=True)
    points = Integer(0)


class Option(Schema):
    """One answer of a choice."""

    key = Text(64)
    label = Localized()
    points = Integer(0, allow_none=True)


class Question(Schema):
    """A question; which fields it may have depends on its type."""

    key = Text(64, **_WORD)
    text = Localized(**_WORD)
    help = Localized(**_WORD)
    type = Text(64, **_WORD)
    good_answer = Text(64, **_WORD)
    points = Integer(0, **_WORD)
    minimum = Integer(**_WORD)
    maximum = Integer(**_WORD)
    scale_points = fields.List(Integer(0), **_WORD)
    multiple = Boolean(**_WORD)
    options = fields.List(fields.Nested(Option()), **_WORD)
    bands = fields.List(fields.Nested(Band()), **_WORD)
    unit = Localized(**_WORD)
    required = Boolean(**_WORD)
    not_applicable = Boolean(**_WORD)
    critical = Boolean(**_WORD)
    private = Boolean(**_WORD)
    fundamental = Text(64, **_WORD)
    comment = Text(64, **_WORD)
    photos = fields.Nested(PhotoRange(), **_WORD)
    only_if = fields.Nested(Condition(), **_WORD)


class Section(Schema):
    """Questions that belong together."""

    key = Text(64, **_WORD)
    title = Localized(**_WORD)
    questions = fields.List(fields.Nested(Question()), **_WORD)


class ChecklistDraft(Schema):
    """A checklist that is being written."""

    key = Text(64, required=True)
    title = Localized(**_WORD)
    channel = Text(64, **_WORD)
    introduction = Localized(**_WORD)
    review = Text(64, **_WORD)
    pass_mark = Number(**_WORD)
    sections = fields.List(fields.Nested(Section()), **_WORD)


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
