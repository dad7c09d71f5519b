"""The security review: it has every requirement, and names tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
REVIEW = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| ([\d., ]+) \| ([A-Z][a-z ]+) \| (.+) \|$", re.M)
STATUSES = {"Met", "Partly", "Not met", "Operator", "Not applicable"}
#: Chapter of ASVS 5.0.0 → the number of its requirements of levels 1 and 2
REQUIREMENTS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip


def test_every_requirement_of_levels_1_and_2_is_reviewed_once() -> None:
    numbers = [number for row in ROW.findall(REVIEW) for number in row[0].split(", ")]
    assert len(numbers) == len(set(numbers))
    assert Counter(int(number.split(".")[0]) for number in numbers) == REQUIREMENTS
    assert {status for _, status, _ in ROW.findall(REVIEW)} <= STATUSES


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)(?:::(test_\w+))?`", REVIEW)
    assert len(named) > 100
    for path, name in named:
        assert (ROOT / path).exists(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"


def test_what_is_met_names_how() -> None:
    for number, _, how in ROW.findall(REVIEW):
        assert how.endswith((".", "`")), number
