"""The one rule for verdicts, and how often it is wrong in simulations of stores with known true scores."""

import math
from collections import Counter
from random import Random
from statistics import NormalDist
from typing import NamedTuple

import pytest

from api.domain.scoring import NO_POINTS, NO_VISITS, Points, Sums, visit_interval, wilson_interval
from api.domain.verdicts import ABOVE, AS_EXPECTED, BELOW, NOT_COMPARED, TOO_FEW, judge


def summed(*points: Points) -> Sums:
    return sum((Sums.of(visit) for visit in points), NO_VISITS)


GOOD, FAIR, POOR = (summed(*[Points(earned, 10)] * 20) for earned in (10, 7, 4))
OTHERS = GOOD + FAIR + POOR


@pytest.mark.parametrize("interval_of", [visit_interval, wilson_interval])
def test_the_interval_decides_which_side_of_the_comparison_a_score_is_on(interval_of) -> None:
    for sums, expected in ((GOOD, ABOVE), (FAIR, AS_EXPECTED), (POOR, BELOW)):
        verdict = judge(sums, OTHERS, interval_of)
        assert (verdict.verdict, verdict.comparison) == (expected, 0.7)
        assert verdict.interval == interval_of(sums, 0.98)


def test_fewer_than_five_visits_are_too_few() -> None:
    four = summed(*[Points(0, 10)] * 4)
    assert judge(four, OTHERS + four, visit_interval).verdict == TOO_FEW
    five = four + summed(Points(0, 10))
    assert judge(five, OTHERS + five, visit_interval).verdict == BELOW
    assert judge(NO_VISITS, OTHERS, visit_interval).verdict == TOO_FEW
    assert judge(NO_VISITS, None, visit_interval).verdict == TOO_FEW


def test_without_other_visits_there_is_nothing_to_compare_with() -> None:
    assert judge(POOR, POOR, visit_interval) == NOT_COMPARED
    assert judge(POOR, None, visit_interval) == NOT_COMPARED


# Simulations. A store is better or worse than others in general and in each question, and has better and
# worse days. The true scores follow from that by integration over the days.

STORES = 200
DAY_DEVIATION = 0.35
DAYS = [NormalDist(0, DAY_DEVIATION).inv_cdf((index + 0.5) / 15) for index in range(15)]


class Question(NamedTuple):
    """A question: its points, in ``steps`` steps, and how easily they are earned, as a logit."""

    points: int
    steps: int
    ease: float


#: The questions with points of "The four basics" and of "Store visit". Most visits answer the former well,
#: which is hardest for intervals.
FOUR_BASICS = [Question(1, 1, ease) for ease in (3.0, 2.2, 2.6, 1.8)]
STORE_VISIT = [
    Question(points, steps, ease)
    for (points, steps), ease in zip(
        [
            (3, 1),
            (4, 4),
            (3, 1),
            (2, 1),
            (3, 1),
            (4, 4),
            (4, 4),
            (4, 1),
            (3, 1),
            (3, 1),
            (4, 1),
            (2, 1),
            (3, 1),
        ],
        [2.5, 1.4, 1.8, 0.4, 3.0, 1.5, 1.2, 2.0, 1.0, 2.7, 2.3, 0.7, 1.6],
        strict=True,
    )
]


def chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def visit(rng: Random, questions: list[Question]) -> list[Points]:
    day = rng.gauss(0, DAY_DEVIATION)
    answers = []
    for points, steps, ease in questions:
        good = chance(ease + day)
        earned = sum(rng.random() < good for _ in range(steps)) * points // steps
        answers.append(Points(earned, points))
    return answers


def true_scores(questions: list[Question]) -> list[float]:
    """Return the true score of whole visits, and that of each question."""
    scores = [sum(chance(ease + day) for day in DAYS) / len(DAYS) for *_, ease in questions]
    points = [question.points for question in questions]
    whole = sum(p * score for p, score in zip(points, scores, strict=True)) / sum(points)
    return [whole, *scores]


def simulate(checklist: list[Question], visits: int, deviation: float) -> tuple[Counter[str], Counter[str]]:
    """Return the numbers of verdicts on whole visits and on questions: all, clear ones, and wrong ones.

    Without a deviation between stores, all are truly the same, and each clear verdict is wrong.
    """
    rng = Random(f"{len(checklist)}/{visits}/{deviation}")
    stores, truths = [], []
    for _ in range(STORES):
        quality = rng.gauss(0, deviation)
        own = [q._replace(ease=q.ease + quality + rng.gauss(0, deviation)) for q in checklist]
        answers = [visit(rng, own) for _ in range(visits)]
        whole = summed(*(sum(points, NO_POINTS) for points in answers))
        stores.append([whole, *(summed(*column) for column in zip(*answers, strict=True))])
        truths.append(true_scores(own))
    results: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for subject in range(len(checklist) + 1):
        everything = sum((store[subject] for store in stores), NO_VISITS)
        # All stores have as many visits with as many points.
        true_comparison = sum(truth[subject] for truth in truths) / STORES
        for store, truth in zip(stores, truths, strict=True):
            interval_of = wilson_interval if subject else visit_interval
            verdict = judge(store[subject], everything, interval_of).verdict
            counts = results[bool(subject)]
            counts["all"] += 1
            if verdict in (ABOVE, BELOW):
                counts["clear"] += 1
                is_above = truth[subject] > true_comparison
                counts["wrong"] += not deviation or (verdict == ABOVE) != is_above
    return results


CHECKLISTS = pytest.mark.parametrize("checklist", [FOUR_BASICS, STORE_VISIT], ids=["short", "long"])


@CHECKLISTS
@pytest.mark.parametrize("visits", [5, 10, 24])
def test_under_5_percent_of_equal_stores_are_called_clearly_different(checklist, visits) -> None:
    for counts in simulate(checklist, visits, 0):
        assert counts["all"] >= STORES
        assert counts["clear"] < 0.05 * counts["all"]


@CHECKLISTS
@pytest.mark.parametrize("visits", [5, 10, 24])
def test_under_5_percent_of_verdicts_on_different_stores_are_wrong(checklist, visits) -> None:
    whole, questions = simulate(checklist, visits, 0.4)
    for counts in (whole, questions):
        assert counts["wrong"] < 0.05 * counts["all"]
    if visits == 24:
        # The rule is not blind, and few of the stores that it calls clearly different are on the other side.
        assert whole["clear"] > 0.1 * whole["all"]
        assert whole["wrong"] <= 0.05 * whole["clear"]
