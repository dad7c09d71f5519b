"""The question type ``choice``: one option, or several options."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from api.domain.fields import Text, check_keys, check_text, read_field, read_rows
from api.domain.problems import FieldError
from api.domain.question_types.base import QuestionType

MAX_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class Option:
    """An option that can be chosen."""

    key: str
    label: Text
    points: int = 0


@dataclass(frozen=True)
class Choice(QuestionType):
    """A question that is answered with the key of an option, or with a list of keys."""

    name = "choice"
    value_format = "the key of an option, or if `multiple` a list of distinct keys"
    has_choices = True
    fixed_fields = ("multiple",)

    multiple: bool = False
    options: tuple[Option, ...] = ()

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Create the type from the fields ``multiple`` and ``options``."""
        options = tuple(map(_read_option, read_rows(question, "options")))
        return cls(read_field(question, "multiple", False), options)

    def to_document(self) -> dict[str, Any]:
        """Return the fields ``multiple`` and ``options``."""
        return {
            "multiple": self.multiple,
            "options": [
                {"key": option.key, "label": option.label, "points": option.points} for option in self.options
            ],
        }

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors of the options."""
        if not 1 <= len(self.options) <= MAX_OPTIONS:
            yield FieldError("/options", f"A choice must have 1 to {MAX_OPTIONS} options.")
            return
        yield from check_keys((f"/options/{o}/key", option.key) for o, option in enumerate(self.options))
        for o, option in enumerate(self.options):
            yield from check_text(f"/options/{o}/label", option.label)
            if option.key == "not_applicable":
                detail = "This key is reserved for answers that are not applicable."
                yield FieldError(f"/options/{o}/key", detail)

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield the points of each option."""
        for o, option in enumerate(self.options):
            yield f"/options/{o}/points", option.points

    def list_changes(self, before: QuestionType) -> Iterator[str]:
        """Yield pointers to changed fixed fields, and to labels with another meaning."""
        yield from super().list_changes(before)
        labels = {option.key: option.label for option in getattr(before, "options", ())}
        for o, option in enumerate(self.options):
            if option.key in labels and not _have_same_meaning(option.label, labels[option.key]):
                yield f"/options/{o}/label"

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The keys of the options."""
        return tuple(option.key for option in self.options)

    @cached_property
    def points_possible(self) -> int:
        """The points of the best option, or the sum of all points if several options can be chosen."""
        points = [option.points for option in self.options]
        return sum(points) if self.multiple else max(points, default=0)

    @cached_property
    def _points_by_key(self) -> dict[str, int]:
        return {option.key: option.points for option in self.options}

    def is_empty(self, value: Any) -> bool:
        """Return whether no option is chosen. An empty list counts as unanswered."""
        return value is None or (self.multiple and value == [])

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is the key of an option, or a list of distinct keys."""
        if not self.multiple:
            return None if value in self.choices else "This must be the key of one of the options."
        if isinstance(value, list) and all(key in self.choices for key in value):
            return None if len(set(value)) == len(value) else "Each option can be chosen only once."
        return "This must be a list of keys of the options."

    def find_choices(self, value: Any) -> tuple[str, ...]:
        """Return the keys of the chosen options."""
        if not self.multiple:
            return super().find_choices(value)
        return tuple(key for key in value if key in self.choices) if isinstance(value, list) else ()

    def points_for(self, value: Any) -> int:
        """Return the sum of the points of the chosen options."""
        points = self._points_by_key
        return sum(points[key] for key in value) if self.multiple else points[value]


def _read_option(document: Mapping[str, Any]) -> Option:
    return Option(
        read_field(document, "key", ""), read_field(document, "label", ""), read_field(document, "points", 0)
    )


def _have_same_meaning(label: Text, before: Text) -> bool:
    if not label:
        return True  # check_definition reports the missing label.
    if isinstance(label, Mapping) and isinstance(before, Mapping):
        return all(
            _fold(label[language]) == _fold(before[language]) for language in label.keys() & before.keys()
        )
    # A label that is a single string has no language. It must be equal to a label in one of the languages.
    return not _fold_all(label).isdisjoint(_fold_all(before))


def _fold_all(label: Text) -> set[str]:
    return {_fold(text) for text in (label.values() if isinstance(label, Mapping) else [label])}


def _fold(text: str | None) -> str:
    """Return a text for comparison: without case, punctuation and spaces.

    If nothing else is left, such as for the label "+", punctuation is kept.
    """
    normalized = unicodedata.normalize("NFKC", text or "").casefold()
    letters = (char for char in normalized if unicodedata.category(char)[0] not in "PZC")
    return "".join(letters) or normalized.strip()
