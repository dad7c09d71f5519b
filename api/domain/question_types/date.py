"""A calendar date."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.question_types.base import QuestionType

FIRST_YEAR, LAST_YEAR = 1900, 2100

# date.fromisoformat takes 20260131 and 2026-W05-6 as well.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Date(QuestionType):
    """A question that is answered by a date, such as one printed on a product."""

    name = "date"
    value_format = f"a date as `YYYY-MM-DD`, {FIRST_YEAR} to {LAST_YEAR}"

    def check_value(self, value: Any) -> str | None:
        """Accept dates that exist, in years that somebody can mean."""
        is_date = isinstance(value, str) and _DATE.fullmatch(value) and _exists(value)
        return None if is_date else f"A date as YYYY-MM-DD, {FIRST_YEAR} to {LAST_YEAR}"


def _exists(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False
