"""The question type ``text``."""

from dataclasses import dataclass
from typing import Any

from api.domain.fields import MAX_TEXT
from api.domain.question_types.base import QuestionType


@dataclass(frozen=True)
class FreeText(QuestionType):
    """A question that is answered in the shopper's own words."""

    name = "text"
    value_format = f"a text of 1 to {MAX_TEXT} characters"

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is a text that is not blank."""
        is_text = isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT
        return None if is_text else f"This must be a text of 1 to {MAX_TEXT} characters."

    def get_text(self, value: Any) -> str | None:
        """Return the text."""
        return value if isinstance(value, str) else None
