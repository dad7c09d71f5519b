"""The question type ``yes_no``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.domain.fields import check_enum
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType

ANSWERS = ("yes", "no")


@dataclass(frozen=True)
class YesNo(QuestionType):
    """A question that is answered with yes or no. The good answer earns the points."""

    name = "yes_no"
    value_format = "`yes` or `no`"
    has_choices = True
    fixed_fields = ("good_answer",)

    good_answer: str = "yes"
    points: int = 0

    def check_definition(self) -> Iterator[FieldError]:
        """Yield an error unless the good answer is yes or no."""
        yield from check_enum("/good_answer", self.good_answer, ANSWERS)

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points for the good answer."""
        yield "/points", self.points

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers ``yes`` and ``no``."""
        return ANSWERS

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is ``yes`` or ``no``."""
        return None if value in ANSWERS else "This must be yes or no."

    def points_for(self, value: Any) -> int:
        """Return the points if the answer is the good one, otherwise 0."""
        return self.points if value == self.good_answer else 0
