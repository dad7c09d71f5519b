"""How much the tests try: a sample in `make test`, everything in `make full`, `make faults` and `make load`.

FULL adds what costs much and rarely finds more: further rounds, sizes and colors, and the other database
(``_is_extra`` in ``tests/conftest.py``).
"""

import os

FULL = os.environ.get("TESTS") == "full"
FULL_LOAD = os.environ.get("LOAD") == "full"
