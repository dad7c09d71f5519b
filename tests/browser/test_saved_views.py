"""The panel of saved views."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, wait_for_state
from tests.browser.phone import Phone
from tests.support.world import World, ok


def test_a_page_is_saved_shared_renamed_and_deleted_with_undo(
    new_desk: Callable[..., Phone], world: World
) -> None:
    address = "/dashboard/locations?from=2026-01&to=2026-03&sort=name"
    world.saved_view(name="Theirs", shared=True)
    page = enter(new_desk(320), world.manager, address)
    page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("button", name="Saved views").press("Enter")
    panel = page.get_by_role("dialog", name="Saved views")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("button", name="Delete Theirs")).to_have_count(0)
    panel.get_by_label("Name").fill("First quarter")
    panel.get_by_label("Share in").check()
    panel.get_by_role("button", name="Save view").click()
    expect(panel.get_by_role("link", name="First quarter")).to_have_attribute("href", address)
    assert not Axe().run(page).response["violations"]

    panel.get_by_role("button", name="Edit First quarter").click()
    name = panel.get_by_label("Name").first
    expect(name).to_be_focused()
    name.fill("<b>Q1</b>")
    name.press("Enter")
    expect(panel.get_by_role("link", name="<b>Q1</b>")).to_be_visible()
    panel.get_by_role("button", name="Delete <b>Q1</b>").click()
    expect(panel.get_by_role("link", name="<b>Q1</b>")).to_have_count(0)
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    views = ok(world.manager.get("/saved-views"))["items"]
    assert [(view["name"], view["path"], view["shared"]) for view in views] == [
        ("<b>Q1</b>", address, True),
        ("Theirs", "/dashboard/locations?from=2026-05&to=2026-05", True),
    ]

    page.goto("/dashboard")
    wait_for_state(page)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("link", name="<b>Q1</b>").click()
    page.wait_for_url(f"**{address}")
