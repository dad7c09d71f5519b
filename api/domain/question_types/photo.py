"""An answer in photos."""

from dataclasses import dataclass
from typing import Any

from api.domain.question_types.base import QuestionType


@dataclass(frozen=True)
class Photo(QuestionType):
    """A question that is answered by its photos; how many it takes is a field of every question."""

    name = "photo"
    value_format = "no value, only `photos`"
    answered_by_photos = True

    def check_value(self, value: Any) -> str | None:
        """Accept no value at all."""
        return "This question is answered by its photos alone"
