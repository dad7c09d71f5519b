"""What the image copies is what the program needs. No container engine takes part in this."""

import re
import shutil
from pathlib import Path

from tests.support.running import running


def copied(root: Path) -> list[tuple[str, str]]:
    """Return source and destination of all that the last stage copies from the repository."""
    last_stage = (root / "Containerfile").read_text().rpartition("\nFROM ")[2]
    pairs = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", last_stage, re.M):
        *sources, destination = line.split()
        pairs += [(source, destination) for source in sources]
    return pairs


def test_the_program_runs_from_what_the_image_copies(root: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for source, destination in copied(root):
        if (root / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / source, app / destination, ignore=ignored)
        else:
            shutil.copy(root / source, app / destination)
    with running(tmp_path / "data", root=app, DEMO="0") as program:
        assert "Serving at" in program.said()
        assert program.end() == 0


def test_the_builder_gets_what_is_copied_and_nothing_else(root: Path) -> None:
    lines = (root / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    assert sent == {source for source, _ in copied(root)} | {"requirements.lock"}
