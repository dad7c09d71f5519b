"""The documents: their links have targets, and the files and make targets that they name exist."""

import re
from pathlib import Path

import pytest

from api.models import Base

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document: one for each heading, in the form that GitHub uses."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_all_documents_exist() -> None:
    assert {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "README.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/operating.md",
        "docs/performance.md",
        "docs/privacy.md",
        "docs/scaling.md",
        "docs/scoring.md",
    } <= set(names(DOCUMENTS))


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_links_have_a_target(path: Path) -> None:
    for target, source in LINK.findall(path.read_text()):
        file, _, anchor = (target or source).partition("#")
        if file.startswith(("http://", "https://")):
            continue
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target or source
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_named_files_exist(path: Path) -> None:
    files = re.findall(r"`((?:api|deploy|docs|schemas|tests|uploads)/[\w./-]*)`", path.read_text())
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_named_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|^)(?:[A-Z]+=\S+ )*make ([a-z-]+)", path.read_text(), re.M))
    assert named - targets == set()


def test_every_make_target_has_a_description() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*## \S", text, re.M))


def test_scaling_says_of_every_table_whether_it_could_be_distributed() -> None:
    text = (ROOT / "docs/scaling.md").read_text()
    rows = re.findall(r"^\| (`.+?`) \|", text.partition("## Distribution by organization")[2], re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    tables = Base.metadata.tables
    assert sorted(named) == sorted(tables)
    with_column = [name for name in tables if "organization_id" in tables[name].columns]
    keys = [key for table in tables.values() for key in table.foreign_key_constraints]
    others = [key for key in keys if key.referred_table.name != "organizations"]
    assert f"Of the {len(tables)} tables, {len(with_column)} have the column" in text
    assert f"None of the {len(others)} foreign keys" in text
    assert not any("organization_id" in key.column_keys for key in others)
