"""Helpers for the tests of the dashboard."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Page

from tests.browser.axe import Axe
from tests.browser.phone import Phone
from tests.journeys.score_history import History
from tests.support.world import Caller


def wait_for_state(page: Page, state: str = "ready") -> None:
    """Wait until a page is in a state: ready, stale, failed, missing or signed-out."""
    page.wait_for_selector(f"main[data-state={state}]")


def enter(desk: Phone, person: Caller, address: str, state: str = "ready") -> Page:
    """Open an address, sign in, and wait until the page is in the state."""
    desk.sign_in(person, address)
    wait_for_state(desk.page, state)
    return desk.page


def go(page: Page, address: str, state: str = "ready") -> None:
    """Open another address while signed in."""
    page.goto(address)
    wait_for_state(page, state)


def check_accessibility(page: Page) -> None:
    """Check a screen with axe, and its width on the smallest phones."""
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size(size)


def percent(score: float) -> str:
    """Return a score as the pages show it: in per cent with one decimal, rounded half up."""
    tenths = (Decimal(str(score)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{tenths}%"


def manager(history: History, *regions: str, **named_for: Any) -> Caller:
    """Add a manager of these regions of the history."""
    ids = [history.regions[code]["id"] for code in regions]
    return history.world.person("manager", region_ids=ids, **named_for)
