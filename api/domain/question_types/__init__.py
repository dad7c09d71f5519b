"""The question types, one class per type.

To add a type, write its class in a file of this package and list it in ``QUESTION_TYPES``.
"""

from collections.abc import Mapping
from typing import Any

from api.domain.question_types.base import QuestionType
from api.domain.question_types.choice import MAX_OPTIONS, Choice, Option
from api.domain.question_types.date import Date
from api.domain.question_types.duration import Band, Duration
from api.domain.question_types.number import MAX_NUMBER, Number
from api.domain.question_types.photo import Photo
from api.domain.question_types.scale import MAX_SCALE_STEPS, Scale
from api.domain.question_types.text import FreeText
from api.domain.question_types.time import TimeOfDay
from api.domain.question_types.yes_no import YesNo

__all__ = [
    "MAX_NUMBER",
    "MAX_OPTIONS",
    "MAX_SCALE_STEPS",
    "QUESTION_TYPES",
    "Band",
    "Choice",
    "Date",
    "Duration",
    "FreeText",
    "Number",
    "Option",
    "Photo",
    "QuestionType",
    "Scale",
    "TimeOfDay",
    "YesNo",
    "read_type",
]

QUESTION_TYPES: Mapping[str, type[QuestionType]] = {
    type_.name: type_ for type_ in (YesNo, Scale, Choice, Duration, Number, FreeText, TimeOfDay, Date, Photo)
}


def read_type(question: Mapping[str, Any]) -> QuestionType:
    """Return the type of a question of a document, with the fields that only this type has.

    If the type is missing or unknown, the result is a plain ``QuestionType``.
    """
    return QUESTION_TYPES.get(question.get("type") or "", QuestionType).from_document(question)
