"""What managers and API clients may learn of when a visit was: its day and part of day, nothing finer."""

from datetime import datetime


def part_of_day(local: datetime) -> str:
    """Return the quarter of the day in which a local time lies."""
    return ("night", "morning", "afternoon", "evening")[local.hour // 6]


def blurred(question_type: str, value: object) -> object:
    """Return an answer's value as managers see it: of a time of day (``HH:MM``) only the part of day."""
    if question_type == "time" and isinstance(value, str):
        return ("night", "morning", "afternoon", "evening")[int(value[:2]) // 6]
    return value
