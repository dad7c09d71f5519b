"""What changes between two documents of a checklist, and the effect of each change."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.checklist import fill_defaults
from api.domain.checklist_changes import Change, find_changes
from api.domain.publishing import find_changed_meanings, find_errors
from tests.domain.drafts import (
    ALL_TYPES,
    CHOICE,
    DURATION,
    SCALE,
    STORY,
    VECTORS,
    YES_NO,
    document,
    published,
)

OPTIONS = CHOICE["options"]
UNSCORED = {"key": "apology", "text": "Apology?", "type": "yes_no"}


def changes(before: Any, after: Any) -> list[Change]:
    """Return the changes of a question, with pointers relative to it."""
    found = find_changes(document(*before), document(*after))
    return [
        (change.pointer.removeprefix("/sections/0/questions/0"), change.effect, change.kind)
        for change in found
    ]


@pytest.mark.parametrize("draft", [*VECTORS["checklists"].values(), document(*ALL_TYPES), {}])
def test_equal_documents_have_no_changes(draft: Any) -> None:
    assert find_changes(draft, draft) == []
    assert find_changes(fill_defaults(draft), draft) == []


@pytest.mark.parametrize(
    ("question", "edit", "change"),
    [
        (YES_NO, {"text": "Did they greet you?"}, ("/text", "words")),
        (YES_NO, {"help": "Within 30 seconds."}, ("/help", "words")),
        (YES_NO, {"points": 3}, ("/points", "points")),
        (YES_NO, {"critical": True}, ("/critical", "points")),
        (YES_NO, {"fundamental": "greet-the-customer"}, ("/fundamental", "points")),
        (YES_NO, {"required": False}, ("/required", "asked")),
        (YES_NO, {"not_applicable": True}, ("/not_applicable", "asked")),
        (YES_NO, {"comment": "required"}, ("/comment", "asked")),
        (YES_NO, {"photos": {"maximum": 2}}, ("/photos", "asked")),
        (YES_NO, {"good_answer": "no"}, ("/good_answer", "not-comparable")),
        (YES_NO, {"private": True}, ("/private", "not-comparable")),
        (YES_NO, {"type": "text"}, ("/type", "not-comparable")),
        (YES_NO, {"only_if": {"question": "x", "is": ["yes"]}}, ("/only_if", "not-comparable")),
        (UNSCORED, {"only_if": {"question": "x", "is": ["yes"]}}, ("/only_if", "asked")),
        (SCALE, {"scale_points": [0, 0, 0, 1, 2]}, ("/scale_points", "points")),
        (SCALE, {"maximum": 6}, ("/maximum", "not-comparable")),
        (DURATION, {"bands": [{"up_to": 60, "points": 4}, {"points": 0}]}, ("/bands", "points")),
        (CHOICE, {"multiple": True}, ("/multiple", "not-comparable")),
        (CHOICE, {"options": [{**OPTIONS[0], "points": 1}, OPTIONS[1]]}, ("/options/0/points", "points")),
        (CHOICE, {"options": [{**OPTIONS[0], "label": "LEFT!"}, OPTIONS[1]]}, ("/options/0/label", "words")),
        (
            CHOICE,
            {"options": [{**OPTIONS[0], "label": "Middle"}, OPTIONS[1]]},
            ("/options/0/label", "not-comparable"),
        ),
        ({**STORY, "type": "number"}, {"unit": "GBP"}, ("/unit", "words")),
    ],
)
def test_each_field_has_its_effect(question: Any, edit: Any, change: Any) -> None:
    assert changes([question], [{**question, **edit}]) == [(*change, "changed")]


def test_changed_meanings_that_publishing_rejects_are_not_comparable() -> None:
    for question in ALL_TYPES:
        other = YES_NO if question["type"] != "yes_no" else STORY
        after = document({**other, "key": question["key"]})
        rejected = {error.pointer for error in find_changed_meanings(after, [published(question)])}
        found = {change.pointer: change.effect for change in find_changes(document(question), after)}
        assert rejected and {found[pointer] for pointer in rejected} == {"not-comparable"}


def test_questions_that_are_added_removed_or_moved() -> None:
    assert changes([STORY], [STORY, YES_NO]) == [("/sections/0/questions/1", "not-comparable", "added")]
    assert changes([STORY], [STORY, UNSCORED]) == [("/sections/0/questions/1", "asked", "added")]
    assert changes([STORY, YES_NO], [STORY]) == [("/sections/0", "not-comparable", "removed")]
    assert changes([UNSCORED, STORY], [STORY]) == [("/sections/0", "asked", "removed")]
    moved = [("/sections/0/questions/2", "asked", "moved")]
    assert changes([YES_NO, STORY, SCALE], [STORY, SCALE, YES_NO]) == moved
    renamed = changes([YES_NO], [{**YES_NO, "key": "hello"}])
    assert renamed == [("", "not-comparable", "added"), ("/sections/0", "not-comparable", "removed")]


def test_options_that_are_added_removed_or_moved() -> None:
    third = {"key": "middle", "label": "Middle"}
    more = {**CHOICE, "options": [*OPTIONS, third]}
    assert changes([CHOICE], [more]) == [("/options/2", "not-comparable", "added")]
    assert changes([more], [CHOICE]) == [("/options", "not-comparable", "removed")]
    assert changes([CHOICE], [{**CHOICE, "options": OPTIONS[::-1]}]) == [("/options/0", "asked", "moved")]


def test_sections_that_are_added_removed_or_moved() -> None:
    first = {"key": "a", "title": "A", "questions": [YES_NO, UNSCORED]}
    second = {"key": "b", "title": "B", "questions": [STORY]}
    before = document(sections=[first, second])
    swapped = find_changes(before, document(sections=[second, first]))
    assert [(change.field, change.kind) for change in swapped] == [("section", "moved")]
    after = document(
        sections=[
            {**first, "questions": []},
            {"key": "c", "title": "C", "questions": [STORY, YES_NO, UNSCORED]},
        ]
    )
    assert [
        (change.pointer, change.effect, change.field, change.before, change.after)
        for change in find_changes(before, after)
    ] == [
        ("/sections/1", "asked", "section", None, "C"),
        ("/sections", "asked", "section", "B", None),
        ("/sections/1/questions/0", "asked", "section", "B", "C"),
        ("/sections/1/questions/1", "points", "section", "A", "C"),
        ("/sections/1/questions/2", "asked", "section", "A", "C"),
    ]


def test_fields_of_the_checklist() -> None:
    after = document(
        YES_NO, title="V", introduction="Hi", channel="telephone", review="manual", pass_mark=0.5
    )
    assert [(change.pointer, change.effect) for change in find_changes(document(YES_NO), after)] == [
        ("/title", "words"),
        ("/introduction", "words"),
        ("/channel", "asked"),
        ("/review", "asked"),
        ("/pass_mark", "points"),
    ]


def test_details_are_sentences() -> None:
    before = document({**YES_NO, "text": {"en": "Greeted?", "es": "¿Saludo?"}}, DURATION)
    after = copy.deepcopy(before)
    greeting, wait = after["sections"][0]["questions"]
    greeting.update(text={"en": "Greeted?", "es": "¿Saludaron?"}, points=1)
    wait["bands"].pop(0)
    assert [change.detail for change in find_changes(before, after)] == [
        "The question is worded differently in: es.",
        "The number of points is 1 instead of 2.",
        "The points by duration are 2 up to 120 s, 0 for longer "
        "instead of 4 up to 30 s, 2 up to 120 s, 0 for longer.",
    ]


JSON = st.none() | st.integers(-3, 9) | st.booleans() | st.sampled_from(["", "yes", "x", "greeting"])


@st.composite
def edited(draw: Any) -> Any:
    """Return a valid checklist after some edits, after which it may be incomplete."""
    draft = document(*ALL_TYPES)
    questions = draft["sections"][0]["questions"]
    questions[:] = draw(st.permutations(questions))[: draw(st.integers(0, 9))]
    for question in questions:
        for name in draw(
            st.sets(st.sampled_from(["key", "text", "type", "options", "bands", "only_if"]), max_size=2)
        ):
            question[name] = None
        question.update(
            draw(
                st.fixed_dictionaries({}, optional={"required": st.booleans(), "points": st.integers(-1, 3)})
            )
        )
    return draft


@given(edited(), edited())
def test_there_are_changes_exactly_if_documents_differ(before: Any, after: Any) -> None:
    found = find_changes(before, after)
    if not find_errors(before) and not find_errors(after):
        assert bool(found) == (fill_defaults(before) != fill_defaults(after))
    for change in found:
        at: Any = fill_defaults(after)
        for step in change.pointer.split("/")[1:]:
            at = at[int(step)] if isinstance(at, list) else at[step]
    json.dumps([[change.before, change.after] for change in found])
