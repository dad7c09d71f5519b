"""Replays of accepted visits under a draft, and what they cannot know."""

import statistics
import uuid
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.answers import find_errors
from api.domain.checklist import Checklist
from api.domain.replay import PastVisit, Place, replay, score_again
from api.domain.scoring import Points, change_figures, paired_difference, score_visit
from tests.domain.drafts import CHOICE, DURATION, SCALE, YES_NO, published

PROBLEM = {"key": "problem", "text": "Problem?", "type": "yes_no"}
APOLOGY = {
    "key": "apology",
    "text": "Apology?",
    "type": "yes_no",
    "points": 3,
    "critical": True,
    "only_if": {"question": "problem", "is": ["yes"]},
}
OPTIONAL = {"required": False, "not_applicable": True}
QUESTIONS = [{**question, **OPTIONAL} for question in (YES_NO, SCALE, CHOICE, DURATION, PROBLEM, APOLOGY)]
CURRENT = published(*QUESTIONS)
STORES = [Place(uuid.UUID(int=n), f"S{n}", f"Store {n}") for n in range(9)]

ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "greeting": st.sampled_from(["yes", "no"]),
        "sincerity": st.integers(1, 5),
        "till": st.sampled_from(["left", "right"]),
        "wait": st.integers(0, 300),
        "problem": st.sampled_from(["yes", "no"]),
        "apology": st.sampled_from(["yes", "no"]),
    },
).map(lambda values: {key: {"value": value} for key, value in values.items()})


def visit(answers: Any, store: int = 0, version: Checklist = CURRENT) -> PastVisit:
    return PastVisit(STORES[store], date(2026, 1, 1), version, answers)


def values(**answers: Any) -> Any:
    return {key: {"value": value} for key, value in answers.items()}


VISITS = st.lists(
    st.builds(visit, ANSWERS.filter(lambda answers: not find_errors(CURRENT, answers)), st.integers(0, 8)),
    max_size=12,
)


@given(VISITS)
def test_unchanged_draft_changes_nothing(visits: list[PastVisit]) -> None:
    result = replay(visits, CURRENT, published(*QUESTIONS, version=2))
    assert result.visits + result.skipped == len(visits)
    assert result.score.difference == (0 if result.visits else None)
    assert result.score.interval == ({"low": 0, "high": 0} if result.visits > 1 else None)
    assert result.passed.now == result.passed.then
    assert result.critical_failures.now == result.critical_failures.then
    assert result.locations == [] and result.unanswered == []
    assert result.score.lowest == result.score.highest == result.score.then == result.score.now


@given(VISITS, st.integers(0, 5), st.lists(st.integers(0, 4), min_size=5, max_size=5), st.booleans())
def test_replay_equals_scoring_directly(visits: Any, points: int, steps: list[int], critical: bool) -> None:
    greeting, sincerity, *others = QUESTIONS
    draft = published(
        {**greeting, "points": points, "critical": critical and points > 0},
        {**sincerity, "scale_points": steps},
        *others,
    )
    for past in visits:
        for checklist in (CURRENT, draft):
            assert score_again(checklist, past) == (score_visit(checklist, past.answers), ())
    result = replay(visits, CURRENT, draft)
    pairs = [(score_visit(CURRENT, past.answers), score_visit(draft, past.answers)) for past in visits]
    pairs = [(now, then) for now, then in pairs if now.possible and then.possible]
    assert result.visits == len(pairs)
    assert result.passed == (sum(now.passed for now, _ in pairs), sum(then.passed for _, then in pairs))
    if pairs:
        now, then = (
            sum(score.earned for score in side) / sum(score.possible for score in side)
            for side in zip(*pairs, strict=True)
        )
        assert result.score.now == pytest.approx(now, abs=1e-6)
        assert result.score.difference == pytest.approx(then - now, abs=1e-6)


def test_difference_of_visits_with_equal_points_is_the_textbook_paired_t_interval() -> None:
    scores = [(8, 7), (6, 6), (9, 5), (4, 5), (10, 8), (7, 7)]
    figures = change_figures(paired_difference([(Points(a, 10), Points(b, 10)) for a, b in scores]))
    differences = [(b - a) / 10 for a, b in scores]
    mean = statistics.mean(differences)
    half = 2.570581836 * statistics.stdev(differences) / len(scores) ** 0.5  # t(0.975, 5)
    assert figures["difference"] == pytest.approx(mean, abs=1e-6)
    assert figures["interval"]["low"] == pytest.approx(mean - half, abs=1e-6)
    assert figures["interval"]["high"] == pytest.approx(mean + half, abs=1e-6)
    assert figures["significant"] is False


def test_difference_counts_only_visits_with_a_score_on_both_sides() -> None:
    assert change_figures(paired_difference([])) == {
        "difference": None,
        "interval": None,
        "significant": None,
    }
    one = paired_difference(
        [(Points(1, 2), Points(2, 2)), (Points(0, 0), Points(1, 2)), (Points(1, 1), Points(0, 0))]
    )
    assert (one.difference, one.interval, one.significant) == (0.5, None, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 9)),
        min_size=2,
        max_size=9,
    )
)
def test_interval_contains_the_difference(rows: list[tuple[int, int, int, int]]) -> None:
    pairs = [(Points(min(a, b), b), Points(min(c, d), d)) for a, b, c, d in rows]
    change = paired_difference(pairs)
    assert change.interval and change.difference is not None
    assert change.interval.low - 1e-6 <= change.difference <= change.interval.high + 1e-6


# What is not known.


def unanswered(draft: Checklist, *visits: PastVisit) -> Any:
    return [
        (row.question, row.visits, row.points_possible) for row in replay(visits, CURRENT, draft).unanswered
    ]


def test_new_question_counts_in_no_score_and_is_named() -> None:
    bag = {"key": "bag", "text": "A bag?", "type": "yes_no", "points": 2}
    draft = published(*QUESTIONS, bag, {**bag, "key": "unscored", "points": 0})
    result = replay([visit(values(greeting="yes")), visit(values(greeting="no"))], CURRENT, draft)
    assert (result.score.now, result.score.then, result.score.difference) == (0.5, 0.5, 0)
    assert (result.score.lowest, result.score.highest) == (0.25, 0.75)
    assert [(row.question, row.visits, row.points_possible) for row in result.unanswered] == [("bag", 2, 2)]


def test_question_that_depends_on_an_unknown_answer_is_unknown_too() -> None:
    late = {"key": "late", "text": "Late?", "type": "yes_no"}
    excuse = {**APOLOGY, "key": "excuse", "only_if": {"question": "late", "is": ["yes"]}}
    past = visit(values(greeting="yes"))
    assert unanswered(published(*QUESTIONS, late, excuse), past) == [("excuse", 1, 3)]


def test_question_that_was_hidden_and_would_be_asked_is_unknown() -> None:
    always = published(*QUESTIONS[:-1], {**QUESTIONS[-1], "only_if": None})
    assert unanswered(always, visit(values(greeting="yes", problem="no"))) == [("apology", 1, 3)]
    assert unanswered(always, visit(values(problem="yes", apology="no"))) == []


def test_question_that_would_be_hidden_does_not_count() -> None:
    hidden = {**QUESTIONS[-1], "only_if": {"question": "problem", "is": ["no"]}}
    past = visit(values(greeting="yes", problem="yes", apology="no"))
    result = replay([past], CURRENT, published(*QUESTIONS[:-1], hidden))
    assert (result.score.now, result.score.then) == (0.4, 1)
    assert result.critical_failures == (1, 0)


def test_answer_that_the_draft_does_not_accept_is_unknown() -> None:
    options = [{"key": "right", "label": "Right", "points": 3}]
    draft = published(*QUESTIONS[:2], {**QUESTIONS[2], "options": options}, *QUESTIONS[3:])
    past = visit(values(greeting="yes", till="left"))
    assert unanswered(draft, past) == [("till", 1, 3)]
    result = replay([past], CURRENT, draft)
    assert (result.score.now, result.score.then) == (0.4, 1)
    applies = published({**QUESTIONS[0], "not_applicable": False}, *QUESTIONS[1:])
    past = visit({"greeting": {"not_applicable": True}, **values(wait=0)})
    assert unanswered(applies, past) == [("greeting", 1, 2)]


def test_removed_question_counts_no_more() -> None:
    past = visit(values(greeting="no", wait=0))
    result = replay([past], CURRENT, published(*QUESTIONS[1:]))
    assert (result.score.now, result.score.then, result.unanswered) == (0.666667, 1, [])
    assert replay([visit(values(greeting="no"))], CURRENT, published(*QUESTIONS[1:])).skipped == 1


def test_visits_of_older_versions_are_scored_like_the_others() -> None:
    first = published({**YES_NO, "points": 5})
    past = visit(values(greeting="no"), version=first)
    result = replay([past, past], CURRENT, published(*QUESTIONS, version=3))
    assert (result.score.now, result.score.difference) == (0, 0)
    assert [row.question for row in result.unanswered] == ["sincerity", "till", "wait", "apology"]


def test_five_locations_that_change_most_come_first() -> None:
    double = published({**QUESTIONS[0], "points": 4}, *QUESTIONS[1:])
    visits = [
        visit(values(greeting="yes", wait=wait), store)
        for store, wait in enumerate((0, 60, 60, 300, 300, 60, 60, 60))
    ]
    visits.append(visit(values(greeting="yes", wait=60), 7))
    result = replay(visits, CURRENT, double)
    assert [row.location.code for row in result.locations] == ["S3", "S4", "S7", "S1", "S2"]
    assert (result.locations[0].now, result.locations[0].then) == (0.333333, 0.5)
