"""The question type ``number``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.domain.fields import Text, check_text
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType

MAX_NUMBER = 2**53


@dataclass(frozen=True)
class Number(QuestionType):
    """A question that is answered with a number, with or without a unit."""

    name = "number"
    value_format = "a number from −2⁵³ to 2⁵³"

    unit: Text | None = None

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors of the unit."""
        yield from check_text("/unit", self.unit, optional=True)

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is a number that every JSON parser reads exactly."""
        is_number = type(value) in (int, float) and abs(value) <= MAX_NUMBER
        return None if is_number else "This must be a number from −2⁵³ to 2⁵³."

    def redact(self, value: Any) -> Any:
        """Return a whole number as an integer: 5 or 5.0 could reveal which phone sent it."""
        return int(value) if isinstance(value, float) and value.is_integer() else value
