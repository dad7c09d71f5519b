"""The settings of the organization: colour with its contrast, logo, and typed values that are not lost."""

import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW
from tests.support.extent import take
from tests.support.pictures import encoded
from tests.support.world import PASSWORD, World, ok

SETTINGS = "/dashboard/admin/settings"
LOGO = {
    "name": "logo.png",
    "mimeType": "image/png",
    "buffer": encoded(Image.new("RGB", (80, 20), "navy"), "PNG"),
}


@pytest.mark.parametrize(("width", "colors"), take((1440, "light"), (320, "dark")))
def test_settings_are_saved_and_apply_at_once(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str
) -> None:
    desk = new_desk(width, color_scheme=colors)
    page = enter(desk, world.admin, SETTINGS)
    form = page.get_by_test_id("settings")
    contrast = page.get_by_test_id("contrast")
    form.get_by_label("Colour", exact=False).first.fill("#FFE082")
    expect(contrast).to_contain_text("hard to read")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator(".summary")).to_contain_text("Colour")
    form.locator("[name=accent_color]").fill("#1A4D8F")
    expect(contrast).to_contain_text("8.4 : 1, which is easy to read")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    form.locator("[name=name]").fill(f"Renamed {world.name}")
    form.locator("[name=languages]").fill("en, pt-BR")
    expect(form).to_contain_text("English, Brazilian Portuguese")
    form.locator("[name=lockout_days]").fill("14")
    form.locator("[name=accept_every_minutes]").fill("30")
    assert page.evaluate(OVERFLOW) <= 0
    page.keyboard.press("Control+s")
    expect(page.locator("#bar .organization")).to_have_text(f"Renamed {world.name}")
    assert page.evaluate("document.documentElement.style.getPropertyValue('--brand')") == "#1a4d8f"
    saved = ok(world.admin.get("/organization"))
    assert (saved["accent_color"], saved["languages"]) == ("#1a4d8f", ["en", "pt-BR"])
    assert (saved["lockout_days"], saved["accept_every_minutes"]) == (14, 30)


def test_logo_takes_the_place_of_the_name_and_can_be_taken_back(
    desk: Phone, phone: Phone, world: World
) -> None:
    page = enter(desk, world.admin, SETTINGS)
    card = page.get_by_test_id("logo")
    expect(card).to_contain_text("There is no logo")
    card.locator("input[type=file]").set_input_files({**LOGO, "buffer": bytes(256 * 1024 + 1)})  # type: ignore[arg-type]
    expect(card.get_by_role("alert")).to_contain_text("256 KiB")
    card.locator("input[type=file]").set_input_files({**LOGO, "buffer": b"no picture"})  # type: ignore[arg-type]
    expect(card.get_by_role("alert")).not_to_be_empty()
    card.locator("input[type=file]").set_input_files(LOGO)  # type: ignore[arg-type]
    bar = page.locator("#bar .organization img")
    expect(bar).to_have_attribute("alt", world.name)
    expect(card.get_by_role("img", name=f"The logo of {world.name}")).to_be_visible()
    assert Axe().run(page).violations_count == 0

    phone.sign_in(world.shopper)
    expect(phone.page.get_by_role("img", name=world.name)).to_be_visible()
    assert phone.page.evaluate("document.querySelector('.logo').naturalWidth") == 80

    card.get_by_role("button", name="Remove logo").click()
    expect(bar).to_have_count(0)
    expect(page.locator("#bar .organization")).to_have_text(world.name)
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(bar).to_have_count(1)
    go(page, "/dashboard")
    expect(page.locator("#bar .organization img")).to_be_visible()


def test_typed_settings_survive_an_expired_session_and_a_reload(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, SETTINGS)
    page.locator("[name=lockout_days]").fill("7")
    desk.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=email]").fill(str(world.admin.email))
    dialog.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert ok(world.admin.get("/organization"))["lockout_days"] == 7

    page.locator("[name=accent_color]").fill("#123456")
    page.reload()
    wait_for_state(page)
    expect(page.locator("[name=accent_color]")).to_have_value("#123456")
    expect(page.get_by_test_id("contrast")).to_contain_text(re.compile(r"1\d\.\d : 1"))
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_test_id("contrast")).to_contain_text("6.4 : 1")


def test_a_shorter_time_of_keeping_data_is_confirmed(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, SETTINGS)
    page.get_by_label("Keep photos").fill("12")
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Photos of visits that were more than 12 months ago will be deleted.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator(".summary:visible")).to_contain_text("Not saved.")
    assert ok(world.admin.get("/organization"))["keep_photos_months"] is None
    page.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Save and delete").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    # A longer time deletes nothing.
    page.get_by_label("Keep photos").fill("24")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast", has_text="Saved.")).to_have_count(2)
    assert ok(world.admin.get("/organization"))["keep_photos_months"] == 24
