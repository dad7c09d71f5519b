"""What managers and API clients may learn of when a visit was: its day and part of day, nothing finer."""

from datetime import datetime

PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")


def part_of_day(local: datetime) -> str:
    """Return the quarter of the day in which a local time lies."""
    return PARTS_OF_DAY[local.hour // 6]


def blurred(question_type: str, value: object) -> object:
    """Return an answer's value as managers see it: of a time of day (``HH:MM``) only the part of day.

    A whole number is shown as one: whether a phone writes 5 or 5.0 tells what kind of phone it is.
    """
    if question_type == "time" and isinstance(value, str):
        return PARTS_OF_DAY[int(value[:2]) // 6]
    return int(value) if isinstance(value, float) and value.is_integer() else value
