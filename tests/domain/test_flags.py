"""The register of flags is complete, and the only way to raise a flag."""

import ast
import re
from pathlib import Path
from uuid import uuid4

import pytest

from api.domain import evidence, flags
from api.domain.flags import FIELDS, FLAG_KINDS, Flag, FlagKind

API = Path(__file__).parents[2] / "api"
KINDS = pytest.mark.parametrize("kind", FLAG_KINDS.values(), ids=FLAG_KINDS)


@KINDS
def test_each_kind_has_a_code_and_complete_sentences(kind: FlagKind) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    for text in (kind.raised_when, kind.detail, *kind.variants.values()):
        assert re.fullmatch(r"[A-Z{`].*\.", text), text
    assert set(kind.fields) <= set(FIELDS)


def test_each_kind_is_named_like_its_code_and_raised_somewhere() -> None:
    """The kind must be called as an attribute of ``flags``, in a file other than the register."""
    trees = [ast.parse(path.read_text()) for path in API.rglob("*.py") if path.name != "flags.py"]
    raised = {
        node.func.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "flags"
        and node.func.attr.isupper()
    }
    assert raised == {code.upper().replace("-", "_") for code in FLAG_KINDS}
    assert all(getattr(flags, name).code == name.lower().replace("_", "-") for name in raised)


def test_a_flag_that_is_not_registered_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="'made-up' is not registered"):
        Flag("made-up", "This flag is not registered.")
    with pytest.raises(ValueError, match="'made-up' is not registered"):
        FlagKind("made-up", "Never.", "This flag is not registered.")()


def test_a_code_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="'late' is registered twice"):
        flags._register("late", raised_when="Never.", detail="Never.")
    assert flags.FLAG_KINDS["late"] is flags.LATE


def test_a_flag_has_only_the_fields_that_it_is_registered_with() -> None:
    photo_id = uuid4()
    assert flags.PHOTO_NOT_FROM_VISIT(photo_id=photo_id, reasons="taken 2.0 km from the location") == Flag(
        "photo-not-from-visit", "The photo was taken 2.0 km from the location.", photo_id
    )
    with pytest.raises(ValueError, match="'late' does not have the fields photo_id, question"):
        flags.LATE(span="1 day", photo_id=photo_id, question="greeting")


def test_a_flag_cannot_be_raised_without_the_values_of_its_detail() -> None:
    with pytest.raises(KeyError, match="span"):
        flags.LATE()
    with pytest.raises(KeyError, match="direction"):
        flags.CLOCK_OFF("impossible", span="1 day")


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        (flags.CLOCK_OFF, f"{evidence.CLOCK_TOLERANCE.total_seconds() / 60:.0f} minutes"),
        (flags.TOO_FAST, f"{evidence.MIN_SECONDS_PER_QUESTION} seconds"),
        (flags.FAR_FROM_LOCATION, f"{evidence.MAX_DISTANCE_METRES} m"),
        (flags.PHOTO_NOT_FROM_VISIT, f"{evidence.MAX_PHOTO_DISTANCE_METRES / 1000:.0f} km"),
        (flags.COMMENT_SEEN_BEFORE, f"{evidence.MIN_COMMENT_LENGTH} characters"),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_the_descriptions_contain_the_limits_of_the_rules(kind: FlagKind, limit: str) -> None:
    assert limit in kind.raised_when
