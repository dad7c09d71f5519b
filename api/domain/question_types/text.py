"""An answer in the shopper's own words."""

from dataclasses import dataclass
from typing import Any

from api.domain.fields import MAX_TEXT
from api.domain.question_types.base import QuestionType


@dataclass(frozen=True)
class FreeText(QuestionType):
    """A question that is answered by a text."""

    name = "text"
    value_format = f"a text of 1 to {MAX_TEXT} characters"

    def check_value(self, value: Any) -> str | None:
        """Accept a text that is not blank."""
        is_text = isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT
        return None if is_text else f"A text of 1 to {MAX_TEXT} characters"

    def get_text(self, value: Any) -> str | None:
        """Return the whole text."""
        return value if isinstance(value, str) else None
