"""People: invited, changed in bulk and imported by administrators; and everyone's own account."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import new_world
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW
from tests.support.extent import take
from tests.support.mailbox import Mailbox, find_link, running_mailbox
from tests.support.running import free_port, running
from tests.support.world import PASSWORD, World, ok

NEW_PASSWORD = "three calm elephants"
PEOPLE = "/dashboard/admin/people"


def row_of(page: Page, name: str) -> Any:
    return page.locator("[data-testid=person-row]").filter(has_text=name)


def sign_in(page: Page, email: str, password: str) -> None:
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")


@pytest.mark.parametrize("width", take(1440, 390))
def test_an_invited_person_follows_the_copied_link_and_logs_in(
    new_desk: Callable[..., Phone], phone: Phone, world: World, width: int
) -> None:
    desk = new_desk(width)
    page = enter(desk, world.admin, PEOPLE)
    email = f"ana-{width}@example.org"
    page.get_by_test_id("invite").click()
    page.fill("[name=email]", email)
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.locator(".summary:visible")).to_contain_text("Name: enter a value.")
    page.fill("[name=name]", "Ana Silva")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text(f"Ana Silva ({email}) is invited.")).to_be_visible()
    expect(row_of(page, "Ana Silva")).to_have_attribute("data-status", "invited")
    page.locator("#invitation").get_by_test_id("copy-link").click()
    link = page.get_by_label("Link", exact=True).input_value()

    guest = phone.page
    guest.goto(link)
    guest.fill("[name=name]", "Ana S.")
    guest.fill("[name=password]", "password123")
    guest.get_by_role("button", name="Accept").click()
    expect(guest.locator(".summary")).to_contain_text("Many people use this password")
    assert guest.input_value("[name=name]") == "Ana S."
    guest.fill("[name=password]", NEW_PASSWORD)
    guest.get_by_role("button", name="Accept").click()
    guest.get_by_role("link", name="Make visits to stores").click()
    sign_in(guest, email, NEW_PASSWORD)
    expect(guest.get_by_role("link", name="Ana S.")).to_be_visible()
    go(page, PEOPLE)
    expect(row_of(page, "Ana S.")).to_have_attribute("data-status", "active")
    # A second person with the same link.
    guest.goto("/")
    guest.goto(link)
    guest.fill("[name=name]", "Eve")
    guest.fill("[name=password]", NEW_PASSWORD)
    guest.get_by_role("button", name="Accept").click()
    expect(guest.get_by_role("heading", name="This link no longer works")).to_be_visible()
    assert desk.errors == phone.errors == []


@pytest.mark.full
@pytest.mark.parametrize("width", take(1440, 390))
def test_regions_of_several_managers_are_changed_and_taken_back(
    new_desk: Callable[..., Phone], world: World, width: int
) -> None:
    north, south = world.new_region(name="North"), world.new_region(name="South")
    managers = [world.person("manager", f"manager {n}", region_ids=[north["id"]]) for n in range(3)]
    world.person("shopper", "shopper 1")
    page = enter(new_desk(width), world.admin, f"{PEOPLE}?q=example")
    rows = page.get_by_test_id("person-row")
    expect(rows).to_have_count(5)
    for name in ("manager 0", "manager 1", "shopper 1"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Change regions").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Change the regions of 2 managers")
    expect(dialog).to_contain_text("1 other selected person is not a manager")
    dialog.get_by_label("South").check()
    dialog.get_by_role("button", name="Apply").click()
    expect(row_of(page, "manager 1")).to_contain_text("South")
    both = sorted([north["id"], south["id"]])

    def read() -> list[list[str]]:
        return [ok(world.admin.get(f"/users/{person.id}"))["region_ids"] for person in managers]

    assert read() == [both, both, [north["id"]]]
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(row_of(page, "manager 1")).not_to_contain_text("South")
    assert read() == [[north["id"]]] * 3


@pytest.mark.full
def test_people_are_found_and_disabled(desk: Phone, world: World) -> None:
    world.person("reviewer", "rosa"), world.person("shopper", "sam")
    page = enter(desk, world.admin, PEOPLE)
    page.get_by_label("Search").fill("rosa")
    expect(page.get_by_test_id("person-row")).to_have_count(1)
    page.get_by_label("Select rosa").check()
    page.get_by_role("button", name="Disable", exact=True).click()
    expect(row_of(page, "rosa")).to_have_attribute("data-status", "disabled")
    page.get_by_label("Search").fill("")
    page.get_by_label("Status").select_option("disabled")
    expect(page.get_by_test_id("person-row")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"people\?status=disabled$"))


@pytest.mark.full
def test_a_person_is_edited(desk: Phone, world: World) -> None:
    region = world.new_region(name="North")
    location = world.new_location(name="Harbour")
    person = world.person("shopper", "sam")
    page = enter(desk, world.admin, f"{PEOPLE}/{person.id}")
    regions = page.locator("[data-field=region_ids]")
    expect(regions).to_be_hidden()
    expect(page.get_by_test_id("shopper-record")).to_contain_text("No visits were assigned")
    page.get_by_label("Role").select_option("manager")
    regions.get_by_label("North").check()
    page.get_by_label("Locations").fill("harbour")
    page.get_by_role("button", name="Add: Harbour").click()
    page.get_by_role("button", name="Save").click()
    expect(row_of(page, "sam")).to_contain_text("North")
    user = ok(world.admin.get(f"/users/{person.id}"))
    assert (user["role"], user["region_ids"]) == ("manager", [region["id"]])
    assert user["location_ids"] == [location["id"]]
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(row_of(page, "sam")).to_contain_text("Shopper")


@pytest.mark.parametrize("width", take(1440, 390))
def test_everyone_has_an_account_with_name_password_and_sessions(
    new_desk: Callable[..., Phone], world: World, width: int
) -> None:
    desk = new_desk(width)
    desk.sign_in(world.shopper)
    desk.page.get_by_role("link", name=str(world.shopper.email).partition("@")[0]).click()
    page = desk.page
    wait_for_state(page)
    page.fill("[name=name]", "Sam Lee")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#bar .account a")).to_have_text("Sam Lee")
    page.fill("[name=old_password]", "wrong wrong wrong")
    page.fill("[name=new_password]", NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".summary:visible")).to_contain_text("Current password: This is not your")
    page.fill("[name=old_password]", PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    expect(page.locator("[data-session]")).to_have_count(1)
    assert world.shopper.get("/me").status_code == 401  # the other session
    assert desk.errors == []


def test_a_person_is_deleted_after_a_question_that_says_what_disappears(desk: Phone, world: World) -> None:
    ana = world.person("shopper", "Ana Silva")
    open_visit = world.visit(ana)
    sent = world.accepted_visit(shopper=ana, location=world.new_location())
    page = enter(desk, world.admin, f"{PEOPLE}/{ana.id}")
    page.get_by_role("button", name="Delete person").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(dialog).to_contain_text("1 visit that they have not made yet. It is cancelled.")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    ok(world.admin.get(f"/users/{ana.id}"))
    page.get_by_role("button", name="Delete person").press("Enter")
    dialog.get_by_role("button", name="Delete person").press("Enter")
    expect(page.get_by_text("Ana Silva was deleted.")).to_be_visible()
    expect(row_of(page, "admin")).to_have_count(1)
    expect(page.get_by_test_id("person-row").filter(has_text="Ana Silva")).to_have_count(0)
    assert ok(world.admin.get(f"/visits/{open_visit['id']}"))["status"] == "cancelled"
    go(page, f"/dashboard/visits/{sent['id']}")
    assert desk.errors == []


def test_the_last_administrator_cannot_be_deleted(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, f"{PEOPLE}/{world.admin.id}")
    page.get_by_role("button", name="Delete person").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This is your own account.")
    dialog.get_by_role("button", name="Delete person").click()
    expect(page.get_by_role("alert").filter(has_text="at least one active administrator")).to_be_visible()
    ok(world.admin.get("/me"))


@pytest.mark.parametrize(("width", "colors"), take((320, "dark"), (1440, "light")))
def test_every_page_is_accessible(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str
) -> None:
    world.new_region(name="Supercalifragilisticexpialidocious" * 2)
    person = world.person("manager", "a-name-of-some-length-without-any-spaces", region_ids=[])
    desk = new_desk(width, color_scheme=colors)
    page = desk.page

    def check(screen: str) -> None:
        result = Axe().run(page)
        assert result.violations_count == 0, f"{screen}: {result.generate_report()}"
        assert page.evaluate(OVERFLOW) <= 0, screen

    page.goto("/password")
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator(".summary")).to_be_focused()
    check("forgotten password")
    page.goto("/invitation#x")
    expect(page.get_by_label("Your name")).to_be_visible()
    check("invitation")
    page.goto("/unsubscribe#x")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    check("end of a notice")
    enter(desk, world.admin, PEOPLE)
    page.get_by_label("Select a-name").check()
    check("people, one of them selected")
    page.get_by_role("button", name="Change regions").click()
    check("change of regions")
    page.keyboard.press("Escape")
    page.get_by_test_id("invite").click()
    page.get_by_label("Role").last.select_option("manager")
    page.get_by_role("button", name="Invite", exact=True).click()
    check("invitation with errors")
    go(page, f"{PEOPLE}/{person.id}")
    page.get_by_test_id("copy-link").click()
    expect(page.get_by_label("Link", exact=True)).to_be_visible()
    check("person with a link")
    page.get_by_role("button", name="Delete person").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check("deletion")
    go(page, "/dashboard/account")
    expect(page.locator("[name=webhooks_failing]")).to_be_checked()
    check("account with the switches of notices")
    assert desk.errors == []


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def mailing(tmp_path: Path, mailbox: Mailbox) -> Iterator[tuple[str, World]]:
    """The address of a program with a mail server, and an organization in it."""
    port = str(free_port())
    base = f"http://127.0.0.1:{port}"
    settings = {"DATA_DIR": str(tmp_path), "DEMO": "0", "PORT": port, "PUBLIC_URL": base}
    settings |= {"SMTP_URL": mailbox.url, "MAIL_FROM": "survey@example.com"}
    with running(tmp_path, **settings), new_world(settings) as world:
        yield base, world


def test_a_forgotten_password_is_replaced_by_mail(
    new_desk: Callable[..., Phone], mailing: tuple[str, World], mailbox: Mailbox
) -> None:
    base, world = mailing
    email = str(world.admin.email)
    desk = new_desk(base_url=base)
    page = desk.page
    page.goto("/dashboard")
    page.get_by_role("link", name="Forgotten password?").click()
    page.fill("[name=email]", email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.goto(find_link(mailbox.wait_for(email)))
    page.fill("[name=password]", NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    page.get_by_role("link", name="Read scores, review visits, or administer").click()
    sign_in(page, email, NEW_PASSWORD)
    wait_for_state(page)
    mailbox.wait_for(email, 2)  # the notice of the change
    go(page, PEOPLE)
    page.get_by_test_id("invite").click()
    page.fill("[name=email]", "ana@example.org")
    page.fill("[name=name]", "Ana")
    page.get_by_role("button", name="Invite", exact=True).click()
    assert find_link(mailbox.wait_for("ana@example.org")).startswith(f"{base}/invitation#")
    assert desk.errors == []
