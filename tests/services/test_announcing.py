"""Announcements: when a drop is clear enough for an alert, and when there are too few visits to tell of."""

from api.domain.scoring import NO_VISITS, Points, Sums, change
from api.models.base import now
from api.models.notices import Announcement
from api.services.notices import announcing

NOVEMBER = 2026 * 12 + 10


def sum_up(visits: list[int]) -> Sums:
    return sum((Sums.of(Points(earned, 100)) for earned in visits), NO_VISITS)


def announce(months: dict[int, list[int]], before: Announcement | None = None) -> Announcement | None:
    """Return the announcement of visits, whose points of 100 are in lists by month."""
    visits = sum(map(len, months.values()))
    sums = {1: {month: sum_up(points) for month, points in months.items()}}
    new = announcing._build_announcement((1, 1), visits, 0, sums, before, now())
    return new and Announcement(**new.columns)


def test_a_drop_has_to_be_clear_and_is_announced_once() -> None:
    good, worse, bad = [90, 95, 100, 95, 90] * 2, [78, 83, 73, 88, 83] * 2, [40, 45, 50, 35, 40]
    first = announce({NOVEMBER - 6: good})
    dropped = announce({NOVEMBER - 6: good, NOVEMBER: bad}, first)
    again = announce({NOVEMBER - 6: good, NOVEMBER: [*bad, *bad]}, dropped)
    assert first and dropped and again
    assert first.dropped_at is None
    assert (dropped.earned, dropped.possible, dropped.month) == (210, 500, NOVEMBER)
    assert dropped.dropped_at is not None
    assert again.dropped_at == dropped.dropped_at
    recovered = announce({NOVEMBER - 6: good, NOVEMBER: good}, again)
    assert recovered and recovered.dropped_at is None
    # With 95 %, this drop would be clear.
    unclear = announce({NOVEMBER - 6: good, NOVEMBER: worse})
    assert unclear and unclear.dropped_at is None
    assert change(sum_up(worse), sum_up(good), comparable=True).significant
    assert announce({NOVEMBER: good[:2]}) is None
