"""The format of times, and the names of time zones."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

#: The range of years for windows. Near the years 1 and 9999, some times cannot be converted to every zone.
FIRST_YEAR, LAST_YEAR = 1970, 2999


def format_utc(moment: datetime) -> str:
    """Return a time in UTC in the format of RFC 3339, as responses contain it."""
    return moment.astimezone(UTC).isoformat()[: -len("+00:00")] + "Z"


@cache
def get_time_zones() -> frozenset[str]:
    """Return the names of all IANA time zones in the package tzdata, without the placeholder Factory."""
    return frozenset((files("tzdata") / "zones").read_text().split()) - {"Factory"}
