"""Disputes on the pages: a manager disputes answers of a visit, and a reviewer decides."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW
from tests.journeys.test_disputes import POOR
from tests.support.world import World

PAGE = "/dashboard/disputes"


def check(page: Page) -> None:
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate(OVERFLOW) <= 0


def test_a_dispute_from_the_visit_to_its_outcome(new_desk: Callable[..., Phone], world: World) -> None:
    visit = world.accepted_visit(POOR)
    address = f"/dashboard/visits/{visit['id']}"
    manager = new_desk(width=320, color_scheme="dark")
    page = enter(manager, world.manager, address)
    form = page.get_by_test_id("dispute")
    form.locator("summary").click()
    # Only answers that lost points are offered.
    assert [box.get_attribute("value") for box in form.locator("[name=question]").all()] == [
        "greeting",
        "wait",
        "apology",
    ]
    form.get_by_role("button", name="Send dispute").click()
    expect(form.get_by_role("alert")).to_have_text("Choose at least one answer.")
    for key in ("greeting", "wait"):
        form.locator(f"[value={key}]").check()
        form.locator(f"#dispute-{key}-reason").fill(f"About the {key}.")
    form.locator("#dispute-wait-kind").select_option("evidence")
    check(page)
    form.get_by_role("button", name="Send dispute").click()
    state = page.get_by_test_id("dispute-state")
    expect(state).to_have_attribute("data-status", "open")
    expect(form).to_have_count(0)

    reviewer = new_desk(width=1280)
    desk = enter(reviewer, world.reviewer, PAGE)
    expect(desk.get_by_test_id("dispute-row")).to_have_attribute("data-status", "open")
    check(desk)
    # Each key chooses for the first question without an outcome.
    desk.keyboard.press("e")
    desk.keyboard.press("m")
    desk.get_by_role("button", name="Decide", exact=True).click()
    expect(desk.locator(".decision > .fault")).to_have_text("Write why you keep the answer.")
    desk.locator("#outcome-greeting-reason").fill("Nobody says hello on the photo.")
    desk.locator("#outcome-wait-value").fill("25")
    desk.get_by_role("button", name="Decide", exact=True).click()
    expect(desk.get_by_role("status").filter(has_text="You have decided")).to_be_focused()
    wait_for_state(desk)
    go(desk, f"{PAGE}?show=decided")
    row = desk.get_by_test_id("dispute-row")
    expect(row).to_contain_text("1 kept, 1 amended")
    go(desk, f"{PAGE}?show=rates")
    expect(desk.locator(".rates li").first).to_contain_text("1 decided: too few for a rate")
    check(desk)

    go(page, address)
    expect(state).to_contain_text("The score changed from 36.4% to 54.5%.")
    outcomes = page.get_by_test_id("outcome")
    assert [item.get_attribute("data-outcome") for item in outcomes.all()] == ["kept", "amended"]
    expect(state).not_to_contain_text(world.reviewer.email.partition("@")[0])  # type: ignore[union-attr]
    amendment = page.locator("[data-question=wait] [data-amendment=amended]")
    expect(amendment).to_contain_text("Sent: 1:30 min")
    check(page)
    go(page, f"/dashboard/locations/{world.location['id']}?from={visit['day'][:7]}")
    page.locator("main .number[data-score]").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Without disputes, the score would be 36.4%.")
    assert manager.errors == reviewer.errors == []
