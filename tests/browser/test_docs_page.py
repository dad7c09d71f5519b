"""The API documentation: readable on a phone and a desktop, in light and dark, and with the keyboard."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.phone import Phone

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def open_docs(new_desk: Callable[..., Phone]) -> Callable[..., Page]:
    """Opens the page with a width and a colour scheme."""

    def open_page(width: int = 1280, colors: str = "light") -> Page:
        page = new_desk(width, color_scheme=colors).page
        page.goto("/docs")
        return page

    return open_page


@pytest.mark.parametrize(("width", "colors"), [(320, "light"), (1280, "dark")])
def test_page_is_accessible_and_fits_the_width(
    open_docs: Callable[..., Page], width: int, colors: str
) -> None:
    page = open_docs(width, colors)
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    for size in ("100%", "200%"):
        page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
        assert page.evaluate(OVERFLOW) <= 0, size


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_page_follows_the_color_scheme(open_docs: Callable[..., Page], colors: str) -> None:
    page = open_docs(colors=colors)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 22)"}[colors]


def test_examples_open_with_the_keyboard(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    example = page.locator("article:has(#create_region) details").first
    expect(example.locator("pre")).to_be_hidden()
    example.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(example.locator("pre")).to_contain_text('"code": "UK-S"')


def test_schemas_are_linked(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    page.locator("article:has(#get_region)").get_by_role("link", name="Region", exact=True).click()
    assert page.url.endswith("#schema-Region")
    expect(page.locator("#schema-Region")).to_be_in_viewport()
