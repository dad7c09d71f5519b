"""Canonical JSON equals the output of the RFC 8785 library, whichever encoder is used."""

import json
from typing import Any

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from api.services.canonical_json import canonicalize

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, JSON))
@example({"a": 1e-5, "b": 51.0, "c": 1e21, "d": -0.0, "e": 0.1, "f": 123456789.25, "g": 1e16})
@example({"\ue000": 1, "\U0001f600": 2})
@example({"\ud7ff": "\ud7ff", "\ue000": "\ue000", "\uffff": 1, "\U00010000": 2})
@example({"a": 0.0001, "b": 0.00009999999999999999, "c": 9007199254740991, "d": 4503599627370495.5})
@example({"é": 'ñ \u2028 \x7f \x1f " \\ /'})
def test_output_equals_that_of_the_rfc_8785_library(content: dict[str, Any]) -> None:
    assert canonicalize(content) == rfc8785.dumps(content)


def test_largest_integer_is_written_exactly() -> None:
    assert (
        canonicalize({"most": 2**53, "least": [-(2**53)]})
        == b'{"least":[-9007199254740992],"most":9007199254740992}'
    )


def test_order_of_keys_does_not_change_the_output() -> None:
    assert canonicalize(json.loads('{"a": {"c": 1, "b": 2}}')) == canonicalize(
        json.loads('{"a": {"b": 2, "c": 1}}')
    )
