"""Administrators plan visits, set quotas, and set targets."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import new_world
from tests.browser.dashboard import check_accessibility, enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.support.running import Running
from tests.support.world import World, ok

#: all of it is ahead, so that windows open in it
YEAR = datetime.now(UTC).year + 1
PLAN, TARGETS = f"/dashboard/admin/plan?from={YEAR}-01&to={YEAR}-12", "/dashboard/admin/targets"


@pytest.fixture(scope="module")
def world(program: Running, settings: dict[str, str]) -> Iterator[World]:
    """An organization with two locations, two shoppers and no visits."""
    with new_world(settings) as world:
        assert world.checklist
        for name in ("First", "Second"):
            world.new_location(name=name)
            world.person("shopper")
        yield world


def undo(page: Page) -> None:
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()


def test_plan_leads_to_assigned_visits_and_quotas_show_what_is_missing(world: World, desk: Phone) -> None:
    page = enter(desk, world.admin, PLAN)
    expect(page.locator("[data-testid=location-row][data-suggested='27']")).to_have_count(2)
    page.select_option("#goal", "budget")
    page.wait_for_selector("#budget")
    page.fill("#budget", "10")
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=location-row][data-suggested='5']")).to_have_count(2)
    check_accessibility(page)
    # One click shares them out over the year, between both shoppers, so that nobody is locked out.
    page.get_by_test_id("assign-suggested").click()
    expect(page.locator("[data-testid=plan-row][data-state=ok]")).to_have_count(10)
    page.get_by_test_id("assign-confirm").click()
    page.wait_for_selector("[data-testid=visit-row]")
    visits = world.admin.list_all("/visits")
    assert len(visits) == len({(visit["location"]["id"], visit["day"]) for visit in visits}) == 10
    assert min(visit["day"] for visit in visits) == f"{YEAR}-01-01"
    # They are in progress now, so that the plan does not suggest them again.
    go(page, f"{PLAN}&half_width=0.2")
    expect(page.locator("[data-testid=location-row] [data-label='In progress']").first).to_have_text("5")

    page.get_by_test_id("add-quota").click()
    page.get_by_label("Visits to each location").fill("3")
    page.get_by_label("Extra visits, in per cent").fill("0")
    page.get_by_role("dialog").get_by_role("button", name="Add a quota").click()
    expect(page.locator("[data-testid=quota-row][data-missing='6']")).to_be_visible()
    page.get_by_test_id("quota-row").get_by_role("button", name="Change").click()
    page.get_by_label("Visits to each location").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-testid=quota-row][data-missing='2']")).to_be_visible()
    check_accessibility(page)
    page.get_by_test_id("quota-row").get_by_role("button", name="Delete").click()
    expect(page.get_by_test_id("quota-row")).to_have_count(0)
    undo(page)
    expect(page.locator("[data-testid=quota-row][data-missing='2']")).to_be_visible()


def test_targets_are_added_changed_and_deleted(world: World, desk: Phone) -> None:
    page = enter(desk, world.admin, TARGETS)
    page.get_by_test_id("add-target").click()
    page.get_by_label("Location").fill("Second")
    page.get_by_role("button", name="Add: Second").click()
    page.select_option("#field-section", "welcome")
    page.get_by_label("Target, in per cent").fill("92.5")
    page.get_by_role("dialog").get_by_role("button", name="Add a target").click()
    row = page.get_by_test_id("target-row")
    expect(row).to_have_attribute("data-status", "unsure")
    expect(row).to_contain_text("92.5%")
    expect(row).to_contain_text("Welcome")
    check_accessibility(page)
    row.get_by_role("button", name="Change").click()
    page.get_by_label("Target, in per cent").fill("80")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("80.0%")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    undo(page)
    wait_for_state(page)
    expect(row).to_contain_text("80.0%")
    (target,) = ok(world.admin.get("/targets"))["items"]
    assert (target["score"], target["section"], target["location"]["name"]) == (0.8, "welcome", "Second")
