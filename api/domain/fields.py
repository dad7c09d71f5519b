"""The fields of checklist documents: how to read them, and how to check keys, fixed words and texts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from api.domain.problems import FieldError, pointer

Text = str | Mapping[str, str]
"""A text that people read: one text, or one for each language."""

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_TEXT = 10_000


def read_field(document: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field of a document, or the default if it is missing or null."""
    value = document.get(name)
    return default if value is None else value


def read_rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in a list of a document; anything else in the list becomes an empty object."""
    return [row if isinstance(row, Mapping) else {} for row in read_field(document, name, ())]


def check_keys(keys: Iterable[tuple[str, str | None]]) -> Iterator[FieldError]:
    """Yield the errors of keys that must differ from one another, each given with its pointer."""
    taken = set()
    for at, key in keys:
        if not key:
            yield FieldError(at, "A key is missing")
        elif not KEY.fullmatch(key):
            yield FieldError(at, "A key is 1 to 64 of a-z, 0-9, - and _, and begins with a letter or digit")
        elif key in taken:
            yield FieldError(at, "This key is already in use")
        taken.add(key)


def check_word(at: str, word: str | None, words: Sequence[str]) -> Iterator[FieldError]:
    """Yield an error if a word is not one of those allowed."""
    if word not in words:
        yield FieldError(at, f"One of {', '.join(words)}")


def check_text(at: str, text: Text | None, *, optional: bool = False) -> Iterator[FieldError]:
    """Yield the errors of a text, in all its languages."""
    if text is None or isinstance(text, str):
        if text is None or not text.strip():
            if not optional:
                yield FieldError(at, "A text is missing")
        elif len(text) > MAX_TEXT:
            yield FieldError(at, f"At most {MAX_TEXT} characters")
        return
    if not text:
        yield FieldError(at, "A text in at least one language")
    for language, words in text.items():
        if not LANGUAGE.fullmatch(language):
            yield FieldError(at + pointer(language), "A language is written like en or pt-BR")
        yield from check_text(at + pointer(language), words)
