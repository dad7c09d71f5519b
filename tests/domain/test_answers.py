"""Checking answers, and showing and hiding questions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.answers import (
    find_chosen,
    find_commented_questions,
    find_errors,
    find_visible_questions,
    is_answered,
    list_photo_ids,
)
from api.domain.checklist import Checklist, fill_defaults


def checklist(*questions: dict[str, Any]) -> Checklist:
    rows = [{"text": "?", "key": "q"} | question for question in questions]
    section = {"key": "all", "title": "All", "questions": rows}
    document = {"key": "visit", "title": "Visit", "channel": "in_person", "sections": [section]}
    return Checklist.from_document(fill_defaults(document), 1)


def pointers(questions: list[dict[str, Any]], answers: dict[str, Any]) -> list[str]:
    return [error.pointer for error in find_errors(checklist(*questions), answers)]


YES_NO = {"type": "yes_no", "points": 2}
SCALE = {"type": "scale", "minimum": 1, "maximum": 5, "scale_points": [0, 1, 2, 3, 4]}
OPTIONS = [{"key": "bag", "label": "Bag"}, {"key": "card", "label": "Card"}]
SINGLE = {"type": "choice", "options": OPTIONS}
MULTIPLE = {"type": "choice", "multiple": True, "options": OPTIONS}
DURATION = {"type": "duration", "bands": [{"up_to": 30, "points": 4}, {"points": 0}]}
NUMBER, TEXT, TIME = {"type": "number"}, {"type": "text"}, {"type": "time"}
DATE = {"type": "date"}
PHOTO = {"type": "photo", "photos": {"minimum": 1, "maximum": 2}}


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (YES_NO, ["yes", "no"]),
        (SCALE, [1, 5]),
        (SINGLE, ["bag", "card"]),
        (MULTIPLE, [["bag"], ["card", "bag"]]),
        (DURATION, [0, 31_536_000]),
        (NUMBER, [0, -1.5, 2**53, -(2**53), 1e9]),
        (TEXT, ["x", "x" * 10_000]),
        (TIME, ["00:00", "23:59"]),
        (DATE, ["1900-01-01", "2024-02-29", "2100-12-31"]),
    ],
)
def test_values_in_range_are_accepted(question, values):
    assert [pointers([question], {"q": {"value": value}}) for value in values] == [[]] * len(values)


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (YES_NO, ["Yes", "", True, 1, ["yes"], {}]),
        (SCALE, [0, 6, "3", 3.0, 5.7, True, [3], 10**5000]),
        (SINGLE, ["nothing", ["bag"], [], 1, {}]),
        (MULTIPLE, ["bag", ["bag", "bag"], ["bag", "x"], [["bag"]], [{}], {"bag": 1}]),
        (DURATION, [-1, 31_536_001, "9", 9.0, False]),
        (NUMBER, ["1", True, float("nan"), float("inf"), 2**53 + 1, 1e300, []]),
        (TEXT, ["", " \n", "x" * 10_001, 5, []]),
        (TIME, ["24:00", "9:30", "09:60", "09:30\n", "٠٩:٣٠", 930]),
        (DATE, ["2026-02-29", "2026-13-01", "1899-12-31", "2101-01-01", "26-01-31", "2026-1-31", "20260131"]),
        (DATE, ["2026-W05-6", "2026-01-31\n", " 2026-01-31", "31/01/2026", "2026-01-31T10:00", ""]),
        (DATE, ["٢٠٢٦-٠١-٣١", 20260131, True, ["2026-01-31"], {}]),
    ],
)
def test_values_of_a_wrong_type_or_out_of_range_are_rejected(question, values):
    results = [pointers([question], {"q": {"value": value}}) for value in values]
    assert results == [["/answers/q/value"]] * len(values)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"q": None},
        {"q": {}},
        {"q": {"value": None, "comment": None, "not_applicable": None, "photos": None}},
        {"q": {"comment": "so it was", "not_applicable": False, "photos": []}},
    ],
)
@pytest.mark.parametrize(("question", "field"), [(YES_NO, "value"), (MULTIPLE, "value"), (PHOTO, "photos")])
def test_an_answer_with_at_most_a_comment_counts_as_unanswered(question, field, answers):
    assert pointers([question], answers) == [f"/answers/q/{field}"]
    assert pointers([question | {"required": False}], answers) == []


def test_an_empty_list_counts_as_unanswered():
    assert pointers([MULTIPLE], {"q": {"value": []}}) == ["/answers/q/value"]
    assert pointers([MULTIPLE | {"required": False}], {"q": {"value": []}}) == []


def test_the_pointer_to_an_unknown_question_has_its_key_escaped():
    assert pointers([YES_NO], {"a/b~c": {"value": 1}, "q": {"value": "no"}}) == ["/answers/a~1b~0c"]


def test_not_applicable_is_accepted_where_allowed_and_without_a_value():
    allowed = YES_NO | {"not_applicable": True}
    assert pointers([allowed], {"q": {"not_applicable": True, "comment": "closed"}}) == []
    assert pointers([allowed], {"q": {"not_applicable": True, "value": "no"}}) == ["/answers/q/value"]
    assert pointers([YES_NO], {"q": {"not_applicable": True}}) == ["/answers/q/not_applicable"]
    photo = PHOTO | {"not_applicable": True}
    assert pointers([photo], {"q": {"not_applicable": True}}) == []
    assert pointers([photo], {"q": {"not_applicable": True, "photos": ["a"]}}) == ["/answers/q/photos"]


@pytest.mark.parametrize(
    ("rule", "answer", "is_error"),
    [
        ("optional", {"value": "no"}, False),
        ("optional", {"value": "no", "comment": "x" * 10_001}, True),
        ("never", {"value": "no", "comment": "well"}, True),
        ("never", {"value": "no", "comment": " "}, False),
        ("required", {"value": "yes"}, True),
        ("required", {"value": "yes", "comment": " "}, True),
        ("required", {"value": "yes", "comment": "well"}, False),
        ("required", {"not_applicable": True}, False),
        ("when_points_lost", {"value": "yes"}, False),
        ("when_points_lost", {"value": "no"}, True),
        ("when_points_lost", {"value": "no", "comment": "well"}, False),
        ("when_points_lost", {"not_applicable": True}, False),
    ],
)
def test_comments_follow_the_rule_of_the_question(rule, answer, is_error):
    question = YES_NO | {"comment": rule, "not_applicable": True}
    assert pointers([question], {"q": answer}) == ["/answers/q/comment"] * is_error


def test_an_answered_question_has_a_minimum_and_maximum_of_photos():
    question = YES_NO | {"photos": {"minimum": 1, "maximum": 2}, "required": False}
    counts = [pointers([question], {"q": {"value": "no", "photos": list("abc")[:n]}}) for n in range(4)]
    assert counts == [["/answers/q/photos"], [], [], ["/answers/q/photos"]]
    assert pointers([question], {}) == []
    assert pointers([YES_NO], {"q": {"value": "no", "photos": ["a"]}}) == ["/answers/q/photos"]


def test_a_photo_question_is_answered_with_photos_only():
    assert pointers([PHOTO], {"q": {"photos": ["a", "b"]}}) == []
    assert pointers([PHOTO], {"q": {"photos": list("abc")}}) == ["/answers/q/photos"]
    assert pointers([PHOTO], {"q": {"value": "a", "photos": ["a"]}}) == ["/answers/q/value"]
    optional = PHOTO | {"photos": {"minimum": 2, "maximum": 3}, "required": False}
    assert pointers([optional], {"q": {"photos": ["a"]}}) == ["/answers/q/photos"]
    assert pointers([optional], {"q": {"photos": []}}) == []


def test_a_photo_can_be_named_only_once_in_all_answers():
    questions = [PHOTO | {"key": "first"}, PHOTO | {"key": "second"}]
    answers = {"first": {"photos": ["a", "a"]}, "second": {"photos": ["b", "a"]}}
    assert pointers(questions, answers) == ["/answers/first/photos/1", "/answers/second/photos/1"]
    assert list_photo_ids({"x": {"photos": ["b", "a"]}, "y": {}, "z": {"photos": ["c"]}}) == ["b", "a", "c"]


# A store that was closed.


def closed_pointers(questions: list[dict[str, Any]], answers: dict[str, Any], *photos: str) -> list[str]:
    return [error.pointer for error in find_errors(checklist(*questions), answers, "store-closed", photos)]


def test_no_answer_is_required_if_the_store_was_closed():
    questions = [
        YES_NO | {"key": "a", "comment": "required", "photos": {"minimum": 1, "maximum": 1}},
        YES_NO | {"key": "b", "comment": "when_points_lost"},
        PHOTO | {"key": "c"},
    ]
    answers = {"a": {"value": "yes"}, "b": {"value": "no"}}
    assert closed_pointers(questions, {}) == []
    assert closed_pointers(questions, answers, "x", "y") == []
    assert pointers(questions, answers) == [
        "/answers/a/comment",
        "/answers/a/photos",
        "/answers/b/comment",
        "/answers/c/photos",
    ]


def test_answers_are_checked_even_if_the_store_was_closed():
    questions = [
        SCALE | {"key": "a"},
        YES_NO | {"key": "b", "only_if": {"question": "a", "is": ["1"]}},
        YES_NO | {"key": "c", "comment": "never"},
        YES_NO | {"key": "d"},
    ]
    answers = {
        "a": {"value": 6},
        "b": {"value": "yes"},
        "c": {"value": "yes", "comment": "No"},
        "d": {"not_applicable": True, "photos": ["x"]},
        "e": {"value": "yes"},
    }
    assert closed_pointers(questions, answers) == [
        "/answers/e",
        "/answers/a/value",
        "/answers/b",
        "/answers/c/comment",
        "/answers/d/not_applicable",
        "/answers/d/photos",
    ]


def test_photos_without_a_question_are_accepted_once_if_the_store_was_closed():
    answers = {"q": {"photos": ["a"]}}
    assert [error.pointer for error in find_errors(checklist(PHOTO), answers, "visited", ["b"])] == [
        "/photos"
    ]
    assert closed_pointers([PHOTO], answers, "b", "a", "b") == ["/photos/1", "/photos/2"]
    assert list_photo_ids(answers, ["b"]) == ["a", "b"]


# Hidden questions.


def conditional(key: str, parent: str, *answers: str) -> dict[str, Any]:
    return YES_NO | {"key": key, "only_if": {"question": parent, "is": list(answers)}}


@pytest.mark.parametrize(
    ("question", "answer", "is_shown"),
    [
        (YES_NO, {"value": "yes"}, True),
        (YES_NO, {"value": "no"}, False),
        (YES_NO, {}, False),
        (YES_NO, {"value": "yes", "not_applicable": True}, False),
        (SCALE, {"value": 3}, True),
        (SCALE, {"value": 4}, False),
        (SCALE, {"value": "3"}, True),
        (SCALE, {"value": True}, False),
        (SINGLE, {"value": "card"}, True),
        (SINGLE, {"value": ["card"]}, False),
        (MULTIPLE, {"value": ["bag", "card"]}, True),
        (MULTIPLE, {"value": ["bag"]}, False),
        (MULTIPLE, {"value": "card"}, False),
    ],
)
def test_a_question_is_shown_if_its_condition_is_met(question, answer, is_shown):
    both = checklist(question, conditional("then", "q", "yes", "3", "card"))
    assert ("then" in find_visible_questions(both, {"q": answer})) == is_shown


def test_a_question_that_depends_on_a_hidden_question_is_hidden():
    questions = [
        YES_NO | {"key": "problem"},
        conditional("apology", "problem", "yes"),
        conditional("sincere", "apology", "yes"),
    ]
    answers = {"problem": {"value": "no"}, "apology": {"value": "yes"}, "sincere": {"value": "yes"}}
    assert find_visible_questions(checklist(*questions), answers) == {"problem"}
    assert pointers(questions, answers) == ["/answers/apology", "/answers/sincere"]


def test_a_hidden_question_can_have_only_a_comment():
    questions = [YES_NO | {"key": "problem"}, conditional("apology", "problem", "yes")]

    def hidden_question_pointers(answer: Any) -> list[str]:
        return pointers(questions, {"problem": {"value": "no"}, "apology": answer})

    for empty in (None, {}, {"comment": "x"}, {"value": None, "photos": [], "not_applicable": False}):
        assert hidden_question_pointers(empty) == []
    for answer in ({"value": "no"}, {"not_applicable": True}, {"photos": ["a"]}):
        assert hidden_question_pointers(answer) == ["/answers/apology"]


@given(st.permutations(range(40)))
def test_visibility_does_not_depend_on_the_order_of_questions(order):
    chain = [YES_NO | {"key": "q0"}] + [conditional(f"q{i}", f"q{i - 1}", "yes") for i in range(1, 40)]
    answers = {f"q{i}": {"value": "yes" if i != 30 else "no"} for i in range(40)}
    assert find_visible_questions(checklist(*(chain[i] for i in order)), answers) == {
        f"q{i}" for i in range(31)
    }


def test_long_chains_and_cycles_of_conditions_terminate():
    chain = [YES_NO | {"key": "q0"}] + [conditional(f"q{i}", f"q{i - 1}", "yes") for i in range(1, 2_000)]
    answers = {question["key"]: {"value": "yes"} for question in chain}
    assert len(find_visible_questions(checklist(*reversed(chain)), answers)) == 2_000
    cycle = [conditional("a", "b", "yes"), conditional("b", "a", "yes"), conditional("c", "gone", "yes")]
    assert (
        find_visible_questions(checklist(*cycle), {"a": {"value": "yes"}, "b": {"value": "yes"}})
        == frozenset()
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["yes", "bag"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(
    st.sampled_from([YES_NO, SCALE, SINGLE, MULTIPLE, DURATION, NUMBER, TEXT, TIME, DATE, PHOTO]),
    json_values,
    st.none() | st.booleans(),
)
def test_the_check_never_raises_for_any_value(question, value, not_applicable):
    both = checklist(question, conditional("then", "q", "yes"))
    answer = {"value": value, "not_applicable": not_applicable}
    find_errors(both, {"q": answer})
    assert set(find_chosen(both.by_key["q"], answer)) <= set(both.by_key["q"].choices)
    assert not (not_applicable and is_answered(both.by_key["q"], answer))


def test_commented_questions_are_in_checklist_order_without_private_ones() -> None:
    questions = checklist(
        {**YES_NO, "key": "a"},
        {**TEXT, "key": "b"},
        {**TEXT, "key": "c", "private": True},
        {**SINGLE, "key": "d"},
        {**YES_NO, "key": "e", "private": True},
    )
    answers = {
        "d": {"value": "bag", "comment": None},
        "b": {"value": "A story"},
        "a": {"not_applicable": True, "comment": "No till was open"},
        "c": {"value": "My card"},
        "e": {"value": "no", "comment": "My own"},
    }
    assert find_commented_questions(questions, {"answers": answers, "comment": "All in all"}) == [
        "a",
        "b",
        None,
    ]
    blank = {"a": {"value": "no", "comment": " \n"}, "b": {"value": None}, "d": {"comment": "x"}}
    assert find_commented_questions(questions, {"answers": blank, "comment": " "}) == ["d"]
    assert find_commented_questions(questions, {"answers": {}}) == []
