"""What managers and API clients may learn of when something was: the part of day, never the time."""

from datetime import datetime, time

PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")


def get_part_of_day(local: datetime | time) -> str:
    """Return the quarter of the day in which a local time lies."""
    return PARTS_OF_DAY[local.hour // 6]
