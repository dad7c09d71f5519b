"""The editor's modules that need no page, its table of question types, and its size."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.domain.question_types import QUESTION_TYPES
from api.pages.files import FILES, JOINED, STATIC

TESTS = Path(__file__).parents[1] / "javascript/editor"
NODE = shutil.which("node")
MODULES = ("document", "history", "languages", "merge", "store")
#: the most bytes that the scripts and styles of the editor may have, compressed
BUDGET = 90_000


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


def test_the_editor_knows_the_fields_of_each_question_type() -> None:
    source = (STATIC / "editor/type-fields.js").read_text()
    table = re.search(r"OWN_FIELDS = \{(.*?)\};", source, re.S)
    assert table
    rows = re.findall(r"(\w+): \[(.*?)\]", table[1])
    fields = {name: re.findall(r'"(\w+)"', names) for name, names in rows}
    assert fields == {name: list(type_().to_document()) for name, type_ in QUESTION_TYPES.items()}


@pytest.mark.parametrize("language", ["en", "es"])
def test_scripts_and_styles_of_the_editor_are_small(language: str) -> None:
    modules = ("editor/screens/editor.js", f"editor/words/{language}.js")
    later = [JOINED["editor"].get_address(name, language) for name in modules]
    names = ["editor/main.js", "editor/editor.css", "form/form.css", *later]
    assert sum(len(FILES[name].gzipped) for name in names) <= BUDGET
