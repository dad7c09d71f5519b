"""What stands against publishing a checklist."""

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
    return [fault.pointer.removeprefix(prefix) for fault in find_errors(document(*questions, **fields))]


@pytest.mark.parametrize("draft", [*VECTORS["checklists"].values(), document(*ALL_TYPES)])
def test_a_good_draft_has_no_faults_and_neither_has_it_filled_in(draft):
    assert find_errors(draft) == []
    assert find_errors(fill_defaults(draft)) == []


def test_the_empty_draft_is_told_everything_that_is_missing():
    assert [fault.pointer for fault in find_errors({})] == ["/key", "/title", "/channel", "/sections"]
    assert pointers({}) == ["0/key", "0/text", "0/type"]
    assert [fault.pointer for fault in find_errors(document(YES_NO, sections=[{}]))] == [
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
def test_the_document_itself_is_looked_at(fields, at):
    assert pointers(YES_NO, **fields) == [at]


def test_texts_may_be_in_several_languages_and_an_introduction_may_be_empty():
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
def test_each_fault_of_a_question_is_pointed_at(question, at):
    assert pointers(STORY | {"key": "first"}, question) == [f"1/{at}".rstrip("/")]


def test_the_longest_scale_the_most_photos_and_a_duration_without_bands_are_fine():
    most = {**PHOTO, "private": True, "photos": {"minimum": 20, "maximum": 20}}
    long = {**SCALE, "minimum": -50, "maximum": 50, "scale_points": None}
    assert pointers(long, {**DURATION, "bands": None}, most) == []


def test_saying_the_default_of_a_field_that_another_type_owns_says_nothing():
    assert pointers({**STORY, "points": 0, "multiple": False, "bands": [], "unit": None}) == []


def test_keys_are_unique_over_the_whole_checklist():
    section = {"key": "welcome", "title": "Welcome", "questions": [YES_NO]}
    assert [fault.pointer for fault in find_errors(document(sections=[section, section]))] == [
        "/sections/1/key",
        "/sections/1/questions/0/key",
    ]


def test_a_checklist_has_its_limits():
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


def test_a_condition_and_a_choice_without_end_are_not_looked_at_to_their_end():
    endless = {**CHOICE, "options": [{}] * 100_000}
    waiting = {
        "key": "a",
        "text": "?",
        "type": "yes_no",
        "only_if": {"question": "till", "is": ["x"] * 100_000},
    }
    found = pointers(endless, waiting)
    assert {"0/options", "1/only_if/is"} <= set(found)
    assert len(found) < 1000


def test_a_private_question_may_depend_on_a_private_one():
    secret = {"key": "secret", "text": "?", "type": "yes_no", "private": True}
    deeper = {**secret, "key": "deeper", "only_if": {"question": "secret", "is": ["yes"]}}
    assert pointers(secret, deeper) == []


def test_a_circle_of_conditions_is_called_one():
    def waiting(key: str, named: str) -> dict[str, Any]:
        return {"key": key, "text": "?", "type": "yes_no", "only_if": {"question": named, "is": ["yes"]}}

    found = find_errors(document(waiting("a", "c"), waiting("b", "a"), waiting("c", "b"), waiting("d", "c")))
    assert [fault.pointer[-19:] for fault in found] == [f"/{i}/only_if/question" for i in range(3)]
    assert found[0].detail.endswith("a → c → b → a.")


def mutilated(value: Any, dice: random.Random) -> Any:
    """Return the value with parts of it gone or null, its JSON types as they were."""
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if dice.random() > 0.1}
        return {name: None if dice.random() < 0.1 else mutilated(part, dice) for name, part in kept.items()}
    if isinstance(value, list):
        return [mutilated(part, dice) for part in value if dice.random() > 0.1]
    if type(value) is int:
        return dice.choice([value, -1, 0, 2**53])
    return dice.choice([value, value, value, "", "x"]) if isinstance(value, str) else value


@given(st.integers())
def test_no_draft_of_the_right_types_makes_the_check_fail(seed):
    dice = random.Random(seed)
    whole = random.Random(seed).choice([*VECTORS["checklists"].values(), document(*ALL_TYPES)])
    draft = mutilated(whole, dice)
    find_changed_meanings(draft, [published(*ALL_TYPES)])
    if not find_errors(draft):
        again = fill_defaults(draft)
        assert fill_defaults(again) == again
        assert Checklist.from_document(again, 1).points_possible >= 0


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
def test_a_key_that_means_something_else_is_pointed_at(before, after, at):
    found = find_changed_meanings(document(STORY, after), [published(before)])
    assert [fault.pointer for fault in found] == [f"/sections/0/questions/1/{at}"]
    assert "version 1." in found[0].detail


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
def test_points_wording_and_new_keys_are_free(after):
    earlier = [published(YES_NO, CHOICE, SCALE)]
    assert find_changed_meanings(document(after), earlier) == []


def test_labels_are_compared_in_the_languages_that_both_have():
    def choice(label: Any) -> dict[str, Any]:
        return {**CHOICE, "options": [{"key": "left", "label": label}]}

    earlier = [published(choice({"en": "Left", "de": "Links"}))]
    assert find_changed_meanings(document(choice({"en": "left", "fr": "À gauche"})), earlier) == []
    assert len(find_changed_meanings(document(choice({"en": "Left", "de": "Rechts"})), earlier)) == 1


def test_a_key_that_was_gone_for_a_version_still_means_what_it_meant():
    earlier = [published(YES_NO), published(STORY, version=2), published(YES_NO, version=3)]
    found = find_changed_meanings(document({**YES_NO, "good_answer": "no"}), earlier)
    assert len(found) == 1
