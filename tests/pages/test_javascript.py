"""The JavaScript of the pages: ESLint, Prettier and TypeScript report nothing."""

import pytest

from tests.javascript.npm import FOLDER, npm


@pytest.mark.skipif(
    not (FOLDER / "node_modules/.installed").exists(),
    reason="ESLint, Prettier and TypeScript are not installed: `make lint-js` installs them.",
)
@pytest.mark.parametrize("tool", ["eslint", "prettier", "tsc"])
def test_tool_reports_nothing(tool: str) -> None:
    result = npm("run", "--silent", tool, capture=True)
    assert result.returncode == 0, f"{result.stdout}\n`make format-js` fixes the layout."
