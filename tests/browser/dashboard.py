"""What managers and reviewers do with the dashboard, whatever its page."""

from playwright.sync_api import Page

from tests.browser.phone import Phone
from tests.world import Caller


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
