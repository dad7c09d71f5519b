"""Administrators plan, assign and correct visits, on a large screen and on a phone."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import new_world
from tests.browser.dashboard import check_accessibility, enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.support.running import Running
from tests.support.world import Caller, World, ok

ASSIGN, VISITS = "/dashboard/admin/assign", "/dashboard/admin/visits"
COUNT = 160
ZONES = ("Europe/London", "Europe/Madrid", "America/New_York")
TODAY = datetime.now(UTC).date()
DAYS = {"from": TODAY + timedelta(days=40), "to": TODAY + timedelta(days=47)}


@pytest.fixture(scope="module")
def world(program: Running, settings: dict[str, str]) -> Iterator[World]:
    """An organization with 160 locations in three time zones, and seven shoppers."""
    with new_world(settings) as world:
        assert world.checklist
        lines = [
            f"S-{number:03},Store {number:03},{world.region['code']},{ZONES[number % 3]}"
            for number in range(COUNT)
        ]
        body = "\n".join(["code,name,region_code,time_zone", *lines])
        ok(world.admin.call("POST", "/locations/import", data=body, headers={"Content-Type": "text/csv"}))
        for number in range(7):
            world.person("shopper", f"Shopper {number} of {world.region['code']}")
        yield world


@pytest.fixture(scope="module")
def shoppers(world: World) -> list[Any]:
    return world.admin.list_all("/users?role=shopper")


def choose(page: Page, checklist: str = "visit") -> None:
    """Choose the checklist and the days."""
    page.select_option("#checklist", checklist)
    for name, day in DAYS.items():
        page.fill(f"#{name}", day.isoformat())


def rows(page: Page, state: str) -> Any:
    return page.locator(f"[data-testid=plan-row][data-state={state}]")


def share_out(page: Page) -> None:
    page.get_by_test_id("share-out").click()
    page.wait_for_selector("[data-testid=plan-row]:not([data-state=checking])")


def assign(page: Page) -> list[Any]:
    """Assign the plan, and return the visits as the API responds."""
    with page.expect_response(lambda response: response.url.endswith("/api/v1/visits")) as response:
        page.get_by_test_id("assign-confirm").click()
    items: list[Any] = response.value.json()["items"]
    return items


def select_rows(page: Page) -> None:
    expect(page.get_by_test_id("visit-row")).to_have_count(3)
    for box in page.locator("[data-testid=visit-row] input").all():
        box.check()


def discard_visits(world: World) -> None:
    """Cancel all visits, so that they lock nobody out."""
    for visit in world.admin.list_all("/visits?status=assigned"):
        ok(world.admin.post(f"/visits/{visit['id']}/cancel"))


def test_a_month_of_visits_is_shared_out_assigned_and_taken_back(
    world: World, desk: Phone, shoppers: list[Any]
) -> None:
    page = enter(desk, world.admin, ASSIGN)
    choose(page)
    page.get_by_role("button", name=f"Select all {COUNT}").click()
    share_out(page)
    assert rows(page, "ok").count() == 100  # the others are drawn when they are asked for
    expect(page.get_by_text(f"{COUNT} visits, shoppers: 7")).to_be_visible()
    first = rows(page, "ok").first
    zone = first.locator("[data-label=Days] .quiet").inner_text()
    # A reload loses nothing.
    page.reload()
    wait_for_state(page)
    page.wait_for_selector("[data-testid=plan-row][data-state=ok]")
    assert rows(page, "ok").first.locator("[data-label=Days] .quiet").inner_text() == zone
    visits = assign(page)
    assert len(visits) == COUNT
    numbers = sorted(sum(visit["shopper"]["id"] == person["id"] for visit in visits) for person in shoppers)
    assert numbers == [22] + [23] * 6
    new_york = next(visit for visit in visits if visit["location"]["time_zone"] == "America/New_York")
    for time, pattern in (("opens_at", "T0[45]:00:00Z"), ("closes_at", "T0[34]:59:59Z")):
        assert re.search(pattern, new_york["window"][time])
    assert new_york["day"] == DAYS["from"].isoformat()
    # All of them are in the list, and Undo cancels them and brings the plan back.
    page.wait_for_selector("[data-testid=visit-row][data-status=assigned]")
    expect(page.get_by_text(f"{COUNT} rows")).to_be_visible()
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    page.wait_for_selector("[data-testid=visit-row][data-status=cancelled]")
    assert not world.admin.list_all("/visits?status=assigned")
    go(page, ASSIGN)
    page.wait_for_selector("[data-testid=plan-row][data-state=ok]")


def test_lock_outs_and_gaps_show_before_anything_is_stored(
    world: World, desk: Phone, shoppers: list[Any]
) -> None:
    locations = world.admin.list_all("/locations")[:2]
    opens_at = DAYS["from"] - timedelta(days=10)
    window = {"opens_at": f"{opens_at}T00:00:00Z", "closes_at": f"{opens_at + timedelta(days=1)}T00:00:00Z"}
    # Nobody is free at the first location, and one shopper is not at the second.
    for location, people in ((locations[0], shoppers), (locations[1], shoppers[:1])):
        for person in people:
            world.visit(Caller(world.app, person["id"]), location, window=window)
    page = enter(desk, world.admin, f"{ASSIGN}?q=Store+00")
    choose(page)
    check_accessibility(page)
    for location in locations:
        page.get_by_role("checkbox", name=f"Select {location['name']}").check()
    share_out(page)
    assert (rows(page, "invalid").count(), rows(page, "ok").count()) == (1, 1)
    free_from = opens_at + timedelta(days=31)
    gap = rows(page, "invalid")
    expect(gap).to_contain_text("No shopper is free.")
    assert re.search(rf"free from {free_from.day} ", gap.inner_text())
    page.get_by_test_id("assign-confirm").click()
    expect(page.locator(".summary")).to_be_focused()
    check_accessibility(page)
    # By hand, a locked-out shopper is chosen. The reason makes it an exception.
    gap.get_by_role("button", name="Change").click()
    page.select_option("#field-shopper_id", shoppers[0]["id"])
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("[data-testid=plan-row][data-state=lockout]")
    rows(page, "lockout").get_by_role("button", name="Change").click()
    page.fill("#field-override_reason", "The only one who speaks Basque.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("[data-testid=plan-row][data-state=ok] >> text=Exception")
    visits = assign(page)
    assert sorted(visit["override_reason"] or "" for visit in visits) == [
        "",
        "The only one who speaks Basque.",
    ]
    discard_visits(world)


def test_a_plan_on_a_phone_survives_an_expired_session(world: World, phone: Phone) -> None:
    page = enter(phone, world.admin, ASSIGN)
    choose(page)
    page.get_by_role("button", name=f"Select all {COUNT}").click()
    share_out(page)
    # A visit is removed, and the keyboard stays where it was.
    name = rows(page, "ok").nth(1).locator("th span").first.inner_text()
    rows(page, "ok").first.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("button", name=f"Remove the visit to {name}")).to_be_focused()
    confirm = page.get_by_test_id("assign-confirm")
    expect(confirm).to_have_text(f"Assign {COUNT - 1} visits")
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(confirm).to_have_text(f"Assign {COUNT} visits")
    page.wait_for_selector("[data-testid=plan-row][data-state=ok]")
    phone.context.clear_cookies()
    confirm.click()
    page.fill("dialog input[name=email]", world.admin.email or "")
    page.fill("dialog input[name=password]", "correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=visit-row][data-status=assigned]")
    assert len(world.admin.list_all("/visits?status=assigned")) == COUNT
    discard_visits(world)


def test_visits_are_extended_reassigned_and_cancelled_in_bulk(
    world: World, new_phone: Callable[..., Phone], shoppers: list[Any]
) -> None:
    window = {"opens_at": f"{DAYS['from']}T00:00:00Z", "closes_at": f"{DAYS['to']}T00:00:00Z"}
    locations = world.admin.list_all("/locations")[10:13]
    visits = [
        world.visit(Caller(world.app, shoppers[0]["id"]), location, window=window) for location in locations
    ]

    def read(name: str) -> list[Any]:
        return [visit[name] for visit in world.admin.list_all("/visits?status=assigned")]

    page = enter(new_phone(), world.admin, f"{VISITS}?status=assigned")
    page.wait_for_selector("[data-testid=visit-row]")
    page.fill("#q", "Store 01")
    select_rows(page)
    expect(page.get_by_text("3 of 3 selected")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Extend").click()
    page.fill("#field-days", "5")
    page.get_by_role("button", name="Continue").click()
    page.get_by_test_id("toast-undo").wait_for()
    # Five days more, to the end of the day, where it is midnight hours later than in UTC.
    last_days = {(DAYS["to"] + timedelta(days=days)).isoformat() for days in (4, 5)}
    assert {value["closes_at"][:10] for value in read("window")} <= last_days
    page.get_by_test_id("visit-row").first.evaluate("(row) => (row.id = 'before-undo')")
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    expect(page.locator("#before-undo")).to_have_count(0)  # what is selected before the redraw is lost
    assert read("window") == [window] * 3
    # Reassigning
    select_rows(page)
    page.get_by_role("button", name="Reassign").click()
    page.select_option("#field-shopper_id", shoppers[1]["id"])
    page.get_by_role("button", name="Continue").click()
    page.get_by_test_id("toast-undo").wait_for()
    assert {value["id"] for value in read("shopper")} == {shoppers[1]["id"]}
    # Cancelling asks first.
    select_rows(page)
    page.get_by_role("button", name="Cancel visits").click()
    expect(page.locator("dialog")).to_contain_text("Cancel 3 visits? This cannot be undone.")
    # Too many calls wait as long as the API says.
    limited = {"type": "/problems/rate-limited", "title": "Too many requests", "status": 429}
    headers = {"Retry-After": "0", "Content-Type": "application/problem+json"}
    page.route(
        "**/cancel",
        lambda route: route.fulfill(status=429, headers=headers, body=json.dumps(limited)),
        times=2,
    )
    page.locator("dialog [data-answer=yes]").click()
    expect(page.get_by_test_id("visit-row")).to_have_count(0)
    statuses = [ok(world.admin.get(f"/visits/{visit['id']}"))["status"] for visit in visits]
    assert statuses == ["cancelled"] * 3
    assert not world.admin.list_all("/visits?status=assigned")
