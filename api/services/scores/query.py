"""Queries for score rows."""

import uuid
from dataclasses import dataclass

from api.domain import problems
from api.domain.months import Period
from api.services.scores.subjects import PARTS

#: Fields that only rows by one dimension can include
_DIMENSIONS_OF_FIELDS = {"worst_section": "location", "weakest_question": "location", "answers": "question"}


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A query for score rows. ``schemas.scores`` lists the values of ``by``, ``sort`` and ``include``.

    ``by`` has one or two dimensions. ``checklist`` is the key of a checklist.
    """

    by: tuple[str, ...]
    period: Period
    region_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    checklist: str | None = None
    sort: str = "name"
    include: frozenset[str] = frozenset()

    def validate(self) -> None:
        """Raise ``INVALID`` if parameters are valid individually but cannot be combined."""
        if len(self.by) > 2 or len(set(self.by)) < len(self.by):
            raise problems.invalid_field("/by", "Must be one or two different dimensions.")
        if len(set(PARTS).intersection(self.by)) > 1:
            raise problems.invalid_field("/by", "Must have at most one of section, question and fundamental.")
        if self.is_sorted_by_difference and "change" not in self.include:
            raise problems.invalid_field("/sort", "Sorting by difference requires include=change.")
        if "month" in self.by and self.include:
            raise problems.invalid_field("/include", "Rows by month cannot include further fields.")
        for name, dimension in _DIMENSIONS_OF_FIELDS.items():
            if name in self.include and self.by != (dimension,):
                raise problems.invalid_field("/include", f"{name} requires by={dimension}.")

    @property
    def subject_kind(self) -> str:
        """The kind of subject that the rows are about: "visit", or the part of a visit in ``by``."""
        return next((dimension for dimension in self.by if dimension in PARTS), "visit")

    @property
    def has_places(self) -> bool:
        """Whether rows differ by location or region."""
        return not {"location", "region"}.isdisjoint(self.by)

    @property
    def is_sorted_by_difference(self) -> bool:
        """Whether the change since the previous period decides the order of the rows."""
        return self.sort.removeprefix("-") == "difference"

    @property
    def needs_locations(self) -> bool:
        """Whether rows are added up from single locations, not from regions."""
        return "location" in self.by or self.location_id is not None

    @property
    def covered_period(self) -> Period:
        """The period, together with the previous one if rows need that."""
        return Period(self.period.previous.first, self.period.last) if self.has_previous else self.period

    @property
    def has_previous(self) -> bool:
        """Whether rows need the previous period."""
        return not {"change", "previous_visits"}.isdisjoint(self.include)

    @property
    def has_months(self) -> bool:
        """Whether rows need their figures month by month."""
        return not {"months", "trend", "made"}.isdisjoint(self.include)
