"""What is missing, unknown, hidden or out of range in the answers of a visit.

Answers are as a submission's body has them: by question key, each with a ``value``, a ``comment``,
``not_applicable`` and ``photos``, any of which may be missing or null.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.domain.checklist import MAX_TEXT, Checklist, Question, pointer
from api.domain.problems import Fault
from api.domain.visits import STORE_CLOSED, VISITED

Answer = Mapping[str, Any]
Answers = Mapping[str, Answer]

NO_ANSWER: Answer = {}
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MAX_SECONDS = 31_536_000
MAX_NUMBER = 2**53
#: a store that was closed may have so many photos that belong to no question
MAX_CLOSED_STORE_PHOTOS = 3


def is_answered(question: Question, answer: Answer) -> bool:
    """Say whether the question itself was answered; a comment alone, or not applicable, is no answer."""
    if answer.get("not_applicable"):
        return False
    if question.type == "photo":
        return bool(answer.get("photos"))
    return _value(question, answer) is not None


def _value(question: Question, answer: Answer) -> Any:
    value = answer.get("value")
    return None if question.multiple and value == [] else value


def chosen(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return which of ``question.choices`` were chosen, as words."""
    if not question.choices or not is_answered(question, answer):
        return ()
    value = answer["value"]
    if question.multiple:
        return tuple(key for key in value if key in question.choices) if isinstance(value, list) else ()
    word = str(value) if question.type == "scale" and type(value) is int else value
    return (word,) if word in question.choices else ()


def visible(checklist: Checklist, answers: Answers) -> frozenset[str]:
    """Return the keys of the questions that are asked, given the answers; the others are hidden."""
    shown = set()
    waiting = {}  # What would be asked, by its answer, if only the question that it depends on is asked.
    for question in checklist.questions:
        condition = question.only_if
        if condition is None:
            shown.add(question.key)
        elif (named := checklist.by_key.get(condition.question)) is not None:
            answer = answers.get(named.key) or NO_ANSWER
            if not set(condition.answers).isdisjoint(chosen(named, answer)):
                waiting[question.key] = named.key
    while ready := [key for key, named_key in waiting.items() if named_key in shown]:
        shown.update(ready)
        for key in ready:
            del waiting[key]
    return frozenset(shown)


def named_photos(answers: Answers, photos: Sequence[str] = ()) -> Iterator[tuple[str | None, str, str]]:
    """Yield each photo that a submission names: its question, its pointer and its ID.

    ``photos`` are those of a store that was closed, which belong to no question (None); they come last.
    """
    for key, answer in answers.items():
        for index, photo in enumerate((answer or NO_ANSWER).get("photos") or ()):
            yield key, pointer("answers", key, "photos", index), photo
    for index, photo in enumerate(photos):
        yield None, pointer("photos", index), photo


def expected_photos(answers: Answers, photos: Sequence[str] = ()) -> list[str]:
    """Return the ids of all photos that a submission names, in order."""
    return [photo for _, _, photo in named_photos(answers, photos)]


def commented(checklist: Checklist, content: Mapping[str, Any]) -> list[str | None]:
    """Return the keys of the questions on which a submission has a comment or a text, in their order.

    None, at the end, stands for the comment on the visit as a whole. Private questions are left out.
    """
    answers = content["answers"]
    found: list[str | None] = [
        question.key
        for question in checklist.questions
        if not question.private and _has_words(question, answers.get(question.key) or NO_ANSWER)
    ]
    return [*found, None] if (content.get("comment") or "").strip() else found


def _has_words(question: Question, answer: Answer) -> bool:
    texts = (answer.get("comment"), answer.get("value") if question.type == "text" else None)
    return any(text and text.strip() for text in texts)


def faults(
    checklist: Checklist, answers: Answers, outcome: str = VISITED, photos: Sequence[str] = ()
) -> list[Fault]:
    """Return everything in the answers and photos of a submission that the shopper has to correct.

    If the store was closed, nothing has to be answered, and ``photos`` may show that it was.
    """
    is_closed = outcome == STORE_CLOSED
    shown = visible(checklist, answers)
    found = [
        Fault(pointer("answers", key), "The checklist has no such question")
        for key in answers
        if key not in checklist.by_key
    ]
    for question in checklist.questions:
        answer = answers.get(question.key) or NO_ANSWER
        if question.key in shown:
            found += [
                Fault(pointer("answers", question.key, field), detail)
                for field, detail in _faults_of_answer(question, answer, may_be_incomplete=is_closed)
            ]
        elif not _is_left_out(question, answer):
            found.append(Fault(pointer("answers", question.key), "This question is hidden by other answers"))
    if photos and not is_closed:
        found.append(Fault(pointer("photos"), "Only a store that was closed has photos without a question"))
    found += _photos_named_twice(answers, photos)
    return found


def _is_left_out(question: Question, answer: Answer) -> bool:
    is_empty = not answer.get("not_applicable") and not answer.get("photos")
    return is_empty and _value(question, answer) is None


def _faults_of_answer(
    question: Question, answer: Answer, *, may_be_incomplete: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the answer to a question that is asked: the field, and in words."""
    is_photo = question.type == "photo"
    value = _value(question, answer)
    answered = is_answered(question, answer)
    loses_points = False
    if answer.get("not_applicable"):
        if not question.not_applicable:
            yield "not_applicable", "This question always applies"
        if value is not None:
            yield "value", "What is not applicable has no value"
        if is_photo and answer.get("photos"):
            yield "photos", "What is not applicable has no photos"
    elif is_photo and value is not None:
        yield "value", "This question is answered by its photos alone"
    elif not answered:
        if question.required and not may_be_incomplete:
            yield "photos" if is_photo else "value", "An answer is missing"
    elif not is_photo:
        if detail := _fault_of_value(question, value):
            yield "value", detail
        else:
            loses_points = question.points_for(value) < question.points_possible
    # Whatever must come with an answer need not come with one from a closed store.
    is_complete = answered and not may_be_incomplete
    if detail := _fault_of_comment(
        question, answer.get("comment"), is_complete, loses_points and is_complete
    ):
        yield "comment", detail
    if detail := _fault_of_photos(question, len(answer.get("photos") or ()), is_complete):
        yield "photos", detail


def _fault_of_value(question: Question, value: Any) -> str | None:
    """Say what is wrong with a value, strictly: true is no integer, and neither is 5.0."""
    match question.type:
        case "yes_no":
            return None if value in ("yes", "no") else "yes or no"
        case "scale":
            low, high = question.minimum or 0, question.maximum or 0
            return None if _is_whole(value, low, high) else f"A whole number from {low} to {high}"
        case "choice" if question.multiple:
            return None if _are_different_choices(question, value) else "A list of different option keys"
        case "choice":
            return None if value in question.choices else "The key of one of the options"
        case "duration":
            return None if _is_whole(value, 0, MAX_SECONDS) else f"Whole seconds, 0 to {MAX_SECONDS}"
        case "number":
            return None if _is_number(value) else "A number, not beyond ±2⁵³"
        case "text":
            is_text = isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_TEXT
            return None if is_text else f"A text of 1 to {MAX_TEXT} characters"
        case "time":
            return None if isinstance(value, str) and TIME.fullmatch(value) else "A time of day as HH:MM"
    return None


def _is_whole(value: Any, minimum: int, maximum: int) -> bool:
    return type(value) is int and minimum <= value <= maximum


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) <= MAX_NUMBER


def _are_different_choices(question: Question, value: Any) -> bool:
    if not isinstance(value, list) or any(key not in question.choices for key in value):
        return False
    return len(set(value)) == len(value)


def _fault_of_comment(question: Question, comment: Any, answered: bool, loses_points: bool) -> str | None:
    if comment is not None and not isinstance(comment, str):
        return "A comment is a text"
    if comment and len(comment) > MAX_TEXT:
        return f"At most {MAX_TEXT} characters"
    commented = bool(comment and comment.strip())
    match question.comment:
        case "never" if commented:
            return "This question takes no comment"
        case "required" if answered and not commented:
            return "This question needs a comment"
        case "when_points_lost" if loses_points and not commented:
            return "Say why points were lost"
    return None


def _fault_of_photos(question: Question, count: int, answered: bool) -> str | None:
    minimum, maximum = question.photos.minimum, question.photos.maximum
    if count > maximum:
        return f"At most {maximum} photos" if maximum else "This question takes no photos"
    if answered and count < minimum:
        return f"At least {minimum} photos"
    return None


def _photos_named_twice(answers: Answers, photos: Sequence[str]) -> Iterator[Fault]:
    seen = set()
    for _, at, photo in named_photos(answers, photos):
        if photo in seen:
            yield Fault(at, "This photo is named already")
        seen.add(photo)
