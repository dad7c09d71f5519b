"""How much the tests try: a sample in `make test`, everything in `make faults`, which sets FAULTS=full."""

import os

FULL = os.environ.get("FAULTS") == "full"
