"""What managers can see of the time of a visit."""

from datetime import datetime, time

import pytest

from api.domain.privacy import find_countable_regions, get_part_of_day


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


def test_small_groups_of_locations_are_not_counted() -> None:
    parents = {"top": None, "north": "top", "south": "top", "village": "south", "empty": "top"}

    def find(**locations: int) -> set[str]:
        return find_countable_regions(parents, locations)

    assert find(north=3, south=3, village=3) == {"top", "north", "south", "village"}
    assert find(north=1, south=2, village=3) == {"top", "village"}  # south − village would be two
    assert find(north=1, south=2, village=2) == {"south"}  # top − south would be one
    assert find(north=5, south=1, village=1) == {"north"}  # top − north would be two
    assert find(north=5, south=2, village=1) == {"top", "north", "south"}
    assert find(north=5) == {"top", "north"}
    assert find(north=2) == set()
    assert find() == set()
