"""The answers of a visit: the better the store, the more likely the good ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import singledispatch
from random import Random
from typing import Any

from api.domain.answers import find_visible_questions
from api.domain.checklist import SELF_CHECK, Checklist, Question
from api.domain.question_types import Choice, Duration, FreeText, Photo, QuestionType, Scale, YesNo
from api.services.demo.schedule import SLOW_CHECKLISTS, PlannedVisit
from api.services.demo.sentences import Writer

#: The standard deviation of a store's quality from visit to visit.
_VISIT_DEVIATION = 0.06
#: Degrees of latitude, about 2 km: far enough from the store to be flagged.
_FAR_AWAY = 0.02
#: How precisely people estimate durations: (up to this many seconds, in steps of this many seconds).
_DURATION_STEPS = ((300, 5), (7200, 60), (10**9, 3600))


@dataclass(slots=True)
class Generator:
    """The random numbers and texts that all visits share."""

    seed: int
    moment: datetime
    rng: Random = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)  # noqa: S311  (nothing here is a secret)
        self.writer = Writer(self.rng)


def generate_answers(generator: Generator, visit: PlannedVisit, checklist: Checklist) -> dict[str, Any]:
    """Return the answers by question key, in the format of a submission, without photos."""
    quality = visit.store.get_quality(generator.moment - visit.starts_at)
    quality += generator.rng.gauss(0, _VISIT_DEVIATION)
    if checklist.channel == SELF_CHECK:
        quality = min(quality + visit.store.flattery, 0.97)
    answers: dict[str, Any] = {}
    for question in checklist.questions:
        # A condition refers to an earlier question, so the answers so far decide what is visible.
        if question.key not in find_visible_questions(checklist, answers):
            continue
        answer = _generate_answer(question.type, generator, visit, question, quality)
        if answer is not None:
            answers[question.key] = answer
    return answers


def generate_duration(rng: Random, visit: PlannedVisit) -> timedelta:
    """Return how long a visit takes."""
    if visit.outcome in ("fast", "returned"):
        return timedelta(seconds=9)
    if visit.checklist in SLOW_CHECKLISTS:
        return timedelta(days=rng.randint(1, 5), minutes=rng.randint(0, 600))
    shortest, longest = {"store-visit": (9, 26), "four-basics": (3, 8)}.get(visit.checklist, (4, 12))
    return timedelta(seconds=rng.randint(shortest * 60, longest * 60))


def generate_position(rng: Random, visit: PlannedVisit, checklist: Checklist) -> dict[str, float] | None:
    """Return where a visit is sent from; ``None`` for calls and messages."""
    if checklist.channel in ("telephone", "message"):
        return None
    offset = _FAR_AWAY if visit.outcome == "far" else 0.0
    return {
        "latitude": round(visit.store.latitude + offset + rng.gauss(0, 0.0003), 6),
        "longitude": round(visit.store.longitude + rng.gauss(0, 0.0003), 6),
        "accuracy_m": rng.randint(5, 40),
    }


@singledispatch
def _generate_answer(
    type_: QuestionType, generator: Generator, visit: PlannedVisit, question: Question, quality: float
) -> dict[str, Any] | None:
    """Return an answer to a question, or ``None`` to leave it unanswered."""
    if question.not_applicable and generator.rng.random() < 0.12:
        return {"not_applicable": True}
    chance = quality + visit.store.get_strength(generator.seed, question.fundamental)
    if question.critical:
        chance = 1 - (1 - chance) * 0.1
    value = _generate_value(type_, generator.rng, min(max(chance, 0.05), 0.99))
    answer: dict[str, Any] = {"value": value}
    if question.comment == "when_points_lost" and type_.points_for(value) < question.points_possible:
        answer["comment"] = generator.writer.write_reason(question.key)
    return answer


@_generate_answer.register
def _generate_text_answer(
    type_: FreeText, generator: Generator, visit: PlannedVisit, question: Question, quality: float
) -> dict[str, Any] | None:
    if generator.rng.random() >= 0.6:
        return None
    text = generator.writer.write_story(visit.checklist, quality)
    return {"value": text} if text else None


@_generate_answer.register
def _generate_photo_answer(type_: Photo, *_args: Any) -> None:
    """Return None: photos are declared and uploaded separately, before the answers are sent."""


@singledispatch
def _generate_value(type_: QuestionType, rng: Random, chance: float) -> Any:
    """Return a value that is as good as possible with the probability ``chance``."""
    raise NotImplementedError(f"The demo cannot answer questions of the type {type_.name}.")


@_generate_value.register
def _generate_yes_no(type_: YesNo, rng: Random, chance: float) -> str:
    if not type_.points:
        return "yes" if rng.random() < 0.3 else "no"
    good = type_.good_answer
    return good if rng.random() < chance else ("no" if good == "yes" else "yes")


@_generate_value.register
def _generate_scale(type_: Scale, rng: Random, chance: float) -> int:
    low, high = type_.minimum or 0, type_.maximum or 0
    return min(max(round(low + (high - low) * rng.gauss(chance, 0.18)), low), high)


@_generate_value.register
def _generate_choice(type_: Choice, rng: Random, chance: float) -> str:
    if not type_.points_possible:
        return rng.choice(type_.options).key
    best = max(type_.options, key=lambda option: option.points)
    return best.key if rng.random() < chance else rng.choice(type_.options).key


@_generate_value.register
def _generate_seconds(type_: Duration, rng: Random, chance: float) -> int:
    """Return a duration in seconds within one of the question's bands, rounded as people estimate it."""
    limits = [0, *(band.up_to for band in type_.bands if band.up_to is not None)]
    limits.append(limits[-1] * 2)
    last_band = len(type_.bands) - 1
    band = int(min(max((1 - rng.gauss(chance, 0.15)) * len(type_.bands), 0), last_band))
    low, high = limits[band], limits[band + 1]
    step = next(step for longest, step in _DURATION_STEPS if high <= longest)
    seconds = rng.uniform(low, high)
    return max(int(seconds // step) * step, low + step)
