"""The built-in checklists can be published, are complete in both languages, and observe every fundamental."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.domain.checklist import Checklist, fill_defaults
from api.domain.fundamentals import FUNDAMENTALS_BY_KEY
from api.domain.publishing import find_errors
from schemas.checklists import ChecklistDraft

FILES = sorted((Path(__file__).parent.parent / "api/checklists").glob("*.json"))
LANGUAGES = {"en", "es"}
TEXTS = {"title", "introduction", "text", "help", "label", "unit"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def document(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text())


def checklist(document: Any) -> Checklist:
    return Checklist.from_document(fill_defaults(document), 1)


def texts(node: Any, location: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every text for people, with its JSON pointer."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in TEXTS:
                yield f"{location}/{name}", value
            else:
                yield from texts(value, f"{location}/{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from texts(value, f"{location}/{index}")


def test_all_built_in_checklists_exist() -> None:
    assert {path.stem for path in FILES} == {
        "four-basics",
        "message",
        "problem-and-return",
        "self-check",
        "store-visit",
        "telephone-call",
    }


def test_each_checklist_matches_the_schema(document: Any) -> None:
    assert ChecklistDraft().validate(document) == {}


def test_each_checklist_can_be_published(document: Any) -> None:
    assert find_errors(document) == []


def test_keys_equal_file_names() -> None:
    assert [json.loads(path.read_text())["key"] for path in FILES] == [path.stem for path in FILES]


def test_every_text_exists_in_both_languages(document: Any) -> None:
    for at, text in texts(document):
        assert isinstance(text, dict) and text.keys() >= LANGUAGES, at
        assert all(isinstance(translation, str) and translation.strip() for translation in text.values()), at


def test_every_scored_question_has_a_known_fundamental(document: Any) -> None:
    for question in checklist(document).questions:
        if question.points_possible:
            assert question.fundamental in FUNDAMENTALS_BY_KEY, question.key


def test_every_fundamental_is_observed_without_the_self_check() -> None:
    observed = {
        question.fundamental
        for path in FILES
        if path.stem != "self-check"
        for question in checklist(json.loads(path.read_text())).questions
        if question.points_possible
    }
    assert set(FUNDAMENTALS_BY_KEY) - observed == set()


def test_there_is_one_self_check() -> None:
    channels = {path.stem: json.loads(path.read_text())["channel"] for path in FILES}
    assert [key for key, channel in channels.items() if channel == "self_check"] == ["self-check"]
