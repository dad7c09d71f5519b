"""Yes or no."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.domain.fields import check_word
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType

ANSWERS = ("yes", "no")


@dataclass(frozen=True)
class YesNo(QuestionType):
    """A question with two answers, one of which is good."""

    name = "yes_no"
    value_format = "`yes` or `no`"
    has_choices = True
    fixed_fields = ("good_answer",)

    good_answer: str = "yes"
    points: int = 0

    def check_definition(self) -> Iterator[FieldError]:
        """Yield an error if the good answer is not one of the two."""
        yield from check_word("/good_answer", self.good_answer, ANSWERS)

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points of the good answer."""
        yield "/points", self.points

    @property
    def choices(self) -> tuple[str, ...]:
        """Yes and no."""
        return ANSWERS

    def check_value(self, value: Any) -> str | None:
        """Accept the two answers only."""
        return None if value in ANSWERS else "yes or no"

    def points_for(self, value: Any) -> int:
        """Return the points if the answer is good."""
        return self.points if value == self.good_answer else 0
