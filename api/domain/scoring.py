"""Scores: of one visit, of a place over a period, and their uncertainty.

``docs/scoring.md`` explains the formulas.

There is one score: points earned divided by points possible, pooled. All sums are integers. Division is the
last step, and results are rounded to 6 decimals, half to even. Scores, spreads and the limits of intervals
are proportions: 1 is 100 %.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

from api.domain.answers import NO_ANSWER, Answer, Answers, find_chosen, find_visible_questions, is_answered
from api.domain.checklist import Checklist, Question
from api.domain.visits import STORE_CLOSED, VISITED

ENOUGH_VISITS = 5
"""With fewer visits, a score is only indicative: too few to judge a store by."""
PRIOR_VISITS, PRIOR_SPREAD = 2, 0.25
"""The number and the spread of the pseudo-visits that moderate the variance of few real visits."""
CONFIDENCE = 0.95
"""The confidence of every interval that is shown with a score."""


# One visit.


class Points(NamedTuple):
    """The points that an answer or a visit earned, and the points that were possible."""

    earned: int = 0
    possible: int = 0

    def __add__(self, other: "Points") -> "Points":  # type: ignore[override]
        return Points(self.earned + other.earned, self.possible + other.possible)

    def __sub__(self, other: "Points") -> "Points":
        return Points(self.earned - other.earned, self.possible - other.possible)


NO_POINTS = Points()


@dataclass(frozen=True, slots=True)
class QuestionScore:
    """The score of one question of a visit, and what its answer is counted as (``tallies``)."""

    key: str
    section: str
    fundamental: str | None
    earned: int
    possible: int
    critical_failure: bool
    tallies: tuple[str, ...]

    @property
    def points(self) -> Points:
        """The points of the question."""
        return Points(self.earned, self.possible)


@dataclass(frozen=True, slots=True)
class VisitScore:
    """The score of a visit and of each of its questions. Private questions are not included."""

    earned: int
    possible: int
    passed: bool
    critical_failures: tuple[str, ...]
    questions: tuple[QuestionScore, ...]

    @property
    def points(self) -> Points:
        """The points of the visit."""
        return Points(self.earned, self.possible)

    def points_by_section(self) -> dict[str, Points]:
        """Return the points by the key of the section."""
        return _sum_by_key((question.section, question.points) for question in self.questions)

    def points_by_fundamental(self) -> dict[str, Points]:
        """Return the points by the key of the fundamental that the questions observe."""
        return _sum_by_key(
            (question.fundamental, question.points) for question in self.questions if question.fundamental
        )


#: the score of a visit that found the store closed: no question of it counts
NOT_SCORED = VisitScore(0, 0, passed=False, critical_failures=(), questions=())


def _sum_by_key(keyed_points: Iterable[tuple[str, Points]]) -> dict[str, Points]:
    sums: dict[str, Points] = {}
    for key, points in keyed_points:
        sums[key] = sums.get(key, NO_POINTS) + points
    return sums


def points(question: Question, answer: Answer) -> Points:
    """Return the points of a valid answer to a visible question. They are 0 of 0 if it is not answered."""
    if not question.points_possible or not is_answered(question, answer):
        return NO_POINTS
    return Points(question.type.points_for(answer["value"]), question.points_possible)


def possible_tallies(question: Question) -> tuple[str, ...]:
    """Return everything that an answer to the question can be counted as."""
    return (*(question.choices or ("answered",)), "not_applicable")


def tallies(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return what a valid answer to a visible question is counted as. Omitted answers are not counted."""
    if answer.get("not_applicable"):
        return ("not_applicable",)
    if question.choices:
        return find_chosen(question, answer)
    return ("answered",) if is_answered(question, answer) else ()


def score_visit(
    checklist: Checklist, answers: Answers, outcome: str = VISITED, set_aside: Collection[str] = ()
) -> VisitScore:
    """Return the score of valid answers. ``checklist`` is the version that the visit was made with.

    A visit that found the store closed has no score, whatever was answered. The questions ``set_aside`` are
    scored as if they had no answer, but their answers still decide which questions are hidden.
    """
    if outcome == STORE_CLOSED:
        return NOT_SCORED
    visible = find_visible_questions(checklist, answers)
    questions = []
    for section in checklist.sections:
        for question in section.questions:
            if question.private:
                continue
            counts = question.key in visible and question.key not in set_aside
            answer = answers.get(question.key) if counts else None
            questions.append(_score_question(question, section.key, answer or NO_ANSWER))
    earned = sum(question.earned for question in questions)
    possible = sum(question.possible for question in questions)
    failures = tuple(question.key for question in questions if question.critical_failure)
    # Both sides are rounded to the nearest double, so 4 of 5 meets a pass mark of 0.8 exactly.
    passed = possible > 0 and earned / possible >= checklist.pass_mark and not failures
    return VisitScore(earned, possible, passed, failures, tuple(questions))


def _score_question(question: Question, section: str, answer: Answer) -> QuestionScore:
    earned, possible = points(question, answer)
    return QuestionScore(
        question.key,
        section,
        question.fundamental,
        earned,
        possible,
        question.critical and earned < possible,
        tallies(question, answer),
    )


# A place over a period.


class Sums(NamedTuple):
    """The six integers from which the score of any place and period is calculated: n, Σe, Σp, Σe², Σep, Σp².

    They add up over visits, months and places. e and p are the points earned and possible of one visit.
    """

    visits: int = 0
    earned: int = 0
    possible: int = 0
    earned_squared: int = 0
    product: int = 0
    possible_squared: int = 0

    @classmethod
    def of(cls, points: Points) -> "Sums":
        """Return the sums of one visit. A visit without possible points does not count."""
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

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*(own - theirs for own, theirs in zip(self, other, strict=True)))

    @property
    def points(self) -> Points:
        """The points of all visits."""
        return Points(self.earned, self.possible)

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
        """Return the interval cut to the range from ``lowest`` to ``highest``."""
        low, high = self
        return Interval(low if low >= lowest else lowest, high if high <= highest else highest)


#: A function from sums, and optionally a confidence, to an interval
IntervalOf = Callable[..., Interval | None]


def share(earned: int, possible: int) -> float | None:
    """Return ``earned / possible`` rounded exactly to 6 decimals, half to even. None if ``possible`` is 0."""
    if not possible:
        return None
    millionths, remainder = divmod(earned * 1_000_000, possible)
    if 2 * remainder > possible or (2 * remainder == possible and millionths % 2):
        millionths += 1
    return millionths / 1_000_000


def subtract_scores(minuend: "Points | Sums", subtrahend: "Points | Sums") -> float | None:
    """Return the difference of two scores, rounded like a score. None if one of them has no score."""
    numerator = minuend.earned * subtrahend.possible - subtrahend.earned * minuend.possible
    return share(numerator, minuend.possible * subtrahend.possible)


def spread(sums: Sums) -> float | None:
    """Return the standard deviation of a visit's score around the pooled score, not rounded.

    None for fewer than two visits. It is the square root of the residual variance of a ratio estimator.

    Source: Cochran, "Sampling Techniques", 3rd edition 1977, chapter 6.
    """
    return math.sqrt(_scatter(sums) / (sums.visits - 1)) if sums.visits > 1 else None


def _scatter(sums: Sums) -> float:
    """Return (n − 1)·s² = n²·(P²·Σe² − 2·E·P·Σep + E²·Σp²) / P⁴ with E = Σe and P = Σp.

    All operations before the division are on integers, so that there is no cancellation error.
    """
    n, e, p, earned_squared, product, possible_squared = sums
    squares = p * p * earned_squared - 2 * e * p * product + e * e * possible_squared
    return n * n * squares / p**4


def visit_interval(sums: Sums, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of whole visits, not rounded: the moderated t interval, cut to 0–1."""
    uncut = visit_interval_uncut(sums, confidence)
    return uncut and uncut.cut(0.0, 1.0)


def visit_interval_uncut(sums: Sums, confidence: float = CONFIDENCE) -> Interval | None:
    """Return R ± t·s̃/√n, where s̃² = (2·0.25² + (n − 1)·s²) / (n + 1). None for n = 0.

    t is the quantile of n + 1 degrees of freedom: t(0.975, n + 1) for a 95 % interval.

    Source: the moderated t of Smyth, "Linear models and empirical Bayes methods", 2004, with d₀ = 2 and
    s₀ = 0.25.
    """
    return Interval(*_visit_limits(sums, confidence)) if sums.visits else None


def _visit_limits(sums: Sums, confidence: float) -> tuple[float, float]:
    n = sums.visits
    degrees_of_freedom = PRIOR_VISITS + n - 1
    variance = (PRIOR_VISITS * PRIOR_SPREAD**2 + _scatter(sums)) / degrees_of_freedom
    score = sums.earned / sums.possible
    half_width = t_quantile(degrees_of_freedom, confidence) * math.sqrt(variance / n)
    return score - half_width, score + half_width


def wilson_interval(sums: Sums, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of a section, fundamental or question, not rounded. None for n = 0.

    Source: Wilson, "Probable inference", 1927, with the proportion R and n trials.
    """
    n = sums.visits
    if not n:
        return None
    score, z = sums.earned / sums.possible, normal_quantile(confidence)
    z2 = z**2
    centre = (score + z2 / (2 * n)) / (1 + z2 / n)
    half_width = z * math.sqrt(score * (1 - score) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(centre - half_width, centre + half_width).cut(0.0, 1.0)


@lru_cache
def normal_quantile(confidence: float) -> float:
    """Return how many standard deviations on both sides of the mean contain this proportion."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=65_536)
def t_quantile(degrees_of_freedom: int, confidence: float) -> float:
    """Return t with P(|T| < t) = ``confidence`` for Student's t, with an error below 2e-10 up to 99.8 %.

    The degrees of freedom ν are an integer.

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964. For ν < 200, the finite series
    26.7.3 and 26.7.4 of the probability are solved by bisection. Otherwise, the expansion 26.7.5 around the
    normal quantile is used. Its error is largest for ν = 200: 2e-12 for 95 %, 1e-11 for 98 %, 1.5e-10 for
    99.8 %.
    """
    if degrees_of_freedom < 200:
        return _solve_t_quantile(degrees_of_freedom, confidence)
    z, nu = normal_quantile(confidence), degrees_of_freedom
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    return z + (g1 + (g2 + (g3 + g4 / nu) / nu) / nu) / nu


def t_quantile_975(degrees_of_freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, which 95 % intervals need."""
    return t_quantile(degrees_of_freedom, CONFIDENCE)


def _solve_t_quantile(nu: int, confidence: float) -> float:
    low, high = 0.0, math.pi / 2
    while low < (angle := (low + high) / 2) < high:
        low, high = (angle, high) if _calculate_t_probability(angle, nu) < confidence else (low, angle)
    return math.sqrt(nu) * math.tan(angle)


def _calculate_t_probability(angle: float, nu: int) -> float:
    """Return P(|T| < √ν·tan(angle)) for Student's t distribution with ν degrees of freedom."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = nu % 2
    term, series = (cosine if odd else 1.0), 0.0
    for step in range(odd + 1, nu, 2):
        series += term
        term *= cosine * cosine * step / (step + 1)
    return 2 / math.pi * (angle + sine * series) if odd else sine * series


# Comparisons.


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a score between two periods. ``difference`` is rounded, ``interval`` is not."""

    difference: float | None
    interval: Interval | None
    significant: bool | None


def change(
    now: Sums, before: Sums, comparable: bool, interval_of: IntervalOf = visit_interval_uncut
) -> Change:
    """Compare a period with the previous one. ``comparable`` means that all visits are of one checklist.

    The interval is MOVER of the two intervals before they are cut, then cut to −1–1. For a section, a
    fundamental or a question, ``interval_of`` is ``wilson_interval``.

    If the periods are not comparable, ``interval`` and ``significant`` are None. If they are comparable,
    ``significant`` is never None, and is False if one of the periods has fewer than 5 visits. If one of them
    has no score, ``difference`` and ``interval`` are None too.

    Source: Zou and Donner, "Construction of confidence limits about effect measures", 2008.
    """
    first, second = interval_of(now), interval_of(before)
    if first is None or second is None:
        return Change(None, None, False if comparable else None)
    difference = subtract_scores(now, before)
    if not comparable:
        return Change(difference, None, None)
    r1, r2 = now.earned / now.possible, before.earned / before.possible
    interval = Interval(
        r1 - r2 - math.hypot(r1 - first.low, second.high - r2),
        r1 - r2 + math.hypot(first.high - r1, r2 - second.low),
    )
    has_enough_visits = not now.is_indicative and not before.is_indicative
    significant = has_enough_visits and not interval.low <= 0 <= interval.high
    return Change(difference, interval.cut(-1.0, 1.0), significant)


def paired_difference(pairs: Sequence[tuple[Points, Points]]) -> Change:
    """Compare the score of visits that were each scored twice: pairs of points now and then.

    ``difference`` is then − now. Visits without possible points on either side do not count. The interval is
    the t interval of the mean of paired differences dᵢ = aᵢ′ − aᵢ, cut to −1–1, where aᵢ = R + (eᵢ − R·pᵢ)/p̄
    is the share of a visit in the pooled score R, so that their mean is R. It is None for fewer than two
    visits. ``significant`` is False for fewer than 5 visits.

    Source: Student, "The probable error of a mean", 1908, for the t interval of paired differences; Cochran,
    "Sampling Techniques", 3rd edition 1977, chapter 6, for the linear form of a ratio.
    """
    scored = [(now, then) for now, then in pairs if now.possible and then.possible]
    if not scored:
        return Change(None, None, None)
    now = sum((before for before, _ in scored), NO_POINTS)
    then = sum((after for _, after in scored), NO_POINTS)
    difference = subtract_scores(then, now)
    n = len(scored)
    if n < 2:
        return Change(difference, None, False)
    differences = [
        _share_in_score(after, then, n) - _share_in_score(before, now, n) for before, after in scored
    ]
    mean = math.fsum(differences) / n
    variance = math.fsum((value - mean) ** 2 for value in differences) / (n - 1)
    half_width = t_quantile_975(n - 1) * math.sqrt(variance / n)
    interval = Interval(mean - half_width, mean + half_width).cut(-1.0, 1.0)
    return Change(difference, interval, n >= ENOUGH_VISITS and not interval.low <= 0 <= interval.high)


def _share_in_score(visit: Points, total: Points, visits: int) -> float:
    """Return R + (e − R·p)/p̄ of a visit, as one division of integers."""
    deviation = visit.earned * total.possible - total.earned * visit.possible
    return (total.earned * total.possible + visits * deviation) / total.possible**2


class Rank(NamedTuple):
    """The rank of a place, and the best and worst rank that it could have by chance. Ties share a rank."""

    rank: int
    best: int
    worst: int


class Ranking:
    """The ranks of places by their score, best first. Places with fewer than 5 visits are not ranked."""

    def __init__(self, places: Iterable[Sums]) -> None:
        ranked = [sums for sums in places if not sums.is_indicative]
        # Different scores differ by at least 1/P², so their integer parts differ when multiplied by P². This
        # is exact, and faster than comparing fractions.
        self._scale = max((sums.possible for sums in ranked), default=0) ** 2
        self._scores = sorted(map(self._scaled_score, ranked))
        # Without an object for each interval, 10,000 places take a third less time.
        limits = [_visit_limits(sums, CONFIDENCE) for sums in ranked]
        self._lows = sorted([low if low >= 0.0 else 0.0 for low, _ in limits])
        self._highs = sorted([high if high <= 1.0 else 1.0 for _, high in limits])

    def rank(self, sums: Sums) -> Rank | None:
        """Return the rank of one of the places, or None if it is not ranked."""
        interval = None if sums.is_indicative else visit_interval(sums)
        if interval is None:
            return None
        count = len(self._scores)
        better = count - bisect_right(self._scores, self._scaled_score(sums))
        clearly_better = count - bisect_right(self._lows, interval.high)
        clearly_worse = bisect_left(self._highs, interval.low)
        return Rank(1 + better, 1 + clearly_better, count - clearly_worse)

    def _scaled_score(self, sums: Sums) -> int:
        return sums.earned * self._scale // sums.possible


# Output.


def figures(sums: Sums) -> dict[str, Any]:
    """Return the score of a section, fundamental or question, with the fields of the schema ``Figures``."""
    return _format_figures(sums, wilson_interval(sums))


def visit_figures(sums: Sums, critical_failures: int, passed: int) -> dict[str, Any]:
    """Return the score of whole visits, with the fields of the schema ``VisitFigures``."""
    result = _format_figures(sums, visit_interval(sums))
    return result | {"critical_failures": critical_failures, "passed": passed}


def change_figures(change: Change) -> dict[str, Any]:
    """Return a change, with the fields of the schema ``Change``."""
    return {
        "difference": change.difference,
        "interval": format_interval(change.interval),
        "significant": change.significant,
    }


def _format_figures(sums: Sums, interval: Interval | None) -> dict[str, Any]:
    deviation = spread(sums)
    return {
        "visits": sums.visits,
        "points_earned": sums.earned,
        "points_possible": sums.possible,
        "score": share(sums.earned, sums.possible),
        "spread": None if deviation is None else _round(deviation),
        "interval": format_interval(interval),
        "indicative": sums.is_indicative,
    }


def format_interval(interval: Interval | None) -> dict[str, float] | None:
    """Return an interval with the fields of the schema ``Interval``."""
    if interval is None:
        return None
    return {"low": _round(interval.low), "high": _round(interval.high)}


def _round(number: float) -> float:
    return round(number, 6) + 0.0  # + 0.0 turns −0.0 into 0.0
