"""Checklists and the defaults of their documents."""

import pytest

from api.domain.checklist import Condition, PhotoRange, fill_defaults
from api.domain.question_types import Band
from tests.domain.drafts import ALL_TYPES, CHOICE, DURATION, PHOTO, SCALE, STORY, YES_NO, document, published


def test_omitted_fields_get_their_defaults():
    filled = fill_defaults(document({"key": "greeting", "text": "Greeted?", "type": "yes_no"}))
    assert {name: filled[name] for name in ("introduction", "review", "pass_mark")} == {
        "introduction": None,
        "review": "automatic",
        "pass_mark": 0,
    }
    assert list(filled["sections"][0]["questions"][0].items()) == [
        ("key", "greeting"),
        ("text", "Greeted?"),
        ("help", None),
        ("type", "yes_no"),
        ("good_answer", "yes"),
        ("points", 0),
        ("required", True),
        ("not_applicable", False),
        ("critical", False),
        ("private", False),
        ("fundamental", None),
        ("comment", "optional"),
        ("photos", {"minimum": 0, "maximum": 0}),
        ("only_if", None),
    ]


def test_a_question_has_only_the_fields_of_its_type():
    scale, choice, duration, photo = fill_defaults(document(SCALE, CHOICE, DURATION, PHOTO))["sections"][0][
        "questions"
    ]
    assert {"minimum", "maximum", "scale_points"} <= scale.keys()
    assert choice["multiple"] is False
    assert choice["options"][0] == {"key": "left", "label": "Left", "points": 0}
    assert duration["bands"] == DURATION["bands"]
    assert not {"points", "options", "bands", "unit"} & photo.keys()


def test_the_version_is_omitted_if_it_is_not_set():
    assert "version" not in fill_defaults(document(YES_NO))
    assert list(fill_defaults(document(YES_NO, version=3)))[:2] == ["key", "version"]


def test_filling_defaults_is_idempotent_and_copies_the_document():
    draft = document(*ALL_TYPES, title={"en": "Visit"})
    once = fill_defaults(draft)
    assert fill_defaults(once) == once
    once["title"]["en"] = "Other"
    once["sections"][0]["questions"][2]["options"].clear()
    once["sections"][0]["questions"][0]["photos"]["maximum"] = 9
    assert draft == document(*ALL_TYPES, title={"en": "Visit"})
    assert fill_defaults(draft) != once


def test_a_version_is_built_from_its_document():
    conditional = {**YES_NO, "only_if": {"question": "till", "is": ["left", "right"]}}
    checklist = published(SCALE, CHOICE, DURATION, PHOTO, conditional)
    assert checklist.by_key["wait"].type.bands == (Band(4, 30), Band(2, 120), Band(0))
    assert checklist.by_key["receipt"].photos == PhotoRange(1, 1)
    assert checklist.by_key["greeting"].only_if == Condition("till", ("left", "right"))
    assert [question.key for question in checklist.questions] == [
        "sincerity",
        "till",
        "wait",
        "receipt",
        "greeting",
    ]
    assert (checklist.question_count, checklist.points_possible) == (5, 4 + 3 + 4 + 0 + 2)


@pytest.mark.parametrize(
    ("question", "possible"),
    [
        (YES_NO, 2),
        (SCALE, 4),
        ({**SCALE, "scale_points": None}, 0),
        (CHOICE, 3),
        ({**CHOICE, "multiple": True, "options": [{**o, "points": 2} for o in CHOICE["options"]]}, 4),
        (DURATION, 4),
        ({**DURATION, "bands": []}, 0),
        (STORY, 0),
        (PHOTO, 0),
    ],
)
def test_points_possible_are_the_most_that_an_answer_can_earn(question, possible):
    assert published(question).questions[0].points_possible == possible


def test_the_choices_of_a_question_are_strings():
    checklist = published(YES_NO, SCALE, CHOICE, STORY)
    assert [question.choices for question in checklist.questions] == [
        ("yes", "no"),
        ("1", "2", "3", "4", "5"),
        ("left", "right"),
        (),
    ]
