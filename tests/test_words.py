"""The texts of the pages: each language has all of them, with the same placeholders."""

import re
from pathlib import Path

import pytest

from api.domain import flags
from api.domain.reviews import UNFLAGGED
from api.pages import files

STATIC = Path(__file__).parent.parent / "api/pages/static"
TEXT = re.compile(r'^  "?([\w-]+)"?:\s+(.+?)(?=^  \S|^};)', re.M | re.S)
REVIEWS = STATIC / "dashboard/words/reviews"
SIGN_IN = STATIC / "shared/sign-in.js"
FOLDERS = sorted(path.parent for path in STATIC.rglob("words/**/en.js"))


def read_texts(path: Path) -> dict[str, str]:
    return dict(TEXT.findall(path.read_text()))


def find_placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def find_used_texts(path: Path) -> set[str]:
    """Return the keys that a module uses, without those that only the sign-in form loads."""
    used = set(re.findall(r'\bt\("([\w-]+)"', path.read_text()))
    return used - read_texts(SIGN_IN.parent / "words/en.js").keys() if path == SIGN_IN else used


def test_texts_exist() -> None:
    assert len(FOLDERS) >= 4
    assert all(len(read_texts(folder / "en.js")) > 5 for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(STATIC)))
def test_each_language_has_all_texts_with_the_same_placeholders(folder: Path) -> None:
    english = read_texts(folder / "en.js")
    for path in folder.glob("*.js"):
        other = read_texts(path)
        assert list(other) == list(english), path.name
        assert {
            key for key in english if find_placeholders(english[key]) != find_placeholders(other[key])
        } == set(), path.name


@pytest.mark.parametrize("page", ["form", "dashboard", "admin", "editor"])
def test_every_text_that_is_used_exists(page: str) -> None:
    known = {"direction"}
    parts = {*files.FOLDERS[page], *files.MODULE_FOLDERS.get(page, ())} - {"shared"}
    for folder in FOLDERS:
        if parts & set(folder.parts):
            known |= read_texts(folder / "en.js").keys()
    used = {
        key
        for part in files.FOLDERS[page]
        # The administration uses few of the shared modules.
        if part != "shared" or page not in ("admin", "editor")
        for path in STATIC.joinpath(part).rglob("*.js")
        for key in find_used_texts(path)
    }
    assert len(used) > 30
    assert used - known == set()


@pytest.mark.parametrize("path", sorted(REVIEWS.glob("*.js")), ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["flag", "description", "look"])
def test_reviewers_have_texts_for_exactly_the_registered_flags(path: Path, kind: str) -> None:
    """Each flag needs a title, a sentence and a question for the reviewer."""
    codes = {key.removeprefix(f"{kind}-") for key in read_texts(path) if key.startswith(f"{kind}-")}
    assert codes == set(flags.FLAG_KINDS)


def test_the_queue_of_reviews_can_be_filtered_by_every_flag() -> None:
    source = STATIC.joinpath("dashboard/review-filters.js").read_text()
    (codes,) = re.findall(r"const FLAGS = \[(.*?)\]", source, re.S)
    assert set(re.findall(r'"([\w-]+)"', codes)) == {*flags.FLAG_KINDS, UNFLAGGED}


def test_only_the_reviewers_pages_have_texts_for_flags() -> None:
    folders = {
        folder for folder in FOLDERS if any(key.startswith("flag-") for key in read_texts(folder / "en.js"))
    }
    assert folders == {REVIEWS}


def test_no_area_of_the_administration_changes_the_texts_of_another() -> None:
    """The texts of an area are added to those of the areas that were opened before."""
    texts: dict[str, set[str]] = {}
    for folder in (STATIC / "staff/words", *STATIC.glob("admin/words/*/")):
        for key, text in read_texts(folder / "en.js").items():
            texts.setdefault(key, set()).add(re.sub(r"\s+", " ", text).rstrip(" ,"))
    assert len(texts) > 300
    assert {key for key, alternatives in texts.items() if len(alternatives) > 1} == set()


def test_every_error_of_a_draft_has_words() -> None:
    """The pages show errors of drafts in the language of the page, by the sentence without its numbers."""
    texts = read_texts(STATIC / "admin/words/draft-errors/en.js")
    domain = STATIC.parents[1] / "domain"
    modules = (domain / "fields.py", domain / "publishing.py", *domain.glob("question_types/*.py"))
    reported = [
        sentence
        for module in modules
        for sentence in re.findall(
            r'FieldError\([^"]*(?:"[^"]*"[^",]*)?,\s+f?"([A-Z][^"]+)"', module.read_text()
        )
    ]
    assert len(reported) > 25
    for sentence in reported:
        plain = re.sub(r"^The question \S+ has", "The question has", sentence).split(": ")[0]
        if " types" in plain or " of type " in plain:
            continue  # The editor offers no such choice.
        plain = re.sub(r"\{SELF_CHECK\}", "self_check", plain)
        key = "-".join(re.findall("[a-z]+", re.sub(r"\{[^}]+\}", "", plain).lower()))
        assert f"said-{key}" in texts, sentence
