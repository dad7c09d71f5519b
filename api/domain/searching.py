"""Searching in what people wrote, whatever the case and accents of the words."""

import unicodedata
from collections.abc import Collection


def fold(text: str) -> str:
    """Return a text in lower case and without accents: "Atención" → "atencion"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def split_words(query: str) -> tuple[str, ...]:
    """Return the folded words of a query, each once."""
    return tuple(dict.fromkeys(fold(query).split()))


def has_all_words(text: str, words: Collection[str]) -> bool:
    """Return whether a text contains each of the folded words, also as a part of a longer word."""
    folded = fold(text)
    return all(word in folded for word in words)
