"""The form's rules give the same results as those of the server, for the same checklists and answers."""

import json
import math
from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Route

from api.domain.answers import find_errors, find_visible_questions
from api.domain.checklist import Checklist, fill_defaults, fill_question_defaults
from api.domain.question_types import QUESTION_TYPES, read_type
from api.domain.scoring import score_visit
from tests.domain.drafts import ALL_TYPES, CHOICE, VECTORS, document

STATIC = Path(__file__).parents[2] / "api" / "pages" / "static"
ORIGIN = "https://pages.test"
SHELL = '<!doctype html><html lang="en" data-languages="en"><title>Rules</title></html>'

# A function-scoped page would be a new page for each example; shrinking is slow in a browser.
in_browser = settings(
    max_examples=150,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with three modules of the form in ``window``: ``rules``, ``types`` and ``page``."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.route(f"{ORIGIN}/**", serve)
    page.goto(f"{ORIGIN}/")
    page.evaluate(
        """async () => {
            window.rules = await import("/form/rules.js");
            window.types = await import("/shared/question-types/index.js");
            window.page = await import("/shared/page.js");
            await page.loadWords((language) => import(`/form/words/${language}.js`));
        }"""
    )
    yield page
    context.close()


def serve(route: Route) -> None:
    """Serve the modules as they are in the repository."""
    path = route.request.url.removeprefix(f"{ORIGIN}/")
    if path.endswith(".js"):
        route.fulfill(path=STATIC / path, content_type="text/javascript")
    else:
        route.fulfill(body=SHELL, content_type="text/html")


# Questions.

KEYS = ["left", "right", "both", "neither", "yes", "no"]
points = st.integers(0, 20)

yes_no_questions = st.fixed_dictionaries({"good_answer": st.sampled_from(["yes", "no"]), "points": points})
choice_questions = st.builds(
    lambda keys, worths, multiple: {
        "multiple": multiple,
        "options": [
            {"key": key, "label": key.title(), "points": worth}
            for key, worth in zip(keys, worths, strict=False)
        ],
    },
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True),
    st.lists(points, min_size=4, max_size=4),
    st.booleans(),
)


@st.composite
def duration_questions(draw: st.DrawFn) -> dict[str, Any]:
    limits = sorted(draw(st.lists(st.integers(1, 300), max_size=3, unique=True)))
    bands = [{"up_to": limit, "points": draw(points)} for limit in limits]
    return {"bands": draw(st.sampled_from([[], [*bands, {"points": draw(points)}]]))}


@st.composite
def scale_questions(draw: st.DrawFn) -> dict[str, Any]:
    minimum = draw(st.integers(-3, 5))
    steps = draw(st.integers(2, 6))
    worths = draw(st.lists(points, min_size=steps, max_size=steps) | st.just([]))
    return {"minimum": minimum, "maximum": minimum + steps - 1, "scale_points": worths}


definitions = {
    "yes_no": yes_no_questions,
    "scale": scale_questions(),
    "choice": choice_questions,
    "duration": duration_questions(),
    "number": st.fixed_dictionaries({"unit": st.none() | st.just("GBP")}),
}
questions = st.sampled_from(sorted(QUESTION_TYPES)).flatmap(
    lambda name: definitions.get(name, st.just({})).map(
        lambda fields: fill_question_defaults({"key": "q", "text": "?", "type": name, **fields})
    )
)

# Values. JSON from a browser has one kind of number: 9 and 9.0 are the same there.

MAX_TEXT = 10_000
MAX_SECONDS = 31_536_000
MAX_NUMBER = 2.0**53

#: values at and beyond the limits of each type; the lists of all types are tried with every type
LIMITS: dict[str, list[Any]] = {
    "yes_no": ["yes", "no", "Yes", "", " yes", True, False, ["yes"]],
    "scale": [0, 1, 5, 6, 1.5, "3", -3, -2, None],
    "choice": ["left", "Left", [], ["left"], ["left", "right"], ["left", "left"], ["left", "other"], {}],
    "duration": [-1, -0.5, 0, 0.5, 29, 30, 31, 120, 121, MAX_SECONDS - 1, MAX_SECONDS, MAX_SECONDS + 1, "9"],
    "number": [
        *(sign * number for sign in (1, -1) for number in (MAX_NUMBER - 1, MAX_NUMBER, MAX_NUMBER + 2)),
        *(sign * number for sign in (1, -1) for number in (0.0, 5e-324, 1.5, 1e300, float("inf"))),
        float("nan"),
    ],
    "text": [
        *(character * count for character in "xé😀 " for count in (MAX_TEXT - 1, MAX_TEXT, MAX_TEXT + 1)),
        "😀" * (MAX_TEXT // 2) + "x",
        *"\t\n\v\f\r \x00\x08\x1b\x1c\x1d\x1e\x1f\x7f\x84\x85\x86\u00a0\u1680\u180e\u2000\u200a\u200b",
        *"\u2028\u2029\u202f\u205f\u2060\u3000\ufeff",
        " x ",
        "\x85x",
    ],
    "time": [
        "00:00",
        "09:59",
        "9:59",
        "19:00",
        "20:00",
        "23:59",
        "23:60",
        "24:00",
        "12:00:00",
        "12:00\n",
        "٠٩:٣٠",
    ],
    "date": [
        *("1899-12-31", "1900-01-01", "2100-12-31", "2101-01-01", "0000-01-01", "9999-12-31", "10000-01-01"),
        *("2024-02-29", "2025-02-29", "2000-02-29", "1900-02-29", "2026-02-30", "2026-04-31", "2026-12-32"),
        *("2026-00-10", "2026-13-10", "2026-01-00", "2026-1-31", "20260131", "2026-W05-6", "2026-01-31\n"),
        *("2026-01-31T10:00", " 2026-01-31", "٢٠٢٦-٠١-٣١"),
    ],
    "photo": ["a"],
}


def as_sent(value: Any) -> Any:
    """Return a value as the server receives it from a browser."""
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


VALUES_ON_PHONE = """(examples) => examples.map(([question, value]) => {
    const type = types.typeOf(question);
    if (type.isEmpty(question, value)) return { isEmpty: true };
    const isValid = type.findError(question, value) === null;
    return {
        isEmpty: false,
        isValid,
        earned: isValid ? type.points(question, value) : null,
        possible: type.pointsPossible(question),
    };
})"""


def value_on_server(question: dict[str, Any], value: Any) -> dict[str, Any]:
    type_, value = read_type(question), as_sent(value)
    if type_.is_empty(value):
        return {"isEmpty": True}
    is_valid = type_.check_value(value) is None
    return {
        "isEmpty": False,
        "isValid": is_valid,
        "earned": type_.points_for(value) if is_valid else None,
        "possible": type_.points_possible,
    }


def assert_same_results(page: Page, examples: list[tuple[dict[str, Any], Any]]) -> None:
    results = page.evaluate(VALUES_ON_PHONE, [list(example) for example in examples])
    for (question, value), result in zip(examples, results, strict=True):
        assert result == value_on_server(question, value), (question["type"], repr(value)[:80])


def test_every_type_has_limits() -> None:
    assert LIMITS.keys() == QUESTION_TYPES.keys()


@pytest.mark.parametrize("question", [*ALL_TYPES, {**CHOICE, "multiple": True}], ids=lambda row: row["type"])
def test_limits_are_the_same_on_the_phone_and_on_the_server(page: Page, question: dict[str, Any]) -> None:
    values = [value for values in LIMITS.values() for value in values]
    assert_same_results(page, [(fill_question_defaults(question), value) for value in values])


@pytest.mark.parametrize("question", ALL_TYPES, ids=lambda row: row["type"])
def test_invalid_values_can_be_shown(page: Page, question: dict[str, Any]) -> None:
    """The form lists all answers, including those that have to be corrected."""
    examples = [[fill_question_defaults(question), value] for value in LIMITS[question["type"]]]
    shown = page.evaluate(
        "(examples) => examples.map(([row, value]) => types.showValue(row, value))", examples
    )
    assert all(isinstance(words, str) for words in shown)


def test_every_error_has_words(page: Page) -> None:
    values = [value for values in LIMITS.values() for value in values]
    examples = [[fill_question_defaults(question), value] for question in ALL_TYPES for value in values]
    errors = page.evaluate(
        "(examples) => examples.map(([row, value]) => types.typeOf(row).findError(row, value))",
        examples,
    )
    words = {error for error in errors if error} | {"photos", "comment", "comment-length"}
    assert len(words) > 5
    assert [word for word in words if not page.evaluate("(key) => page.hasWords(key)", f"error-{word}")] == []


texts = st.text(max_size=3)
any_values = st.one_of(
    *map(st.sampled_from, ({name: values for name, values in LIMITS.items() if name != "text"}).values()),
    st.none(),
    st.floats(),
    st.integers(-1000, 1000),
    st.sampled_from(KEYS),
    st.lists(st.sampled_from(KEYS) | texts, max_size=4),
    texts,
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.dates().map(str),
)


@in_browser
@given(st.lists(st.tuples(questions, any_values), min_size=1, max_size=30))
def test_values_give_the_same_results_on_the_phone_and_on_the_server(
    page: Page, examples: list[tuple[dict[str, Any], Any]]
) -> None:
    assert_same_results(page, examples)


# Checklists.


@st.composite
def checklists(draw: st.DrawFn) -> dict[str, Any]:
    """A document that can be published: conditions name choices of earlier questions."""
    rows: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 5))):
        row = dict(draw(questions), key=f"q{index}")
        row["required"] = draw(st.booleans())
        row["not_applicable"] = draw(st.booleans())
        row["comment"] = draw(st.sampled_from(["never", "optional", "required", "when_points_lost"]))
        minimum = draw(st.integers(0, 2))
        spare = draw(st.integers(int(row["type"] == "photo"), 2))
        row["photos"] = {"minimum": minimum, "maximum": minimum + spare}
        earlier = [other for other in rows if read_type(other).choices]
        if earlier and draw(st.booleans()):
            other = draw(st.sampled_from(earlier))
            keys = st.lists(st.sampled_from(read_type(other).choices), min_size=1, max_size=3, unique=True)
            row["only_if"] = {"question": other["key"], "is": draw(keys)}
        rows.append(row)
    return fill_defaults(document(*rows))


@st.composite
def answers_on_phone(draw: st.DrawFn, checklist: dict[str, Any]) -> dict[str, Any]:
    """Answers that the inputs of the form can contain: too many photos, for example, cannot be added."""
    answers = {}
    for question in checklist["sections"][0]["questions"]:
        answer: dict[str, Any] = {}
        if question["not_applicable"] and draw(st.booleans()):
            answer["not_applicable"] = True
        elif question["type"] != "photo":
            answer["value"] = draw(st.none() | possible_input(question))
        if question["comment"] != "never":
            answer["comment"] = draw(st.none() | st.sampled_from(["", " ", "Why", *LIMITS["text"]]))
        count = draw(st.integers(0, question["photos"]["maximum"]))
        answer["photos"] = [f"{question['key']}-{index}" for index in range(count)]
        answers[question["key"]] = answer
    return answers


def possible_input(question: dict[str, Any]) -> st.SearchStrategy[Any]:
    type_ = read_type(question)
    if type_.choices:
        keys = st.sampled_from(type_.choices)
        if question.get("multiple"):
            return st.lists(keys, unique=True)
        return keys.map(int) if question["type"] == "scale" else keys
    is_json = [not isinstance(value, float) or math.isfinite(value) for value in LIMITS[question["type"]]]
    return st.sampled_from(list(compress(LIMITS[question["type"]], is_json)))


def on_phone(page: Page, checklist: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(
        """([checklist, answers]) => {
            const questions = rules.questionsOf(checklist);
            const visible = rules.visible(questions, answers);
            const points = questions
                .filter(({ key }) => visible.has(key))
                .map((question) => rules.pointsOf(question, answers[question.key]));
            return {
                visible: [...visible].sort(),
                errors: rules.findErrors(questions, answers),
                body: JSON.stringify(rules.answersToSend(questions, answers)),
                earned: points.reduce((sum, { earned }) => sum + earned, 0),
                possible: points.reduce((sum, { possible }) => sum + possible, 0),
            };
        }""",
        [checklist, answers],
    )
    return result


#: the part of an answer in which the server finds an error that the form shows with these words
PARTS = {"photos": "photos", "comment": "comment", "comment-length": "comment"}


@in_browser
@given(checklists().flatmap(lambda checklist: st.tuples(st.just(checklist), answers_on_phone(checklist))))
def test_the_server_finds_errors_in_what_the_form_sends_exactly_where_the_form_shows_them(
    page: Page, example: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    document, answers = example
    result = on_phone(page, document, answers)
    checklist = Checklist.from_document(document, 1)
    body = json.loads(result["body"])
    server_errors = [error.pointer.split("/")[2:] for error in find_errors(checklist, body)]
    assert result["visible"] == sorted(find_visible_questions(checklist, body))
    assert {error["key"] for error in result["errors"]} == {key for key, *_ in server_errors}
    for error in result["errors"]:
        assert [error["key"], PARTS.get(error["error"], "value")] in server_errors
    if not server_errors:
        score = score_visit(checklist, body)
        assert (result["earned"], result["possible"]) == (score.earned, score.possible)


@pytest.mark.parametrize("name", VECTORS["checklists"])
def test_the_form_agrees_with_the_vectors_of_scores(page: Page, name: str) -> None:
    document = fill_defaults(VECTORS["checklists"][name])
    checklist = Checklist.from_document(document, 1)
    visits = [visit for case in VECTORS["cases"] if case["checklist"] == name for visit in case["visits"]]
    assert len(visits) > 50
    for answers in visits:
        result = on_phone(page, document, answers)
        score = score_visit(checklist, answers)
        assert result["visible"] == sorted(find_visible_questions(checklist, answers))
        assert (result["earned"], result["possible"]) == (score.earned, score.possible)
        assert result["errors"] == []
        assert find_errors(checklist, json.loads(result["body"])) == []
