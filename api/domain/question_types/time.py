"""A time of day."""

import re
from dataclasses import dataclass
from datetime import time
from typing import Any

from api.domain.privacy import get_part_of_day
from api.domain.question_types.base import QuestionType

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class TimeOfDay(QuestionType):
    """A question that is answered by a time of day, in the time zone of the location."""

    name = "time"
    value_format = "a time of day as `HH:MM`"

    def check_value(self, value: Any) -> str | None:
        """Accept hours and minutes with two digits each."""
        return None if isinstance(value, str) and _TIME.fullmatch(value) else "A time of day as HH:MM"

    def redact(self, value: Any) -> Any:
        """Return the part of the day: a time could identify the visit, and so the shopper."""
        return get_part_of_day(time.fromisoformat(value)) if isinstance(value, str) else value
