"""The question type ``photo``."""

from dataclasses import dataclass
from typing import Any

from api.domain.question_types.base import QuestionType


@dataclass(frozen=True)
class Photo(QuestionType):
    """A question that is answered with photos. Their number is limited by a field that all questions have."""

    name = "photo"
    value_format = "no value, only `photos`"
    answered_by_photos = True

    def check_value(self, value: Any) -> str | None:
        """Return an error for every value."""
        return "This question is answered with photos only."
