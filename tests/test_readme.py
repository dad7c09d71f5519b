"""The walk-through in the README: its exact lines, run against the program as `make run` starts it."""

import json
import re
import subprocess
from pathlib import Path

from api.services import demo
from tests.support.running import Running, environment, running


def walk(root: Path) -> str:
    """Return the bash lines of the README. All of them belong to the walk-through."""
    return "".join(re.findall(r"^```bash\n(.*?)^```$", (root / "README.md").read_text(), re.M | re.S))


def test_the_walk_through_one_visit(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder, DEMO="1") as program:
        assert "Creating the demo data" in program.output()
        assert demo.PASSWORD in program.output()
        assert all(person.email in program.output() for person in demo.PEOPLE)
        _walk(root, tmp_path, program)
        assert program.end() == 0
    with running(folder, DEMO="1") as program:
        assert "Creating the demo data" not in program.output()
        assert demo.PASSWORD in program.output()
        _walk(root, tmp_path, program)  # a reader may run it again
        assert program.end() == 0


def _walk(root: Path, folder: Path, program: Running) -> None:
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", walk(root)],
        cwd=root,
        env=environment(folder, BASE=program.base, TMPDIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr + program.output()
    total = json.loads(done.stdout.splitlines()[-1])
    assert (total["visits"], total["points_earned"], total["points_possible"]) == (1, 35, 37)
    assert total["score"] == 0.945946
    assert total["passed"] == 1
    assert total["indicative"] is True
    assert "Go in as you would on any other day" in done.stdout
    assert "request failed" not in program.output()


def test_the_readme_opens_with_the_two_commands(root: Path) -> None:
    text = (root / "README.md").read_text()
    assert text.index("make run") < text.index("make test") < text.index("## ")


def test_the_readme_names_folders_that_are_there(root: Path) -> None:
    for folder in re.findall(r"`([a-z]+(?:/[a-z]+)*/)`", (root / "README.md").read_text()):
        assert (root / folder).is_dir(), folder
