"""The question type ``time``."""

import re
from dataclasses import dataclass
from datetime import time
from typing import Any

from api.domain.privacy import get_part_of_day
from api.domain.question_types.base import QuestionType

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class TimeOfDay(QuestionType):
    """A question that is answered with a time of day in the time zone of the location."""

    name = "time"
    value_format = "a time of day as `HH:MM`"

    def check_value(self, value: Any) -> str | None:
        """Return an error unless the value has hours and minutes with two digits each."""
        is_time = isinstance(value, str) and _TIME.fullmatch(value)
        return None if is_time else "This must be a time of day, HH:MM."

    def redact(self, value: Any) -> Any:
        """Return the part of the day: the time could identify the visit, and therefore the shopper."""
        return get_part_of_day(time.fromisoformat(value)) if isinstance(value, str) else value
