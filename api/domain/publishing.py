"""Checks whether a draft of a checklist can be published: its errors, and keys that change their meaning."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from api.domain.checklist import (
    CHANNELS,
    COMMENT_RULES,
    MAX_CONDITION_ANSWERS,
    MAX_PHOTOS,
    MAX_POINTS,
    MAX_POINTS_OF_QUESTION,
    MAX_QUESTIONS,
    MAX_SECTIONS,
    REVIEWS,
    SELF_CHECK,
    Checklist,
    Question,
    fill_question_defaults,
)
from api.domain.fields import check_enum, check_keys, check_text, read_field, read_rows
from api.domain.fundamentals import FUNDAMENTALS_BY_KEY
from api.domain.problems import FieldError, pointer
from api.domain.question_types import QUESTION_TYPES, QuestionType, read_type

#: by question type: its own fields, with their defaults
_DEFAULTS_BY_TYPE = {name: type_().to_document() for name, type_ in QUESTION_TYPES.items()}


class _DraftQuestion(NamedTuple):
    """A question of a draft: its JSON pointer, its fields as written and with defaults, and its type."""

    location: str
    written: Mapping[str, Any]
    fields: Mapping[str, Any]
    type: QuestionType


def find_errors(document: Mapping[str, Any]) -> list[FieldError]:
    """Return every error that prevents a draft from being published.

    The draft must have the JSON types that ``schemas.checklists.ChecklistDraft`` checks. It may be
    incomplete.
    """
    if is_too_large(document):
        # This is the only error reported: the limits also limit the work of checking the questions.
        limits = f"A checklist has at most {MAX_SECTIONS} sections and {MAX_QUESTIONS} questions."
        return [FieldError("/sections", limits)]
    questions = [_read_question(location, question) for location, question in _list_questions(document)]
    errors = [*_check_document(document), *_check_sections(document)]
    errors += check_keys((f"{question.location}/key", question.fields["key"]) for question in questions)
    for question in questions:
        errors += _check_question(question)
    errors += _check_conditions(questions)
    if sum(question.type.points_possible for question in questions) > MAX_POINTS:
        errors.append(FieldError("/sections", f"All questions together have at most {MAX_POINTS} points."))
    return errors


def is_too_large(document: Mapping[str, Any]) -> bool:
    """Return whether a draft has more sections or questions than a checklist can have."""
    sections = read_rows(document, "sections")
    questions = sum(len(read_rows(section, "questions")) for section in sections)
    return len(sections) > MAX_SECTIONS or questions > MAX_QUESTIONS


def _list_questions(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each question of a draft with its JSON pointer."""
    for s, section in enumerate(read_rows(document, "sections")):
        for q, question in enumerate(read_rows(section, "questions")):
            yield pointer("sections", s, "questions", q), question


def _read_question(location: str, written: Mapping[str, Any]) -> _DraftQuestion:
    return _DraftQuestion(location, written, fill_question_defaults(written), read_type(written))


def _check_document(document: Mapping[str, Any]) -> Iterator[FieldError]:
    yield from check_keys([("/key", document.get("key"))])
    yield from check_text("/title", document.get("title"))
    yield from check_text("/introduction", document.get("introduction"), optional=True)
    yield from check_enum("/channel", document.get("channel"), CHANNELS)
    yield from check_enum("/review", read_field(document, "review", "automatic"), REVIEWS)
    if not 0 <= read_field(document, "pass_mark", 0) <= 1:
        yield FieldError("/pass_mark", "The pass mark must be between 0 and 1.")


def _check_sections(document: Mapping[str, Any]) -> Iterator[FieldError]:
    sections = read_rows(document, "sections")
    if not sections:
        yield FieldError("/sections", "A checklist must have at least one section.")
    yield from check_keys((f"/sections/{s}/key", section.get("key")) for s, section in enumerate(sections))
    for s, section in enumerate(sections):
        yield from check_text(f"/sections/{s}/title", section.get("title"))
        if not read_rows(section, "questions"):
            yield FieldError(f"/sections/{s}/questions", "A section must have at least one question.")


def _check_question(question: _DraftQuestion) -> Iterator[FieldError]:
    location, _, fields, type_ = question
    yield from check_text(f"{location}/text", fields["text"])
    yield from check_text(f"{location}/help", fields["help"], optional=True)
    yield from check_enum(f"{location}/type", fields["type"], tuple(QUESTION_TYPES))
    yield from check_enum(f"{location}/comment", fields["comment"], COMMENT_RULES)
    if fields["fundamental"] is not None:
        yield from check_enum(f"{location}/fundamental", fields["fundamental"], tuple(FUNDAMENTALS_BY_KEY))
    for error in type_.check_definition():
        yield FieldError(location + error.pointer, error.detail)
    yield from _check_photo_range(question)
    yield from _check_points(question)
    yield from _check_foreign_fields(question)


def _check_photo_range(question: _DraftQuestion) -> Iterator[FieldError]:
    location, photos = question.location, question.fields["photos"]
    minimum, maximum = photos["minimum"], photos["maximum"]
    if minimum < 0:
        yield FieldError(f"{location}/photos/minimum", "The minimum must not be negative.")
    if maximum < minimum:
        yield FieldError(f"{location}/photos/maximum", "The maximum must not be below the minimum.")
    elif maximum > MAX_PHOTOS:
        yield FieldError(f"{location}/photos/maximum", f"An answer has at most {MAX_PHOTOS} photos.")
    elif maximum < 1 and question.type.answered_by_photos:
        yield FieldError(f"{location}/photos/maximum", "A photo question must allow at least one photo.")


def _check_points(question: _DraftQuestion) -> Iterator[FieldError]:
    location, _, fields, type_ = question
    points_by_field = list(type_.list_points())
    for field, points in points_by_field:
        if points is None or points < 0:
            yield FieldError(location + field, "Points must be integers and must not be negative.")
    if type_.points_possible > MAX_POINTS_OF_QUESTION:
        yield FieldError(location, f"A question has at most {MAX_POINTS_OF_QUESTION} points.")
    if fields["private"]:
        if any(points for _, points in points_by_field):
            yield FieldError(f"{location}/private", "A private question cannot have points.")
        if fields["critical"]:
            yield FieldError(
                f"{location}/critical", "A private question is not scored, so it cannot be critical."
            )
    elif fields["critical"] and type_.points_possible <= 0:
        yield FieldError(f"{location}/critical", "A question without points cannot be critical.")


def _check_foreign_fields(question: _DraftQuestion) -> Iterator[FieldError]:
    """Yield an error for each field that only other question types have."""
    if question.type.name not in QUESTION_TYPES:
        return
    own_fields = _DEFAULTS_BY_TYPE[question.type.name]
    owners: dict[str, list[str]] = {}
    for owner, defaults in _DEFAULTS_BY_TYPE.items():
        for name, default in defaults.items():
            # A foreign field with its default value is accepted, because it has no effect.
            if name not in own_fields and question.written.get(name) not in (None, default, []):
                owners.setdefault(name, []).append(owner)
    for name, types in owners.items():
        detail = f"Only questions of type {' or '.join(types)} have this field."
        yield FieldError(f"{question.location}/{name}", detail)


def _check_conditions(questions: Sequence[_DraftQuestion]) -> Iterator[FieldError]:
    index_by_key: dict[str | None, int] = {}
    for index, question in enumerate(questions):
        index_by_key.setdefault(question.fields["key"], index)
    parents = {
        question.fields["key"]: question.fields["only_if"]["question"]
        for question in questions
        if question.fields["only_if"]
    }
    for index, question in enumerate(questions):
        condition = question.fields["only_if"]
        if condition is None:
            continue
        key, parent = question.fields["key"], condition["question"]
        location = f"{question.location}/only_if/question"
        if parent is None:
            yield FieldError(location, "The key of a question is required.")
        elif parent not in index_by_key:
            yield FieldError(location, "The checklist has no such question.")
        elif cycle := _find_cycle(key, parents):
            yield FieldError(location, f"These questions depend on one another: {' → '.join(cycle)}.")
        elif index_by_key[parent] > index:
            yield FieldError(location, "A question can depend only on an earlier question.")
        else:
            yield from _check_condition(question, questions[index_by_key[parent]])
        if not condition["is"]:
            yield FieldError(f"{question.location}/only_if/is", "At least one answer is required.")
        elif len(condition["is"]) > MAX_CONDITION_ANSWERS:
            yield FieldError(
                f"{question.location}/only_if/is", f"At most {MAX_CONDITION_ANSWERS} answers are allowed."
            )


def _check_condition(question: _DraftQuestion, parent: _DraftQuestion) -> Iterator[FieldError]:
    location = f"{question.location}/only_if"
    if parent.fields["private"] and not question.fields["private"]:
        # Otherwise, anyone who sees that this question was asked could infer the private answer.
        yield FieldError(f"{location}/question", "Only a private question can depend on a private question.")
    if not parent.type.has_choices:
        types = ", ".join(type_.name for type_ in QUESTION_TYPES.values() if type_.has_choices)
        yield FieldError(
            f"{location}/question", f"A question can depend only on questions of the types {types}."
        )
        return
    # Lists over the limit have an error already. Only their beginning is checked, to limit the work.
    choices = parent.type.choices[:MAX_CONDITION_ANSWERS]
    seen = set()
    for i, answer in enumerate(question.fields["only_if"]["is"][:MAX_CONDITION_ANSWERS]):
        if answer not in choices:
            detail = f"The question {parent.fields['key']} has no such answer."
            yield FieldError(f"{location}/is/{i}", detail)
        elif answer in seen:
            yield FieldError(f"{location}/is/{i}", "This answer is listed more than once.")
        seen.add(answer)


def _find_cycle(key: str | None, parents: Mapping[str | None, str | None]) -> list[str]:
    """Return the keys of the cycle of conditions that begins and ends with ``key``, or an empty list."""
    path: dict[str | None, None] = {}
    current = key
    while current in parents and current not in path:
        path[current] = None
        current = parents[current]
    return [str(step) for step in (*path, key)] if path and current == key else []


# A key keeps its meaning permanently: scores of all versions are added up by key.


def find_changed_meanings(document: Mapping[str, Any], earlier: Sequence[Checklist]) -> list[FieldError]:
    """Return an error for each key of a draft that had another meaning in one of the earlier versions.

    The channel ``self_check`` can be neither added nor removed after the first version: a location's view of
    itself is kept apart from what shoppers saw, checklist by checklist.
    """
    errors: dict[str, FieldError] = {}
    if earlier and (document.get("channel") == SELF_CHECK) != (earlier[-1].channel == SELF_CHECK):
        detail = f"The channel cannot be changed to or from {SELF_CHECK} after the first version."
        errors["/channel"] = FieldError("/channel", detail)
    for location, written in _list_questions(document):
        question = _read_question(location, written)
        for version in earlier:
            before = version.by_key.get(question.fields["key"])
            for field in _list_changes(question, before) if before else ():
                detail = f"This differs from version {version.version}. A new meaning requires a new key."
                errors.setdefault(location + field, FieldError(location + field, detail))
    return list(errors.values())


def _list_changes(question: _DraftQuestion, before: Question) -> Iterator[str]:
    if question.fields["private"] != before.private:
        yield "/private"
    yield from question.type.list_changes(before.type)
