"""Linters report nothing about the OpenAPI document, and its TypeScript client compiles."""

import re
import shutil
from pathlib import Path

import pytest

from tests.javascript.npm import FOLDER, npm

WORKSPACE = FOLDER / "openapi"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "node_modules/.installed").exists(),
    reason="Redocly, Spectral and openapi-typescript are not installed: `make lint-js` installs them.",
)


def run(script: str, *arguments: str | Path) -> str:
    """Run a script of the workspace, and return its output; fail if its exit code is not 0."""
    command = ("run", "--silent", "--workspace", "openapi", script, "--", *map(str, arguments))
    result = npm(*command, capture=True)
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_redocly_reports_nothing(document_file: Path) -> None:
    output = run("redocly", document_file)
    assert "Your API description is valid" in output
    assert not re.search("warning|error|ignored", output, re.I), output


def test_spectral_reports_nothing(document_file: Path) -> None:
    assert run("spectral", document_file).strip() == "No results with a severity of 'hint' or higher found!"


@pytest.mark.full
def test_typescript_client_is_generated_without_a_warning_and_compiles(
    document_file: Path, tmp_path: Path
) -> None:
    output = run("generate", document_file, "--output", tmp_path / "api.d.ts")
    assert re.fullmatch(r"✨ openapi-typescript [\d.]+\s+🚀 \S+ → \S+ \[[\d.]+m?s\]\s*", output), output
    shutil.copy(WORKSPACE / "usage.ts", tmp_path)
    assert run("tsc", "--noEmit", "--strict", "--noImplicitReturns", tmp_path / "usage.ts") == ""
