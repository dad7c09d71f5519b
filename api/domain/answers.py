"""Checks the answers of a submission, and finds out which questions they show or hide.

Answers have the format of a submission's body: by question key, each with ``value``, ``comment``,
``not_applicable`` and ``photos``. Any of these may be missing or null.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.domain.checklist import Checklist, Question
from api.domain.fields import MAX_TEXT
from api.domain.problems import FieldError, pointer
from api.domain.visits import STORE_CLOSED, VISITED

Answer = Mapping[str, Any]
Answers = Mapping[str, Answer]

NO_ANSWER: Answer = {}
#: which answers with points to look at: those that lost some, or those that earned all of them
LOST_OR_FULL = LOST, FULL = "lost", "full"
#: the maximum number of photos that show that the store was closed; they belong to no question
MAX_CLOSED_STORE_PHOTOS = 3


def is_answered(question: Question, answer: Answer) -> bool:
    """Return whether the question is answered. A comment alone, or ``not_applicable``, is not an answer."""
    if answer.get("not_applicable"):
        return False
    if question.type.answered_by_photos:
        return bool(answer.get("photos"))
    return not question.type.is_empty(answer.get("value"))


def find_chosen(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return those of ``question.choices`` that an answer selects."""
    if not question.choices or not is_answered(question, answer):
        return ()
    return question.type.find_choices(answer["value"])


def find_visible_questions(checklist: Checklist, answers: Answers) -> frozenset[str]:
    """Return the keys of the questions that are shown for these answers. All other questions are hidden.

    A question with a condition is shown if its condition is met and the question that it depends on is shown.
    """
    visible = set()
    pending = {}  # questions whose condition is met, with the key of the question that they depend on
    for question in checklist.questions:
        condition = question.only_if
        if condition is None:
            visible.add(question.key)
        elif (parent := checklist.by_key.get(condition.question)) is not None:
            answer = answers.get(parent.key) or NO_ANSWER
            if not set(condition.answers).isdisjoint(find_chosen(parent, answer)):
                pending[question.key] = parent.key
    while ready := [key for key, parent_key in pending.items() if parent_key in visible]:
        visible.update(ready)
        for key in ready:
            del pending[key]
    return frozenset(visible)


def list_photos(answers: Answers, photos: Sequence[str] = ()) -> Iterator[tuple[str | None, str, str]]:
    """Yield each photo that a submission names: the key of its question, its JSON pointer and its ID.

    ``photos`` show that the store was closed. They belong to no question (None) and come last.
    """
    for key, answer in answers.items():
        for index, photo in enumerate((answer or NO_ANSWER).get("photos") or ()):
            yield key, pointer("answers", key, "photos", index), photo
    for index, photo in enumerate(photos):
        yield None, pointer("photos", index), photo


def list_photo_ids(answers: Answers, photos: Sequence[str] = ()) -> list[str]:
    """Return the IDs of all photos that a submission names, in order."""
    return [photo for _, _, photo in list_photos(answers, photos)]


def find_commented_questions(checklist: Checklist, content: Mapping[str, Any]) -> list[str | None]:
    """Return the keys of the questions for which a submission has a comment or a text, in checklist order.

    None, as the last item, stands for the comment on the visit as a whole. Private questions are omitted.
    """
    answers = content["answers"]
    keys: list[str | None] = [
        question.key
        for question in checklist.questions
        if not question.private and _has_text(question, answers.get(question.key) or NO_ANSWER)
    ]
    return [*keys, None] if (content.get("comment") or "").strip() else keys


def _has_text(question: Question, answer: Answer) -> bool:
    texts = (answer.get("comment"), question.type.get_text(answer.get("value")))
    return any(text and text.strip() for text in texts)


def is_acceptable(question: Question, answer: Answer) -> bool:
    """Return whether a question accepts the value of an answer, or that it has none.

    Comments and photos are not checked.
    """
    errors = _check_answer(question, answer, may_be_incomplete=False)
    return not any(field in ("value", "not_applicable") for field, _ in errors)


def find_errors(
    checklist: Checklist, answers: Answers, outcome: str = VISITED, photos: Sequence[str] = ()
) -> list[FieldError]:
    """Return every error in the answers and photos of a submission, with pointers into its body.

    If the store was closed, no question has to be answered, and ``photos`` may show that it was closed.
    """
    is_closed = outcome == STORE_CLOSED
    visible = find_visible_questions(checklist, answers)
    errors = [
        FieldError(pointer("answers", key), "The checklist has no such question.")
        for key in answers
        if key not in checklist.by_key
    ]
    for question in checklist.questions:
        answer = answers.get(question.key) or NO_ANSWER
        if question.key in visible:
            errors += [
                FieldError(pointer("answers", question.key, field), detail)
                for field, detail in _check_answer(question, answer, may_be_incomplete=is_closed)
            ]
        elif not _is_omitted(question, answer):
            errors.append(FieldError(pointer("answers", question.key), "Other answers hide this question."))
    if photos and not is_closed:
        detail = "Photos without a question are allowed only if the store was closed."
        errors.append(FieldError(pointer("photos"), detail))
    errors += _find_duplicate_photos(answers, photos)
    return errors


def _is_omitted(question: Question, answer: Answer) -> bool:
    has_value = not question.type.is_empty(answer.get("value"))
    return not has_value and not answer.get("not_applicable") and not answer.get("photos")


def _check_answer(
    question: Question, answer: Answer, *, may_be_incomplete: bool
) -> Iterator[tuple[str, str]]:
    """Yield the errors of the answer to a visible question: the name of the field, and a message."""
    type_, value = question.type, answer.get("value")
    has_value = not type_.is_empty(value)
    answered = is_answered(question, answer)
    loses_points = False
    if answer.get("not_applicable"):
        if not question.not_applicable:
            yield "not_applicable", "This question always applies."
        if has_value:
            yield "value", "An answer that is not applicable cannot have a value."
        if type_.answered_by_photos and answer.get("photos"):
            yield "photos", "An answer that is not applicable cannot have photos."
    elif has_value:
        if detail := type_.check_value(value):
            yield "value", detail
        else:
            loses_points = type_.points_for(value) < question.points_possible
    elif not answered and question.required and not may_be_incomplete:
        yield "photos" if type_.answered_by_photos else "value", "An answer is required."
    # If the store was closed, an answer needs neither the comment nor the photos that are otherwise required.
    is_complete = answered and not may_be_incomplete
    if detail := _check_comment(question, answer.get("comment"), is_complete, loses_points):
        yield "comment", detail
    if detail := _check_photo_count(question, len(answer.get("photos") or ()), is_complete):
        yield "photos", detail


def _check_comment(question: Question, comment: Any, is_complete: bool, loses_points: bool) -> str | None:
    if comment is not None and not isinstance(comment, str):
        return "A comment must be a string."
    if comment and len(comment) > MAX_TEXT:
        return f"A comment has at most {MAX_TEXT} characters."
    has_comment = bool(comment and comment.strip())
    match question.comment:
        case "never" if has_comment:
            return "This question does not accept a comment."
        case "required" if is_complete and not has_comment:
            return "This question requires a comment."
        case "when_points_lost" if is_complete and loses_points and not has_comment:
            return "Explain in a comment why points were lost."
    return None


def _check_photo_count(question: Question, count: int, is_complete: bool) -> str | None:
    minimum, maximum = question.photos.minimum, question.photos.maximum
    if count > maximum:
        return f"Too many photos: at most {maximum}." if maximum else "This question does not accept photos."
    if is_complete and count < minimum:
        return f"Too few photos: at least {minimum}."
    return None


def _find_duplicate_photos(answers: Answers, photos: Sequence[str]) -> Iterator[FieldError]:
    seen = set()
    for _, location, photo in list_photos(answers, photos):
        if photo in seen:
            yield FieldError(location, "This photo is named more than once.")
        seen.add(photo)
