"""Reads the fields of checklist documents, and checks keys, enumerated values and texts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from api.domain.problems import FieldError, pointer

Text = str | Mapping[str, str]
"""A text for people: one string, or one string per language."""

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_TEXT = 10_000


def read_field(document: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field of a document, or the default if it is missing or null."""
    value = document.get(name)
    return default if value is None else value


def read_rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list field of a document. Items that are not objects are replaced by empty objects."""
    return [row if isinstance(row, Mapping) else {} for row in read_field(document, name, ())]


def check_keys(keys: Iterable[tuple[str, str | None]]) -> Iterator[FieldError]:
    """Yield the errors of keys that must be unique. ``keys`` are pairs of a JSON pointer and a key."""
    seen = set()
    for location, key in keys:
        if not key:
            yield FieldError(location, "A key is required.")
        elif not KEY.fullmatch(key):
            yield FieldError(
                location,
                "A key has 1 to 64 characters of a-z, 0-9, - and _, and begins with a letter or digit.",
            )
        elif key in seen:
            yield FieldError(location, "This key is already used.")
        seen.add(key)


def check_enum(location: str, value: str | None, allowed: Sequence[str]) -> Iterator[FieldError]:
    """Yield an error if ``value`` is not one of the allowed values. ``location`` is its JSON pointer."""
    if value not in allowed:
        yield FieldError(location, f"This must be one of: {', '.join(allowed)}.")


def check_text(location: str, text: Text | None, *, optional: bool = False) -> Iterator[FieldError]:
    """Yield the errors of a text in all its languages. ``location`` is its JSON pointer."""
    if text is None or isinstance(text, str):
        if text is None or not text.strip():
            if not optional:
                yield FieldError(location, "A text is required.")
        elif len(text) > MAX_TEXT:
            yield FieldError(location, f"A text has at most {MAX_TEXT} characters.")
        return
    if not text:
        yield FieldError(location, "A text in at least one language is required.")
    for language, translation in text.items():
        if not LANGUAGE.fullmatch(language):
            yield FieldError(location + pointer(language), "This must be a language tag such as en or pt-BR.")
        yield from check_text(location + pointer(language), translation)
