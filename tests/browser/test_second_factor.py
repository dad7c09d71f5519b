"""The second factor on the pages: set up, asked for, required, and reset by an administrator."""

from collections.abc import Callable
from io import BytesIO
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from api.models.base import now
from api.pages import files
from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW, check_accessibility
from tests.journeys.test_second_factors import set_up
from tests.support.world import PASSWORD, World, ok

ACCOUNT = "/dashboard/account"


def require_second_factor(world: World, *roles: str) -> None:
    body = {"require_second_factor": roles}
    ok(world.admin.patch("/organization", body, headers={"If-Match": "*"}), 200)


def scan(page: Page) -> str:
    """Return the text of the QR code on a page, as an app reads it from the screen."""
    picture = page.locator(".qr-code").screenshot()
    return zxingcpp.read_barcodes(Image.open(BytesIO(picture)))[0].text


def later_code(app: pyotp.TOTP) -> str:
    """Return the code after the present one. It is valid already, and was not used for the set-up."""
    return app.at(now(), counter_offset=1)


def set_up_on(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor on the account page; return the app and the recovery codes."""
    if not page.locator(".qr-code").is_visible():
        page.get_by_role("button", name="Set up").click()
    expect(page.locator(".qr-code")).to_be_visible()
    secret = parse_qs(urlsplit(scan(page)).query)["secret"][0]
    assert page.locator(".secret-parts code").inner_text().replace(" ", "") == secret
    app = pyotp.TOTP(secret)
    page.get_by_label("Code", exact=True).fill("12345")
    page.keyboard.press("Enter")
    expect(page.locator(".summary:visible")).to_contain_text("This code is wrong or was used before.")
    page.get_by_label("Code", exact=True).fill(app.now())
    page.keyboard.press("Enter")
    codes = page.locator("[data-testid=recovery-codes] li")
    expect(codes).to_have_count(10)
    return app, codes.all_inner_texts()


def test_a_manager_sets_up_a_second_factor_and_signs_in_with_it(desk: Phone, world: World) -> None:
    page = enter(desk, world.manager, ACCOUNT)
    _, recovery_codes = set_up_on(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert all(code in download.value.path().read_text() for code in recovery_codes)
    page.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=email]")).to_be_visible()
    desk.enter_credentials(world.manager)
    code = page.get_by_label("Code", exact=True)
    expect(code).to_be_focused()
    expect(code).to_have_attribute("autocomplete", "one-time-code")
    assert code.evaluate("input => input.inputMode") == "numeric"
    expect(page.locator("[name=password]")).to_be_hidden()
    code.fill("000000")
    code.press("Enter")
    expect(page.locator("#fault")).to_contain_text("This code is wrong or was used before.")
    expect(code).to_be_focused()
    page.get_by_role("button", name="Use a recovery code").click()
    code = page.get_by_label("Recovery code")
    expect(code).to_be_focused()
    assert code.evaluate("input => input.inputMode") == "text"
    expect(page.locator("#fault")).to_be_empty()
    code.fill("AAAA-AAAA-AAAA-AAAA")
    code.press("Enter")
    expect(page.locator("#fault")).to_contain_text("This recovery code is wrong or was used before.")
    code.fill(recovery_codes[0])
    code.press("Enter")
    wait_for_state(page)

    go(page, ACCOUNT)
    expect(page.get_by_text("9 recovery codes are left.")).to_be_visible()
    page.get_by_role("button", name="Create new recovery codes").click()
    page.get_by_label("Code", exact=True).fill(recovery_codes[1])
    page.keyboard.press("Enter")
    new_codes = page.locator("[data-testid=recovery-codes] li")
    expect(new_codes).to_have_count(10)
    code_in_place = new_codes.first.inner_text()
    assert code_in_place not in recovery_codes
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("button", name="Switch off").click()
    password = page.locator(".second-factor [name=password]")
    password.fill("wrong wrong wrong")
    page.get_by_label("Code", exact=True).fill(code_in_place)
    page.keyboard.press("Enter")
    expect(page.locator(".summary:visible")).to_contain_text("This is not your current password.")
    password.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Set up")).to_be_visible()
    assert desk.errors == []


@pytest.mark.full
def test_a_session_that_ends_is_continued_with_a_code(desk: Phone, world: World) -> None:
    """What was typed stays on the page."""
    app = set_up(world.admin)
    desk.page.goto("/dashboard/admin/settings")
    desk.enter_credentials(world.admin)
    desk.page.get_by_label("Code", exact=True).fill(app.code())
    desk.page.keyboard.press("Enter")
    page = desk.page
    wait_for_state(page)
    page.get_by_label("Lock-out days").fill("3")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.enter_credentials(world.admin)
    page.get_by_label("Code", exact=True).fill(app.code(1))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert ok(world.admin.get("/organization"))["lockout_days"] == 3


def test_whoever_needs_a_second_factor_is_led_to_it_and_back(desk: Phone, world: World) -> None:
    manager = world.manager
    require_second_factor(world, "manager")
    address = "/dashboard/locations?from=2025-01&to=2025-06"
    desk.sign_in(manager, address)
    page = desk.page
    expect(page.get_by_text("Your organization requires a second factor.")).to_be_visible()
    expect(page.get_by_role("heading", name="Change password")).to_have_count(0)
    set_up_on(page)
    page.get_by_role("link", name="I have stored them, continue").click()
    page.wait_for_url(f"**{address}")
    wait_for_state(page)
    go(page, ACCOUNT)
    page.get_by_role("button", name="Switch off").click()
    page.locator(".second-factor [name=password]").fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill("123456")
    page.keyboard.press("Enter")
    expect(page.locator(".summary:visible")).to_contain_text("so it cannot be switched off")
    assert desk.errors == []


RETURN_ADDRESSES = """async ([base, addresses]) => {
  const { returnAddress } = (await import(`${base}/dashboard/main.js`)).modules["shared/second-factor.js"];
  return addresses.map((address) => {
    history.replaceState(null, "", `/dashboard/account?${new URLSearchParams({ return: address })}`);
    const link = returnAddress();
    return link && new URL(link, location.href).href;
  });
}"""


def test_nobody_is_led_to_another_site(desk: Phone, world: World) -> None:
    page = enter(desk, world.manager, ACCOUNT)
    origin = page.evaluate("location.origin")
    elsewhere = [
        "//evil.example",
        "https://evil.example/x",
        "/\\evil.example",
        "javascript:alert(1)",
        "http://[",
    ]
    here = ["/dashboard/locations?from=2025-01", "/", "/.//evil.example", f"{origin}//evil.example"]
    addresses = page.evaluate(RETURN_ADDRESSES, [files.BASE, elsewhere + here])
    assert addresses[: len(elsewhere)] == [None] * len(elsewhere)
    assert all(address.startswith(f"{origin}/") for address in addresses[len(elsewhere) :])


def test_a_shopper_sends_what_waits_after_setting_up_a_second_factor(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    require_second_factor(world, "shopper")
    phone.send()
    notice = phone.page.get_by_text("Your organization requires a second factor")
    expect(notice).to_be_visible()
    phone.wait_for("waiting")
    phone.page.get_by_role("link", name="Set up the second factor").click()
    app, _ = set_up_on(phone.page)
    phone.page.get_by_role("link", name="I have stored them, continue").click()
    phone.wait_until_received()
    # The next sign-in asks for a code, and the visits of the phone are still there.
    other = world.visit(location=world.new_location())
    phone.page.goto("/")
    phone.open(other)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    phone.page.goto("/")
    phone.page.get_by_role("button", name="Sign out").click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    phone.enter_credentials(world.shopper)
    phone.page.get_by_label("Code", exact=True).fill(later_code(app))
    phone.page.keyboard.press("Enter")
    phone.open(other)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()
    assert phone.errors == []


def test_an_administrator_resets_the_second_factor_of_a_person(desk: Phone, world: World) -> None:
    reviewer = world.person("reviewer", "rosa")
    set_up(reviewer)
    page = enter(desk, world.admin, "/dashboard/admin/people")
    row = page.get_by_test_id("person-row").filter(has_text="rosa")
    expect(row.locator("[data-label='Second factor']")).to_have_text("yes")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Reset second factor").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Do this only if you are sure who is asking.")
    dialog.get_by_role("button", name="Reset second factor").click()
    expect(page.get_by_text("The second factor of rosa was reset.")).to_be_visible()
    expect(page.get_by_role("button", name="Reset second factor")).to_have_count(0)
    assert ok(world.admin.get(f"/users/{reviewer.id}"))["second_factor"] is False


@pytest.mark.full
def test_the_settings_say_who_has_no_second_factor_yet(desk: Phone, world: World) -> None:
    set_up(world.person("manager", "max"))
    world.person("manager", "mia"), world.person("manager", "moe")
    page = enter(desk, world.admin, "/dashboard/admin/settings")
    page.get_by_label("Managers").check()
    expect(page.get_by_test_id("without-factor")).to_have_text("Managers without a second factor: mia, moe.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert ok(world.admin.get("/organization"))["require_second_factor"] == ["manager"]


def test_the_second_factor_is_accessible(new_desk: Callable[..., Phone], world: World) -> None:
    desk = new_desk(320)
    page = enter(desk, world.manager, ACCOUNT)

    def check(screen: str, colors: Literal["light", "dark"]) -> None:
        page.emulate_media(color_scheme=colors)
        result = Axe().run(page)
        assert result.violations_count == 0, f"{screen}: {result.generate_report()}"
        assert page.evaluate(OVERFLOW) <= 0, screen

    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".qr-code")).to_be_visible()
    check("set-up", "dark")
    set_up_on(page)
    check("recovery codes", "light")
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("button", name="Switch off").press("Enter")
    check("switching off", "dark")
    page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Email address")).to_be_visible()
    page.goto("/")
    desk.enter_credentials(world.manager)
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    check_accessibility(page, "code at the sign-in of the form")
    page.get_by_role("button", name="Use another account").press("Enter")
    expect(page.get_by_label("Email address")).to_be_focused()
    assert desk.errors == []
