"""The locks contain what the lists of requirements name, with hashes, and no address of a package index."""

import re
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\#]+)", re.M)
ENTRY = re.compile(r"^\S.*(?:\n[ \t]+--hash=\S+.*)*", re.M)


def pins(path: Path) -> dict[str, str]:
    """Return version by normalized name."""
    return {
        re.sub(r"[-_.]+", "-", match["name"]).lower(): match["version"]
        for match in PIN.finditer(path.read_text())
    }


@pytest.mark.parametrize(
    ("requirements", "lock"),
    [
        ("requirements.txt", "requirements.lock"),
        ("requirements.txt", "requirements-dev.lock"),
        ("requirements-dev.txt", "requirements-dev.lock"),
        ("requirements.lock", "requirements-dev.lock"),
    ],
)
def test_a_lock_contains_every_pinned_version(root: Path, requirements: str, lock: str) -> None:
    wanted, locked = pins(root / requirements), pins(root / lock)
    assert len(wanted) > 5
    missing = {name: version for name, version in wanted.items() if locked.get(name) != version}
    assert missing == {}, f"{lock} is out of date: run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_hashes(root: Path, lock: str) -> None:
    text = (root / lock).read_text()
    entries = [entry for entry in ENTRY.findall(text) if not entry.startswith("#")]
    assert len(entries) == len(pins(root / lock))
    assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_contains_nothing_that_a_list_no_longer_names(root: Path, name: str) -> None:
    text = (root / f"{name}.lock").read_text()
    named = re.findall(
        rf"^(\S+?)(?:\[[^\]]*\])?==(?:(?!^\S).*\n)*?[ ]{{4}}#.*-r {re.escape(name)}\.txt$", text, re.M
    )
    assert set(named) == pins(root / f"{name}.txt").keys(), f"{name}.lock is out of date: run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(root: Path, lock: str) -> None:
    text = (root / lock).read_text()
    assert re.findall(r"://|--(?:index|extra-index|find-links|trusted-host)\S*", text) == []


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_has_a_reason(root: Path, requirements: str) -> None:
    for line in (root / requirements).read_text().splitlines():
        if line and not line.startswith(("#", "-r ")):
            assert re.fullmatch(r"\S+==\S+ +# \S.+", line), line
