"""What all pages of the dashboard share: releases, colour, banner and states."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import enter, go, manager, wait_for_state
from tests.browser.phone import READY, Phone, Spy, respond
from tests.journeys.score_history import History
from tests.support.extent import take
from tests.support.world import World

GONE = respond(404, "")
NOWHERE = "/dashboard/visits/00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(("screen", "name"), take(("Sections", "screens/sections"), ("Reviews", "shortcuts")))
def test_a_page_of_an_old_release_reloads_with_the_new_release(
    desk: Phone, world: World, screen: str, name: str
) -> None:
    page = enter(desk, world.reviewer, NOWHERE, "missing")
    fetched = Spy(desk, "GET", re.compile(f"/dashboard/{name}.js"), GONE)
    page.get_by_role("link", name=screen).click()
    page.wait_for_url(f"**/{screen.lower()}")
    wait_for_state(page)
    expect(page.get_by_role("heading", name=screen, exact=True)).to_be_visible()
    assert len(fetched.requests) == 2


@pytest.mark.full
def test_a_page_with_a_missing_module_reloads_only_once(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), "/dashboard/locations")
    desk.context.route(re.compile("/dashboard/screens/sections.js"), GONE)
    loads: list[str] = []
    page.on("domcontentloaded", lambda: loads.append(page.url))
    page.get_by_role("link", name="Sections").click()
    page.wait_for_url("**/sections")
    wait_for_state(page, "failed")
    page.get_by_role("button", name="Try again").click()
    wait_for_state(page, "failed")
    assert len(loads) == 1


@pytest.mark.full
def test_an_explanation_of_an_old_release_reloads_the_page(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), "/dashboard/locations?from=2025-04&to=2025-06")
    Spy(desk, "GET", re.compile("/dashboard/explain.js"), GONE)
    with page.expect_navigation():
        page.locator("[data-column=score] button").first.click()
    wait_for_state(page)
    page.locator("[data-column=score] button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_an_address_with_a_trailing_slash_is_not_found(desk: Phone, world: World) -> None:
    """The server responds with 404 there, so the page does not show anything else."""
    page = enter(desk, world.manager, "/dashboard")
    go(page, "/dashboard/locations/", "missing")
    expect(page).to_have_title("Not found · Scores")


def test_the_pages_have_the_organizations_color(desk: Phone, world: World) -> None:
    tag = world.admin.get("/organization").headers["ETag"]
    world.admin.patch("/organization", {"accent_color": "#1a4d8f"}, headers={"If-Match": tag})
    page = enter(desk, world.manager, "/dashboard")
    brand = "getComputedStyle(document.documentElement).getPropertyValue('--brand')"
    assert page.evaluate(brand) == "#1a4d8f"


def test_every_page_of_a_demo_organization_has_a_banner(desk: Phone, world: World) -> None:
    demo = World(world.app, f"{world.name} (demo data)")
    visit = demo.accepted_visit()
    page = enter(desk, demo.manager, "/dashboard")
    banner = page.get_by_role("complementary", name="Demo data")
    for address in ("/dashboard/locations", "/dashboard/questions", f"/dashboard/visits/{visit['id']}"):
        go(page, address)
        expect(banner).to_have_text("This is demo data about a fictional organization.")


def test_the_form_of_a_demo_organization_has_a_banner(phone: Phone, world: World) -> None:
    demo = World(world.app, f"{world.name} (demo data)")
    visit = demo.visit()
    phone.start_visit(demo.shopper, visit)
    banner = phone.page.get_by_role("complementary", name="Demo data")
    expect(banner).to_have_count(1)
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(banner).to_have_count(1)


@pytest.mark.full
def test_other_organizations_have_no_banner(desk: Phone, world: World) -> None:
    page = enter(desk, world.manager, "/dashboard")
    expect(page.locator("#demo-banner")).to_have_count(0)


def test_a_page_is_ready_only_with_its_data(desk: Phone, history: History) -> None:
    page = desk.page
    page.goto("/dashboard/locations")
    wait_for_state(page, "signed-out")
    expect(page.locator(READY)).to_have_count(0)
    desk.enter_credentials(manager(history, "country"))
    page.wait_for_selector(READY)
    wait_for_state(page)
    go(page, NOWHERE, "missing")
    expect(page.locator(READY)).to_have_count(0)
