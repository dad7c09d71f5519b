"""What managers and API clients can see of times of day and of small groups of locations."""

from collections.abc import Hashable, Mapping
from datetime import datetime, time
from graphlib import TopologicalSorter
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

#: the fewest locations whose outstanding visits are counted together for managers
MIN_LOCATIONS = 3
PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")


def get_part_of_day(local_time: datetime | time) -> str:
    """Return the part of the day that a local time belongs to. Each part has six hours."""
    return PARTS_OF_DAY[local_time.hour // 6]


def find_countable_regions(parents: Mapping[Key, Key | None], locations: Mapping[Key, int]) -> set[Key]:
    """Return the regions whose outstanding visits managers may see as a number.

    ``parents`` has every region, and ``locations`` the number of its own open locations. No number, and no
    difference between the numbers of a region and of regions below it, stands for fewer than
    ``MIN_LOCATIONS`` locations. Otherwise, it would tell a store that its visit is near.
    """
    children: dict[Key, list[Key]] = {region: [] for region in parents}
    for region, parent in parents.items():
        if parent is not None:
            children[parent].append(region)
    countable: set[Key] = set()
    sizes: dict[Key, int] = {}
    covered: dict[Key, int] = {}  # locations that the numbers at or below a region stand for
    for region in TopologicalSorter(children).static_order():
        below = children[region]
        sizes[region] = locations.get(region, 0) + sum(sizes[child] for child in below)
        covered[region] = sum(covered[child] for child in below)
        remainder = sizes[region] - covered[region]
        if sizes[region] >= MIN_LOCATIONS and not 0 < remainder < MIN_LOCATIONS:
            countable.add(region)
            covered[region] = sizes[region]
    return countable
