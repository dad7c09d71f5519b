"""What managers can see of the time of a visit."""

from datetime import datetime, time

import pytest

from api.domain.privacy import get_part_of_day


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", "night"),
        ("05:59", "night"),
        ("06:00", "morning"),
        ("11:59", "morning"),
        ("12:00", "afternoon"),
        ("17:59", "afternoon"),
        ("18:00", "evening"),
        ("23:59", "evening"),
    ],
)
def test_a_time_is_reduced_to_a_part_of_the_day(clock: str, part: str) -> None:
    assert get_part_of_day(datetime.fromisoformat(f"2026-01-01T{clock}:00")) == part
    assert get_part_of_day(time.fromisoformat(clock)) == part
