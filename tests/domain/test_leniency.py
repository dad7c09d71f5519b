"""Leniency: the difference to others at the same stores, and how often the verdict on it is wrong."""

import math
import random

import pytest

from api.domain.leniency import Leniency, Store, compare_leniency, leniency_figures
from api.domain.scoring import NO_VISITS, Points, Sums, t_quantile

SHOPPERS = 200


def visits(*points: tuple[int, int]) -> Sums:
    return sum((Sums.of(Points(*pair)) for pair in points), NO_VISITS)


def test_the_difference_is_that_to_others_store_by_store() -> None:
    """The shopper goes to the better store more often, so the plain scores would say nothing."""
    good = Store(own=visits(*[(9, 10)] * 4), others=visits((8, 10), (10, 10), (9, 10)))
    poor = Store(own=visits((3, 5)), others=visits((5, 10), (7, 10)))
    unvisited, alone = Store(NO_VISITS, visits((1, 10))), Store(visits((1, 10)), NO_VISITS)
    leniency = compare_leniency([good, unvisited, poor, alone])
    assert (leniency.stores, leniency.own.visits, leniency.others.visits) == (2, 5, 5)
    assert leniency.expected == pytest.approx((40 * 0.9 + 5 * 0.6) / 45)
    assert leniency.difference == pytest.approx(39 / 45 - leniency.expected)
    # The squares of the two groups of others, and two pseudo-visits of 25 points.
    variance = (2 * 0.25**2 + 0.02 + 0.02) / (2 + 2 + 3 + 1)
    error = math.sqrt(variance * ((40 / 45) ** 2 * (1 / 4 + 1 / 3) + (5 / 45) ** 2 * (1 + 1 / 2)))
    assert leniency.interval and leniency.verdict_interval
    for interval, confidence in ((leniency.interval, 0.95), (leniency.verdict_interval, 0.98)):
        half_width = t_quantile(8, confidence) * error
        assert interval == pytest.approx((-half_width, half_width))
    assert leniency.verdict == "as_expected"


def test_too_few_visits_on_either_side_have_no_difference() -> None:
    four, many = visits(*[(10, 10)] * 4), visits(*[(0, 10)] * 50)
    for store in (Store(four, many), Store(many, four)):
        figures = leniency_figures(compare_leniency([store]))
        assert figures["verdict"] == "too_few"
        assert figures["difference"] is figures["interval"] is figures["expected"] is None
    assert compare_leniency([]).verdict == "too_few"
    assert compare_leniency([Store(visits(*[(10, 10)] * 5), many)]).verdict == "above"


def simulate(generator: random.Random, leniency: float) -> Leniency:
    """Return the comparison of a shopper who visits ten stores once, as five others do."""

    def visit(score: float) -> Sums:
        return Sums.of(Points(sum(generator.random() < score for _ in range(13)), 13))

    stores = []
    for _ in range(10):
        score = generator.gauss(0.8, 0.05)
        # The others differ in their leniency, too.
        others = sum((visit(score + generator.gauss(0, 0.05)) for _ in range(5)), NO_VISITS)
        stores.append(Store(visit(score + leniency), others))
    return compare_leniency(stores)


def test_simulated_shoppers_are_rarely_judged_wrongly() -> None:
    generator = random.Random(1)
    fair = [simulate(generator, 0.0) for _ in range(SHOPPERS)]
    assert sum(result.verdict != "as_expected" for result in fair) / SHOPPERS < 0.05
    covering = [
        result for result in fair if result.interval and result.interval.low <= 0 <= result.interval.high
    ]
    assert len(covering) / SHOPPERS > 0.93
    lenient = [simulate(generator, 0.15).verdict for _ in range(SHOPPERS // 4)]
    assert "below" not in lenient
    assert lenient.count("above") > len(lenient) / 2
