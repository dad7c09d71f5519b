"""The words of the pages: each language has them all, with the same blanks, and none is missing."""

import re
from pathlib import Path

import pytest

from api.domain import flags

STATIC = Path(__file__).parent.parent / "api/pages/static"
WORD = re.compile(r'^  "?([\w-]+)"?:\s+(.+?)(?=^  \S|^};)', re.M | re.S)
REVIEWS = STATIC / "dashboard/words/reviews"
FOLDERS = sorted(path.parent for path in STATIC.rglob("words/**/en.js"))


def words(path: Path) -> dict[str, str]:
    return dict(WORD.findall(path.read_text()))


def blanks(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_there_are_words() -> None:
    assert len(FOLDERS) >= 4
    assert all(len(words(folder / "en.js")) > 5 for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(STATIC)))
def test_each_language_has_all_words_with_the_same_blanks(folder: Path) -> None:
    english = words(folder / "en.js")
    for path in folder.glob("*.js"):
        other = words(path)
        assert list(other) == list(english), path.name
        assert {key for key in english if blanks(english[key]) != blanks(other[key])} == set(), path.name


@pytest.mark.parametrize("page", ["form", "dashboard"])
def test_no_word_is_asked_for_that_is_not_there(page: str) -> None:
    known = {"direction"}
    for folder in FOLDERS:
        if page in folder.parts or "shared" in folder.parts:
            known |= words(folder / "en.js").keys()
    asked = {
        key
        for part in (page, "shared")
        for path in STATIC.joinpath(part).rglob("*.js")
        for key in re.findall(r'\bt\("([\w-]+)"', path.read_text())
    }
    assert len(asked) > 30
    assert asked - known == set()


@pytest.mark.parametrize("path", sorted(REVIEWS.glob("*.js")), ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["flag", "says", "look"])
def test_reviewers_have_words_for_each_registered_flag_and_for_no_other(path: Path, kind: str) -> None:
    """A title, a sentence and a question for the reviewer: whoever registers a flag adds these words."""
    worded = {key.removeprefix(f"{kind}-") for key in words(path) if key.startswith(f"{kind}-")}
    assert worded == set(flags.FLAG_KINDS)


def test_only_the_reviewers_pages_have_words_for_flags() -> None:
    flagged = {
        folder for folder in FOLDERS if any(key.startswith("flag-") for key in words(folder / "en.js"))
    }
    assert flagged == {REVIEWS}
