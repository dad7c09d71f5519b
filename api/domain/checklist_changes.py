"""What changes between two documents of a checklist, and what that does to answers and scores.

Sections, questions and options are matched by their keys. ``docs/scoring.md`` defines the effects.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from api.domain.checklist import fill_defaults
from api.domain.problems import pointer
from api.domain.question_types import QuestionType, read_type

WORDS, POINTS, ASKED, NOT_COMPARABLE = EFFECTS = ("words", "points", "asked", "not-comparable")
ADDED, REMOVED, MOVED, CHANGED = CHANGE_KINDS = ("added", "removed", "moved", "changed")

Row = TypeVar("Row", "_Section", "_Question", "_Option")


@dataclass(frozen=True, slots=True)
class Change:
    """A change and its effect. ``detail`` is a sentence about what ``pointer`` refers to.

    ``pointer`` is a JSON pointer into the later document. For something that was removed, it refers to what
    contained it. ``question`` is the key of the question, if the change is about one. ``field`` is the name
    of a field, or what was added, removed or moved: ``section``, ``question`` or ``option``. ``before`` and
    ``after`` are the values of the field, the text of what was added or removed, or the titles of the
    sections between which a question was moved. Otherwise, they are None.
    """

    pointer: str
    effect: str
    kind: str
    field: str
    detail: str
    question: str | None = None
    before: Any = None
    after: Any = None


class _Section(NamedTuple):
    location: str
    key: str | None
    title: Any


class _Question(NamedTuple):
    location: str
    key: str | None
    section: _Section
    fields: Mapping[str, Any]
    type: QuestionType

    @property
    def is_scored(self) -> bool:
        return self.type.points_possible > 0


class _Option(NamedTuple):
    location: str
    key: str | None
    label: Any
    points: Any


def find_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return every change from a published document to a later document or a draft.

    The draft must have the JSON types that ``schemas.checklists.ChecklistDraft`` checks. It may be
    incomplete. There is no change if both are equal once omitted fields have their defaults.
    """
    old, new = fill_defaults(before), fill_defaults(after)
    return [
        *_compare_fields("", None, old, new, _DOCUMENT_FIELDS),
        *_compare_sections(list(_list_sections(old)), list(_list_sections(new))),
        *_compare_questions(list(_list_questions(old)), list(_list_questions(new))),
    ]


def _list_sections(document: Mapping[str, Any]) -> Iterator[_Section]:
    for s, section in enumerate(document["sections"]):
        yield _Section(pointer("sections", s), section["key"], section["title"])


def _list_questions(document: Mapping[str, Any]) -> Iterator[_Question]:
    for section, row in zip(_list_sections(document), document["sections"], strict=True):
        for q, fields in enumerate(row["questions"]):
            location = section.location + pointer("questions", q)
            yield _Question(location, fields["key"], section, fields, read_type(fields))


def _list_options(question: _Question) -> Iterator[_Option]:
    for o, option in enumerate(question.fields.get("options") or ()):
        location = question.location + pointer("options", o)
        yield _Option(location, option["key"], option["label"], option["points"])


# Matching by key.


@dataclass(frozen=True)
class _Matches(Generic[Row]):
    """The rows of two lists, matched by their keys. A duplicate or missing key matches nothing."""

    pairs: list[tuple[Row, Row]]
    added: list[Row]
    removed: list[Row]


def _match(old: Sequence[Row], new: Sequence[Row]) -> _Matches[Row]:
    old_by_key: dict[str | None, Row] = {}
    for row in old:
        old_by_key.setdefault(row.key, row)
    old_by_key.pop(None, None)
    pairs, added = [], []
    for row in new:
        before = old_by_key.pop(row.key, None)
        if before is None:
            added.append(row)
        else:
            pairs.append((before, row))
    return _Matches(pairs, added, list(old_by_key.values()))


def _find_moved(pairs: Iterable[tuple[Row, Row]], old: Sequence[Row]) -> list[Row]:
    """Return the fewest rows that have to be moved so that the old order becomes the new order.

    ``pairs`` are in the new order. Those that stay are a longest increasing subsequence of their old places.
    """
    place_by_location = {row.location: place for place, row in enumerate(old)}
    rows = [(place_by_location[before.location], after) for before, after in pairs]
    lowest_ends: list[int] = []  # by length − 1: the lowest end of the sequences of this length so far
    lengths = []
    for place, _ in rows:
        length = bisect_left(lowest_ends, place)
        lowest_ends[length : length + 1] = [place]
        lengths.append(length)
    moved, wanted = [], len(lowest_ends) - 1
    for (_, row), length in zip(reversed(rows), reversed(lengths), strict=True):
        if length == wanted:
            wanted -= 1
        else:
            moved.append(row)
    return moved[::-1]


# Sections, questions and options.


def _compare_sections(old: Sequence[_Section], new: Sequence[_Section]) -> Iterator[Change]:
    matches = _match(old, new)
    for before, after in matches.pairs:
        yield from _compare_fields(
            after.location, None, {"title": before.title}, {"title": after.title}, _SECTION_FIELDS
        )
    for section in _find_moved(matches.pairs, old):
        yield Change(section.location, ASKED, MOVED, "section", "The section is at another place.")
    for section in matches.added:
        yield Change(section.location, ASKED, ADDED, "section", "The section is new.", after=section.title)
    for section in matches.removed:
        detail = f"The section {_quote(section.title)} is removed."
        yield Change("/sections", ASKED, REMOVED, "section", detail, before=section.title)


def _compare_questions(old: Sequence[_Question], new: Sequence[_Question]) -> Iterator[Change]:
    matches = _match(old, new)
    for before, after in matches.pairs:
        yield from _compare_question(before, after)
    stayed = [(before, after) for before, after in matches.pairs if before.section.key == after.section.key]
    for section_key in dict.fromkeys(after.section.key for _, after in stayed):
        in_section = [pair for pair in stayed if pair[1].section.key == section_key]
        for question in _find_moved(in_section, old):
            detail = "The question is at another place in its section."
            yield Change(question.location, ASKED, MOVED, "question", detail, question.key)
    for question in matches.added:
        effect = NOT_COMPARABLE if question.is_scored else ASKED
        yield Change(
            question.location, effect, ADDED, "question", "The question is new.", question.key,
            after=question.fields["text"],
        )  # fmt: skip
    locations = {question.section.key: question.section.location for question in reversed(new)}
    for question in matches.removed:
        effect = NOT_COMPARABLE if question.is_scored else ASKED
        location = locations.get(question.section.key, "/sections")
        detail = f"The question {_quote(question.fields['text'])} is removed."
        yield Change(
            location, effect, REMOVED, "question", detail, question.key, before=question.fields["text"]
        )


def _compare_question(before: _Question, after: _Question) -> Iterator[Change]:
    is_scored = before.is_scored or after.is_scored
    if before.section.key != after.section.key:
        titles = before.section.title, after.section.title
        detail = f"The question is in the section {_quote(titles[1])} instead of {_quote(titles[0])}."
        effect = POINTS if is_scored else ASKED
        yield Change(after.location, effect, MOVED, "section", detail, after.key, *titles)
    if before.fields["type"] != after.fields["type"]:
        # The fields of different types have nothing in common.
        fields = {**_QUESTION_FIELDS, "type": _TYPE}
        yield from _compare_fields(after.location, after.key, before.fields, after.fields, fields)
        return
    new_meanings = {"/private", *after.type.list_changes(before.type)}
    effects = dict.fromkeys((name.removeprefix("/") for name in new_meanings), NOT_COMPARABLE)
    if is_scored:
        effects["only_if"] = NOT_COMPARABLE
    fields = {**_QUESTION_FIELDS, **_TYPE_FIELDS}
    yield from _compare_fields(after.location, after.key, before.fields, after.fields, fields, effects)
    yield from _compare_options(before, after, new_meanings, is_scored=is_scored)


def _compare_options(
    before: _Question, after: _Question, new_meanings: set[str], *, is_scored: bool
) -> Iterator[Change]:
    old = list(_list_options(before))
    matches = _match(old, list(_list_options(after)))
    for was, option in matches.pairs:
        label = option.location.removeprefix(after.location) + "/label"
        effects = {"label": NOT_COMPARABLE} if label in new_meanings else {}
        yield from _compare_fields(
            option.location, after.key, was._asdict(), option._asdict(), _OPTION_FIELDS, effects
        )
    for option in _find_moved(matches.pairs, old):
        detail = f"The option {_quote(option.label)} is at another place."
        yield Change(option.location, ASKED, MOVED, "option", detail, after.key)
    effect = NOT_COMPARABLE if is_scored else ASKED
    for option in matches.added:
        detail = f"The option {_quote(option.label)} is new."
        yield Change(option.location, effect, ADDED, "option", detail, after.key, after=option.label)
    for option in matches.removed:
        detail = f"The option {_quote(option.label)} is removed."
        location = f"{after.location}/options"
        yield Change(location, effect, REMOVED, "option", detail, after.key, before=option.label)


class _Field(NamedTuple):
    """The usual effect of a change of a field, and how to describe it: (before, after) → sentence."""

    effect: str
    describe: Callable[[Any, Any], str]


def _compare_fields(
    location: str,
    question: str | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    fields: Mapping[str, _Field],
    effects: Mapping[str, str] | None = None,
) -> Iterator[Change]:
    """Yield the changes of these fields; ``effects`` are those that differ from the usual ones."""
    for name, field in fields.items():
        was, value = before.get(name), after.get(name)
        if was != value:
            effect = (effects or {}).get(name, field.effect)
            detail = field.describe(was, value)
            yield Change(f"{location}/{name}", effect, CHANGED, name, detail, question, was, value)


# Sentences.


def _quote(text: Any) -> str:
    """Return a text in quotation marks, in its first language."""
    words = next(iter(text.values()), "") if isinstance(text, Mapping) else text
    return f"“{words or ''}”"


def _describe_text(subject: str, before: Any, after: Any) -> str:
    if not before or not after:
        return f"{subject} is {'removed' if before else 'new'}."
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return f"{subject} is worded differently."
    languages = [
        language
        for language in dict.fromkeys((*after, *before))
        if before.get(language) != after.get(language)
    ]
    return f"{subject} is worded differently in: {', '.join(languages)}."


def _describe_value(subject: str, before: Any, after: Any) -> str:
    return f"{subject} is {_name(after)} instead of {_name(before)}."


def _name(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _describe_switch(on: str, off: str, _before: Any, after: Any) -> str:
    return on if after else off


def _describe_photos(before: Any, after: Any) -> str:
    return f"The number of photos is {_name_range(after)} instead of {_name_range(before)}."


def _name_range(photos: Any) -> str:
    return f"{photos['minimum']} to {photos['maximum']}"


def _describe_condition(before: Any, after: Any) -> str:
    return f"The question is asked {_name_condition(after)} instead of {_name_condition(before)}."


def _name_condition(condition: Any) -> str:
    if condition is None:
        return "always"
    return f"only if {condition['question']} is {' or '.join(map(str, condition['is']))}"


def _describe_steps(before: Any, after: Any) -> str:
    return f"The points of the steps are {_join(after)} instead of {_join(before)}."


def _join(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items)) or "none"


def _describe_bands(before: Any, after: Any) -> str:
    return f"The points by duration are {_name_bands(after)} instead of {_name_bands(before)}."


def _name_bands(bands: Any) -> str:
    return _join(f"{band['points']} {_name_limit(band.get('up_to'))}" for band in bands)


def _name_limit(seconds: int | None) -> str:
    return "for longer" if seconds is None else f"up to {seconds} s"


def _text(subject: str) -> _Field:
    return _Field(WORDS, partial(_describe_text, subject))


def _value(effect: str, subject: str) -> _Field:
    return _Field(effect, partial(_describe_value, subject))


def _switch(effect: str, on: str, off: str) -> _Field:
    return _Field(effect, partial(_describe_switch, on, off))


_TYPE = _value(NOT_COMPARABLE, "The type")
_DOCUMENT_FIELDS: Mapping[str, _Field] = {
    "title": _text("The title"),
    "introduction": _text("The introduction"),
    "channel": _value(ASKED, "The channel"),
    "review": _value(ASKED, "The review"),
    "pass_mark": _value(POINTS, "The pass mark"),
}
_SECTION_FIELDS: Mapping[str, _Field] = {"title": _text("The title of the section")}
_OPTION_FIELDS: Mapping[str, _Field] = {
    "label": _text("The option"),
    "points": _value(POINTS, "The number of points for the option"),
}
#: the fields that all questions have
_QUESTION_FIELDS: Mapping[str, _Field] = {
    "text": _text("The question"),
    "help": _text("The advice"),
    "required": _switch(ASKED, "An answer is required now.", "An answer is optional now."),
    "not_applicable": _switch(
        ASKED,
        "The question can be marked as not applicable now.",
        "The question can no longer be marked as not applicable.",
    ),
    "critical": _switch(
        POINTS, "Losing points is a critical failure now.", "Losing points is no longer a critical failure."
    ),
    "private": _switch(
        NOT_COMPARABLE, "Only reviewers see the answer now.", "Managers see the answer now, too."
    ),
    "fundamental": _value(POINTS, "The fundamental"),
    "comment": _value(ASKED, "The rule for comments"),
    "photos": _Field(ASKED, _describe_photos),
    "only_if": _Field(ASKED, _describe_condition),
}
#: the fields of single types, except options
_TYPE_FIELDS: Mapping[str, _Field] = {
    "good_answer": _value(NOT_COMPARABLE, "The good answer"),
    "points": _value(POINTS, "The number of points"),
    "minimum": _value(NOT_COMPARABLE, "The lowest step"),
    "maximum": _value(NOT_COMPARABLE, "The highest step"),
    "scale_points": _Field(POINTS, _describe_steps),
    "multiple": _switch(
        NOT_COMPARABLE, "Several options can be chosen now.", "Only one option can be chosen now."
    ),
    "bands": _Field(POINTS, _describe_bands),
    "unit": _text("The unit"),
}
