"""What is missing, unknown, hidden or out of range in the answers of a visit.

Answers are as a submission's body has them: by question key, each with a ``value``, a ``comment``,
``not_applicable`` and ``photos``, any of which may be missing or null.
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
#: a store that was closed may have so many photos that belong to no question
MAX_CLOSED_STORE_PHOTOS = 3


def is_answered(question: Question, answer: Answer) -> bool:
    """Say whether the question itself was answered; a comment alone, or not applicable, is no answer."""
    if answer.get("not_applicable"):
        return False
    if question.type.answered_by_photos:
        return bool(answer.get("photos"))
    return not question.type.is_empty(answer.get("value"))


def find_chosen(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return which of ``question.choices`` an answer selects."""
    if not question.choices or not is_answered(question, answer):
        return ()
    return question.type.find_choices(answer["value"])


def find_visible_questions(checklist: Checklist, answers: Answers) -> frozenset[str]:
    """Return the keys of the questions that are asked, given the answers; the others are hidden."""
    shown = set()
    waiting = {}  # What would be asked, by its answer, if only the question that it depends on is asked.
    for question in checklist.questions:
        condition = question.only_if
        if condition is None:
            shown.add(question.key)
        elif (named := checklist.by_key.get(condition.question)) is not None:
            answer = answers.get(named.key) or NO_ANSWER
            if not set(condition.answers).isdisjoint(find_chosen(named, answer)):
                waiting[question.key] = named.key
    while ready := [key for key, named_key in waiting.items() if named_key in shown]:
        shown.update(ready)
        for key in ready:
            del waiting[key]
    return frozenset(shown)


def list_photos(answers: Answers, photos: Sequence[str] = ()) -> Iterator[tuple[str | None, str, str]]:
    """Yield each photo that a submission names: its question, its pointer and its ID.

    ``photos`` are those of a store that was closed, which belong to no question (None); they come last.
    """
    for key, answer in answers.items():
        for index, photo in enumerate((answer or NO_ANSWER).get("photos") or ()):
            yield key, pointer("answers", key, "photos", index), photo
    for index, photo in enumerate(photos):
        yield None, pointer("photos", index), photo


def list_photo_ids(answers: Answers, photos: Sequence[str] = ()) -> list[str]:
    """Return the ids of all photos that a submission names, in order."""
    return [photo for _, _, photo in list_photos(answers, photos)]


def find_commented_questions(checklist: Checklist, content: Mapping[str, Any]) -> list[str | None]:
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
    texts = (answer.get("comment"), question.type.get_text(answer.get("value")))
    return any(text and text.strip() for text in texts)


def find_errors(
    checklist: Checklist, answers: Answers, outcome: str = VISITED, photos: Sequence[str] = ()
) -> list[FieldError]:
    """Return everything in the answers and photos of a submission that the shopper has to correct.

    If the store was closed, nothing has to be answered, and ``photos`` may show that it was.
    """
    is_closed = outcome == STORE_CLOSED
    shown = find_visible_questions(checklist, answers)
    found = [
        FieldError(pointer("answers", key), "The checklist has no such question")
        for key in answers
        if key not in checklist.by_key
    ]
    for question in checklist.questions:
        answer = answers.get(question.key) or NO_ANSWER
        if question.key in shown:
            found += [
                FieldError(pointer("answers", question.key, field), detail)
                for field, detail in _faults_of_answer(question, answer, may_be_incomplete=is_closed)
            ]
        elif not _is_left_out(question, answer):
            found.append(
                FieldError(pointer("answers", question.key), "This question is hidden by other answers")
            )
    if photos and not is_closed:
        found.append(
            FieldError(pointer("photos"), "Only a store that was closed has photos without a question")
        )
    found += _photos_named_twice(answers, photos)
    return found


def _is_left_out(question: Question, answer: Answer) -> bool:
    is_empty = not answer.get("not_applicable") and not answer.get("photos")
    return is_empty and question.type.is_empty(answer.get("value"))


def _faults_of_answer(
    question: Question, answer: Answer, *, may_be_incomplete: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the answer to a question that is asked: the field, and in words."""
    type_, value = question.type, answer.get("value")
    has_value = not type_.is_empty(value)
    answered = is_answered(question, answer)
    loses_points = False
    if answer.get("not_applicable"):
        if not question.not_applicable:
            yield "not_applicable", "This question always applies"
        if has_value:
            yield "value", "An answer that is not applicable has no value"
        if type_.answered_by_photos and answer.get("photos"):
            yield "photos", "An answer that is not applicable has no photos"
    elif has_value:
        if detail := type_.check_value(value):
            yield "value", detail
        else:
            loses_points = type_.points_for(value) < question.points_possible
    elif not answered and question.required and not may_be_incomplete:
        yield "photos" if type_.answered_by_photos else "value", "An answer is missing"
    # Whatever must come with an answer need not come with one from a closed store.
    is_complete = answered and not may_be_incomplete
    if detail := _fault_of_comment(
        question, answer.get("comment"), is_complete, loses_points and is_complete
    ):
        yield "comment", detail
    if detail := _fault_of_photos(question, len(answer.get("photos") or ()), is_complete):
        yield "photos", detail


def _fault_of_comment(question: Question, comment: Any, answered: bool, loses_points: bool) -> str | None:
    if comment is not None and not isinstance(comment, str):
        return "A comment is a text"
    if comment and len(comment) > MAX_TEXT:
        return f"At most {MAX_TEXT} characters"
    find_commented_questions = bool(comment and comment.strip())
    match question.comment:
        case "never" if find_commented_questions:
            return "This question takes no comment"
        case "required" if answered and not find_commented_questions:
            return "This question needs a comment"
        case "when_points_lost" if loses_points and not find_commented_questions:
            return "Say why points were lost"
    return None


def _fault_of_photos(question: Question, count: int, answered: bool) -> str | None:
    minimum, maximum = question.photos.minimum, question.photos.maximum
    if count > maximum:
        return f"At most {maximum} photos" if maximum else "This question takes no photos"
    if answered and count < minimum:
        return f"At least {minimum} photos"
    return None


def _photos_named_twice(answers: Answers, photos: Sequence[str]) -> Iterator[FieldError]:
    seen = set()
    for _, at, photo in list_photos(answers, photos):
        if photo in seen:
            yield FieldError(at, "This photo is named already")
        seen.add(photo)
