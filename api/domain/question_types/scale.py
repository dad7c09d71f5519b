"""The question type ``scale``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from api.domain.fields import read_field
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType, is_integer

MAX_SCALE_STEPS = 101


@dataclass(frozen=True)
class Scale(QuestionType):
    """A question that is answered with an integer in a range, with points for each step."""

    name = "scale"
    value_format = "a whole number from `minimum` to `maximum`"
    has_choices = True
    fixed_fields = ("minimum", "maximum")

    minimum: int | None = None
    maximum: int | None = None
    scale_points: tuple[int, ...] = ()

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Create the type from the fields ``minimum``, ``maximum`` and ``scale_points``."""
        points = tuple(read_field(question, "scale_points", ()))
        return cls(question.get("minimum"), question.get("maximum"), points)

    def to_document(self) -> dict[str, Any]:
        """Return the fields ``minimum``, ``maximum`` and ``scale_points``."""
        return super().to_document() | {"scale_points": list(self.scale_points)}

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors of the range, and of the length of ``scale_points``."""
        for name in ("minimum", "maximum"):
            if getattr(self, name) is None:
                yield FieldError(f"/{name}", "A scale must have a minimum and a maximum.")
        if self.minimum is None or self.maximum is None:
            return
        steps = self.maximum - self.minimum + 1
        if steps < 2:
            yield FieldError("/maximum", "The maximum must be greater than the minimum.")
        elif steps > MAX_SCALE_STEPS:
            yield FieldError("/maximum", f"A scale has at most {MAX_SCALE_STEPS} steps.")
        elif self.scale_points and len(self.scale_points) != steps:
            yield FieldError("/scale_points", f"This must contain points for each of the {steps} steps.")

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points of each step."""
        for step, points in enumerate(self.scale_points):
            yield f"/scale_points/{step}", points

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The steps, as strings."""
        if self.minimum is None or self.maximum is None or self.maximum - self.minimum >= MAX_SCALE_STEPS:
            return ()
        return tuple(map(str, range(self.minimum, self.maximum + 1)))

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is a step of the scale."""
        low, high = self.minimum or 0, self.maximum or 0
        return None if is_integer(value, low, high) else f"This must be a whole number from {low} to {high}."

    def find_choices(self, value: Any) -> tuple[str, ...]:
        """Return the step as a string."""
        is_step = is_integer(value, self.minimum or 0, self.maximum or 0)
        return super().find_choices(str(value) if is_step else value)

    def points_for(self, value: Any) -> int:
        """Return the points of the step."""
        return self.scale_points[value - (self.minimum or 0)] if self.scale_points else 0
