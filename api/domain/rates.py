"""Rates: how often something happened, with its uncertainty."""

from typing import Any

from api.domain.scoring import Sums, format_interval, share, wilson_interval

ENOUGH_CASES = 10
"""With fewer cases, there is no rate: only how often it happened."""


def rate_figures(count: int, of: int) -> dict[str, Any]:
    """Return how often something happened in ``of`` cases, with the fields of the schema ``Rate``.

    The rate is a proportion with Wilson's 95 % interval. Both are None for fewer than 10 cases.
    """
    figures = {"count": count, "of": of, "rate": None, "interval": None}
    if of < ENOUGH_CASES:
        return figures
    sums = Sums(visits=of, earned=count, possible=of)
    return figures | {"rate": share(count, of), "interval": format_interval(wilson_interval(sums))}
