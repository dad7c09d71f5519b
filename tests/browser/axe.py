"""Accessibility checks with axe. Only the violations leave the browser: all results take twice the time."""

from typing import Any

from axe_playwright_python.base import AxeBase, AxeResults
from playwright.sync_api import Page

DEFAULT_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"]}
RUN = "async (options) => ({ violations: (await axe.run(options)).violations })"


class Axe(AxeBase):
    """Checks a page."""

    def run(self, page: Page, options: dict[str, Any] = DEFAULT_OPTIONS) -> AxeResults:
        """Return the violations on a page."""
        page.evaluate(self.axe_script)
        return AxeResults(page.evaluate(RUN, options))
