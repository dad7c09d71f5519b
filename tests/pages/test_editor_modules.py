"""The editor's modules that need no page: operations on drafts, merging, undo and saving."""

import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "api/pages/static"
TESTS = Path(__file__).parents[1] / "javascript/editor"
NODE = shutil.which("node")
MODULES = ("document", "history", "languages", "merge", "store")


@pytest.mark.skipif(NODE is None, reason="Node is not installed.")
def test_modules_pass_their_tests(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for folder in ("editor", "staff"):
        shutil.copytree(STATIC / folder, tmp_path / folder)
    shutil.copytree(TESTS, tmp_path / "tests")
    assert NODE
    files = sorted(map(str, (tmp_path / "tests").glob("*.test.mjs")))
    assert len(files) == len(MODULES)
    done = subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
