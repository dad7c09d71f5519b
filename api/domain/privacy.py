"""What managers and API clients can see of a time of day: the part of the day, never the time itself."""

from datetime import datetime, time

PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")


def get_part_of_day(local_time: datetime | time) -> str:
    """Return the part of the day that a local time belongs to. Each part has six hours."""
    return PARTS_OF_DAY[local_time.hour // 6]
