"""The page of the audit log has words for everything that the log contains."""

import re
from pathlib import Path

import pytest

from api.domain.audit import ACTIONS, SUBJECTS
from api.pages.files import STATIC
from api.services.audit.register import REGISTER

FOLDER = STATIC / "admin"


def test_the_filter_offers_every_action() -> None:
    (listed,) = re.findall(r"const ACTIONS = \[(.*?)\]", (FOLDER / "screens/audit.js").read_text(), re.S)
    assert re.findall(r'"(.+?)"', listed) == list(ACTIONS)


@pytest.mark.parametrize("path", sorted((FOLDER / "words/audit").iterdir()), ids=lambda path: path.stem)
def test_every_action_kind_and_field_has_words(path: Path) -> None:
    words = set(re.findall(r'^  "((?:did|kind|field)-[^"]+)":', path.read_text(), re.M))
    fields = {name for recorded in REGISTER.values() for name in recorded.columns.values()}
    fields |= {"region_ids", "location_ids", "decision", "fee", "payment"}
    assert words == (
        {f"did-{action}" for action in ACTIONS}
        | {f"kind-{kind}" for kind in SUBJECTS}
        | {f"field-{name}" for name in fields}
    )
