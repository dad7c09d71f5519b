"""Rules for all question types. No other module may distinguish between them."""

import ast
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.domain.checklist import fill_question_defaults
from api.domain.question_types import (
    QUESTION_TYPES,
    Date,
    FreeText,
    Number,
    QuestionType,
    TimeOfDay,
    read_type,
)
from schemas.checklists import Question
from tests.domain.drafts import ALL_TYPES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "api" / "domain" / "question_types"
FILLED_QUESTIONS = [fill_question_defaults(question) for question in ALL_TYPES]


def subclasses(cls: type[QuestionType]) -> Iterator[type[QuestionType]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def test_every_type_is_registered_and_documented() -> None:
    assert set(QUESTION_TYPES.values()) == set(subclasses(QuestionType))
    assert [type_.name for type_ in QUESTION_TYPES.values()] == list(QUESTION_TYPES)
    for type_ in QUESTION_TYPES.values():
        assert type_.__doc__
        assert type_.value_format
        assert type_.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert set(type_.fixed_fields) <= type_().to_document().keys()


def test_the_drafts_for_tests_have_every_type() -> None:
    assert {question["type"] for question in ALL_TYPES} == set(QUESTION_TYPES)


def test_the_schema_of_questions_has_exactly_the_fields_of_all_types() -> None:
    fields = Question().fields
    assert fields.keys() == {name for question in FILLED_QUESTIONS for name in question}


@pytest.mark.parametrize("question", FILLED_QUESTIONS, ids=lambda question: question["type"])
def test_a_type_survives_a_round_trip_through_its_document(question: dict[str, Any]) -> None:
    before = copy.deepcopy(question)
    type_ = read_type(question)
    assert type(type_) is QUESTION_TYPES[question["type"]]
    assert {**question, **type_.to_document()} == before
    assert read_type(json.loads(json.dumps(question))) == type_
    assert list(type_.check_definition()) == []
    assert list(type_.list_changes(type_)) == []


@pytest.mark.parametrize("question", FILLED_QUESTIONS, ids=lambda question: question["type"])
def test_a_type_never_raises_for_any_draft_or_value(question: dict[str, Any]) -> None:
    for type_ in (read_type({"type": question["type"]}), read_type(question)):
        list(type_.check_definition())
        assert type_.points_possible == max(type_.points_possible, 0)
        assert type_.has_choices or not type_.choices
        for value in (True, 0, -1.5, "", "x", [], ["x", "x"], [[]], {}, 10**5000):
            type_.is_empty(value)
            type_.check_value(value)
            assert set(type_.find_choices(value)) <= set(type_.choices)
        assert type_.is_empty(None)
        assert type_.redact(None) is None
        assert type_.get_text(None) is None


@pytest.mark.parametrize("question", FILLED_QUESTIONS, ids=lambda question: question["type"])
def test_another_type_is_reported_as_a_change(question: dict[str, Any]) -> None:
    for other in FILLED_QUESTIONS:
        changes = list(read_type(question).list_changes(read_type(other)))
        assert ("/type" in changes) == (question is not other)


@pytest.mark.parametrize("name", [None, "", "riddle", "YES_NO"])
def test_a_question_of_an_unknown_type_has_no_type_fields(name: str | None) -> None:
    type_ = read_type({"type": name, "points": 2})
    assert type(type_) is QuestionType
    assert type_.to_document() == {}
    assert (type_.points_possible, type_.choices, list(type_.check_definition())) == (0, (), [])


# What managers see.


def test_managers_see_only_the_part_of_the_day_of_a_time() -> None:
    parts = [TimeOfDay().redact(value) for value in ("05:59", "06:00", "12:00", "23:59")]
    assert parts == ["night", "morning", "afternoon", "evening"]


def test_managers_see_dates_unchanged() -> None:
    assert Date().redact("2026-01-31") == "2026-01-31"


def test_managers_see_the_same_number_from_every_phone() -> None:
    assert [repr(Number().redact(value)) for value in (5.0, -0.0, 5.5, 5)] == ["5", "0", "5.5", "5"]


def test_managers_see_all_other_values_unchanged() -> None:
    for type_ in set(QUESTION_TYPES.values()) - {TimeOfDay}:
        assert [type_().redact(value) for value in ("12:34", 5, ["a", "b"])] == ["12:34", 5, ["a", "b"]]


def test_only_the_type_text_has_free_text() -> None:
    with_text = [type_ for type_ in QUESTION_TYPES.values() if type_().get_text("A story") is not None]
    assert with_text == [FreeText]


# Other modules never compare types. They call the object, or register a function for its class.

PACKAGE_NAME = "api.domain.question_types"


def type_comparisons(source: str) -> Iterator[int]:
    """Yield the lines that compare the type of a question with a name, or test its class."""
    tree = ast.parse(source)
    classes = set(imported_classes(tree))

    def has_class(node: ast.AST) -> bool:
        names = [
            ast.unparse(child) for child in ast.walk(node) if isinstance(child, ast.Attribute | ast.Name)
        ]
        return any(name in classes or "question_types." in name for name in names)

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            is_comparison = any(map(reads_type, sides)) and any(map(names_type, sides))
        elif isinstance(node, ast.Match):
            patterns = [case.pattern for case in node.cases]
            is_comparison = (reads_type(node.subject) and any(map(names_type, patterns))) or any(
                map(has_class, patterns)
            )
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            is_comparison = has_class(node.args[1])
        else:
            is_comparison = False
        if is_comparison:
            yield node.lineno


def imported_classes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE_NAME):
            yield from (name.asname or name.name for name in node.names)


def reads_type(node: ast.AST) -> bool:
    """Return whether the expression reads the type of a question.

    It may be ``.type``, ``["type"]``, ``type_`` or ``.type.name``.
    """
    return re.search(r"(\b|_)type_?\W*(\.name)?$", ast.unparse(node)) is not None


def names_type(node: ast.AST) -> bool:
    constants = (child.value for child in ast.walk(node) if isinstance(child, ast.Constant))
    return any(value in QUESTION_TYPES for value in constants if isinstance(value, str))


@pytest.mark.parametrize(
    "line",
    [
        'if question.type == "text": pass',
        'if "text" != question["type"]: pass',
        'x = question.type.name in ("time", "date")',
        'x = draft.get("type") in {"photo"}',
        'x = type_ == "scale"',
        'x = question_type == "scale"',
        'match question.type:\n    case "yes_no" | "scale": pass',
        "match question.type:\n    case question_types.Scale(): pass",
        "x = isinstance(question.type, (int, question_types.Date))",
        "x = isinstance(question.type, Scale); from api.domain.question_types import Scale",
    ],
)
def test_a_comparison_of_types_is_detected(line: str) -> None:
    assert list(type_comparisons(line)) == [1]


@pytest.mark.parametrize(
    "line",
    [
        'x = request.authorization.type == "bearer"',
        'x = question.key == "photo"',
        'x = content_type == "image/jpeg"',
        "x = question.type.answered_by_photos",
        "x = isinstance(value, str)",
        'match name:\n    case "text": pass',
    ],
)
def test_other_comparisons_are_not_detected(line: str) -> None:
    assert list(type_comparisons(line)) == []


def test_no_other_module_compares_question_types() -> None:
    files = [path for folder in ("api", "schemas", "uploads") for path in (ROOT / folder).rglob("*.py")]
    # Migrations contain the rules of their time, and the report has words for the answers of each type.
    exceptions = {"migrations", "words"}
    checked_files = [
        path for path in files if PACKAGE not in path.parents and not exceptions & set(path.parts)
    ]
    assert len(checked_files) > 100
    comparisons = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in checked_files
        for line in type_comparisons(path.read_text())
    ]
    assert comparisons == []
