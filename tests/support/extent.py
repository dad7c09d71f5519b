"""How much the tests try: a sample in `make test`, everything in `make faults` and `make load`."""

import os

FULL = os.environ.get("FAULTS") == "full"
FULL_LOAD = os.environ.get("LOAD") == "full"
