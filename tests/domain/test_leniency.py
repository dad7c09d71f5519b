"""Leniency: the difference to others at the same stores, and how often the verdict on it is wrong."""

import math
import random
import uuid

import pytest

from api.domain.leniency import Leniency, Store, compare_leniency, leniency_figures
from api.domain.scoring import NO_VISITS, Points, Sums, t_quantile

SHOPPERS = 200
ADA, BEN, CLEO = OTHERS = [uuid.UUID(int=number) for number in range(3)]


def visits(*points: tuple[int, int]) -> Sums:
    return sum((Sums.of(Points(*pair)) for pair in points), NO_VISITS)


def test_the_difference_is_that_to_others_store_by_store() -> None:
    """The shopper goes to the better store more often, so the plain scores would say nothing."""
    good = Store(visits(*[(9, 10)] * 4), {ADA: visits((8, 10)), BEN: visits((10, 10)), CLEO: visits((9, 10))})
    poor = Store(visits((3, 5)), {ADA: visits((5, 10)), BEN: visits((7, 10))})
    unvisited, alone = Store(NO_VISITS, {ADA: visits((1, 10))}), Store(visits((1, 10)), {})
    leniency = compare_leniency([good, unvisited, poor, alone])
    compared = (leniency.stores, leniency.own.visits, leniency.others.visits, leniency.other_shoppers)
    assert compared == (2, 5, 5, 3)
    assert leniency.expected == pytest.approx((40 * 0.9 + 5 * 0.6) / 45)
    assert leniency.difference == pytest.approx(39 / 45 - leniency.expected)
    # The squares of the two groups of others, and two pseudo-visits of 25 points.
    variance = (2 * 0.25**2 + 0.02 + 0.02) / (2 + 2 + 3 + 1)
    variance *= (40 / 45) ** 2 * (1 / 4 + 1 / 3) + (5 / 45) ** 2 * (1 + 1 / 2)
    weights = (40 / 45 / 3 + 5 / 45 / 2, 40 / 45 / 3 + 5 / 45 / 2, 40 / 45 / 3)
    error = math.sqrt(variance + 0.05**2 * sum(weight**2 for weight in weights))
    assert leniency.interval and leniency.verdict_interval
    for interval, confidence in ((leniency.interval, 0.95), (leniency.verdict_interval, 0.98)):
        half_width = t_quantile(8, confidence) * error
        assert interval == pytest.approx((-half_width, half_width))
    assert leniency.verdict == "as_expected"


def test_too_few_visits_on_either_side_or_too_few_others_have_no_difference() -> None:
    five, many = visits(*[(10, 10)] * 5), visits(*[(0, 10)] * 50)
    by_three = dict.fromkeys(OTHERS, many)
    for store in (
        Store(visits(*[(10, 10)] * 4), by_three),
        Store(many, {ADA: visits((10, 10), (10, 10)), BEN: visits((10, 10)), CLEO: visits((10, 10))}),
        Store(five, {ADA: many, BEN: many}),
    ):
        figures = leniency_figures(compare_leniency([store]))
        assert figures["verdict"] == "too_few"
        assert figures["difference"] is figures["interval"] is figures["expected"] is None
    assert compare_leniency([]).verdict == "too_few"
    assert compare_leniency([Store(five, by_three)]).verdict == "above"


def simulate(generator: random.Random, leniency: float, shares: list[int]) -> Leniency:
    """Return the comparison of a shopper who visits eight stores three times, as others do ten times.

    ``shares`` are the proportions of the others in their visits. Each has one leniency for all stores, which
    differs from that of others by 5 points.
    """
    others = [(uuid.UUID(int=number), generator.gauss(0, 0.05)) for number in range(len(shares))]

    def visit(score: float) -> Sums:
        return Sums.of(Points(sum(generator.random() < score for _ in range(13)), 13))

    stores = []
    for _ in range(8):
        score = generator.gauss(0.8, 0.05)
        by_other: dict[uuid.UUID, Sums] = {}
        for shopper_id, theirs in generator.choices(others, shares, k=10):
            by_other[shopper_id] = by_other.get(shopper_id, NO_VISITS) + visit(score + theirs)
        stores.append(Store(sum((visit(score + leniency) for _ in range(3)), NO_VISITS), by_other))
    return compare_leniency(stores)


@pytest.mark.parametrize("shares", [[1, 1, 1], [8, 1, 1, 1, 1]])
def test_simulated_shoppers_are_rarely_judged_wrongly(shares: list[int]) -> None:
    generator = random.Random(1)
    fair = [simulate(generator, 0.0, shares) for _ in range(SHOPPERS)]
    assert sum(result.verdict != "as_expected" for result in fair) / SHOPPERS < 0.05
    covering = [
        result for result in fair if result.interval and result.interval.low <= 0 <= result.interval.high
    ]
    assert len(covering) / SHOPPERS > 0.92


def test_lenient_shoppers_are_found_among_many_others() -> None:
    generator = random.Random(1)
    verdicts = [simulate(generator, 0.1, [1] * 10).verdict for _ in range(SHOPPERS // 4)]
    assert "below" not in verdicts
    assert verdicts.count("above") > len(verdicts) / 2
