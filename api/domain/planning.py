"""How many visits make a score trustworthy, and where a budget of visits does most.

``docs/scoring.md`` explains the formulas. The measure is the expected half-width of the interval of whole
visits: a proportion, so that 0.1 is ±10 points. Visits are never planned by score: a location that is visited
more often because it did badly would seem to improve, even if nothing changed.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

from api.domain.scoring import ENOUGH_VISITS, PRIOR_SPREAD, PRIOR_VISITS, Sums, spread, t_quantile_975

#: the visits with the common spread that moderate the spread of a location
COMMON_VISITS = 4
#: more visits than any plan needs: half of it already gives ±1 point at the greatest spread
MOST_VISITS = 100_000


@dataclass(frozen=True, slots=True)
class LocationPlan:
    """What is planned for a location, in visits, and the half-widths that they lead to.

    ``needed`` visits reach the half-width that was asked for. ``suggested`` are those to assign.
    ``half_width`` is that of the visits so far, and None without any; ``half_width_after`` is that once the
    visits in progress and the suggested ones are accepted too, and None if there are none at all. Both are
    rounded to 6 decimals.
    """

    half_width: float | None
    needed: int
    suggested: int
    half_width_after: float | None


def common_variance(locations: Iterable[Sums]) -> float:
    """Return the variance of a visit's score that the locations of a checklist have in common.

    It is s_c² = Σ(nᵢ − 1)·sᵢ² / Σ(nᵢ − 1), or that of the prior if no location has two visits.
    """
    weighted_sum, degrees_of_freedom = 0.0, 0
    for sums in locations:
        deviation = spread(sums)
        if deviation is not None:
            weighted_sum += (sums.visits - 1) * deviation**2
            degrees_of_freedom += sums.visits - 1
    return weighted_sum / degrees_of_freedom if degrees_of_freedom else PRIOR_SPREAD**2


def expected_variance(sums: Sums, common: float) -> float:
    """Return the variance to expect of visits to a location: s_p² = ((n − 1)·s² + 4·s_c²) / (n + 3).

    ``common`` is the common variance s_c², which is also the result for fewer than two visits.
    """
    deviation = spread(sums)
    if deviation is None:
        return common
    own = sums.visits - 1
    return (own * deviation**2 + COMMON_VISITS * common) / (own + COMMON_VISITS)


def expected_half_width(variance: float, visits: int) -> float:
    """Return h(m) = t(0.975, m + 1)·√[(2·0.25² + (m − 1)·s_p²) / (m + 1)] / √m for m ≥ 1 visits.

    It is the half-width of the moderated t interval of visits with the spread s_p. It falls as m grows.
    """
    degrees_of_freedom = PRIOR_VISITS + visits - 1
    moderated = (PRIOR_VISITS * PRIOR_SPREAD**2 + (visits - 1) * variance) / degrees_of_freedom
    return t_quantile_975(degrees_of_freedom) * math.sqrt(moderated / visits)


def count_needed_visits(variance: float, half_width: float) -> int:
    """Return the least number of visits, 5 or more, that are expected to reach a half-width."""
    numbers = range(ENOUGH_VISITS, MOST_VISITS)
    index = bisect_left(numbers, True, key=lambda visits: expected_half_width(variance, visits) <= half_width)
    return numbers[index] if index < len(numbers) else MOST_VISITS


def plan_visits(
    variances: Sequence[float],
    made: Sequence[int],
    out: Sequence[int],
    half_width: float,
    budget: int | None = None,
) -> list[LocationPlan]:
    """Plan the visits to locations, in the order of their codes.

    ``variances`` are the expected ones, ``made`` the numbers of accepted visits, and ``out`` those of visits
    in progress. With a ``budget`` of visits, it is spent as ``share_budget`` does. Otherwise, each location
    gets what it lacks of the visits that it needs for ``half_width``.
    """
    needed = [count_needed_visits(variance, half_width) for variance in variances]
    expected = [accepted + pending for accepted, pending in zip(made, out, strict=True)]
    if budget is None:
        suggested = [max(0, goal - visits) for goal, visits in zip(needed, expected, strict=True)]
    else:
        suggested = share_budget(variances, expected, budget)
    return [
        LocationPlan(_half_width_of(variance, accepted), goal, more, _half_width_of(variance, visits + more))
        for variance, accepted, goal, visits, more in zip(
            variances, made, needed, expected, suggested, strict=True
        )
    ]


def share_budget(variances: Sequence[float], visits: Sequence[int], budget: int) -> list[int]:
    """Return how many of a budget of visits each location gets, which has ``visits`` already.

    Every location first gets what it lacks of 5 visits. If the budget is too small for that, those that lack
    fewest come first, so that as many as possible can be judged. Each further visit goes where the squared
    half-width falls most, h(m)² − h(m + 1)². Ties go to the location that comes first.

    The squared half-width is convex in the number of visits where it was checked, so that no other way to
    spend the budget makes the sum of the squares smaller.
    """
    shares = [0] * len(visits)
    lacking = [max(0, ENOUGH_VISITS - number) for number in visits]
    for index in sorted(range(len(visits)), key=lacking.__getitem__):
        shares[index] = min(lacking[index], budget)
        budget -= shares[index]
    if not budget or not visits:
        return shares

    def get_gain(index: int) -> float:
        number, variance = visits[index] + shares[index], variances[index]
        return expected_half_width(variance, number) ** 2 - expected_half_width(variance, number + 1) ** 2

    heap = [(-get_gain(index), index) for index in range(len(visits))]
    heapify(heap)
    for _ in range(budget):
        index = heap[0][1]
        shares[index] += 1
        heapreplace(heap, (-get_gain(index), index))
    return shares


def _half_width_of(variance: float, visits: int) -> float | None:
    return round(expected_half_width(variance, visits), 6) if visits else None
