"""Verdicts: whether a score is clearly above or below a comparison, by one rule for everything.

With at least 5 visits, a score is clearly above the comparison if its 98 % interval is entirely above it,
clearly below if the interval is entirely below it, and otherwise as expected. ``docs/scoring.md`` has the
reasons, and ``tests/domain/test_verdicts.py`` simulates how often the rule is wrong.
"""

from dataclasses import dataclass
from typing import Any

from api.domain.scoring import Interval, IntervalOf, Sums, format_interval, share

VERDICTS = ABOVE, AS_EXPECTED, BELOW, TOO_FEW = "above", "as_expected", "below", "too_few"
VERDICT_CONFIDENCE = 0.98
"""The confidence of the interval that decides.

By chance alone, about one in 100 stores that are exactly as good as the comparison looks clearly better, and
one clearly worse. With 95 %, it would be 5 in 100, and up to 8 for questions that nearly all visits answer
well.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict, the score that it compares with, and the interval that decided it, which is not rounded.

    All are None without a comparison. ``interval`` is None without visits.
    """

    verdict: str | None
    comparison: float | None
    interval: Interval | None


NOT_COMPARED = Verdict(None, None, None)


def judge(sums: Sums, comparison: Sums | None, interval_of: IntervalOf) -> Verdict:
    """Compare a score with that of all visits of the same checklist and period, which include its own.

    The comparison is None if there is none, as for visits with several checklists. There is none either if
    it has no other visits than the score itself. ``interval_of`` is ``visit_interval`` for whole visits and
    ``wilson_interval`` for sections, fundamentals and questions.
    """
    if not sums.visits and comparison is None:
        return Verdict(TOO_FEW, None, None)
    if comparison is None or comparison.visits == sums.visits:
        return NOT_COMPARED
    expected = comparison.earned / comparison.possible
    interval = interval_of(sums, VERDICT_CONFIDENCE)
    score = share(comparison.earned, comparison.possible)
    if interval is None or sums.is_indicative:
        return Verdict(TOO_FEW, score, interval)
    if interval.low > expected:
        return Verdict(ABOVE, score, interval)
    return Verdict(BELOW if interval.high < expected else AS_EXPECTED, score, interval)


def verdict_figures(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict with the fields of the schema ``VerdictFigures``."""
    return {
        "verdict": verdict.verdict,
        "comparison": verdict.comparison,
        "verdict_interval": format_interval(verdict.interval),
    }
