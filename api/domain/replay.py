"""Replays accepted visits: what they would have scored under a draft of their checklist.

Both sides, the current version (*now*) and the draft (*then*), are scored from the stored answers in the same
way, so that the difference is the effect of the draft alone. ``docs/scoring.md`` explains what a replay
cannot know.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from api.domain.amendments import Amendments, amend_answers, list_set_aside
from api.domain.answers import NO_ANSWER, Answers, find_visible_questions, is_acceptable
from api.domain.checklist import Checklist
from api.domain.scoring import (
    NO_POINTS,
    Points,
    VisitScore,
    change_figures,
    paired_difference,
    score_visit,
    share,
    subtract_scores,
)

MAX_LOCATIONS = 5


class Place(NamedTuple):
    """A location."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An accepted visit to an open store: its answers, and the version that it was made with.

    ``amendments`` are what a decided dispute changed in the answers.
    """

    location: Place
    day: date
    version: Checklist
    answers: Answers
    amendments: Amendments | None = None


class Rescored(NamedTuple):
    """The score of a visit under another version, and the scored questions whose answers are unknown."""

    score: VisitScore
    unknown: tuple[str, ...]


class VisitsNowAndThen(NamedTuple):
    """A number of visits now and then."""

    now: int
    then: int


@dataclass(frozen=True, slots=True)
class LocationScores:
    """The number of a location's visits, and their score now and then."""

    location: Place
    visits: int
    now: float | None
    then: float | None
    difference: float


@dataclass(frozen=True, slots=True)
class ReplayedScore:
    """The score of all visits now and then. ``interval`` is that of the difference.

    ``lowest`` and ``highest`` are the score then if all points of unknown answers were lost or earned.
    """

    now: float | None
    then: float | None
    difference: float | None
    interval: Mapping[str, float] | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question of the draft whose answers would count but are not known, and the number of visits."""

    question: str
    visits: int
    points_possible: int


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay, rounded. All figures are about the ``visits`` that have a score now and then.

    ``skipped`` is the number of other visits. ``locations`` are those whose score changes most.
    """

    visits: int
    skipped: int
    first_day: date | None
    last_day: date | None
    score: ReplayedScore
    passed: VisitsNowAndThen
    critical_failures: VisitsNowAndThen
    locations: list[LocationScores]
    unanswered: list[UnansweredQuestion]


def score_again(checklist: Checklist, visit: PastVisit) -> Rescored:
    """Score the answers of a visit under another version of its checklist, as they were amended.

    An answer that this version does not accept is omitted, so it counts 0 of 0. The answer to a question is
    unknown if this version asks it but the visit did not, or has no answer that this version accepts, or if
    the question depends on an unknown answer.
    """
    given = amend_answers(visit.answers, visit.amendments)
    answers = {
        question.key: answer
        for question in checklist.questions
        if (answer := given.get(question.key)) and is_acceptable(question, answer)
    }
    was_asked = find_visible_questions(visit.version, visit.answers)
    # An amendment can show a question that nobody answered. It counts 0 of 0 in the score of the visit too.
    was_shown = find_visible_questions(visit.version, given) - was_asked
    is_asked = find_visible_questions(checklist, answers)
    unknown = set()
    for question in checklist.questions:
        if question.only_if and question.only_if.question in unknown:
            unknown.add(question.key)
        elif question.key in is_asked - was_shown:
            answer = given.get(question.key) or NO_ANSWER
            if question.key not in was_asked or not is_acceptable(question, answer):
                unknown.add(question.key)
    scored = (question.key for question in checklist.questions if question.points_possible)
    score = score_visit(checklist, answers, set_aside=list_set_aside(visit.amendments))
    return Rescored(score, tuple(key for key in scored if key in unknown))


def replay(visits: Sequence[PastVisit], current: Checklist, draft: Checklist) -> Replay:
    """Score visits under the current version and under a draft without errors, and compare the results."""
    rescored = [(visit, score_again(current, visit).score, *score_again(draft, visit)) for visit in visits]
    compared = [row for row in rescored if row[1].possible and row[2].possible]
    days = [visit.day for visit, *_ in compared]
    scores = [(now, then) for _, now, then, _ in compared]
    times = Counter(key for *_, unknown in compared for key in unknown)
    unanswered = [
        UnansweredQuestion(question.key, times[question.key], question.points_possible)
        for question in draft.questions
        if question.key in times
    ]
    return Replay(
        visits=len(compared),
        skipped=len(visits) - len(compared),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        score=_compare([(now.points, then.points) for now, then in scores], unanswered),
        passed=VisitsNowAndThen(sum(now.passed for now, _ in scores), sum(then.passed for _, then in scores)),
        critical_failures=VisitsNowAndThen(
            sum(bool(now.critical_failures) for now, _ in scores),
            sum(bool(then.critical_failures) for _, then in scores),
        ),
        locations=_find_most_changed(
            (visit.location, (now.points, then.points)) for visit, now, then, _ in compared
        ),
        unanswered=unanswered,
    )


_Pair = tuple[Points, Points]


def _compare(pairs: Sequence[_Pair], unanswered: Iterable[UnansweredQuestion]) -> ReplayedScore:
    now, then = _add_up(pairs)
    change = change_figures(paired_difference(pairs))
    unknown_points = sum(row.points_possible * row.visits for row in unanswered)
    return ReplayedScore(
        now=share(*now),
        then=share(*then),
        difference=change["difference"],
        interval=change["interval"],
        lowest=share(then.earned, then.possible + unknown_points),
        highest=share(then.earned + unknown_points, then.possible + unknown_points),
    )


def _find_most_changed(pairs: Iterable[tuple[Place, _Pair]]) -> list[LocationScores]:
    """Return the locations whose score changes, those that change most first."""
    by_location: dict[Place, list[_Pair]] = {}
    for location, pair in pairs:
        by_location.setdefault(location, []).append(pair)
    rows = []
    for location, location_pairs in by_location.items():
        now, then = _add_up(location_pairs)
        difference = subtract_scores(then, now)
        if difference:
            rows.append(LocationScores(location, len(location_pairs), share(*now), share(*then), difference))
    rows.sort(key=lambda row: (-abs(row.difference), -row.visits, row.location.code))
    return rows[:MAX_LOCATIONS]


def _add_up(pairs: Sequence[_Pair]) -> _Pair:
    """Return the sums of points now and then."""
    return sum((now for now, _ in pairs), NO_POINTS), sum((then for _, then in pairs), NO_POINTS)
