"""The base class of all question types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Self

from api.domain.fields import read_field
from api.domain.problems import FieldError


@dataclass(frozen=True)
class QuestionType:
    """The type of one question: the fields that only this type has, and the rules for its answers.

    Each type is a subclass, and a frozen dataclass of its own fields with their defaults. The methods of this
    class are correct for a type without points whose answers are not chosen from a list. A subclass overrides
    what is different.

    An instance may come from a draft, so no method fails on a definition for which ``check_definition``
    yields errors. A question of a draft whose type is missing or unknown has this class itself as its type.
    """

    name: ClassVar[str] = ""
    """The name of the type in documents."""
    value_format: ClassVar[str] = ""
    """The format of an answer's value, for the API documentation."""
    has_choices: ClassVar[bool] = False
    """Whether answers are chosen from ``choices``, so that other questions can depend on them."""
    answered_by_photos: ClassVar[bool] = False
    """Whether an answer consists of photos and has no value."""
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that must be the same in all versions of a checklist."""

    # The definition.

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Create the type from a question of a document. Missing fields get their defaults."""
        return cls(**{field.name: read_field(question, field.name, field.default) for field in fields(cls)})

    def to_document(self) -> dict[str, Any]:
        """Return the fields of this type in the format of documents."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors in the fields of this type, except points.

        Pointers are relative to the question.
        """
        yield from ()

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield each field that contains points: its pointer, relative to the question, and the points."""
        yield from ()

    def list_changes(self, before: "QuestionType") -> Iterator[str]:
        """Yield pointers to the fields that give answers another meaning than in an earlier version."""
        if type(before) is not type(self):
            yield "/type"
            return
        for name in self.fixed_fields:
            if getattr(self, name) != getattr(before, name):
                yield f"/{name}"

    # Answers.

    @property
    def choices(self) -> tuple[str, ...]:
        """The keys under which answers are counted: all possible answers, or none without ``has_choices``."""
        return ()

    @cached_property
    def points_possible(self) -> int:
        """The maximum number of points that an answer can earn."""
        return max((points or 0 for _, points in self.list_points()), default=0)

    def is_empty(self, value: Any) -> bool:
        """Return whether a value means that the question is unanswered."""
        return value is None

    def check_value(self, value: Any) -> str | None:
        """Return the error message for a value that is not empty, or None if it is valid."""
        return None

    def find_choices(self, value: Any) -> tuple[str, ...]:
        """Return those of ``choices`` that a value, valid or not, selects."""
        return (value,) if value in self.choices else ()

    def points_for(self, value: Any) -> int:
        """Return the points that a valid value earns."""
        return 0

    def get_text(self, value: Any) -> str | None:
        """Return the value if it is free text that a person wrote, otherwise None."""
        return None

    def read_value(self, value: Any) -> Any:
        """Return the value of a stored answer as Python has it, which JSON may not: a date, for example."""
        return value

    def redact(self, value: Any) -> Any:
        """Return the value as managers and API clients see it."""
        return value


def is_integer(value: Any, minimum: int, maximum: int) -> bool:
    """Return whether a value is an integer within a range. ``True`` and 5.0 are not integers."""
    return type(value) is int and minimum <= value <= maximum
