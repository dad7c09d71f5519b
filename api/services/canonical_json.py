"""Canonical JSON (RFC 8785): the same content is always the same bytes, so its hash identifies it."""

from collections.abc import Mapping
from typing import Any

import orjson
import rfc8785

from api.domain.question_types import MAX_NUMBER


def canonicalize(content: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of a parsed JSON object."""
    if _can_use_orjson(content):
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        # RFC 8785 sorts keys by UTF-16 code units, orjson by UTF-8 bytes. The order is the same below U+E000.
        if text.isascii() or max(text) < 0xEE:
            return text
    try:
        return rfc8785.dumps(content)
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(_convert_limits_to_floats(content))


def _can_use_orjson(value: Any) -> bool:
    """Return whether orjson, which is many times as fast, writes a value exactly as RFC 8785 requires."""
    kind = type(value)
    if kind is dict:
        return all(map(_can_use_orjson, value.values()))
    if kind is list:
        return all(map(_can_use_orjson, value))
    if kind is float:
        return 1e-4 <= abs(value) < MAX_NUMBER and not value.is_integer()
    return kind is not int or abs(value) < MAX_NUMBER


def _convert_limits_to_floats(value: Any) -> Any:
    """Convert the integers ±2⁵³ to floats: rfc8785 rejects these integers, and writes the floats the same."""
    if isinstance(value, Mapping):
        return {key: _convert_limits_to_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_convert_limits_to_floats(item) for item in value]
    return float(value) if type(value) is int and abs(value) == MAX_NUMBER else value
