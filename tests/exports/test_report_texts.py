"""The words of the report in each language, and texts that its fonts can show."""

import json
import re
import unicodedata
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typst
from fontTools.ttLib import TTFont

from api.domain.checklist import Question
from api.domain.fundamentals import FUNDAMENTALS
from api.domain.languages import MONTH_NAMES
from api.domain.question_types import read_type
from api.exports.report import glyphs
from api.exports.report.glyphs import FONTS, break_long_words, clean, get_direction, guess_language, isolate
from api.exports.report.words import LANGUAGES, Words

PACKAGE = Path(glyphs.__file__).parent
ENGLISH, SPANISH = Words("en"), Words("es")


# Words.


def placeholders(text: str | tuple[str, str]) -> list[set[str]]:
    return [set(re.findall(r"\{(\w+)\}", one)) for one in ((text,) if isinstance(text, str) else text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_all_texts_with_the_same_placeholders(language: str) -> None:
    english, texts = LANGUAGES["en"].TEXTS, LANGUAGES[language].TEXTS
    assert list(texts) == list(english)
    for key, text in english.items():
        assert isinstance(texts[key], type(text)), key
        assert placeholders(texts[key])[-1] == placeholders(text)[-1], key
    assert len(MONTH_NAMES[language]) == 12


def test_each_text_is_used_and_each_used_text_exists() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.stem not in LANGUAGES)
    keys = set(LANGUAGES["en"].TEXTS)
    exact = set(re.findall(r"\"([\w-]+)\"", source))
    beginnings = tuple(re.findall(r"f\"([\w-]+)\{", source))
    assert {key for key in keys - exact if not key.startswith(beginnings)} == set()
    assert set(re.findall(r"words\(\"([\w-]+)\"", source)) <= keys


def test_other_languages_name_each_fundamental() -> None:
    keys = {fundamental.key for fundamental in FUNDAMENTALS}
    assert LANGUAGES["es"].FUNDAMENTALS.keys() == keys
    assert all(ENGLISH.fundamental(fundamental.key) == fundamental.title for fundamental in FUNDAMENTALS)


@pytest.mark.parametrize(
    ("proportion", "english", "spanish"),
    [(0.87649, "87.6%", "87,6\u00a0%"), (0.8765, "87.7%", "87,7\u00a0%"), (1.0, "100.0%", "100,0\u00a0%")],
)
def test_percentages_are_rounded_half_up(proportion: float, english: str, spanish: str) -> None:
    assert ENGLISH.percent(proportion) == english
    assert SPANISH.percent(proportion) == spanish


def test_numbers_days_and_periods() -> None:
    assert ENGLISH.points(0.0314) == "+3.1"
    assert ENGLISH.points(-0.0005) == "−0.1"
    assert ENGLISH.points(0.0004) == "0.0"
    assert ENGLISH.points_range({"low": -0.012, "high": 0.074}) == "−1.2 to +7.4"
    assert (ENGLISH.count(9999), ENGLISH.count(12345), SPANISH.count(12345)) == ("9999", "12,345", "12.345")
    assert SPANISH.day(date(2026, 3, 1)) == "1 de marzo de 2026"
    assert ENGLISH.period("2026-01", "2026-06") == "January 2026 to June 2026"
    assert ENGLISH.period("2026-01", "2026-01") == "January 2026"


def question(**fields: Any) -> Question:
    return Question(key="q", text="?", type=read_type(fields))


SCALE = question(type="scale", minimum=1, maximum=5, scale_points=[0, 1, 2, 4, 4])
CHOICE = question(
    type="choice",
    options=[
        {"key": "a", "label": {"en": "A", "es": "La A"}, "points": 2},
        {"key": "b", "label": "B", "points": 1},
    ],
)
BANDS = [{"up_to": 30, "points": 1}, {"up_to": 120, "points": 4}, {"points": 0}]


@pytest.mark.parametrize(
    ("asked", "good_answer"),
    [
        (question(type="yes_no", good_answer="no", points=1), "No"),
        (SCALE, "4 or 5 of 5"),
        (CHOICE, "A"),
        (question(type="choice", multiple=True, options=CHOICE.type.to_document()["options"]), "A, B"),
        (question(type="duration", bands=BANDS), "31 s to 2 min"),
        (question(type="duration", bands=[{"up_to": 90, "points": 0}, {"points": 1}]), "over 1:30 min"),
        (question(type="text"), ""),
    ],
)
def test_good_answer_is_the_one_with_most_points(asked: Question, good_answer: str) -> None:
    assert ENGLISH.good_answer(asked) == good_answer


@pytest.mark.parametrize(
    ("asked", "value", "shown"),
    [
        (question(type="yes_no"), "yes", "Sí"),
        (SCALE, 3, "3 de 5"),
        (CHOICE, "a", "La A"),
        (CHOICE, "removed", "removed"),
        (question(type="duration"), 3600, "1 h"),
        (question(type="number", unit={"es": "euros"}), 2.5, "2,5\u00a0euros"),
        (question(type="date"), "2026-02-03", "3 de febrero de 2026"),
        (question(type="time"), "evening", "noche"),
        (question(type="text"), "My words", ""),
        (question(type="photo"), None, ""),
    ],
)
def test_values_are_shown_in_words(asked: Question, value: Any, shown: str) -> None:
    assert SPANISH.value(asked, value) == shown


def test_texts_fall_back_to_another_language_as_on_the_pages() -> None:
    assert SPANISH.localize({"en": "Hi", "es": "Hola"}) == ("Hola", "es")
    assert SPANISH.localize({"en": "Hi", "es-MX": "Qué tal"}) == ("Qué tal", "es-MX")
    assert SPANISH.localize({"fr": "Salut", "en": "Hi"}) == ("Hi", "en")
    assert SPANISH.localize({"fr": "Salut"}) == ("Salut", "fr")
    assert SPANISH.localize("Hi") == ("Hi", None)
    assert Words("fr").language == "en"
    assert Words("es-MX").language == "es"


# Glyphs.


def test_clean_keeps_lines_and_removes_control_characters() -> None:
    assert clean("a\0b\tc  d\r\n\n e\u2028f") == "ab c d\ne\nf"
    assert clean("ab\u202ecd\ufeff") == "abcd"
    assert clean("漢\ue000") == "��"
    assert clean("👨\u200d👩\u200d👧 👍🏽 1\ufe0f\u20e3") == "👨\u200d👩\u200d👧 👍🏽 1\ufe0f\u20e3"
    assert clean("😀\u0301 שׁ") == clean("😀 שׁ")


def test_long_words_can_be_broken_except_in_joined_scripts() -> None:
    address = "https://example.com/a-very-long-address"
    assert break_long_words(f"See {address}").split("\u200b") == [
        "See https://example.com/a-ve",
        "ry-long-address",
    ]
    assert break_long_words("م" * 40) == "م" * 40
    assert break_long_words("👍" * 40) == "👍" * 40


def test_direction_and_language_follow_the_first_letter() -> None:
    assert [get_direction(text) for text in ("12 שלום abc", "مقهى", "abc שלום", "12", "")] == [
        "rtl",
        "rtl",
        "ltr",
        "ltr",
        "ltr",
    ]
    assert [guess_language(text) for text in ("שלום", "مقهى", "abc", "12")] == ["he", "ar", None, None]
    assert isolate("Café") == "Café"
    assert isolate("שלום") == "\u2068שלום\u2069"


def test_bold_fonts_have_the_characters_of_the_regular_ones() -> None:
    for path in FONTS.glob("*-Bold.ttf"):
        regular = path.with_name(path.name.replace("Bold", "Regular"))
        assert TTFont(path).getBestCmap().keys() == TTFont(regular).getBestCmap().keys(), path.name


def test_whatever_clean_returns_can_be_laid_out() -> None:
    """Every character that a font has, samples of the others, and marks on letters of other scripts."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    known = [chr(code) for code in sorted(set().union(*glyphs._list_characters().values()))]
    assert len(known) > 5000
    marks = [char for char in known if unicodedata.category(char)[0] == "M"] + ["\u200d", "\ufe0f", "🏽"]
    combined = [letter + mark + "\u0301" for letter, mark in product("aשش😀1�", marks)]
    texts = ["".join(known), " ".join(characters[::97]), " ".join(combined)]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    families = json.dumps(sorted(fonts.families(), reverse=True))[1:-1]
    layout = f"""#set document(title: "Texts")
#set text(font: ({families}))
#for line in json(bytes(sys.inputs.texts)) {{ par(line); par(strong(line)) }}"""
    typst.compile(
        layout.encode(),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"texts": json.dumps([clean(text) for text in texts])},
        pdf_standards=["ua-1"],
    )
