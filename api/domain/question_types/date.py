"""The question type ``date``."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.question_types.base import QuestionType

FIRST_YEAR, LAST_YEAR = 1900, 2100

# date.fromisoformat also accepts 20260131 and 2026-W05-6.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Date(QuestionType):
    """A question that is answered with a date, such as one that is printed on a product."""

    name = "date"
    value_format = f"a date as `YYYY-MM-DD`, {FIRST_YEAR} to {LAST_YEAR}"

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value is an existing date in a plausible year."""
        is_date = isinstance(value, str) and _DATE.fullmatch(value) and _is_existing_date(value)
        return None if is_date else f"This must be a date, YYYY-MM-DD, {FIRST_YEAR} to {LAST_YEAR}."

    def read_value(self, value: Any) -> Any:
        """Return the date of a stored answer."""
        return date.fromisoformat(value)


def _is_existing_date(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False
