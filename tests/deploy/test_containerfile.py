"""The image copies the files that the server needs. These tests need no container engine."""

import re
import shutil
from pathlib import Path
from urllib.request import urlopen

from tests.support.running import running


def list_copied_files(root: Path) -> list[tuple[str, str]]:
    """Return source and destination of everything that the last stage copies from the repository."""
    last_stage = (root / "Containerfile").read_text().rpartition("\nFROM ")[2]
    pairs = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", last_stage, re.M):
        *sources, destination = line.split()
        pairs += [(source, destination) for source in sources]
    return pairs


def test_server_runs_with_the_files_that_the_image_copies(root: Path, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for source, destination in list_copied_files(root):
        if (root / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / source, app / destination, ignore=ignored)
        else:
            shutil.copy(root / source, app / destination)
    with running(tmp_path / "data", root=app, DEMO="0") as program:
        assert "Serving at" in program.output()
        # Its guides are files outside the package.
        assert b'id="getting-started"' in urlopen(f"{program.base}/docs", timeout=30).read()
        assert program.end() == 0


def test_build_context_has_exactly_the_files_that_are_copied(root: Path) -> None:
    lines = (root / ".dockerignore").read_text().splitlines()
    included = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    assert included == {source for source, _ in list_copied_files(root)} | {"requirements.lock"}
