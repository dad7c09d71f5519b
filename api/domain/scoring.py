"""How scores add up: one visit, a place over a period, and how sure one can be.

There is one score: points earned over points possible, pooled. All sums are whole numbers; division happens
last, and numbers leave rounded to 6 decimals, half even.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

from api.domain.answers import NO_ANSWER, Answer, Answers, find_chosen, find_visible_questions, is_answered
from api.domain.checklist import Checklist, Question
from api.domain.visits import STORE_CLOSED, VISITED

ENOUGH_VISITS = 5
"""With fewer, a figure is indicative: too few to judge a store by."""
PRIOR_VISITS, PRIOR_SPREAD = 2, 0.25
"""The pseudo-visits that moderate the variance of a few real ones."""
Z_975 = NormalDist().inv_cdf(0.975)


# One visit.


class Points(NamedTuple):
    """What an answer brought, and the most that it could have brought."""

    earned: int = 0
    possible: int = 0

    def __add__(self, other: "Points") -> "Points":  # type: ignore[override]
        return Points(self.earned + other.earned, self.possible + other.possible)


NO_POINTS = Points()


@dataclass(frozen=True, slots=True)
class QuestionScore:
    """One question of a visit: its points, and the answers that it counts for."""

    key: str
    section: str
    fundamental: str | None
    earned: int
    possible: int
    critical_failure: bool
    tallies: tuple[str, ...]

    @property
    def points(self) -> Points:
        """Its points as a pair."""
        return Points(self.earned, self.possible)


@dataclass(frozen=True, slots=True)
class VisitScore:
    """A whole visit, and question by question; private questions are in no score and not in here."""

    earned: int
    possible: int
    passed: bool
    critical_failures: tuple[str, ...]
    questions: tuple[QuestionScore, ...]

    @property
    def points(self) -> Points:
        """Its points as a pair."""
        return Points(self.earned, self.possible)

    def points_by_section(self) -> dict[str, Points]:
        """Return the points of each section that has a question in here."""
        return _pooled((question.section, question.points) for question in self.questions)

    def points_by_fundamental(self) -> dict[str, Points]:
        """Return the points of each fundamental that a question observes."""
        return _pooled(
            (question.fundamental, question.points) for question in self.questions if question.fundamental
        )


#: the score of a visit in which there was nothing to look at: no question of it counts for anything
NOT_SCORED = VisitScore(0, 0, passed=False, critical_failures=(), questions=())


def _pooled(points: Iterable[tuple[str, Points]]) -> dict[str, Points]:
    pooled: dict[str, Points] = {}
    for key, each in points:
        pooled[key] = pooled.get(key, NO_POINTS) + each
    return pooled


def points(question: Question, answer: Answer) -> Points:
    """Return the points of a valid answer to a question that is asked; 0 of 0 where there is none."""
    if not question.points_possible or not is_answered(question, answer):
        return NO_POINTS
    return Points(question.type.points_for(answer["value"]), question.points_possible)


def possible_tallies(question: Question) -> tuple[str, ...]:
    """Return everything that an answer can be counted as."""
    return (*(question.choices or ("answered",)), "not_applicable")


def tallies(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return what a valid answer to a question that is asked is counted as; nothing where it was left out."""
    if answer.get("not_applicable"):
        return ("not_applicable",)
    if question.choices:
        return find_chosen(question, answer)
    return ("answered",) if is_answered(question, answer) else ()


def score_visit(checklist: Checklist, answers: Answers, outcome: str = VISITED) -> VisitScore:
    """Score valid answers by the version of the checklist that they were given to.

    A visit to a store that was closed has no score, whatever was answered.
    """
    if outcome == STORE_CLOSED:
        return NOT_SCORED
    shown = find_visible_questions(checklist, answers)
    questions = []
    for section in checklist.sections:
        for question in section.questions:
            if question.private:
                continue
            answer = answers.get(question.key) if question.key in shown else None
            questions.append(_score_question(question, section.key, answer or NO_ANSWER))
    earned = sum(question.earned for question in questions)
    possible = sum(question.possible for question in questions)
    failures = tuple(question.key for question in questions if question.critical_failure)
    # Both sides are the doubles nearest to their numbers: 4 of 5 meets a mark of 0.8 exactly.
    passed = possible > 0 and earned / possible >= checklist.pass_mark and not failures
    return VisitScore(earned, possible, passed, failures, tuple(questions))


def _score_question(question: Question, section: str, answer: Answer) -> QuestionScore:
    brought = points(question, answer)
    return QuestionScore(
        question.key,
        section,
        question.fundamental,
        brought.earned,
        brought.possible,
        question.critical and brought.earned < brought.possible,
        tallies(question, answer),
    )


# A place over a period.


class Sums(NamedTuple):
    """The six whole numbers that answer for any period and region: n, Σe, Σp, Σe², Σep, Σp²."""

    visits: int = 0
    earned: int = 0
    possible: int = 0
    earned_squared: int = 0
    product: int = 0
    possible_squared: int = 0

    @classmethod
    def of(cls, points: Points) -> "Sums":
        """Return the sums of one visit; where nothing was possible, it does not count."""
        e, p = points.earned, points.possible
        return cls(1, e, p, e * e, e * p, p * p) if p else NO_VISITS

    def __add__(self, other: "Sums") -> "Sums":  # type: ignore[override]
        return Sums(
            self.visits + other.visits,
            self.earned + other.earned,
            self.possible + other.possible,
            self.earned_squared + other.earned_squared,
            self.product + other.product,
            self.possible_squared + other.possible_squared,
        )

    @property
    def is_indicative(self) -> bool:
        """Whether the visits are too few to judge a store by."""
        return self.visits < ENOUGH_VISITS


NO_VISITS = Sums()


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float

    def cut(self, lowest: float, highest: float) -> "Interval":
        """Return the part of it that lies between the two."""
        return Interval(max(self.low, lowest), min(self.high, highest))


IntervalOf = Callable[[Sums], Interval | None]


def share(earned: int, possible: int) -> float | None:
    """Return the quotient of two whole numbers to 6 decimals, half even and exact; ``None`` of 0 of 0."""
    if not possible:
        return None
    millionths, rest = divmod(earned * 1_000_000, possible)
    if 2 * rest > possible or (2 * rest == possible and millionths % 2):
        millionths += 1
    return millionths / 1_000_000


def spread(sums: Sums) -> float | None:
    """Return the standard deviation of a visit's score around that of the place; ``None`` under 2 visits.

    Unrounded.
    """
    return math.sqrt(_scatter(sums) / (sums.visits - 1)) if sums.visits > 1 else None


def _scatter(sums: Sums) -> float:
    """Return (n − 1)·s² = n²·(P²·Σe² − 2·E·P·Σep + E²·Σp²) / P⁴ with E = Σe and P = Σp.

    Whole numbers up to the one division, so that nothing cancels.
    """
    n, e, p = sums.visits, sums.earned, sums.possible
    squares = p * p * sums.earned_squared - 2 * e * p * sums.product + e * e * sums.possible_squared
    return n * n * squares / p**4


def visit_interval(sums: Sums) -> Interval | None:
    """Return the interval of whole visits, unrounded: the moderated t interval, cut to 0–1."""
    uncut = visit_interval_uncut(sums)
    return uncut and uncut.cut(0.0, 1.0)


def visit_interval_uncut(sums: Sums) -> Interval | None:
    """Return R ± t(0.975, n + 1)·s̃/√n, where s̃² = (2·0.25² + (n − 1)·s²) / (n + 1); ``None`` for n = 0.

    The moderated t of Smyth, "Linear models and empirical Bayes methods", 2004, with d₀ = 2 and s₀ = 0.25.
    """
    n = sums.visits
    if not n:
        return None
    freedom = PRIOR_VISITS + n - 1
    variance = (PRIOR_VISITS * PRIOR_SPREAD**2 + _scatter(sums)) / freedom
    score = sums.earned / sums.possible
    half = t_quantile_975(freedom) * math.sqrt(variance / n)
    return Interval(score - half, score + half)


def wilson_interval(sums: Sums) -> Interval | None:
    """Return the interval of a section, fundamental or question, unrounded; ``None`` for n = 0.

    Wilson, "Probable inference", 1927, with the share R and n trials.
    """
    n = sums.visits
    if not n:
        return None
    score, z2 = sums.earned / sums.possible, Z_975**2
    centre = (score + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_975 * math.sqrt(score * (1 - score) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(centre - half, centre + half).cut(0.0, 1.0)


@lru_cache(maxsize=65_536)
def t_quantile_975(degrees_of_freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t for whole degrees of freedom, to 1e-10 or better.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964: below 200 the finite series 26.7.3 and
    26.7.4 of the probability, solved by bisection; from there on the expansion 26.7.5 around the normal
    quantile, whose first term left out is below 0.8/ν⁵ (3e-12 at 200).
    """
    if degrees_of_freedom < 200:
        return _t_by_series(degrees_of_freedom)
    z, nu = Z_975, degrees_of_freedom
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    return z + (g1 + (g2 + (g3 + g4 / nu) / nu) / nu) / nu


def _t_by_series(nu: int) -> float:
    low, high = 0.0, math.pi / 2
    while low < (angle := (low + high) / 2) < high:
        low, high = (angle, high) if _probability(angle, nu) < 0.95 else (low, angle)
    return math.sqrt(nu) * math.tan(angle)


def _probability(angle: float, nu: int) -> float:
    """Return P(|T| < √ν·tan(angle)) for Student's T with ν degrees of freedom."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = nu % 2
    term, series = (cosine if odd else 1.0), 0.0
    for step in range(odd + 1, nu, 2):
        series += term
        term *= cosine * cosine * step / (step + 1)
    return 2 / math.pi * (angle + sine * series) if odd else sine * series


# Comparing.


@dataclass(frozen=True, slots=True)
class Change:
    """How a score moved between two periods, unrounded but for the difference."""

    difference: float | None
    interval: Interval | None
    significant: bool | None


def change(
    now: Sums, before: Sums, comparable: bool, interval_of: IntervalOf = visit_interval_uncut
) -> Change:
    """Compare a period with the one just before it; ``comparable`` if all visits are of one checklist.

    The interval is MOVER (Zou and Donner, "Construction of confidence limits about effect measures", 2008) of
    the two intervals before they are cut, then cut to −1–1. For a section, a fundamental or a question,
    ``interval_of`` is ``wilson_interval``.

    Not comparable: interval and ``significant`` are ``None``, whatever the numbers of visits. Comparable:
    ``significant`` is never ``None``, and false as soon as either period has under 5 visits; so it is false
    where either has no score at all, which leaves difference and interval ``None``.
    """
    first, second = interval_of(now), interval_of(before)
    if first is None or second is None:
        return Change(None, None, False if comparable else None)
    crossed = now.earned * before.possible - before.earned * now.possible
    difference = share(crossed, now.possible * before.possible)
    if not comparable:
        return Change(difference, None, None)
    r1, r2 = now.earned / now.possible, before.earned / before.possible
    interval = Interval(
        r1 - r2 - math.hypot(r1 - first.low, second.high - r2),
        r1 - r2 + math.hypot(first.high - r1, r2 - second.low),
    )
    enough = not now.is_indicative and not before.is_indicative
    significant = enough and not interval.low <= 0 <= interval.high
    return Change(difference, interval.cut(-1.0, 1.0), significant)


class Rank(NamedTuple):
    """A place among others, equals sharing a rank; best and worst are the ranks it could have by chance."""

    rank: int
    best: int
    worst: int


def ranks(places: Sequence[Sums]) -> list[Rank | None]:
    """Rank places by their score, the best first; ``None`` for those with too few visits to judge."""
    intervals = [None if sums.is_indicative else visit_interval(sums) for sums in places]
    ranked = [interval for interval in intervals if interval]
    # Two different scores differ by 1/P² at least, so at this scale their floors differ: exact, and quick.
    scale = max((sums.possible for sums in places), default=0) ** 2

    def score(sums: Sums) -> int:
        return sums.earned * scale // sums.possible

    scores = sorted(score(sums) for sums in places if not sums.is_indicative)
    lows = sorted(interval.low for interval in ranked)
    highs = sorted(interval.high for interval in ranked)

    def rank(sums: Sums, interval: Interval | None) -> Rank | None:
        if interval is None:
            return None
        above = len(ranked) - bisect_right(scores, score(sums))
        wholly_above = len(ranked) - bisect_right(lows, interval.high)
        wholly_below = bisect_left(highs, interval.low)
        return Rank(1 + above, 1 + wholly_above, len(ranked) - wholly_below)

    return list(map(rank, places, intervals))


# At the edge.


def figures(sums: Sums) -> dict[str, Any]:
    """Return the SCORE of a section, a fundamental or a question as the contract names its parts."""
    return _figures(sums, wilson_interval(sums))


def visit_figures(sums: Sums, critical_failures: int, passed: int) -> dict[str, Any]:
    """Return the SCORE of whole visits as the contract names its parts."""
    whole = _figures(sums, visit_interval(sums))
    return whole | {"critical_failures": critical_failures, "passed": passed}


def change_figures(change: Change) -> dict[str, Any]:
    """Return a change as the contract names its parts."""
    return {
        "difference": change.difference,
        "interval": _bounds(change.interval),
        "significant": change.significant,
    }


def _figures(sums: Sums, interval: Interval | None) -> dict[str, Any]:
    deviation = spread(sums)
    return {
        "visits": sums.visits,
        "points_earned": sums.earned,
        "points_possible": sums.possible,
        "score": share(sums.earned, sums.possible),
        "spread": None if deviation is None else _rounded(deviation),
        "interval": _bounds(interval),
        "indicative": sums.is_indicative,
    }


def _bounds(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"low": _rounded(interval.low), "high": _rounded(interval.high)}


def _rounded(number: float) -> float:
    return round(number, 6) + 0.0  # turns −0.0 into 0.0
