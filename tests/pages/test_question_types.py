"""Each question type has one JavaScript module, and no other module knows one type from another."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.domain.question_types import QUESTION_TYPES

STATIC = Path(__file__).parents[2] / "api" / "pages" / "static"
FOLDER = STATIC / "shared" / "question-types"
#: modules of the folder that are not a type
HELPERS = {"index", "inputs"}

COMMENT = re.compile(r"/\*[\s\S]*?\*/|(?:^|\s)//.*$", re.M)
NAME = rf'"(?:{"|".join(QUESTION_TYPES)})"'
READ = r'\btype\b(?:\)|\]|")*'
COMPARISON = re.compile(
    rf"{READ}\s*[!=]==?\s*{NAME}"  # question.type === "text"
    rf"|{NAME}\s*[!=]==?\s*[\w.]*{READ}"  # "text" === question.type
    rf"|{NAME}[^\[\]\n]*\]\.(?:includes|indexOf)\([\w.]*{READ}"  # ["text"].includes(question.type)
    rf"|\bcase\s+{NAME}"  # switch (question.type) {{ case "text":
    rf"|\b(?:{'|'.join(QUESTION_TYPES)}):[^;]*\}}\[[\w.]*{READ}\]"  # {{ text: … }}[question.type]
)


def find_comparisons(source: str) -> Iterator[int]:
    """Yield the lines that compare the type of a question with a name."""
    code = COMMENT.sub(lambda comment: re.sub(".", " ", comment[0]), source)
    yield from (code.count("\n", 0, match.start()) + 1 for match in COMPARISON.finditer(code))


def test_each_type_has_a_module_that_the_index_lists() -> None:
    modules = {path.stem for path in FOLDER.glob("*.js")} - HELPERS
    assert modules == {name.replace("_", "-") for name in QUESTION_TYPES}
    listed = re.search(r"const MODULES = \{(.*?)\}", (FOLDER / "index.js").read_text(), re.S)
    assert listed
    assert {entry.split(":")[0].strip() for entry in listed[1].split(",")} == set(QUESTION_TYPES)


@pytest.mark.parametrize(
    "line",
    [
        'if (question.type === "text") return;',
        'if (type !== "yes_no") return;',
        'if ("photo" === question.type) return;',
        'const isLong = ["text", "photo"].includes(question.type);',
        'switch (question.type) { case "scale": }',
        'const isDate = question["type"] == "date";',
        "const show = { text: 1, time: 2 }[question.type];",
    ],
)
def test_a_comparison_is_recognized(line: str) -> None:
    assert list(find_comparisons(line)) == [1]


@pytest.mark.parametrize(
    "line",
    [
        'h("input", { type: "number" });',
        'if (type === "image/jpeg") return;',
        'if (question.key === "photo") return;',
        "typeOf(question).hasTimer;",
        '// if (question.type === "text")',
    ],
)
def test_other_code_is_not_a_comparison(line: str) -> None:
    assert list(find_comparisons(line)) == []


def test_no_other_module_compares_question_types() -> None:
    paths = [path for path in STATIC.rglob("*.js") if path.parent != FOLDER]
    assert len(paths) > 50
    lines = [
        f"{path.relative_to(STATIC)}:{line}" for path in paths for line in find_comparisons(path.read_text())
    ]
    assert lines == []
