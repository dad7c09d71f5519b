"""How long something took."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from api.domain.fields import read_field, read_rows
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType, is_whole
from api.domain.question_types.choice import MAX_OPTIONS

MAX_BANDS = MAX_OPTIONS
MAX_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Band:
    """The points for a duration of up to a number of seconds; the last band has no end."""

    points: int
    up_to: int | None = None


@dataclass(frozen=True)
class Duration(QuestionType):
    """A question that is answered in whole seconds, with points by bands."""

    name = "duration"
    value_format = f"whole seconds, 0 to {MAX_SECONDS}"

    bands: tuple[Band, ...] = ()

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Read the bands."""
        bands = read_rows(question, "bands")
        return cls(tuple(Band(read_field(band, "points", 0), band.get("up_to")) for band in bands))

    def to_document(self) -> dict[str, Any]:
        """Return the bands; the last one has no ``up_to``."""
        return {
            "bands": [
                ({} if band.up_to is None else {"up_to": band.up_to}) | {"points": band.points}
                for band in self.bands
            ]
        }

    def check_definition(self) -> Iterator[FieldError]:
        """Yield errors of the bands, which must rise up to one without an end."""
        if len(self.bands) > MAX_BANDS:
            yield FieldError("/bands", f"A duration has at most {MAX_BANDS} bands")
        reached = 0
        for b, band in enumerate(self.bands):
            is_last = b == len(self.bands) - 1
            if is_last and band.up_to is not None:
                yield FieldError(
                    f"/bands/{b}/up_to", "The last band has no up_to: it includes all that is longer"
                )
            elif not is_last and band.up_to is None:
                yield FieldError(f"/bands/{b}/up_to", "Every band except the last needs an up_to in seconds")
            elif band.up_to is not None:
                if band.up_to <= reached:
                    yield FieldError(f"/bands/{b}/up_to", f"This must be above {reached}")
                reached = max(band.up_to, reached)

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points of each band."""
        for b, band in enumerate(self.bands):
            yield f"/bands/{b}/points", band.points

    def check_value(self, value: Any) -> str | None:
        """Accept whole seconds, up to a year."""
        return None if is_whole(value, 0, MAX_SECONDS) else f"Whole seconds, 0 to {MAX_SECONDS}"

    def points_for(self, value: Any) -> int:
        """Return the points of the first band that the seconds lie in."""
        for band in self.bands:
            if band.up_to is None or value <= band.up_to:
                return band.points
        return 0
