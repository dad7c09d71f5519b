"""Text that the fonts of the report can show. A PDF/UA file with a character that they lack is not valid."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

#: Invisible characters that change how their neighbours look, and need no glyph
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16}"
_MAX_WORD = 24
#: A word that may not fit into a column. It is Latin, Greek or Cyrillic: others have letters that are joined.
_LONG_WORD = re.compile(
    f"[\u0021-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027]{{{_MAX_WORD + 1},}}"
)
_BREAK = "\N{ZERO WIDTH SPACE}"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_RIGHT_TO_LEFT = ("R", "AL")
_LEFT_TO_RIGHT = ("L",)


def clean(text: str) -> str:
    """Return a text with only characters that the fonts can show.

    A character without a glyph becomes ``REPLACEMENT``. Control characters, and marks that no font can
    combine with the letter before them, are removed. White space becomes single spaces; line breaks remain.
    """
    lines = (" ".join(_clean_line(line).split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def break_long_words(text: str) -> str:
    """Return a text whose long words, such as addresses, can be broken where a line or column ends."""
    return _LONG_WORD.sub(lambda match: _BREAK.join(re.findall(f".{{1,{_MAX_WORD}}}", match[0])), text)


def get_direction(text: str) -> str:
    """Return "rtl" or "ltr": the direction of the first letter that has one, as browsers do."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in _RIGHT_TO_LEFT:
            return "rtl"
        if direction in _LEFT_TO_RIGHT:
            return "ltr"
    return "ltr"


def isolate(text: str) -> str:
    """Return a text for use inside a sentence of another direction, which neither changes the other."""
    if not any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return text
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def guess_language(text: str) -> str | None:
    """Return the language of a text whose script suggests one to a screen reader, otherwise None."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction == "L":
            return None
        if direction in _RIGHT_TO_LEFT:
            return "ar" if direction == "AL" else "he"
    return None


def _clean_line(line: str) -> str:
    cleaned: list[str] = []
    fonts = frozenset[str]()  # those that can show the letter so far, with all its marks
    for char in unicodedata.normalize("NFC", line):
        if char in _JOINERS:
            cleaned.append(char)
        elif _is_mark(char):
            if fonts & _fonts_with(char):
                fonts &= _fonts_with(char)
                cleaned.append(char)
        elif unicodedata.category(char) in ("Cc", "Cf"):
            cleaned.append(" " if char == "\t" else "")
        else:
            fonts = _fonts_with(char)
            cleaned.append(char if fonts else REPLACEMENT)
    return "".join(cleaned)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" or ord(char) in _SKIN_TONES


@lru_cache(maxsize=10_000)
def _fonts_with(char: str) -> frozenset[str]:
    """Return the names of the fonts that have a glyph for a character."""
    return frozenset(name for name, characters in _list_characters().items() if ord(char) in characters)


@cache
def _list_characters() -> dict[str, frozenset[int]]:
    """Return the characters of each font. Bold fonts have those of the regular ones."""
    return {
        path.stem: frozenset(TTFont(path, lazy=True).getBestCmap()) for path in FONTS.glob("*-Regular.ttf")
    }
