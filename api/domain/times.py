"""Times as they are written, and the time zones that there are."""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

#: The years of windows. In those near 1 and 9999, a time does not exist in every time zone.
FIRST_YEAR, LAST_YEAR = 1970, 2999


def format_utc(moment: datetime) -> str:
    """Return a time as the server answers it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat()[: -len("+00:00")] + "Z"


@cache
def get_time_zones() -> frozenset[str]:
    """Return the names of all time zones, as the package tzdata lists them; its Factory is no place."""
    return frozenset((files("tzdata") / "zones").read_text().split()) - {"Factory"}
