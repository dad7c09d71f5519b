"""Checklists: immutable objects (checklist > section > question), and the defaults of their documents."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from api.domain.fields import Text, read_field, read_rows
from api.domain.question_types import MAX_OPTIONS, MAX_SCALE_STEPS, QuestionType, read_type

IN_PERSON, TELEPHONE, MESSAGE, SELF_CHECK = CHANNELS = ("in_person", "telephone", "message", "self_check")
REVIEWS = ("automatic", "manual")
COMMENT_RULES = ("never", "optional", "required", "when_points_lost")

MAX_SECTIONS = 50
MAX_QUESTIONS = 500
MAX_CONDITION_ANSWERS = MAX_OPTIONS + MAX_SCALE_STEPS
MAX_PHOTOS = 20
MAX_POINTS_OF_QUESTION = 10_000
MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A question is shown only if the answer to another question is one of ``answers``."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhotoRange:
    """How many photos an answer must and can have."""

    minimum: int = 0
    maximum: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question: the fields that all questions have, and a type with its own fields and rules."""

    key: str
    text: Text
    type: QuestionType
    help: Text | None = None
    required: bool = True
    not_applicable: bool = False
    critical: bool = False
    private: bool = False
    fundamental: str | None = None
    comment: str = "optional"
    photos: PhotoRange = PhotoRange()
    only_if: Condition | None = None
    points_possible: int = field(init=False, repr=False, compare=False)
    """The most points that an answer can earn."""
    choices: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The keys of all possible answers; empty if answers are not chosen from a list."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_possible", self.type.points_possible)
        object.__setattr__(self, "choices", self.type.choices)


@dataclass(frozen=True, slots=True)
class Section:
    """A group of questions with a title."""

    key: str
    title: Text
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A published version of a checklist, which never changes."""

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
        """Build a version from a document with all fields, as ``fill_defaults`` returns it."""
        return cls(
            key=document["key"],
            version=version,
            title=document["title"],
            channel=document["channel"],
            introduction=document["introduction"],
            review=document["review"],
            pass_mark=document["pass_mark"],
            sections=tuple(
                Section(section["key"], section["title"], tuple(map(_build_question, section["questions"])))
                for section in document["sections"]
            ),
        )

    @property
    def question_count(self) -> int:
        """The number of questions, including private ones and those with a condition."""
        return len(self.questions)

    @property
    def points_possible(self) -> int:
        """The points of all questions together."""
        return sum(question.points_possible for question in self.questions)


def _build_question(document: Mapping[str, Any]) -> Question:
    only_if = document["only_if"]
    return Question(
        key=document["key"],
        text=document["text"],
        type=read_type(document),
        help=document["help"],
        required=document["required"],
        not_applicable=document["not_applicable"],
        critical=document["critical"],
        private=document["private"],
        fundamental=document["fundamental"],
        comment=document["comment"],
        photos=PhotoRange(**document["photos"]),
        only_if=only_if and Condition(only_if["question"], tuple(only_if["is"])),
    )


# Defaults.


def fill_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a document with all fields in a fixed order. Omitted fields have their defaults.

    A question has the fields of all questions and those of its type. A field without a default is None.
    ``version`` is omitted if it is None.
    """
    result = {
        "key": document.get("key"),
        "version": document.get("version"),
        "title": document.get("title"),
        "channel": document.get("channel"),
        "introduction": document.get("introduction"),
        "review": read_field(document, "review", "automatic"),
        "pass_mark": read_field(document, "pass_mark", 0),
        "sections": [
            {
                "key": section.get("key"),
                "title": section.get("title"),
                "questions": [
                    fill_question_defaults(question) for question in read_rows(section, "questions")
                ],
            }
            for section in read_rows(document, "sections")
        ],
    }
    if result["version"] is None:
        del result["version"]
    return deepcopy(result)


def fill_question_defaults(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question of a document with all fields of its type. Omitted fields have their defaults."""
    photos = read_field(question, "photos", {})
    only_if = question.get("only_if")
    return {
        **{name: question.get(name) for name in ("key", "text", "help", "type")},
        **read_type(question).to_document(),
        "required": read_field(question, "required", True),
        "not_applicable": read_field(question, "not_applicable", False),
        "critical": read_field(question, "critical", False),
        "private": read_field(question, "private", False),
        "fundamental": question.get("fundamental"),
        "comment": read_field(question, "comment", "optional"),
        "photos": {
            "minimum": read_field(photos, "minimum", 0),
            "maximum": read_field(photos, "maximum", 0),
        },
        "only_if": None
        if only_if is None
        else {"question": only_if.get("question"), "is": list(read_field(only_if, "is", ()))},
    }
