"""Leniency: whether a shopper gives more points than other shoppers at the same stores.

``docs/scoring.md`` explains the method. ``tests/domain/test_leniency.py`` simulates how often it is wrong.
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.domain.scoring import (
    CONFIDENCE,
    ENOUGH_VISITS,
    NO_VISITS,
    PRIOR_SPREAD,
    PRIOR_VISITS,
    Interval,
    Sums,
    format_interval,
    share,
    spread,
    t_quantile,
)
from api.domain.verdicts import ABOVE, AS_EXPECTED, BELOW, TOO_FEW, VERDICT_CONFIDENCE

ENOUGH_OTHERS = 3
"""With fewer other shoppers, there is no verdict: a difference may just as well be theirs."""

SHOPPER_SPREAD = 0.05
"""The standard deviation of the leniency of shoppers, as a proportion, which is assumed: 5 points."""


@dataclass(frozen=True)
class Store:
    """The visits to one location with one checklist: those of a shopper, and those of each other shopper."""

    own: Sums
    by_other: Mapping[uuid.UUID, Sums]

    @cached_property
    def others(self) -> Sums:
        """The visits of all others."""
        return sum(self.by_other.values(), NO_VISITS)


@dataclass(frozen=True, slots=True)
class Leniency:
    """How the scores of a shopper's visits differ from those of others at the same stores.

    ``own`` and ``others`` are the sums of the visits that were compared, and ``other_shoppers`` is how many
    people made those of others. ``expected`` is the score that the shopper's visits would have if they had
    scored as those of the others, store by store. ``difference`` is the score of the shopper's visits minus
    that. The intervals are those of the difference: a 95 % interval, and the one that decides. Without enough
    visits or other shoppers, all of them are None, and the verdict is TOO_FEW. Numbers are proportions and
    not rounded.
    """

    stores: int
    own: Sums
    others: Sums
    other_shoppers: int
    expected: float | None
    difference: float | None
    interval: Interval | None
    verdict: str
    verdict_interval: Interval | None


def compare_leniency(stores: Sequence[Store]) -> Leniency:
    """Compare a shopper's visits with those of others, store by store. Stores of only one side do not count.

    The expected score is E = Σ pᵢ·Rᵢ / Σ pᵢ, where pᵢ are the points possible in the shopper's visits to
    store i, and Rᵢ is the score of the others there. The variance of the difference is
    s̃²·Σ wᵢ²·(1/nᵢ + 1/mᵢ) + τ²·Σ cⱼ² with wᵢ = pᵢ / Σ pᵢ, for nᵢ visits of the shopper and mᵢ of others. s̃²
    is the variance of visits to the same store by the same side, moderated as that of a place is. τ is
    SHOPPER_SPREAD, and cⱼ the weight of the other shopper j in E: Σ wᵢ·Pᵢⱼ / Σⱼ Pᵢⱼ, where Pᵢⱼ are the points
    possible in their visits to store i.

    Sources: Breslow and Day, "Statistical Methods in Cancer Research", volume II, 1987, for indirect
    standardization. Cochran, "Sampling Techniques", 3rd edition 1977, chapter 5, for the variance of a
    weighted mean of strata, and chapter 9 for that of clusters, which the visits of one shopper are. Smyth
    2004 for the moderation; see ``visit_interval_uncut``.
    """
    compared = [store for store in stores if store.own.visits and store.others.visits]
    own = sum((store.own for store in compared), NO_VISITS)
    others = sum((store.others for store in compared), NO_VISITS)
    shares = _weigh_others(compared)
    counts = (len(compared), own, others, len(shares))
    if min(own.visits, others.visits) < ENOUGH_VISITS or len(shares) < ENOUGH_OTHERS:
        return Leniency(*counts, None, None, None, TOO_FEW, None)
    expected = (
        math.fsum(store.own.possible * store.others.earned / store.others.possible for store in compared)
        / own.possible
    )
    difference = own.earned / own.possible - expected
    variance, degrees_of_freedom = _moderated_variance(compared)
    weights = math.fsum(
        (store.own.possible / own.possible) ** 2 * (1 / store.own.visits + 1 / store.others.visits)
        for store in compared
    )
    variance_of_others = SHOPPER_SPREAD**2 * math.fsum(weight**2 for weight in shares.values())
    error = math.sqrt(variance * weights + variance_of_others)

    def interval(confidence: float) -> Interval:
        half_width = t_quantile(degrees_of_freedom, confidence) * error
        return Interval(difference - half_width, difference + half_width).cut(-1.0, 1.0)

    deciding = interval(VERDICT_CONFIDENCE)
    verdict = ABOVE if deciding.low > 0 else BELOW if deciding.high < 0 else AS_EXPECTED
    return Leniency(*counts, expected, difference, interval(CONFIDENCE), verdict, deciding)


def _weigh_others(stores: Sequence[Store]) -> Mapping[uuid.UUID, float]:
    """Return the weight of each other shopper in the expected score. The weights add up to 1."""
    possible = sum(store.own.possible for store in stores)
    weights: dict[uuid.UUID, float] = defaultdict(float)
    for store in stores:
        for shopper_id, sums in store.by_other.items():
            weights[shopper_id] += store.own.possible / possible * sums.possible / store.others.possible
    return weights


def _moderated_variance(stores: Sequence[Store]) -> tuple[float, int]:
    """Return the variance of a visit's score around that of its store and side, and its degrees of freedom.

    It is pooled over all stores and both sides, together with the pseudo-visits.
    """
    squares, degrees_of_freedom = PRIOR_VISITS * PRIOR_SPREAD**2, PRIOR_VISITS
    for sums in (sums for store in stores for sums in (store.own, store.others)):
        deviation = spread(sums)
        if deviation is not None:
            squares += (sums.visits - 1) * deviation**2
            degrees_of_freedom += sums.visits - 1
    return squares / degrees_of_freedom, degrees_of_freedom


def leniency_figures(leniency: Leniency) -> dict[str, Any]:
    """Return a comparison with the fields of the schema ``Leniency``."""
    return {
        "locations": leniency.stores,
        "visits": leniency.own.visits,
        "other_visits": leniency.others.visits,
        "other_shoppers": leniency.other_shoppers,
        "score": share(*leniency.own.points),
        "expected": None if leniency.expected is None else round(leniency.expected, 6),
        "difference": None if leniency.difference is None else round(leniency.difference, 6) + 0.0,
        "interval": format_interval(leniency.interval),
        "verdict": leniency.verdict,
        "verdict_interval": format_interval(leniency.verdict_interval),
    }
