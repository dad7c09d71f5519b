"""Planning: the checks of docs/scoring.md, and the budget compared with a search over everything."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.planning import (
    common_variance,
    count_needed_visits,
    expected_half_width,
    expected_variance,
    plan_visits,
    share_budget,
)
from api.domain.scoring import NO_VISITS, Points, Sums, spread, visit_interval_uncut

variances = st.floats(0, 0.25)


def summed(*scores: int) -> Sums:
    """Return the sums of visits with these points of ten."""
    return sum((Sums.of(Points(score, 10)) for score in scores), NO_VISITS)


@pytest.mark.parametrize(("half_width", "visits"), [(0.2, 5), (0.1, 10), (0.075, 14), (0.05, 25)])
def test_spread_of_ten_points_needs_these_visits(half_width: float, visits: int) -> None:
    assert count_needed_visits(0.1**2, half_width) == visits


def test_a_score_is_never_trusted_with_fewer_than_five_visits() -> None:
    assert count_needed_visits(0.0, 1.0) == 5


@given(variances, st.floats(0.02, 0.5))
def test_needed_visits_are_the_least(variance: float, half_width: float) -> None:
    needed = count_needed_visits(variance, half_width)
    assert expected_half_width(variance, needed) <= half_width
    assert needed == 5 or expected_half_width(variance, needed - 1) > half_width


def test_half_width_is_that_of_the_interval_of_visits_with_this_spread() -> None:
    sums = summed(7, 9, 10, 4, 8)
    deviation, interval = spread(sums), visit_interval_uncut(sums)
    assert deviation is not None
    assert interval is not None
    expected = (interval.high - interval.low) / 2
    assert math.isclose(expected_half_width(deviation**2, 5), expected)


def test_common_variance_weighs_locations_by_their_visits() -> None:
    # (n − 1)·s² is 0.02 and 0.08, with one and three degrees of freedom.
    assert math.isclose(common_variance([summed(8, 6), summed(9, 7, 5, 7), summed(3)]), (0.02 + 0.08) / 4)
    assert common_variance([NO_VISITS, summed(3)]) == 0.25**2


def test_expected_variance_leans_on_the_common_one() -> None:
    assert expected_variance(NO_VISITS, 0.01) == 0.01
    assert expected_variance(summed(3), 0.01) == 0.01
    assert math.isclose(expected_variance(summed(8, 6), 0.01), (1 * 0.02 + 4 * 0.01) / 5)


def test_plan_suggests_what_is_neither_made_nor_out() -> None:
    plans = plan_visits([0.01, 0.01, 0.01], [0, 3, 12], [0, 2, 1], 0.1)
    assert [plan.needed for plan in plans] == [10, 10, 10]
    assert [plan.suggested for plan in plans] == [10, 5, 0]
    assert plans[0].half_width is None
    assert plans[1].half_width == round(expected_half_width(0.01, 3), 6)
    assert plans[1].half_width_after == round(expected_half_width(0.01, 10), 6)
    assert plans[2].half_width_after == round(expected_half_width(0.01, 13), 6)


def test_location_without_any_visits_has_no_half_width() -> None:
    (plan,) = plan_visits([0.01], [0], [0], 0.1, budget=0)
    assert (plan.half_width, plan.suggested, plan.half_width_after) == (None, 0, None)


@pytest.mark.parametrize(
    ("budget", "shares"),
    [
        (0, [0, 0, 0]),
        (3, [1, 2, 0]),  # those that lack fewest come first
        (8, [1, 2, 5]),
        (9, [1, 2, 6]),  # the spread of the third is the greatest
    ],
)
def test_budget_first_raises_every_location_to_five_visits(budget: int, shares: list[int]) -> None:
    assert share_budget([0.01, 0.01, 0.04], [4, 3, 0], budget) == shares


def test_equal_locations_get_the_rest_of_the_budget_in_their_order() -> None:
    assert share_budget([0.02] * 4, [5] * 4, 6) == [2, 2, 1, 1]


@given(st.lists(variances, min_size=3, max_size=3), st.integers(0, 7))
def test_no_other_shares_of_a_budget_are_better(spreads: list[float], budget: int) -> None:
    def sum_squares(shares: tuple[int, ...]) -> float:
        return sum(
            expected_half_width(variance, 5 + share) ** 2
            for variance, share in zip(spreads, shares, strict=True)
        )

    shares = share_budget(spreads, [5, 5, 5], budget)
    assert sum(shares) == budget
    others = (each for each in product(range(budget + 1), repeat=3) if sum(each) == budget)
    assert sum_squares(tuple(shares)) <= min(map(sum_squares, others)) + 1e-12
