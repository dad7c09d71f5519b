"""How much the tests try: a sample in `make test`, everything in `make full`, `make faults` and `make load`.

FULL adds what costs much and rarely finds more: further rounds, sizes and colors, and what `_is_extra` in
`tests/conftest.py` leaves out: tests marked `full`, and the other database.
"""

import os
from typing import Any

FULL = os.environ.get("TESTS") == "full"
FULL_LOAD = os.environ.get("LOAD") == "full"


def take(first: Any, *others: Any) -> list[Any]:
    """Return the parameters of a test: the first, and in full also the others."""
    return [first, *others] if FULL else [first]
