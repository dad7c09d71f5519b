"""What prevents a draft of a checklist from being published: errors, and keys that change their meaning."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from api.domain import fundamentals
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
from api.domain.fields import check_keys, check_text, check_word, read_field, read_rows
from api.domain.problems import FieldError, pointer
from api.domain.question_types import QUESTION_TYPES, QuestionType, read_type

#: by type: the fields that questions of this type have, with their defaults
_DEFAULTS = {name: each().to_document() for name, each in QUESTION_TYPES.items()}


class _DraftQuestion(NamedTuple):
    """A question of a draft: its pointer, its fields as written and filled in, and its type."""

    at: str
    written: Mapping[str, Any]
    fields: Mapping[str, Any]
    type: QuestionType


def find_errors(document: Mapping[str, Any]) -> list[FieldError]:
    """Return everything that prevents a draft, whose JSON types are right, from being published."""
    places = list(_places(document))
    if len(read_rows(document, "sections")) > MAX_SECTIONS or len(places) > MAX_QUESTIONS:
        # Reported alone: a limited number of questions limits the work of checking them.
        limits = f"At most {MAX_SECTIONS} sections and {MAX_QUESTIONS} questions"
        return [FieldError("/sections", limits)]
    questions = [_read_question(*place) for place in places]
    found = [*_faults_of_document(document), *_faults_of_sections(document)]
    found += check_keys((f"{question.at}/key", question.fields["key"]) for question in questions)
    for question in questions:
        found += _faults_of_question(question)
    found += _faults_of_conditions(questions)
    if sum(question.type.points_possible for question in questions) > MAX_POINTS:
        found.append(FieldError("/sections", f"All questions together have at most {MAX_POINTS} points"))
    return found


def _read_question(at: str, written: Mapping[str, Any]) -> _DraftQuestion:
    return _DraftQuestion(at, written, fill_question_defaults(written), read_type(written))


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for s, section in enumerate(read_rows(document, "sections")):
        for q, question in enumerate(read_rows(section, "questions")):
            yield pointer("sections", s, "questions", q), question


def _faults_of_document(document: Mapping[str, Any]) -> Iterator[FieldError]:
    yield from check_keys([("/key", document.get("key"))])
    yield from check_text("/title", document.get("title"))
    yield from check_text("/introduction", document.get("introduction"), optional=True)
    yield from check_word("/channel", document.get("channel"), CHANNELS)
    yield from check_word("/review", read_field(document, "review", "automatic"), REVIEWS)
    if not 0 <= read_field(document, "pass_mark", 0) <= 1:
        yield FieldError("/pass_mark", "A pass mark lies between 0 and 1")


def _faults_of_sections(document: Mapping[str, Any]) -> Iterator[FieldError]:
    sections = read_rows(document, "sections")
    if not sections:
        yield FieldError("/sections", "A checklist has at least one section")
    yield from check_keys((f"/sections/{s}/key", section.get("key")) for s, section in enumerate(sections))
    for s, section in enumerate(sections):
        yield from check_text(f"/sections/{s}/title", section.get("title"))
        if not read_rows(section, "questions"):
            yield FieldError(f"/sections/{s}/questions", "A section has at least one question")


def _faults_of_question(question: _DraftQuestion) -> Iterator[FieldError]:
    at, _, fields, type_ = question
    yield from check_text(f"{at}/text", fields["text"])
    yield from check_text(f"{at}/help", fields["help"], optional=True)
    yield from check_word(f"{at}/type", fields["type"], tuple(QUESTION_TYPES))
    yield from check_word(f"{at}/comment", fields["comment"], COMMENT_RULES)
    if fields["fundamental"] is not None:
        yield from check_word(
            f"{at}/fundamental", fields["fundamental"], tuple(fundamentals.FUNDAMENTALS_BY_KEY)
        )
    for fault in type_.check_definition():
        yield FieldError(at + fault.pointer, fault.detail)
    yield from _faults_of_photos(question)
    yield from _faults_of_points(question)
    yield from _faults_of_foreign_fields(question)


def _faults_of_photos(question: _DraftQuestion) -> Iterator[FieldError]:
    at, photos = question.at, question.fields["photos"]
    minimum, maximum = photos["minimum"], photos["maximum"]
    if minimum < 0:
        yield FieldError(f"{at}/photos/minimum", "The minimum is 0 or more")
    if maximum < minimum:
        yield FieldError(f"{at}/photos/maximum", "The maximum must not be below the minimum")
    elif maximum > MAX_PHOTOS:
        yield FieldError(f"{at}/photos/maximum", f"An answer has at most {MAX_PHOTOS} photos")
    elif maximum < 1 and question.type.answered_by_photos:
        yield FieldError(f"{at}/photos/maximum", "A photo question needs at least one photo")


def _faults_of_points(question: _DraftQuestion) -> Iterator[FieldError]:
    at, _, fields, type_ = question
    listed = list(type_.list_points())
    for place, points in listed:
        if points is None or points < 0:
            yield FieldError(at + place, "Points are whole numbers and never negative")
    if type_.points_possible > MAX_POINTS_OF_QUESTION:
        yield FieldError(at, f"A question has at most {MAX_POINTS_OF_QUESTION} points")
    if fields["private"]:
        if any(points for _, points in listed):
            yield FieldError(f"{at}/private", "A private question has no points")
        if fields["critical"]:
            yield FieldError(f"{at}/critical", "A private question is in no score, so it cannot be critical")
    elif fields["critical"] and type_.points_possible <= 0:
        yield FieldError(f"{at}/critical", "Without points to lose, a question cannot be critical")


def _faults_of_foreign_fields(question: _DraftQuestion) -> Iterator[FieldError]:
    if question.type.name not in QUESTION_TYPES:
        return
    own = _DEFAULTS[question.type.name]
    owners: dict[str, list[str]] = {}
    for owner, defaults in _DEFAULTS.items():
        for name, default in defaults.items():
            # A foreign field that has its default changes nothing.
            if name not in own and question.written.get(name) not in (None, default, []):
                owners.setdefault(name, []).append(owner)
    for name, types in owners.items():
        yield FieldError(f"{question.at}/{name}", f"Only a {' or '.join(types)} question has this field")


def _faults_of_conditions(questions: Sequence[_DraftQuestion]) -> Iterator[FieldError]:
    order: dict[str | None, int] = {}
    for index, question in enumerate(questions):
        order.setdefault(question.fields["key"], index)
    leads_to = {
        question.fields["key"]: question.fields["only_if"]["question"]
        for question in questions
        if question.fields["only_if"]
    }
    for index, question in enumerate(questions):
        condition = question.fields["only_if"]
        if condition is None:
            continue
        key, named = question.fields["key"], condition["question"]
        place = f"{question.at}/only_if/question"
        if named is None:
            yield FieldError(place, "Name the question that this one depends on")
        elif named not in order:
            yield FieldError(place, "There is no such question")
        elif circle := _circle(key, leads_to):
            yield FieldError(place, "These questions depend on one another: " + " → ".join(circle))
        elif order[named] > index:
            yield FieldError(place, "A question depends only on an earlier one")
        else:
            yield from _faults_of_condition(question, questions[order[named]])
        if not condition["is"]:
            yield FieldError(f"{question.at}/only_if/is", "At least one answer")
        elif len(condition["is"]) > MAX_CONDITION_ANSWERS:
            yield FieldError(f"{question.at}/only_if/is", f"At most {MAX_CONDITION_ANSWERS} answers")


def _faults_of_condition(question: _DraftQuestion, named: _DraftQuestion) -> Iterator[FieldError]:
    at = f"{question.at}/only_if"
    if named.fields["private"] and not question.fields["private"]:
        # Whoever sees that this one was asked would know the private answer.
        yield FieldError(f"{at}/question", "Only a private question depends on a private one")
    if not named.type.has_choices:
        types = ", ".join(each.name for each in QUESTION_TYPES.values() if each.has_choices)
        yield FieldError(f"{at}/question", f"A question depends only on questions of the types {types}")
        return
    # More than the limit is reported elsewhere, and not checked here.
    possible = named.type.choices[:MAX_CONDITION_ANSWERS]
    seen = set()
    for i, answer in enumerate(question.fields["only_if"]["is"][:MAX_CONDITION_ANSWERS]):
        if answer not in possible:
            yield FieldError(f"{at}/is/{i}", f"{named.fields['key']} has no such answer")
        elif answer in seen:
            yield FieldError(f"{at}/is/{i}", "This answer is already listed")
        seen.add(answer)


def _circle(start: str | None, leads_to: Mapping[str | None, str | None]) -> list[str]:
    """Return the way that conditions lead from a question back to itself, or nothing."""
    way: dict[str | None, None] = {}
    key = start
    while key in leads_to and key not in way:
        way[key] = None
        key = leads_to[key]
    return [str(step) for step in (*way, start)] if way and key == start else []


# A key keeps its meaning permanently: scores of all versions add up by key.


def find_changed_meanings(document: Mapping[str, Any], earlier: Sequence[Checklist]) -> list[FieldError]:
    """Return where a question of the draft means something else than its key meant in earlier versions.

    Nor does a checklist become or stop being a self-check: a location's view of itself is kept apart from
    what shoppers saw, checklist by checklist.
    """
    found: dict[str, FieldError] = {}
    if earlier and (document.get("channel") == SELF_CHECK) != (earlier[-1].channel == SELF_CHECK):
        found["/channel"] = FieldError(
            "/channel", "A checklist is for self-checks from the first version, or never"
        )
    for place in _places(document):
        question = _read_question(*place)
        for version in earlier:
            before = version.by_key.get(question.fields["key"])
            for at in _changes(question, before) if before else ():
                detail = f"This differs from version {version.version}; a new meaning needs a new key"
                found.setdefault(question.at + at, FieldError(question.at + at, detail))
    return list(found.values())


def _changes(question: _DraftQuestion, before: Question) -> Iterator[str]:
    if question.fields["private"] != before.private:
        yield "/private"
    yield from question.type.list_changes(before.type)
