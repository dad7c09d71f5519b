"""What prevents a draft from being published."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.checklist import Checklist, fill_defaults
from api.domain.publishing import find_changed_meanings, find_errors
from tests.domain.drafts import (
    ALL_TYPES,
    CHOICE,
    DURATION,
    PHOTO,
    SCALE,
    STORY,
    VECTORS,
    YES_NO,
    document,
    published,
)


def pointers(*questions: dict[str, Any], **fields: Any) -> list[str]:
    prefix = "/sections/0/questions/"
    return [error.pointer.removeprefix(prefix) for error in find_errors(document(*questions, **fields))]


@pytest.mark.parametrize("draft", [*VECTORS["checklists"].values(), document(*ALL_TYPES)])
def test_a_valid_draft_has_no_errors_with_and_without_defaults(draft):
    assert find_errors(draft) == []
    assert find_errors(fill_defaults(draft)) == []


def test_everything_missing_in_an_empty_draft_is_reported():
    assert [error.pointer for error in find_errors({})] == ["/key", "/title", "/channel", "/sections"]
    assert pointers({}) == ["0/key", "0/text", "0/type"]
    assert [error.pointer for error in find_errors(document(YES_NO, sections=[{}]))] == [
        "/sections/0/key",
        "/sections/0/title",
        "/sections/0/questions",
    ]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"key": "Store visit"}, "/key"),
        ({"key": "a" * 65}, "/key"),
        ({"key": "visit\n"}, "/key"),
        ({"title": " "}, "/title"),
        ({"title": {}}, "/title"),
        ({"title": {"english": "Visit"}}, "/title/english"),
        ({"title": {"a/b": "Visit"}}, "/title/a~1b"),
        ({"title": {"en": "Visit", "de": ""}}, "/title/de"),
        ({"introduction": "x" * 10_001}, "/introduction"),
        ({"channel": "pigeon"}, "/channel"),
        ({"review": "never"}, "/review"),
        ({"pass_mark": 1.01}, "/pass_mark"),
        ({"pass_mark": -0.01}, "/pass_mark"),
    ],
)
def test_the_fields_of_the_document_are_checked(fields, at):
    assert pointers(YES_NO, **fields) == [at]


def test_texts_can_be_localized_and_the_introduction_can_be_empty():
    title = {"en": "Visit", "pt-BR": "Visita", "zh-Hant": "訪問"}
    assert pointers(YES_NO, title=title, introduction="") == []


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ({**YES_NO, "key": "-x"}, "key"),
        ({**YES_NO, "text": ""}, "text"),
        ({**YES_NO, "type": "essay"}, "type"),
        ({**YES_NO, "good_answer": "maybe"}, "good_answer"),
        ({**YES_NO, "comment": "always"}, "comment"),
        ({**YES_NO, "fundamental": "smile"}, "fundamental"),
        ({**YES_NO, "points": -1}, "points"),
        ({**YES_NO, "points": 10_001}, ""),
        ({**YES_NO, "points": 0, "critical": True}, "critical"),
        ({**YES_NO, "private": True}, "private"),
        ({**YES_NO, "points": 0, "private": True, "critical": True}, "critical"),
        ({**YES_NO, "bands": DURATION["bands"]}, "bands"),
        ({**YES_NO, "minimum": 0}, "minimum"),
        ({**STORY, "points": 1}, "points"),
        ({**STORY, "unit": "GBP"}, "unit"),
        ({**SCALE, "points": 1}, "points"),
        ({**SCALE, "minimum": None}, "minimum"),
        ({**SCALE, "maximum": 1}, "maximum"),
        ({**SCALE, "maximum": 102, "scale_points": []}, "maximum"),
        ({**SCALE, "scale_points": [1, 2]}, "scale_points"),
        ({**SCALE, "scale_points": [0, 1, -2, 3, 4]}, "scale_points/2"),
        ({**SCALE, "scale_points": [0, 1, None, 3, 4]}, "scale_points/2"),
        ({**SCALE, "private": True}, "private"),
        ({**CHOICE, "options": []}, "options"),
        ({**CHOICE, "options": [{"key": f"o{i}", "label": "x"} for i in range(101)]}, "options"),
        ({**CHOICE, "options": [CHOICE["options"][0]] * 2}, "options/1/key"),
        ({**CHOICE, "options": [{"key": "left"}]}, "options/0/label"),
        ({**CHOICE, "options": [{"key": "not_applicable", "label": "None"}]}, "options/0/key"),
        ({**CHOICE, "private": True}, "private"),
        ({**DURATION, "bands": [{"up_to": 30, "points": 1}]}, "bands/0/up_to"),
        ({**DURATION, "bands": [{"points": 1}, {"points": 0}]}, "bands/0/up_to"),
        ({**DURATION, "bands": [{"up_to": 0, "points": 1}, {"points": 0}]}, "bands/0/up_to"),
        ({**DURATION, "bands": [{"up_to": 9}, {"up_to": 9}, {"points": 0}]}, "bands/1/up_to"),
        ({**PHOTO, "photos": None}, "photos/maximum"),
        ({**PHOTO, "photos": {"minimum": 2, "maximum": 1}}, "photos/maximum"),
        ({**PHOTO, "photos": {"minimum": 0, "maximum": 21}}, "photos/maximum"),
        ({**PHOTO, "photos": {"minimum": -1, "maximum": 1}}, "photos/minimum"),
    ],
)
def test_each_error_of_a_question_has_its_pointer(question, at):
    assert pointers(STORY | {"key": "first"}, question) == [f"1/{at}".rstrip("/")]


def test_values_at_the_limits_are_accepted():
    most = {**PHOTO, "private": True, "photos": {"minimum": 20, "maximum": 20}}
    long = {**SCALE, "minimum": -50, "maximum": 50, "scale_points": None}
    assert pointers(long, {**DURATION, "bands": None}, most) == []


def test_a_field_of_another_type_is_accepted_with_its_default():
    assert pointers({**STORY, "points": 0, "multiple": False, "bands": [], "unit": None}) == []


def test_keys_are_unique_over_the_whole_checklist():
    section = {"key": "welcome", "title": "Welcome", "questions": [YES_NO]}
    assert [error.pointer for error in find_errors(document(sections=[section, section]))] == [
        "/sections/1/key",
        "/sections/1/questions/0/key",
    ]


def test_a_checklist_has_limits():
    many = [{**YES_NO, "key": f"q{i}", "points": 10_000} for i in range(101)]
    assert pointers(*many) == ["/sections"]
    assert pointers(*many[:100]) == []
    stories = [{**STORY, "key": f"q{i}"} for i in range(501)]
    assert pointers(*stories) == ["/sections"]
    assert pointers(*stories[:500]) == []
    sections = [{"key": f"s{i}", "title": "x", "questions": [stories[i]]} for i in range(51)]
    assert pointers(sections=sections) == ["/sections"]


@pytest.mark.parametrize(
    ("only_if", "at"),
    [
        ({"question": "nothing", "is": ["yes"]}, "question"),
        ({"question": None, "is": ["yes"]}, "question"),
        ({"question": "apology", "is": ["yes"]}, "question"),
        ({"question": "later", "is": ["yes"]}, "question"),
        ({"question": "story", "is": ["yes"]}, "question"),
        ({"question": "greeting", "is": []}, "is"),
        ({"question": "greeting"}, "is"),
        ({"question": "greeting", "is": ["maybe"]}, "is/0"),
        ({"question": "greeting", "is": ["no", "no"]}, "is/1"),
        ({"question": "sincerity", "is": ["1", "6"]}, "is/1"),
        ({"question": "till", "is": ["left", "right", "Left"]}, "is/2"),
        ({"question": "secret", "is": ["yes"]}, "question"),
    ],
)
def test_conditions_name_an_earlier_question_and_its_answers(only_if, at):
    secret = {"key": "secret", "text": "?", "type": "yes_no", "private": True}
    apology = {"key": "apology", "text": "?", "type": "yes_no", "only_if": only_if}
    later = {"key": "later", "text": "?", "type": "yes_no"}
    assert pointers(YES_NO, SCALE, CHOICE, STORY, secret, apology, later) == [f"5/only_if/{at}"]


def test_lists_over_the_limit_are_not_checked_completely():
    endless = {**CHOICE, "options": [{}] * 100_000}
    conditional = {
        "key": "a",
        "text": "?",
        "type": "yes_no",
        "only_if": {"question": "till", "is": ["x"] * 100_000},
    }
    errors = pointers(endless, conditional)
    assert {"0/options", "1/only_if/is"} <= set(errors)
    assert len(errors) < 1000


def test_a_private_question_can_depend_on_a_private_one():
    secret = {"key": "secret", "text": "?", "type": "yes_no", "private": True}
    deeper = {**secret, "key": "deeper", "only_if": {"question": "secret", "is": ["yes"]}}
    assert pointers(secret, deeper) == []


def test_a_cycle_of_conditions_is_reported():
    def conditional(key: str, parent: str) -> dict[str, Any]:
        return {"key": key, "text": "?", "type": "yes_no", "only_if": {"question": parent, "is": ["yes"]}}

    errors = find_errors(
        document(conditional("a", "c"), conditional("b", "a"), conditional("c", "b"), conditional("d", "c"))
    )
    assert [error.pointer[-19:] for error in errors] == [f"/{i}/only_if/question" for i in range(3)]
    assert errors[0].detail.endswith("a → c → b → a.")


def mutilate(value: Any, rng: random.Random) -> Any:
    """Return the value with random parts missing or null. Its JSON types stay the same."""
    if isinstance(value, dict):
        remaining = {name: part for name, part in value.items() if rng.random() > 0.1}
        return {name: None if rng.random() < 0.1 else mutilate(part, rng) for name, part in remaining.items()}
    if isinstance(value, list):
        return [mutilate(part, rng) for part in value if rng.random() > 0.1]
    if type(value) is int:
        return rng.choice([value, -1, 0, 2**53])
    return rng.choice([value, value, value, "", "x"]) if isinstance(value, str) else value


@given(st.integers())
def test_the_check_never_raises_for_a_draft_with_valid_types(seed):
    rng = random.Random(seed)
    complete_draft = random.Random(seed).choice([*VECTORS["checklists"].values(), document(*ALL_TYPES)])
    draft = mutilate(complete_draft, rng)
    find_changed_meanings(draft, [published(*ALL_TYPES)])
    if not find_errors(draft):
        filled = fill_defaults(draft)
        assert fill_defaults(filled) == filled
        assert Checklist.from_document(filled, 1).points_possible >= 0


# A key keeps its meaning.


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        (YES_NO, {**YES_NO, "type": "text"}, "type"),
        (YES_NO, {**YES_NO, "good_answer": "no"}, "good_answer"),
        (YES_NO, {**YES_NO, "private": True}, "private"),
        (SCALE, {**SCALE, "maximum": 6}, "maximum"),
        (SCALE, {**SCALE, "minimum": 0}, "minimum"),
        (CHOICE, {**CHOICE, "multiple": True}, "multiple"),
        (CHOICE, {**CHOICE, "options": [{"key": "left", "label": "Right"}]}, "options/0/label"),
        (CHOICE, {**CHOICE, "options": [{"key": "left", "label": {"en": "Right"}}]}, "options/0/label"),
    ],
)
def test_a_key_with_another_meaning_is_reported(before, after, at):
    errors = find_changed_meanings(document(STORY, after), [published(before)])
    assert [error.pointer for error in errors] == [f"/sections/0/questions/1/{at}"]
    assert "version 1." in errors[0].detail


@pytest.mark.parametrize(
    "after",
    [
        {**YES_NO, "text": "Were you greeted?", "points": 5, "good_answer": None, "required": False},
        {**CHOICE, "options": [{"key": "left", "label": " left! "}, {"key": "new", "label": "New"}]},
        {**CHOICE, "options": [{"key": "right", "label": {"en": "Right", "de": "Rechts"}}]},
        {**SCALE, "scale_points": [4, 3, 2, 1, 0]},
        {**YES_NO, "key": "other", "type": "text"},
    ],
)
def test_points_texts_and_new_keys_can_change(after):
    earlier = [published(YES_NO, CHOICE, SCALE)]
    assert find_changed_meanings(document(after), earlier) == []


def test_labels_are_compared_in_their_common_languages():
    def choice(label: Any) -> dict[str, Any]:
        return {**CHOICE, "options": [{"key": "left", "label": label}]}

    earlier = [published(choice({"en": "Left", "de": "Links"}))]
    assert find_changed_meanings(document(choice({"en": "left", "fr": "À gauche"})), earlier) == []
    assert len(find_changed_meanings(document(choice({"en": "Left", "de": "Rechts"})), earlier)) == 1


def test_a_key_keeps_its_meaning_even_if_a_version_omits_it():
    earlier = [published(YES_NO), published(STORY, version=2), published(YES_NO, version=3)]
    errors = find_changed_meanings(document({**YES_NO, "good_answer": "no"}), earlier)
    assert len(errors) == 1
