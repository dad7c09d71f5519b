"""The documents: their links lead to what exists, and the targets of make that they name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(path: Path) -> set[str]:
    """Return what links can jump to: each heading, as GitHub names it."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_all_documents_are_there() -> None:
    assert {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/operating.md",
        "docs/performance.md",
        "docs/privacy.md",
        "docs/scoring.md",
    } <= set(names(DOCUMENTS))


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_links_lead_to_what_is_there(path: Path) -> None:
    for target, source in LINK.findall(path.read_text()):
        file, _, anchor = (target or source).partition("#")
        if file.startswith(("http://", "https://")):
            continue
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target or source
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_files_that_are_named_exist(path: Path) -> None:
    files = re.findall(r"`((?:api|deploy|docs|schemas|tests|uploads)/[\w./-]*)`", path.read_text())
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_make_targets_that_are_named_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^)(?:[A-Z]+=\S+ )*make ([a-z]+)", path.read_text(), re.M))
    assert named - targets == set()


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z]+):.*## \S", text, re.M))
