"""Checklist > Section > Question, frozen, and documents of them with nothing left out."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

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
        choices = choices_of(self.type, self.minimum, self.maximum, (option.key for option in self.options))
        object.__setattr__(self, "points_possible", most_points(worths, self.multiple))
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


def most_points(points: Iterable[int], multiple: bool) -> int:
    """Return the most that one of, or several together of some options bring."""
    return sum(points) if multiple else max(points, default=0)


def choices_of(
    type_: str | None, minimum: int | None, maximum: int | None, options: Iterable[str]
) -> tuple[str, ...]:
    """Return the answers that a question can be counted by; none where they have no end."""
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
        "review": given(document, "review", "automatic"),
        "pass_mark": given(document, "pass_mark", 0),
        "sections": [
            {
                "key": section.get("key"),
                "title": section.get("title"),
                "questions": [complete_question(question) for question in rows_of(section, "questions")],
            }
            for section in rows_of(document, "sections")
        ],
    }
    if filled["version"] is None:
        del filled["version"]
    return deepcopy(filled)


def complete_question(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question of a document with every field that its type has."""
    own = TYPE_FIELDS.get(given(question, "type", ""), {})
    filled: dict[str, Any] = {name: question.get(name) for name in ("key", "text", "help", "type")}
    filled |= {name: given(question, name, default) for name, default in own.items()}
    if "scale_points" in own:
        filled["scale_points"] = list(filled["scale_points"])
    if "options" in own:
        filled["options"] = [
            {"key": option.get("key"), "label": option.get("label"), "points": given(option, "points", 0)}
            for option in rows_of(question, "options")
        ]
    if "bands" in own:
        filled["bands"] = [
            ({} if band.get("up_to") is None else {"up_to": band["up_to"]})
            | {"points": given(band, "points", 0)}
            for band in rows_of(question, "bands")
        ]
    photos = given(question, "photos", {})
    only_if = question.get("only_if")
    return filled | {
        "required": given(question, "required", True),
        "not_applicable": given(question, "not_applicable", False),
        "critical": given(question, "critical", False),
        "private": given(question, "private", False),
        "fundamental": question.get("fundamental"),
        "comment": given(question, "comment", "optional"),
        "photos": {"minimum": given(photos, "minimum", 0), "maximum": given(photos, "maximum", 0)},
        "only_if": None
        if only_if is None
        else {"question": only_if.get("question"), "is": list(given(only_if, "is", ()))},
    }


def given(document: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field of a document, or the default where it was left out or null."""
    value = document.get(name)
    return default if value is None else value


def rows_of(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list in a document; what is none counts as an empty one."""
    return [row if isinstance(row, Mapping) else {} for row in given(document, name, ())]
