"""What managers and reviewers do with the dashboard, whatever its page."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Page

from tests.browser.phone import Phone
from tests.journeys.score_history import History
from tests.support.world import Caller


def stands(page: Page, state: str = "ready") -> None:
    """Wait until a page stands in a state: ready, stale, failed, missing."""
    page.wait_for_selector(f"main[data-state={state}]")


def enter(desk: Phone, person: Caller, address: str, state: str = "ready") -> Page:
    """Open an address, sign in there, and wait until the page stands."""
    desk.sign_in(person, address)
    stands(desk.page, state)
    return desk.page


def go(page: Page, address: str, state: str = "ready") -> None:
    """Open another address, being signed in."""
    page.goto(address)
    stands(page, state)


def percent(score: float) -> str:
    """Return a score as the pages write it: per cent with one decimal, half up, in exact decimals."""
    tenths = (Decimal(str(score)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{tenths}%"


def manager(history: History, *regions: str, **named_for: Any) -> Caller:
    """Add a manager of these regions of the history."""
    ids = [history.regions[code]["id"] for code in regions]
    return history.world.person("manager", region_ids=ids, **named_for)
