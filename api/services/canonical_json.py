"""Canonical JSON (RFC 8785): the same content is the same bytes, so that its hash stands for it."""

from collections.abc import Mapping
from typing import Any

import orjson
import rfc8785

from api.domain.question_types import MAX_NUMBER


def canonicalize(content: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of what came as JSON."""
    if _is_written_alike(content):
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        # The RFC sorts keys by UTF-16 code units, orjson by bytes of UTF-8: the same below U+E000.
        if text.isascii() or max(text) < 0xEE:
            return text
    try:
        return rfc8785.dumps(content)
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(_with_floats(content))


def _is_written_alike(value: Any) -> bool:
    """Whether orjson, many times as fast, writes the values as the RFC asks."""
    kind = type(value)
    if kind is dict:
        return all(map(_is_written_alike, value.values()))
    if kind is list:
        return all(map(_is_written_alike, value))
    if kind is float:
        return 1e-4 <= abs(value) < MAX_NUMBER and not value.is_integer()
    return kind is not int or abs(value) < MAX_NUMBER


def _with_floats(value: Any) -> Any:
    """Return JSON in which ±2⁵³ is a float: rfc8785 refuses it as an integer, and writes it the same."""
    if isinstance(value, Mapping):
        return {key: _with_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_floats(each) for each in value]
    return float(value) if type(value) is int and abs(value) == MAX_NUMBER else value
