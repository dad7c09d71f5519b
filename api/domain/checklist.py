"""Checklist > Section > Question, frozen; and what stands against publishing one."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from api.domain import fundamentals
from api.domain.problems import Fault

Text = str | Mapping[str, str]
"""What people read: one text, or one for each language."""

IN_PERSON, TELEPHONE, MESSAGE, SELF_CHECK = CHANNELS = ("in_person", "telephone", "message", "self_check")
REVIEWS = ("automatic", "manual")
COMMENT_RULES = ("never", "optional", "required", "when_points_lost")
GOOD_ANSWERS = ("yes", "no")

# What each type of question has beside the fields that all questions have, with the defaults.
TYPE_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "yes_no": {"good_answer": "yes", "points": 0},
    "scale": {"minimum": None, "maximum": None, "scale_points": ()},
    "choice": {"multiple": False, "options": ()},
    "duration": {"bands": ()},
    "number": {"unit": None},
    "text": {},
    "time": {},
    "photo": {},
}
QUESTION_TYPES = tuple(TYPE_FIELDS)
TYPES_OF_CONDITIONS = ("yes_no", "scale", "choice")

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

MAX_SECTIONS = 50
MAX_QUESTIONS = 500
MAX_OPTIONS = 100
MAX_SCALE_STEPS = 101
MAX_CONDITION_ANSWERS = MAX_OPTIONS + MAX_SCALE_STEPS
MAX_PHOTOS = 20
MAX_TEXT = 10_000
MAX_POINTS_OF_QUESTION = 10_000
MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A question is asked only if the answer to another one is among these."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The points for a duration of up to so many seconds; the last band has no end."""

    points: int
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers of a choice."""

    key: str
    label: Text
    points: int = 0


@dataclass(frozen=True, slots=True)
class PhotoRange:
    """How many photos an answer takes."""

    minimum: int = 0
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question; the fields that belong to other types are empty."""

    key: str
    text: Text
    type: str
    help: Text | None = None
    good_answer: str | None = None
    points: int = 0
    minimum: int | None = None
    maximum: int | None = None
    scale_points: tuple[int, ...] = ()
    multiple: bool = False
    options: tuple[Option, ...] = ()
    bands: tuple[Band, ...] = ()
    unit: Text | None = None
    required: bool = True
    not_applicable: bool = False
    critical: bool = False
    private: bool = False
    fundamental: str | None = None
    comment: str = "optional"
    photos: PhotoRange = PhotoRange()
    only_if: Condition | None = None
    points_possible: int = field(init=False, repr=False, compare=False)
    """The most that an answer could bring."""
    choices: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The answers to choose from, as words; none where the answer is free."""

    def __post_init__(self) -> None:
        listed = [option.points for option in self.options] + [band.points for band in self.bands]
        worths = (self.points, *self.scale_points, *listed)
        choices = _choices(self.type, self.minimum, self.maximum, (option.key for option in self.options))
        object.__setattr__(self, "points_possible", _most(worths, self.multiple))
        object.__setattr__(self, "choices", choices)

    def points_for(self, value: Any) -> int:
        """Return the points that a valid value brings."""
        match self.type:
            case "yes_no":
                return self.points if value == self.good_answer else 0
            case "scale":
                return self.scale_points[value - (self.minimum or 0)] if self.scale_points else 0
            case "choice":
                chosen = value if self.multiple else (value,)
                return sum(option.points for option in self.options if option.key in chosen)
            case "duration":
                reached = (band for band in self.bands if band.up_to is None or value <= band.up_to)
                return next((band.points for band in reached), 0)
        return 0


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that belong together, under a title."""

    key: str
    title: Text
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A published version: it never changes."""

    key: str
    version: int
    title: Text
    channel: str
    introduction: Text | None
    review: str
    pass_mark: float
    sections: tuple[Section, ...]
    questions: tuple[Question, ...] = field(init=False, repr=False, compare=False)
    """The questions of all sections, in order."""
    by_key: Mapping[str, Question] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        questions = tuple(question for section in self.sections for question in section.questions)
        object.__setattr__(self, "questions", questions)
        object.__setattr__(self, "by_key", {question.key: question for question in questions})

    @classmethod
    def from_document(cls, document: Mapping[str, Any], version: int) -> "Checklist":
        """Build a version from its document, in which ``complete`` has filled every field."""
        return cls(
            key=document["key"],
            version=version,
            title=document["title"],
            channel=document["channel"],
            introduction=document["introduction"],
            review=document["review"],
            pass_mark=document["pass_mark"],
            sections=tuple(
                Section(section["key"], section["title"], tuple(map(_question, section["questions"])))
                for section in document["sections"]
            ),
        )

    def question(self, key: str) -> Question:
        """Return the question of that key; a ``KeyError`` where there is none."""
        return self.by_key[key]

    @property
    def question_count(self) -> int:
        """How many questions there are, hidden and private ones included."""
        return len(self.questions)

    @property
    def points_possible(self) -> int:
        """The most that a visit could bring."""
        return sum(question.points_possible for question in self.questions)


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) that leads through these keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _question(document: Mapping[str, Any]) -> Question:
    only_if = document["only_if"]
    return Question(
        **{
            **document,
            "scale_points": tuple(document.get("scale_points", ())),
            "options": tuple(Option(**option) for option in document.get("options", ())),
            "bands": tuple(Band(**band) for band in document.get("bands", ())),
            "photos": PhotoRange(**document["photos"]),
            "only_if": only_if and Condition(only_if["question"], tuple(only_if["is"])),
        }
    )


def _most(points: Iterable[int], multiple: bool) -> int:
    return sum(points) if multiple else max(points, default=0)


def _choices(
    type_: str | None, minimum: int | None, maximum: int | None, options: Iterable[str]
) -> tuple[str, ...]:
    match type_:
        case "yes_no":
            return ("yes", "no")
        case "scale" if minimum is not None and maximum is not None and maximum - minimum < MAX_SCALE_STEPS:
            return tuple(map(str, range(minimum, maximum + 1)))
        case "choice":
            return tuple(options)
    return ()


# Filling in what was left out.


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole document, every left-out field filled in, in the order of the contract's example.

    A question has the fields of all questions and those of its type. What has no default stays ``None``.
    """
    filled = {
        "key": document.get("key"),
        "version": document.get("version"),
        "title": document.get("title"),
        "channel": document.get("channel"),
        "introduction": document.get("introduction"),
        "review": _given(document, "review", "automatic"),
        "pass_mark": _given(document, "pass_mark", 0),
        "sections": [
            {
                "key": section.get("key"),
                "title": section.get("title"),
                "questions": [_complete_question(question) for question in _rows(section, "questions")],
            }
            for section in _rows(document, "sections")
        ],
    }
    if filled["version"] is None:
        del filled["version"]
    return deepcopy(filled)


def _complete_question(question: Mapping[str, Any]) -> dict[str, Any]:
    own = TYPE_FIELDS.get(_given(question, "type", ""), {})
    filled: dict[str, Any] = {name: question.get(name) for name in ("key", "text", "help", "type")}
    filled |= {name: _given(question, name, default) for name, default in own.items()}
    if "scale_points" in own:
        filled["scale_points"] = list(filled["scale_points"])
    if "options" in own:
        filled["options"] = [
            {"key": option.get("key"), "label": option.get("label"), "points": _given(option, "points", 0)}
            for option in _rows(question, "options")
        ]
    if "bands" in own:
        filled["bands"] = [
            ({} if band.get("up_to") is None else {"up_to": band["up_to"]})
            | {"points": _given(band, "points", 0)}
            for band in _rows(question, "bands")
        ]
    photos = _given(question, "photos", {})
    only_if = question.get("only_if")
    return filled | {
        "required": _given(question, "required", True),
        "not_applicable": _given(question, "not_applicable", False),
        "critical": _given(question, "critical", False),
        "private": _given(question, "private", False),
        "fundamental": question.get("fundamental"),
        "comment": _given(question, "comment", "optional"),
        "photos": {"minimum": _given(photos, "minimum", 0), "maximum": _given(photos, "maximum", 0)},
        "only_if": None
        if only_if is None
        else {"question": only_if.get("question"), "is": list(_given(only_if, "is", ()))},
    }


def _given(document: Mapping[str, Any], name: str, default: Any) -> Any:
    value = document.get(name)
    return default if value is None else value


def _rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row if isinstance(row, Mapping) else {} for row in _given(document, name, ())]


# What stands against publishing.


def faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return everything that stands against publishing a draft whose JSON types are right already."""
    drafts = list(_places(document))
    if len(_rows(document, "sections")) > MAX_SECTIONS or len(drafts) > MAX_QUESTIONS:
        # Said alone: with the number of questions bounded, so is the work of looking at them.
        limits = f"At most {MAX_SECTIONS} sections and {MAX_QUESTIONS} questions"
        return [Fault("/sections", limits)]
    questions = [(at, _complete_question(draft)) for at, draft in drafts]
    found = [*_faults_of_the_whole(document), *_faults_of_sections(document)]
    found += _faults_of_keys((f"{at}/key", question["key"]) for at, question in questions)
    for (at, draft), (_, question) in zip(drafts, questions, strict=True):
        found += _faults_of_question(at, question)
        found += _faults_of_foreign_fields(at, draft)
    found += _faults_of_conditions(questions)
    if sum(_possible(question) for _, question in questions) > MAX_POINTS:
        found.append(Fault("/sections", f"All questions together bring at most {MAX_POINTS} points"))
    return found


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for s, section in enumerate(_rows(document, "sections")):
        for q, question in enumerate(_rows(section, "questions")):
            yield pointer("sections", s, "questions", q), question


def _faults_of_the_whole(document: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _faults_of_keys([("/key", document.get("key"))])
    yield from _faults_of_text("/title", document.get("title"))
    yield from _faults_of_text("/introduction", document.get("introduction"), optional=True)
    yield from _faults_of_word("/channel", document.get("channel"), CHANNELS)
    yield from _faults_of_word("/review", _given(document, "review", "automatic"), REVIEWS)
    if not 0 <= _given(document, "pass_mark", 0) <= 1:
        yield Fault("/pass_mark", "A pass mark lies between 0 and 1")


def _faults_of_sections(document: Mapping[str, Any]) -> Iterator[Fault]:
    sections = _rows(document, "sections")
    if not sections:
        yield Fault("/sections", "A checklist has at least one section")
    yield from _faults_of_keys(
        (f"/sections/{s}/key", section.get("key")) for s, section in enumerate(sections)
    )
    for s, section in enumerate(sections):
        yield from _faults_of_text(f"/sections/{s}/title", section.get("title"))
        if not _rows(section, "questions"):
            yield Fault(f"/sections/{s}/questions", "A section has at least one question")


def _faults_of_question(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _faults_of_text(f"{at}/text", question["text"])
    yield from _faults_of_text(f"{at}/help", question["help"], optional=True)
    yield from _faults_of_text(f"{at}/unit", question.get("unit"), optional=True)
    yield from _faults_of_word(f"{at}/type", question["type"], QUESTION_TYPES)
    yield from _faults_of_word(f"{at}/comment", question["comment"], COMMENT_RULES)
    if question["fundamental"] is not None:
        yield from _faults_of_word(f"{at}/fundamental", question["fundamental"], tuple(fundamentals.BY_KEY))
    match question["type"]:
        case "yes_no":
            yield from _faults_of_word(f"{at}/good_answer", question["good_answer"], GOOD_ANSWERS)
        case "scale":
            yield from _faults_of_scale(at, question)
        case "choice":
            yield from _faults_of_options(at, question["options"])
        case "duration":
            yield from _faults_of_bands(at, question["bands"])
    yield from _faults_of_photos(at, question)
    yield from _faults_of_points(at, question)


def _faults_of_scale(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    minimum, maximum = question["minimum"], question["maximum"]
    for end in ("minimum", "maximum"):
        if question[end] is None:
            yield Fault(f"{at}/{end}", "A scale needs both its ends")
    if minimum is None or maximum is None:
        return
    steps = maximum - minimum + 1
    if steps < 2:
        yield Fault(f"{at}/maximum", "The maximum lies above the minimum")
    elif steps > MAX_SCALE_STEPS:
        yield Fault(f"{at}/maximum", f"A scale has at most {MAX_SCALE_STEPS} steps")
    elif question["scale_points"] and len(question["scale_points"]) != steps:
        yield Fault(f"{at}/scale_points", f"One number of points for each of the {steps} steps")


def _faults_of_options(at: str, options: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    if not 1 <= len(options) <= MAX_OPTIONS:
        yield Fault(f"{at}/options", f"A choice has 1 to {MAX_OPTIONS} options")
        return
    yield from _faults_of_keys((f"{at}/options/{o}/key", option["key"]) for o, option in enumerate(options))
    for o, option in enumerate(options):
        yield from _faults_of_text(f"{at}/options/{o}/label", option["label"])
        if option["key"] == "not_applicable":
            # Answers are counted by option key, and not applicable is counted beside them.
            yield Fault(f"{at}/options/{o}/key", "This key is taken by what every question can be")


def _faults_of_bands(at: str, bands: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    if len(bands) > MAX_OPTIONS:
        yield Fault(f"{at}/bands", f"A duration has at most {MAX_OPTIONS} bands")
    reached = 0
    for b, band in enumerate(bands):
        up_to, is_last = band.get("up_to"), b == len(bands) - 1
        if is_last and up_to is not None:
            yield Fault(f"{at}/bands/{b}/up_to", "The last band takes all that is longer and has no up_to")
        elif not is_last and up_to is None:
            yield Fault(f"{at}/bands/{b}/up_to", "Every band but the last says up to how many seconds")
        elif up_to is not None:
            if up_to <= reached:
                yield Fault(f"{at}/bands/{b}/up_to", f"This lies above {reached}")
            reached = max(up_to, reached)


def _faults_of_photos(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    minimum, maximum = question["photos"]["minimum"], question["photos"]["maximum"]
    if minimum < 0:
        yield Fault(f"{at}/photos/minimum", "The minimum is 0 or more")
    if maximum < minimum:
        yield Fault(f"{at}/photos/maximum", "The maximum is not below the minimum")
    elif maximum > MAX_PHOTOS:
        yield Fault(f"{at}/photos/maximum", f"An answer takes at most {MAX_PHOTOS} photos")
    elif maximum < 1 and question["type"] == "photo":
        yield Fault(f"{at}/photos/maximum", "A photo question takes at least one photo")


def _faults_of_points(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    for place, points in _worths(question):
        if points is None or points < 0:
            yield Fault(at + place, "Points are whole and never negative")
    if _possible(question) > MAX_POINTS_OF_QUESTION:
        yield Fault(at, f"A question brings at most {MAX_POINTS_OF_QUESTION} points")
    if question["private"]:
        if any(points for _, points in _worths(question)):
            yield Fault(f"{at}/private", "A private question has no points")
        if question["critical"]:
            yield Fault(f"{at}/critical", "A private question is in no score, so it cannot be critical")
    elif question["critical"] and _possible(question) <= 0:
        yield Fault(f"{at}/critical", "Without points to lose, a question cannot be critical")


def _worths(question: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Every number of points in a completed question, with its place."""
    if "points" in question:
        yield "/points", question["points"]
    for step, points in enumerate(question.get("scale_points", ())):
        yield f"/scale_points/{step}", points
    for name in ("options", "bands"):
        for place, part in enumerate(question.get(name, ())):
            yield f"/{name}/{place}/points", part["points"]


def _possible(question: Mapping[str, Any]) -> int:
    return _most((points or 0 for _, points in _worths(question)), question.get("multiple", False))


def _faults_of_foreign_fields(at: str, draft: Mapping[str, Any]) -> Iterator[Fault]:
    type_ = draft.get("type")
    if type_ not in QUESTION_TYPES:
        return
    for owner, fields in TYPE_FIELDS.items():
        for name, default in fields.items():
            # Saying the default of a field that is not there says nothing, and harms nobody.
            if name not in TYPE_FIELDS[type_] and draft.get(name) not in (None, default, []):
                yield Fault(f"{at}/{name}", f"Only a {owner} question has this field")


def _faults_of_conditions(questions: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Fault]:
    order: dict[str | None, int] = {}
    for index, (_, question) in enumerate(questions):
        order.setdefault(question["key"], index)
    leads_to = {
        question["key"]: question["only_if"]["question"] for _, question in questions if question["only_if"]
    }
    for index, (at, question) in enumerate(questions):
        if question["only_if"] is None:
            continue
        key, named = question["key"], question["only_if"]["question"]
        place = f"{at}/only_if/question"
        if named is None:
            yield Fault(place, "Name the question that this one depends on")
        elif named not in order:
            yield Fault(place, "There is no such question")
        elif circle := _circle(key, leads_to):
            yield Fault(place, "These questions wait for one another: " + " → ".join(circle))
        elif order[named] > index:
            yield Fault(place, "A question depends on an earlier one only")
        else:
            yield from _faults_of_condition(at, question, questions[order[named]][1])
        if not question["only_if"]["is"]:
            yield Fault(f"{at}/only_if/is", "At least one answer")
        elif len(question["only_if"]["is"]) > MAX_CONDITION_ANSWERS:
            yield Fault(f"{at}/only_if/is", f"At most {MAX_CONDITION_ANSWERS} answers")


def _faults_of_condition(at: str, question: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Fault]:
    if other["private"] and not question["private"]:
        # Whoever sees that this one was asked would know the private answer.
        yield Fault(f"{at}/only_if/question", "Only a private question depends on a private one")
    if other["type"] not in TYPES_OF_CONDITIONS:
        yield Fault(f"{at}/only_if/question", "A question depends on a yes_no, a scale or a choice")
        return
    # Too many of either are told elsewhere, and not looked at here.
    options = (option["key"] for option in other.get("options", ())[:MAX_OPTIONS])
    possible = _choices(other["type"], other.get("minimum"), other.get("maximum"), options)
    seen = set()
    for i, answer in enumerate(question["only_if"]["is"][:MAX_CONDITION_ANSWERS]):
        if answer not in possible:
            yield Fault(f"{at}/only_if/is/{i}", f"{other['key']} has no such answer")
        elif answer in seen:
            yield Fault(f"{at}/only_if/is/{i}", "This answer is there already")
        seen.add(answer)


def _circle(start: str | None, leads_to: Mapping[str | None, str | None]) -> list[str]:
    """Return the way that conditions lead from a question back to itself, or nothing."""
    way: dict[str | None, None] = {}
    key = start
    while key in leads_to and key not in way:
        way[key] = None
        key = leads_to[key]
    return [str(step) for step in (*way, start)] if way and key == start else []


def _faults_of_keys(keys: Iterable[tuple[str, str | None]]) -> Iterator[Fault]:
    """Yield what is wrong with keys that stand side by side, each given with its place."""
    taken = set()
    for at, key in keys:
        if not key:
            yield Fault(at, "A key is missing")
        elif not KEY.fullmatch(key):
            yield Fault(at, "A key is 1 to 64 of a-z, 0-9, - and _, a letter or digit first")
        elif key in taken:
            yield Fault(at, "This key is taken already")
        taken.add(key)


def _faults_of_word(at: str, word: str | None, words: Sequence[str]) -> Iterator[Fault]:
    if word not in words:
        yield Fault(at, f"One of {', '.join(words)}")


def _faults_of_text(at: str, text: Text | None, *, optional: bool = False) -> Iterator[Fault]:
    if text is None or isinstance(text, str):
        if text is None or not text.strip():
            if not optional:
                yield Fault(at, "A text is missing")
        elif len(text) > MAX_TEXT:
            yield Fault(at, f"At most {MAX_TEXT} characters")
        return
    if not text:
        yield Fault(at, "A text in at least one language")
    for language, words in text.items():
        if not LANGUAGE.fullmatch(language):
            yield Fault(at + pointer(language), "A language is written like en or pt-BR")
        yield from _faults_of_text(at + pointer(language), words)


# What a key meant before, it means for ever: scores of all versions add up by key.


def changed_meanings(document: Mapping[str, Any], earlier: Sequence[Checklist]) -> list[Fault]:
    """Return where a question of the draft means something else than its key meant in earlier versions.

    Nor does a checklist become or stop being a self-check: what a location says of itself is kept apart from
    what shoppers saw, checklist by checklist.
    """
    found: dict[str, Fault] = {}
    if earlier and (document.get("channel") == SELF_CHECK) != (earlier[-1].channel == SELF_CHECK):
        found["/channel"] = Fault(
            "/channel", "A checklist is for self-checks from the first version, or never"
        )
    for at, draft in _places(document):
        question = _complete_question(draft)
        for version in earlier:
            before = version.by_key.get(question["key"])
            for place in _changes(question, before) if before else ():
                detail = f"Version {version.version} had this otherwise; what is new needs a new key"
                found.setdefault(at + place, Fault(at + place, detail))
    return list(found.values())


def _changes(question: Mapping[str, Any], before: Question) -> Iterator[str]:
    if question["private"] != before.private:
        yield "/private"
    if question["type"] != before.type:
        yield "/type"
        return
    for name in ("good_answer", "minimum", "maximum", "multiple"):
        if name in question and question[name] != getattr(before, name):
            yield f"/{name}"
    labels = {option.key: option.label for option in before.options}
    for o, option in enumerate(question.get("options", ())):
        label = labels.get(option["key"])
        if label is not None and not _same_meaning(option["label"], label):
            yield f"/options/{o}/label"


def _same_meaning(label: Text | None, before: Text) -> bool:
    if label is None:
        return True  # A missing label is a fault of its own.
    if isinstance(label, Mapping) and isinstance(before, Mapping):
        return all(
            _folded(label[language]) == _folded(before[language]) for language in label.keys() & before
        )
    # A plain label names no language; it goes on as one of those that take its place.
    return not _wordings(label).isdisjoint(_wordings(before))


def _wordings(label: Text) -> set[str]:
    return {_folded(words) for words in (label.values() if isinstance(label, Mapping) else [label])}


def _folded(words: str | None) -> str:
    """Return the words without case, punctuation and spaces; signs that stand alone are kept."""
    plain = unicodedata.normalize("NFKC", words or "").casefold()
    kept = (char for char in plain if unicodedata.category(char)[0] not in "PZC")
    return "".join(kept) or plain.strip()
