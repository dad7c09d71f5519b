"""Scores, compared with independently calculated cases and with slower methods."""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.checklist import Checklist, fill_defaults
from api.domain.scoring import (
    NO_VISITS,
    Interval,
    Points,
    Rank,
    Ranking,
    Sums,
    change,
    change_figures,
    figures,
    possible_tallies,
    score_visit,
    share,
    spread,
    t_quantile_975,
    visit_figures,
    visit_interval,
    visit_interval_uncut,
    wilson_interval,
)

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "score-vectors.json").read_text())


def published(document: dict[str, Any]) -> Checklist:
    return Checklist.from_document(fill_defaults(document), 1)


def checklist(*questions: dict[str, Any], **fields: Any) -> Checklist:
    rows = [{"text": "?", "key": "q"} | question for question in questions]
    section = {"key": "all", "title": "All", "questions": rows}
    document = {"key": "visit", "title": "Visit", "channel": "in_person", "sections": [section]}
    return published(document | fields)


def summed(points) -> Sums:
    return sum((Sums.of(visit_points) for visit_points in points), NO_VISITS)


# One visit.

OPTIONS = [
    {"key": "bag", "label": "Bag", "points": 1},
    {"key": "card", "label": "Card", "points": 2},
    {"key": "nothing", "label": "Nothing"},
]
YES_NO = {"type": "yes_no", "points": 2}
SCALE = {"type": "scale", "minimum": -1, "maximum": 1, "scale_points": [0, 5, 2]}
DURATION = {
    "type": "duration",
    "bands": [{"up_to": 30, "points": 2}, {"up_to": 120, "points": 4}, {"points": 1}],
}
SINGLE = {"type": "choice", "options": OPTIONS}
MULTIPLE = {"type": "choice", "options": OPTIONS, "multiple": True}


@pytest.mark.parametrize(
    ("question", "value", "earned", "possible", "tallies"),
    [
        (YES_NO, "yes", 2, 2, ("yes",)),
        (YES_NO, "no", 0, 2, ("no",)),
        (YES_NO | {"good_answer": "no"}, "no", 2, 2, ("no",)),
        (SCALE, -1, 0, 5, ("-1",)),
        (SCALE, 0, 5, 5, ("0",)),
        (SCALE, 1, 2, 5, ("1",)),
        (SCALE | {"scale_points": []}, 1, 0, 0, ("1",)),
        (SINGLE, "bag", 1, 2, ("bag",)),
        (SINGLE, "nothing", 0, 2, ("nothing",)),
        (MULTIPLE, ["card", "bag"], 3, 3, ("card", "bag")),
        (MULTIPLE, ["nothing"], 0, 3, ("nothing",)),
        (DURATION, 30, 2, 4, ("answered",)),
        (DURATION, 31, 4, 4, ("answered",)),
        (DURATION, 121, 1, 4, ("answered",)),
        (DURATION | {"bands": []}, 121, 0, 0, ("answered",)),
        ({"type": "number"}, 0, 0, 0, ("answered",)),
        ({"type": "text"}, "well", 0, 0, ("answered",)),
        ({"type": "time"}, "09:30", 0, 0, ("answered",)),
        ({"type": "date"}, "2026-01-31", 0, 0, ("answered",)),
    ],
)
def test_points_and_tallies_of_each_question_type(question, value, earned, possible, tallies):
    one = checklist(question)
    (scored,) = score_visit(one, {"q": {"value": value}}).questions
    assert (scored.earned, scored.possible, scored.tallies) == (earned, possible, tallies)
    assert set(tallies) <= set(possible_tallies(one.by_key["q"]))


def test_a_photo_question_has_no_points_and_is_counted():
    one = checklist({"type": "photo", "photos": {"maximum": 1}})
    assert score_visit(one, {"q": {"photos": ["a"]}}).questions[0].tallies == ("answered",)


@pytest.mark.parametrize(
    ("answer", "tallies"),
    [
        (None, ()),
        ({}, ()),
        ({"comment": "x"}, ()),
        ({"value": None, "not_applicable": False}, ()),
        ({"not_applicable": True}, ("not_applicable",)),
    ],
)
@pytest.mark.parametrize("question", [YES_NO, SCALE, SINGLE, MULTIPLE, DURATION])
def test_unanswered_questions_do_not_count(question, answer, tallies):
    one = checklist(question | {"required": False, "critical": True})
    visit = score_visit(one, {"q": answer})
    assert (visit.earned, visit.possible, visit.passed, visit.critical_failures) == (0, 0, False, ())
    assert visit.questions[0].tallies == tallies
    assert Sums.of(visit.points) == NO_VISITS


def test_private_questions_are_not_scored():
    secret = {"key": "secret", "type": "yes_no", "private": True}
    visit = score_visit(checklist(YES_NO, secret), {"q": {"value": "yes"}, "secret": {"value": "no"}})
    assert [question.key for question in visit.questions] == ["q"]


def test_a_visit_passes_at_the_pass_mark_without_critical_failures():
    questions = [YES_NO | {"key": f"q{i}", "points": 1} for i in range(5)]
    four = {f"q{i}": {"value": "yes" if i else "no"} for i in range(5)}
    assert score_visit(checklist(*questions, pass_mark=0.8), four).passed
    assert not score_visit(checklist(*questions, pass_mark=0.81), four).passed
    questions[0]["critical"] = True
    failed = score_visit(checklist(*questions, pass_mark=0.8), four)
    assert (failed.passed, failed.critical_failures, failed.earned) == (False, ("q0",), 4)


def test_the_possible_tallies_of_each_question_type():
    questions = checklist(
        YES_NO, SCALE | {"key": "s"}, MULTIPLE | {"key": "m"}, DURATION | {"key": "d"}
    ).questions
    assert [possible_tallies(question) for question in questions] == [
        ("yes", "no", "not_applicable"),
        ("-1", "0", "1", "not_applicable"),
        ("bag", "card", "nothing", "not_applicable"),
        ("answered", "not_applicable"),
    ]


def test_points_are_pooled_by_section_and_by_fundamental():
    rows = [
        {"key": "a", "text": "?", "type": "yes_no", "points": 1, "fundamental": "be-sincere"},
        {"key": "b", "text": "?", "type": "yes_no", "points": 2},
        {"key": "c", "text": "?", "type": "yes_no", "points": 4, "fundamental": "be-sincere"},
    ]
    sections = [
        {"key": "x", "title": "X", "questions": rows[:2]},
        {"key": "y", "title": "Y", "questions": rows[2:]},
    ]
    visit = score_visit(
        checklist(sections=sections), {"a": {"value": "yes"}, "b": {"value": "yes"}, "c": {"value": "no"}}
    )
    assert visit.points_by_section() == {"x": Points(3, 3), "y": Points(0, 4)}
    assert visit.points_by_fundamental() == {"be-sincere": Points(1, 5)}


# A place over a period.


def test_the_worked_example_of_the_documentation():
    problem = {"key": "problem", "type": "yes_no"}
    condition = {"question": "problem", "is": ["yes"]}
    wait = [{"up_to": 30, "points": 4}, {"up_to": 120, "points": 2}, {"points": 0}]
    store = checklist(
        YES_NO | {"key": "greeting"},
        {"key": "wait", "type": "duration", "bands": wait},
        YES_NO | {"key": "thanks", "not_applicable": True},
        problem,
        {"key": "apology", "type": "yes_no", "points": 3, "only_if": condition},
    )
    first = {
        "greeting": {"value": "yes"},
        "wait": {"value": 45},
        "thanks": {"not_applicable": True},
        "problem": {"value": "no"},
    }
    second = {"greeting": {"value": "no"}, "wait": {"value": 20}, "apology": {"value": "yes"}}
    second |= {"thanks": {"value": "yes"}, "problem": {"value": "yes"}}
    visits = [score_visit(store, answers).points for answers in (first, second)]
    assert visits == [Points(4, 6), Points(9, 11)]
    sums = summed(visits)
    assert sums == Sums(2, 13, 17, 97, 123, 157)
    assert round(t_quantile_975(3), 6) == 3.182446
    assert round(visit_interval_uncut(sums).high, 3) == 1.241
    assert visit_figures(sums, 0, 2) == {
        "visits": 2,
        "points_earned": 13,
        "points_possible": 17,
        "score": 0.764706,
        "spread": 0.097869,
        "interval": {"low": 0.288085, "high": 1.0},
        "indicative": True,
        "critical_failures": 0,
        "passed": 2,
    }


@pytest.mark.parametrize("number", range(len(VECTORS["cases"])))
def test_independently_calculated_cases(number):
    case = VECTORS["cases"][number]
    store = published(VECTORS["checklists"][case["checklist"]])
    visits = [score_visit(store, answers) for answers in case["visits"]]
    assert case["expected"]["total"] == visit_figures(
        summed(visit.points for visit in visits),
        critical_failures=sum(bool(visit.critical_failures) for visit in visits),
        passed=sum(visit.passed for visit in visits),
    )
    for key, expected in case["expected"]["sections"].items():
        assert figures(summed(visit.points_by_section()[key] for visit in visits)) == expected
    for key, expected in case["expected"]["questions"].items():
        scored = [question for visit in visits for question in visit.questions if question.key == key]
        result = figures(summed(question.points for question in scored))
        if "answers" in expected:
            result["answers"] = {
                tally: sum(question.tallies.count(tally) for question in scored)
                for tally in possible_tallies(store.by_key[key])
            }
        assert result == expected


points = st.integers(1, 1_000_000).flatmap(
    lambda possible: st.builds(Points, st.integers(0, possible), st.just(possible))
)
small_points = st.integers(0, 12).flatmap(lambda earned: st.builds(Points, st.just(earned), st.just(12)))
visits = st.lists(points | st.just(Points()), max_size=40)
places = st.lists(st.lists(small_points, max_size=9).map(summed), max_size=25)


@given(visits.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.integers(0, 40))
def test_sums_add_up_in_any_order(orders, cut):
    rows, shuffled = orders
    assert summed(shuffled) == summed(rows) == summed(rows[:cut]) + summed(rows[cut:])


@given(visits)
def test_scores_from_sums_equal_a_recount_of_the_visits(visit_points):
    counted = [visit for visit in visit_points if visit.possible]
    sums, n = summed(visit_points), len(counted)
    earned, possible = sum(v.earned for v in counted), sum(v.possible for v in counted)
    assert (sums.visits, sums.earned, sums.possible) == (n, earned, possible)
    if not n:
        return
    score = Fraction(earned, possible)
    assert share(earned, possible) == float(round(score, 6))
    if n > 1:
        scatter = sum((v.earned - score * v.possible) ** 2 for v in counted)
        variance = scatter / ((n - 1) * Fraction(possible, n) ** 2)
        assert spread(sums) == pytest.approx(math.sqrt(variance), rel=1e-12)


@given(visits)
def test_intervals_contain_the_score_and_lie_between_0_and_1(visit_points):
    sums = summed(visit_points)
    for interval in (visit_interval(sums), wilson_interval(sums)):
        if not sums.visits:
            assert interval is None
        else:
            assert 0 <= interval.low <= sums.earned / sums.possible + 1e-12
            assert sums.earned / sums.possible - 1e-12 <= interval.high <= 1


def test_equal_visits_have_no_spread_even_where_floats_would_cancel():
    sums = summed([Points(999_983, 1_000_000)] * 1_000)
    assert spread(sums) == 0
    one_off = summed([Points(999_983, 1_000_000)] * 999 + [Points(999_984, 1_000_000)])
    assert spread(one_off) == pytest.approx(math.sqrt(1e-12 * 0.999 / 999), rel=1e-9)


def test_a_proportion_is_rounded_exactly_half_to_even():
    assert [share(n, 2_000_000) for n in (1, 3, 5)] == [0.0, 2e-06, 2e-06]
    assert [share(-n, 2_000_000) for n in (1, 3, 5)] == [0.0, -2e-06, -2e-06]
    assert share(2, 3) == 0.666667
    assert share(0, 0) is None
    assert math.copysign(1, share(-1, 10**9)) == 1


def test_without_visits_there_is_no_score():
    assert figures(NO_VISITS) == {
        "visits": 0,
        "points_earned": 0,
        "points_possible": 0,
        "score": None,
        "spread": None,
        "interval": None,
        "indicative": True,
    }


def test_fewer_than_five_visits_are_indicative():
    assert [summed([Points(1, 2)] * n).is_indicative for n in (4, 5)] == [True, False]


def test_one_visit_has_the_interval_of_the_pseudo_visits():
    interval = visit_interval_uncut(summed([Points(1, 2)]))
    assert interval.high - interval.low == pytest.approx(2 * 4.302652729749464 * 0.25, rel=1e-12)


# Student's t.

# Two-sided 95 % quantiles. The first two are tan(0.475·π) and √(2·0.95²/(1 − 0.95²)), the others
# are from published tables.
TABLE = {1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645, 5: 2.57058, 6: 2.44691, 7: 2.36462, 8: 2.30600}
TABLE |= {9: 2.26216, 10: 2.22814, 15: 2.13145, 20: 2.08596, 30: 2.04227, 60: 2.00030, 120: 1.97993}


def density(t: float, nu: int) -> float:
    """The density of Student's t distribution, without its constant factor."""
    return math.exp(-(nu + 1) / 2 * math.log1p(t * t / nu))


def integral(nu: int, upper: float) -> float:
    """The integral of that density from 0, by Simpson's rule over t = sinh(sinh(x))."""
    end = math.asinh(math.asinh(upper))
    steps = 4_000
    total = 0.0
    for i in range(steps + 1):
        x = end * i / steps
        inner = math.sinh(x)
        t, slope = math.sinh(inner), math.cosh(inner) * math.cosh(x)
        weight = 1 if i in (0, steps) else 4 if i % 2 else 2
        total += weight * density(t, nu) * slope
    return total * end / steps / 3


@pytest.mark.parametrize("nu", [1, 2, 3, 4, 5, 7, 12, 31, 100, 198, 199, 200, 201, 500, 10_000, 10**7])
def test_t_quantiles_agree_with_a_numerical_integration(nu):
    t = t_quantile_975(nu)
    total = integral(nu, 1e15 if nu == 1 else 1e9 if nu < 5 else 1e4)  # the tail beyond is below 1e-15
    error = (integral(nu, t) / total - 0.95) * total / density(t, nu)
    assert abs(error) < 1e-10


def test_t_quantiles_agree_with_closed_forms_and_tables():
    assert t_quantile_975(1) == pytest.approx(math.tan(0.475 * math.pi), abs=1e-11)
    assert t_quantile_975(2) == pytest.approx(math.sqrt(2 * 0.95**2 / (1 - 0.95**2)), abs=1e-11)
    for nu, quantile in TABLE.items():
        assert t_quantile_975(nu) == pytest.approx(quantile, abs=6e-5 if nu == 1 else 6e-6)


def test_t_quantiles_decrease_to_the_normal_quantile():
    quantiles = [t_quantile_975(nu) for nu in range(1, 2_000)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert 0 < t_quantile_975(10**7) - 1.959963984540054 < 3e-7


# Comparing.

GOOD, POOR = summed([Points(10, 10)] * 30), summed([Points(4, 10)] * 30)
FEW = summed([Points(10, 10)] * 4)


def test_a_clear_change_is_significant_with_a_mover_interval():
    result = change(GOOD, POOR, comparable=True)
    first, second = visit_interval_uncut(GOOD), visit_interval_uncut(POOR)
    assert result.difference == 0.6
    assert result.significant is True
    assert result.interval.low == pytest.approx(0.6 - math.hypot(1 - first.low, second.high - 0.4))
    assert result.interval.high == pytest.approx(0.6 + math.hypot(first.high - 1, 0.4 - second.low))
    backward = change(POOR, GOOD, comparable=True)
    assert (backward.difference, backward.significant) == (-0.6, True)


def test_no_change_is_not_significant():
    assert change(GOOD, GOOD, comparable=True).significant is False


def test_a_change_with_few_visits_has_an_interval_but_is_not_significant():
    for now, before in ((FEW, POOR), (POOR, FEW), (FEW, FEW)):
        result = change(now, before, comparable=True)
        assert result.interval is not None
        assert result.significant is False


def test_a_change_from_or_to_a_period_without_visits_has_no_difference():
    for now, before in ((GOOD, NO_VISITS), (NO_VISITS, GOOD), (NO_VISITS, NO_VISITS)):
        assert change_figures(change(now, before, comparable=True)) == {
            "difference": None,
            "interval": None,
            "significant": False,
        }


def test_periods_with_different_checklists_are_not_compared():
    assert change_figures(change(GOOD, POOR, comparable=False)) == {
        "difference": 0.6,
        "interval": None,
        "significant": None,
    }
    assert change(GOOD, NO_VISITS, comparable=False).significant is None


def test_the_change_of_a_section_uses_the_wilson_interval():
    result = change(GOOD, POOR, comparable=True, interval_of=wilson_interval)
    first, second = wilson_interval(GOOD), wilson_interval(POOR)
    assert result.interval.low == pytest.approx(0.6 - math.hypot(1 - first.low, second.high - 0.4))
    assert result.interval.high == pytest.approx(0.6 + math.hypot(first.high - 1, 0.4 - second.low))


@given(visits.map(summed), visits.map(summed))
def test_a_change_and_its_reverse_mirror_each_other(now, before):
    forward, backward = change(now, before, comparable=True), change(before, now, comparable=True)
    assert forward.significant == backward.significant
    if forward.difference is not None:
        assert forward.difference == -backward.difference
        assert -1 <= forward.interval.low <= forward.difference + 1e-6
        assert forward.difference - 1e-6 <= forward.interval.high <= 1
        assert forward.interval.low == pytest.approx(-backward.interval.high, abs=1e-12)


def rank_all(sums: list[Sums]) -> list[Rank | None]:
    ranking = Ranking(sums)
    return [ranking.rank(place) for place in sums]


def naive_ranks(sums: list[Sums]) -> list[Rank | None]:
    """Return the ranks, calculated by comparing each place with each other place."""
    ranked = [(Fraction(s.earned, s.possible), visit_interval(s)) for s in sums if s.visits >= 5]

    def rank(place: Sums) -> Rank | None:
        if place.visits < 5:
            return None
        score, interval = Fraction(place.earned, place.possible), visit_interval(place)
        return Rank(
            1 + sum(other > score for other, _ in ranked),
            1 + sum(other.low > interval.high for _, other in ranked),
            len(ranked) - sum(other.high < interval.low for _, other in ranked),
        )

    return [rank(place) for place in sums]


@given(places)
def test_ranks_equal_those_of_pairwise_comparison(sums):
    result = rank_all(sums)
    assert result == naive_ranks(sums)
    assert all(1 <= rank.best <= rank.rank <= rank.worst for rank in result if rank)


def test_ties_share_a_rank_and_indicative_places_have_none():
    same = summed([Points(20, 20)] * 15)
    assert rank_all([POOR, GOOD, FEW, same, NO_VISITS]) == [
        Rank(3, 3, 3),
        Rank(1, 1, 2),
        None,
        Rank(1, 1, 2),
        None,
    ]


def test_scores_that_differ_by_less_than_float_precision_have_different_ranks():
    big = 10**9
    nearly = Sums(5, big - 1, big, 0, 0, 0) + Sums(0, 0, 0, big**2, big**2, big**2)
    equal = Sums(5, big - 2, big - 1, 0, 0, 0) + Sums(0, 0, 0, big**2, big**2, big**2)
    assert [rank.rank for rank in rank_all([equal, nearly]) if rank] == [2, 1]


def test_an_interval_is_cut():
    assert Interval(-0.2, 1.3).cut(0.0, 1.0) == Interval(0.0, 1.0)
