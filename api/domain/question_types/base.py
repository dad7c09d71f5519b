"""What all question types have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Self

from api.domain.fields import read_field
from api.domain.problems import FieldError


@dataclass(frozen=True)
class QuestionType:
    """The type of one question: the fields that only this type has, and the rules for its answers.

    A type is a subclass, and a frozen dataclass of its own fields with their defaults. Everything here is
    right for a type without points whose answers are free; a subclass overrides what is different.

    An instance may come from a draft. No method fails on what ``check_definition`` reports.
    The class itself is the type of a draft's question that has no type yet, or one that does not exist.
    """

    name: ClassVar[str] = ""
    """The word for the type in documents."""
    value_format: ClassVar[str] = ""
    """What the value of an answer looks like, for the API's documentation."""
    has_choices: ClassVar[bool] = False
    """Whether answers are among ``choices``, so that other questions can depend on them."""
    answered_by_photos: ClassVar[bool] = False
    """Whether an answer is its photos, and has no value."""
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that a question keeps in all versions of its checklist."""

    # The definition.

    @classmethod
    def from_document(cls, question: Mapping[str, Any]) -> Self:
        """Read the type's own fields from a question of a document, in which any may be missing."""
        return cls(**{field.name: read_field(question, field.name, field.default) for field in fields(cls)})

    def to_document(self) -> dict[str, Any]:
        """Return the type's own fields as a document has them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def check_definition(self) -> Iterator[FieldError]:
        """Yield the errors in the type's own fields, except for points; pointers begin at the question."""
        yield from ()

    def list_points(self) -> Iterator[tuple[str, int | None]]:
        """Yield every number of points in the definition, with its pointer."""
        yield from ()

    def list_changes(self, before: "QuestionType") -> Iterator[str]:
        """Yield pointers to what makes the answers mean something else than in an earlier version."""
        if type(before) is not type(self):
            yield "/type"
            return
        for name in self.fixed_fields:
            if getattr(self, name) != getattr(before, name):
                yield f"/{name}"

    # Answers.

    @property
    def choices(self) -> tuple[str, ...]:
        """The keys of all possible answers, by which answers are counted; none if answers are free."""
        return ()

    @cached_property
    def points_possible(self) -> int:
        """The most points that an answer can earn."""
        return max((points or 0 for _, points in self.list_points()), default=0)

    def is_empty(self, value: Any) -> bool:
        """Return whether a value stands for no answer."""
        return value is None

    def check_value(self, value: Any) -> str | None:
        """Return what is wrong with a value that is not empty, or ``None`` if it is valid."""
        return None

    def find_choices(self, value: Any) -> tuple[str, ...]:
        """Return those of ``choices`` that a value selects; none if it is not valid."""
        return (value,) if value in self.choices else ()

    def points_for(self, value: Any) -> int:
        """Return the points that a valid value earns."""
        return 0

    def get_text(self, value: Any) -> str | None:
        """Return the part of a value that a person wrote in their own words."""
        return None

    def redact(self, value: Any) -> Any:
        """Return what managers and API clients may see of a value."""
        return value


def is_whole(value: Any, minimum: int, maximum: int) -> bool:
    """Return whether a value is an integer in a range; neither ``true`` nor 5.0 is one."""
    return type(value) is int and minimum <= value <= maximum
