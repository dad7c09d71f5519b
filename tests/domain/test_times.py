"""The format of times, and the names of time zones."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from api.domain.times import format_utc, get_time_zones


def test_a_time_is_formatted_in_utc():
    assert format_utc(datetime(2026, 1, 31, 9, 30, tzinfo=UTC)) == "2026-01-31T09:30:00Z"
    ahead = timezone(timedelta(hours=1))
    assert format_utc(datetime(2026, 1, 31, 9, 30, 0, 5, tzinfo=ahead)) == "2026-01-31T08:30:00.000005Z"


def test_every_time_zone_is_known_to_python():
    assert len(get_time_zones()) > 500
    assert {"UTC", "Europe/Madrid", "America/Argentina/Ushuaia"} <= get_time_zones()
    assert all(ZoneInfo(name) for name in get_time_zones())
