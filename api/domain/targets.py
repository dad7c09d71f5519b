"""Targets: a score that a location or region is to reach, and whether it has."""

from bisect import bisect_left
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from api.domain.planning import expected_half_width
from api.domain.scoring import Interval, Sums, visit_interval, wilson_interval

MET, MISSED, UNSURE = STATUSES = ("met", "missed", "unsure")
#: It is never reasonable to wait for more visits than this, unless the place had more in the period.
PATIENCE = 50


class TargetStatus(NamedTuple):
    """Whether a target is met. ``visits_to_tell`` are the further visits that would tell, if it is unsure.

    It is None if so many visits are not to be expected.
    """

    status: str
    visits_to_tell: int | None = None


def judge_visits(target: float, sums: Sums, get_variance: Callable[[], float]) -> TargetStatus:
    """Judge the score of whole visits.

    ``get_variance`` returns the expected variance of a visit to the place. It is called only if the target is
    unsure.
    """

    @cache
    def get_known_variance() -> float:
        return get_variance()

    def get_interval(visits: int) -> Interval:
        half_width = expected_half_width(get_known_variance(), visits)
        score = sums.earned / sums.possible
        return Interval(score - half_width, score + half_width)

    return _judge(target, sums, visit_interval(sums), get_interval)


def judge_part(target: float, sums: Sums) -> TargetStatus:
    """Judge the score of a section, whose intervals are those of Wilson."""

    def get_interval(visits: int) -> Interval:
        # The same score, of another number of visits
        interval = wilson_interval(sums._replace(visits=visits))
        assert interval is not None
        return interval

    return _judge(target, sums, wilson_interval(sums), get_interval)


def _judge(
    target: float, sums: Sums, interval: Interval | None, get_interval: Callable[[int], Interval]
) -> TargetStatus:
    """Return whether the interval is entirely at or above the target, entirely below it, or neither.

    If neither, ``visits_to_tell`` is the least number of further visits after which the expected interval
    around the present score would leave the target outside. It is None without a score, and if it is more
    than both ``PATIENCE`` and the visits of the period: that would take longer than the period itself.
    """
    if interval is None:
        return TargetStatus(UNSURE)
    status = _compare(target, interval)
    if status != UNSURE:
        return TargetStatus(status)
    further = range(1, max(PATIENCE, sums.visits) + 1)
    index = bisect_left(
        further, True, key=lambda more: _compare(target, get_interval(sums.visits + more)) != UNSURE
    )
    return TargetStatus(UNSURE, further[index] if index < len(further) else None)


def _compare(target: float, interval: Interval) -> str:
    if interval.low >= target:
        return MET
    return MISSED if interval.high < target else UNSURE
