"""Accessibility of the form: axe, target sizes and widths, for every screen in every state."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.phone import READY, Phone, Spy, respond
from tests.browser.test_failures import ANNOUNCE_QUEUE, SUBMISSION
from tests.browser.test_visit import assign_visit_with
from tests.support.extent import take
from tests.support.pictures import jpeg
from tests.support.world import CHECKLIST, World

TARGETS = """() => [...document.querySelectorAll("a[href], button, input, textarea")]
    .map((control) => control.closest("label") ?? control)
    .map((target) => [target.outerHTML.slice(0, 90), target.getBoundingClientRect()])
    .filter(([, { width, height }]) => width && height && (width < 44 || height < 44))
    .map(([html]) => html)"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check_accessibility(page: Page, screen: str) -> None:
    """Check a screen with axe, and its widths from right to left and with text of twice the size."""
    result = Axe().run(page)
    assert result.violations_count == 0, f"{screen}: {result.generate_report()}"
    assert page.evaluate(TARGETS) == [], screen
    for change in ("dir = 'rtl'", "style.fontSize = '200%'", "dir = 'ltr'", "style.fontSize = ''"):
        page.evaluate(f"document.documentElement.{change}")
        assert page.evaluate(OVERFLOW) <= 0, (screen, change)


@pytest.mark.parametrize(("width", "colors"), take((320, "light"), (768, "dark"), (390, "dark")))
def test_every_screen_of_the_form_is_accessible_in_every_state(
    new_phone: Callable[..., Phone], world: World, width: int, colors: str
) -> None:
    long = world.new_location(name="Supercalifragilisticexpialidocious" * 2, address="Street " * 20)
    visit = world.visit(location=long)
    world.visit(location=world.new_location())
    phone = new_phone(viewport={"width": width, "height": 800}, color_scheme=colors)
    page = phone.page
    page.goto("/")
    page.press("[name=email]", "Enter")
    expect(page.locator("#fault")).not_to_be_empty()
    check_accessibility(page, "sign-in with an error")

    phone.enter_credentials(world.shopper)
    phone.wait_until_offline_ready()
    page.locator(".timer").first.click()
    expect(page.locator(".timer").first).to_contain_text("Stop")
    check_accessibility(page, "list")

    phone.open(visit)
    phone.choose("greeting", "no")
    phone.take_photo("greeting")
    check_accessibility(page, "checklist")
    page.click("[data-testid=submit]")
    expect(page.locator(".summary")).to_be_focused()
    check_accessibility(page, "missing answers")
    other = phone.new_tab()
    other.goto(f"/visits/{visit['id']}")
    expect(other.get_by_text("This visit is open in another tab.")).to_be_visible()
    check_accessibility(other, "second tab")
    other.close()
    page.bring_to_front()

    page.wait_for_selector(READY)
    phone.question("greeting").locator("textarea").fill("Nobody looked up.")
    phone.question("wait").get_by_role("button", name="Stop").click()
    phone.answer_all_required_except_greeting()
    rejection = '{"type": "/problems/revision-unexpected", "title": "No", "detail": "No"}'
    Spy(phone, "PUT", SUBMISSION, respond(409, body=rejection))
    phone.send()
    phone.wait_for("needs-you")
    check_accessibility(page, "rejected answers")
    page.click("a.back")
    phone.wait_for("needs-you")
    check_accessibility(page, "list with a rejected visit")
    page.locator("[data-testid=queue-item] a").click()
    page.get_by_role("button", name="Try again").click()
    phone.wait_until_received()
    check_accessibility(page, "receipt")
    page.goto("/visits/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("This visit was not found.")).to_be_visible()
    check_accessibility(page, "not found")
    assert phone.errors == []


#: The number of options in each line.
LINES = """(options) => {
    const tops = options.map((option) => Math.round(option.getBoundingClientRect().top));
    return [...new Set(tops)].map((top) => tops.filter((other) => other === top).length);
}"""


@pytest.mark.parametrize("width", take(320, 390, 768))
def test_no_option_of_a_scale_is_alone_in_its_line(
    new_phone: Callable[..., Phone], world: World, width: int
) -> None:
    scales = [
        {"key": f"to-{most}", "text": "How?", "type": "scale", "minimum": 0, "maximum": most}
        for most in (4, 5, 9, 10)
    ]
    for scale in scales:
        scale["scale_points"] = [0] * (scale["maximum"] + 1)
    sections = [{"key": "scales", "title": "Scales", "questions": scales}]
    visit = assign_visit_with(world, {**CHECKLIST, "sections": sections})
    phone = new_phone(viewport={"width": width, "height": 800})
    phone.start_visit(world.shopper, visit)
    for scale in scales:
        options = phone.question(scale["key"]).locator(".option")
        options.last.locator("input").check()
        assert min(options.evaluate_all(LINES)) > 1, scale["key"]
    check_accessibility(phone.page, f"scales at {width}")


def test_groups_are_described_by_their_help_and_error(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    for key in ("greeting", "receipt"):
        expect(phone.question(key)).to_have_attribute("aria-describedby", f"q-{key}-error")


CHANGES = """(selector) => {
    window.changes = 0;
    new MutationObserver((seen) => (window.changes += seen.length))
        .observe(document.querySelector(selector), { childList: true, subtree: true, attributes: true });
}"""

#: Resolves when an element has not changed for half a second.
UNCHANGED = """(selector) => new Promise((resolve) => {
    let timer = setTimeout(resolve, 500);
    new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(resolve, 500); })
        .observe(document.querySelector(selector), { childList: true, subtree: true, attributes: true });
})"""


def test_a_missing_answer_is_not_announced_again_with_each_key(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.page.click("[data-testid=submit]")
    error = phone.page.locator("#q-greeting-error")
    expect(error).to_have_text("An answer is missing")
    assert error.get_attribute("role") is None
    phone.page.evaluate(CHANGES, "#q-greeting-error")
    phone.question("story").locator("textarea").first.press_sequentially("So it was")
    assert phone.page.evaluate("window.changes") == 0


def test_photos_are_not_redrawn_during_typing(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    camera = phone.question("receipt").get_by_role("button", name="Take a photo")
    camera.focus()
    phone.take_photo("receipt")
    # There is room for no other: the button goes, and the focus stays with the photo.
    expect(phone.question("receipt").get_by_role("button", name="Remove")).to_be_focused()
    phone.take_photo("greeting", jpeg())
    # The photo is drawn again once it is smaller.
    phone.page.evaluate(UNCHANGED, "[data-question=greeting] .photos")
    phone.page.evaluate(CHANGES, "[data-question=greeting] .photos")
    phone.choose("greeting", "no")
    phone.question("greeting").locator("textarea").press_sequentially("Nobody")
    assert phone.page.evaluate("window.changes") == 0


def test_each_sent_item_is_announced(phone: Phone, world: World) -> None:
    visit = world.visit()
    rejection = '{"type": "/problems/revision-unexpected", "title": "No", "detail": "No"}'
    Spy(phone, "PUT", SUBMISSION, respond(409, body=rejection))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt")
    phone.send()
    phone.wait_for("needs-you")
    expect(phone.page.get_by_text("The visit is open now")).to_be_visible()
    copy = phone.page.get_by_role("button", name="Save a copy")
    copy.focus()
    phone.page.evaluate("window.item = document.querySelector('.cards [role=status]')")
    phone.page.evaluate(ANNOUNCE_QUEUE)
    phone.page.wait_for_timeout(300)
    expect(copy).to_be_focused()
    again = phone.page.get_by_role("button", name="Try again")
    again.focus()
    again.press("Enter")
    expect(phone.page.locator("[data-testid=queue-item]").first).to_be_focused()
    phone.wait_until_received()
    assert phone.page.evaluate("window.item.isConnected && window.item.textContent") == "sent"


def test_the_form_loads_nothing_from_other_hosts(phone: Phone, world: World) -> None:
    hosts = set()
    phone.context.on("request", lambda request: hosts.add(re.split("[/?]", request.url)[2]))
    phone.start_visit(world.shopper, world.visit())
    assert hosts == {re.split("/", phone.page.url)[2]}
