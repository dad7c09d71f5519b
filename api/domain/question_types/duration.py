"""The question type ``duration``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from api.domain.fields import read_field, read_rows
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType, is_integer
from api.domain.question_types.choice import MAX_OPTIONS

MAX_BANDS = MAX_OPTIONS
MAX_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Band:
    """The points for a duration of up to ``up_to`` seconds. The last band has no upper limit (None)."""

    points: int
    up_to: int | None = None


@dataclass(frozen=True)
class Duration(QuestionType):
    """A question that is answered with whole seconds, and earns points by bands."""

    name = "duration"
    value_format = f"whole seconds, 0 to {MAX_SECONDS}"

    bands: tuple[Band, ...] = ()

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Create the type from the field ``bands``."""
        bands = read_rows(question, "bands")
        return cls(tuple(Band(read_field(band, "points", 0), band.get("up_to")) for band in bands))

    def to_document(self) -> dict[str, Any]:
        """Return the field ``bands``. The last band has no ``up_to``."""
        return {
            "bands": [
                ({} if band.up_to is None else {"up_to": band.up_to}) | {"points": band.points}
                for band in self.bands
            ]
        }

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors of the bands: limits must ascend, and only the last band has none."""
        if len(self.bands) > MAX_BANDS:
            yield FieldError("/bands", f"A duration has at most {MAX_BANDS} bands.")
        previous = 0
        for b, band in enumerate(self.bands):
            is_last = b == len(self.bands) - 1
            if is_last and band.up_to is not None:
                detail = "The last band must not have up_to: it includes all longer durations."
                yield FieldError(f"/bands/{b}/up_to", detail)
            elif not is_last and band.up_to is None:
                detail = "Every band except the last must have up_to, in seconds."
                yield FieldError(f"/bands/{b}/up_to", detail)
            elif band.up_to is not None:
                if band.up_to <= previous:
                    yield FieldError(f"/bands/{b}/up_to", f"This must be greater than {previous}.")
                previous = max(band.up_to, previous)

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points of each band."""
        for b, band in enumerate(self.bands):
            yield f"/bands/{b}/points", band.points

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is a whole number of seconds, up to a year."""
        is_valid = is_integer(value, 0, MAX_SECONDS)
        return None if is_valid else f"This must be a whole number of seconds, 0 to {MAX_SECONDS}."

    def points_for(self, value: Any) -> int:
        """Return the points of the first band that includes the duration."""
        for band in self.bands:
            if band.up_to is None or value <= band.up_to:
                return band.points
        return 0
