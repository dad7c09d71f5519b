"""The API documentation: readable on phones, desktops and paper, in light and dark, and with the keyboard."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import DEFAULT_OPTIONS, Axe
from tests.browser.phone import Phone
from tests.support.extent import take
from tests.support.running import Running

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: Leaves every twentieth entry of the reference, as all are built alike and axe takes long on a long page.
THIN_OUT = """document.querySelectorAll('details.operation, details.schema').forEach((entry, number) => {
    if (number % 20 && entry.id !== 'create_region') entry.remove();
})"""
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => { element.open = true; })"


@pytest.fixture
def open_docs(new_desk: Callable[..., Phone]) -> Callable[..., Page]:
    """Opens the page with a width, a colour scheme and an anchor."""

    def open_page(width: int = 1280, colors: str = "light", anchor: str = "") -> Page:
        page = new_desk(width, color_scheme=colors).page
        page.goto(f"/docs{anchor}")
        return page

    return open_page


@pytest.fixture
def without_scripts(browser: Browser, program: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=program.base, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("width", "colors"), take((320, "light"), (1280, "dark")))
def test_page_is_accessible_and_fits_the_width(
    open_docs: Callable[..., Page], width: int, colors: str
) -> None:
    page = open_docs(width, colors, "#create_region")
    page.evaluate(OPEN_ALL)
    for size in ("200%", "100%"):
        page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
        assert page.evaluate(OVERFLOW) <= 0, size
    page.evaluate(THIN_OUT)
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.full
def test_page_with_everything_open_is_accessible(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    page.evaluate(OPEN_ALL)
    # Contrast takes minutes on a page of this length; the test above checks it on a part.
    without_contrast = {**DEFAULT_OPTIONS, "rules": {"color-contrast": {"enabled": False}}}
    result = Axe().run(page, options=without_contrast)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.full
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_page_follows_the_color_scheme(open_docs: Callable[..., Page], colors: str) -> None:
    page = open_docs(colors=colors)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 22)"}[colors]


def test_operations_open_with_the_keyboard(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    operation = page.locator("#create_region")
    expect(operation.locator("pre").first).to_be_hidden()
    operation.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(operation.locator("pre").first).to_contain_text('"code": "UK-S"')


def test_first_tab_stop_skips_the_contents(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.full
def test_link_opens_what_it_leads_to(open_docs: Callable[..., Page]) -> None:
    page = open_docs(anchor="#get_region")
    operation = page.locator("#get_region")
    expect(operation).to_have_attribute("open", "")
    operation.get_by_role("link", name="Region", exact=True).click()
    assert page.url.endswith("#schema-Region")
    schema = page.locator("#schema-Region")
    expect(schema).to_be_in_viewport()
    expect(schema).to_contain_text("parent_id")


@pytest.mark.full
def test_filter_shows_only_matching_entries(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    contents = page.get_by_role("navigation", name="Contents")
    page.get_by_label("Find").fill("post regions")
    expect(contents.get_by_role("link")).to_have_text(["Create region", "Import regions"])
    expect(page.get_by_role("status")).to_have_text("2 found")
    contents.get_by_role("link").first.click()
    expect(page.locator("#create_region pre").first).to_be_visible()
    page.get_by_label("Find").fill("no such thing")
    expect(page.get_by_role("status")).to_have_text("0 found")
    page.get_by_label("Find").fill("")
    expect(contents.get_by_role("link", name="Webhooks", exact=True)).to_be_visible()


@pytest.mark.full
def test_code_can_be_copied(open_docs: Callable[..., Page]) -> None:
    page = open_docs(anchor="#list_regions")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#list_regions").get_by_role("button", name="Copy").first.click()
    expect(page.locator("#list_regions").get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('curl "$SURVEY_URL/api/v1/regions" \\\n')


@pytest.mark.full
def test_contents_are_beside_the_text_only_on_wide_screens(open_docs: Callable[..., Page]) -> None:
    wide, narrow = open_docs(1280), open_docs(390)
    for page, is_beside in ((wide, True), (narrow, False)):
        contents = page.locator("#contents").bounding_box()
        text = page.locator("main").bounding_box()
        assert contents is not None
        assert text is not None
        assert (contents["x"] + contents["width"] <= text["x"]) is is_beside
        assert (contents["y"] + contents["height"] <= text["y"]) is not is_beside
    # On a narrow screen, the contents are short enough to see where the text begins.
    expect(narrow.get_by_role("heading", name="Guides")).to_be_in_viewport()


def test_page_works_without_scripts(without_scripts: Page) -> None:
    page = without_scripts
    page.goto("/docs")
    expect(page.locator("#filter")).to_be_hidden()
    page.locator("#create_region > summary").click()
    expect(page.locator("#create_region pre").first).to_be_visible()
    page.locator("#contents summary", has_text="Guides").click()
    page.locator("#contents").get_by_role("link", name="Rate limits").click()
    expect(page.locator("#rate-limits")).to_be_in_viewport()


@pytest.mark.full
def test_paper_has_the_text_without_the_contents(open_docs: Callable[..., Page]) -> None:
    page = open_docs(anchor="#create_region")
    page.emulate_media(media="print")
    expect(page.locator("#contents")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    expect(page.locator("#create_region pre").first).to_be_visible()


def test_page_opens_without_a_long_freeze(open_docs: Callable[..., Page]) -> None:
    page = open_docs()
    page.evaluate(
        "window.longest = 0; new PerformanceObserver((list) => list.getEntries().forEach("
        "(entry) => { window.longest = Math.max(window.longest, entry.duration); }))"
        ".observe({ type: 'longtask', buffered: true })"
    )
    page.wait_for_timeout(300)
    # Far more than a loaded machine needs: a page that is laid out as a whole takes seconds.
    assert page.evaluate("window.longest") < 1500
