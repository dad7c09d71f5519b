"""The filters of the managers' pages, by keyboard: typed key by key, and the focus stays where it was."""

import re

import pytest
from playwright.sync_api import Page, expect

from api.domain.months import Period, month_name
from tests.browser.dashboard import enter, go, manager, stands
from tests.browser.phone import Phone, Spy, answer
from tests.browser.test_dashboard import PERIOD, SCORES
from tests.journeys import score_history
from tests.journeys.score_history import CALL, CHECKLIST, COOL, WELL, History
from tests.support.world import World

ROWS = re.compile(r"/api/v1/scores\?by=location")


def type_month(page: Page, name: str, month: str, year: str) -> None:
    """Type a month into its field, key by key; a part is left by an arrow."""
    page.focus(f"#{name}")
    # Back to the first part, if another has the focus.
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(month)
    page.keyboard.press("ArrowRight")
    page.keyboard.type(year)


def test_a_period_is_typed_key_by_key(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    before, asked = page.url, Spy(desk, "GET", ROWS)
    type_month(page, "from", "11", "2024")
    type_month(page, "to", "05", "2025")
    assert (page.url, asked.requests) == (before, [])
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2024-11&to=2025-05")
    stands(page)
    expect(page.locator("#to")).to_be_focused()
    type_month(page, "to", "04", "2025")
    page.focus("#checklist")
    page.wait_for_url("**from=2024-11&to=2025-04")
    stands(page)
    expect(page.locator("#checklist")).to_be_focused()
    assert len(asked.requests) == 2
    assert desk.errors == []


def test_a_period_that_ends_before_it_begins_is_not_asked_for(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    before = page.url
    type_month(page, "from", "07", "2025")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The period ends before it begins.")
    assert page.url == before
    type_month(page, "to", "08", "2025")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2025-07&to=2025-08")
    stands(page)


def test_what_the_api_refuses_can_be_put_right(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    type_month(page, "from", "01", "0002")
    page.keyboard.press("Enter")
    stands(page, "failed")
    expect(page.locator("#from")).to_be_focused()
    type_month(page, "from", "01", "2025")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2025-01&to=2025-06")
    stands(page)


@pytest.mark.parametrize("place", ["", "/locations", "/locations/{A}", "/sections", "/questions"])
def test_what_is_no_month_is_a_filter_that_does_not_fit(desk: Phone, history: History, place: str) -> None:
    address = f"/dashboard{place}".format(A=history.locations["A"]["id"])
    page = enter(desk, manager(history, "country"), f"{address}?to=abc", "failed")
    expect(page.get_by_role("heading", name="The filters in the address are not valid")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    stands(page)
    assert desk.errors == []


def test_the_focus_stays_through_a_redraw(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/sections?{PERIOD}")
    page.focus("#region_id")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**region_id=*")
    stands(page)
    expect(page.locator("#region_id")).to_be_focused()
    fundamentals = page.get_by_role("button", name="Fundamentals")
    fundamentals.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**by=fundamental*")
    stands(page)
    expect(fundamentals).to_be_focused()
    expect(fundamentals).to_have_attribute("aria-pressed", "true")


def test_the_focus_goes_from_try_again_to_what_is_tried(desk: Phone, history: History) -> None:
    Spy(desk, "GET", SCORES, answer(500, "{}"), answer(500, "{}"))
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}", "failed")
    again = page.get_by_role("button", name="Try again")
    again.focus()
    page.keyboard.press("Enter")
    stands(page, "failed")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    stands(page)
    expect(page.get_by_role("heading", name="Locations", exact=True)).to_be_focused()


# The filters that the dashboard opens with.


def months_ago(number: int) -> str:
    return month_name(Period.of(None, None).last - number)


def test_the_dashboard_opens_on_six_whole_months_of_the_most_visited_checklist(
    desk: Phone, world: World
) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    for months, report in ((7, COOL), (7, COOL), (6, WELL), (1, WELL), (1, COOL), (0, COOL), (0, COOL)):
        location = world.new_location()
        if months:
            score_history.make(world, location, months_ago(months), report)
        else:
            world.made(report.answers, location=location, assigned={"checklist_key": report.checklist})
    query = f"from={months_ago(6)}&to={months_ago(1)}&checklist=visit"
    page = enter(desk, world.manager, "/dashboard")
    assert page.url.endswith(f"/dashboard?{query}")
    expect(page.locator("#from")).to_have_value(months_ago(6))
    expect(page.locator("#to")).to_have_value(months_ago(1))
    expect(page.locator("#checklist")).to_have_value("visit")
    expect(page.locator(".regions .card")).to_contain_text("2 visits")
    page.get_by_role("link", name="Locations").click()
    page.wait_for_url(f"**/dashboard/locations?{query}")

    page.select_option("#checklist", "")
    page.wait_for_url(f"**/dashboard/locations?from={months_ago(6)}&to={months_ago(1)}")
    stands(page)
    expect(page.locator("#checklist")).to_have_value("")
    assert desk.errors == []


def test_the_dashboard_opens_on_the_first_visits_of_a_new_programme(desk: Phone, world: World) -> None:
    world.made()
    page = enter(desk, world.manager, "/dashboard")
    assert page.url.endswith("/dashboard?checklist=visit")
    expect(page.locator(".regions .card")).to_contain_text("1 visit")


def test_a_location_opens_on_its_own_most_visited_checklist(desk: Phone, world: World) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    called = world.new_location()
    score_history.make(world, called, months_ago(2), COOL)
    for _ in range(2):
        score_history.make(world, world.new_location(), months_ago(2), WELL)
    page = enter(desk, world.manager, f"/dashboard/locations/{called['id']}")
    assert page.url.endswith("&checklist=call")
    go(page, f"/dashboard/regions/{world.region['id']}")
    assert page.url.endswith("&checklist=visit")


@pytest.mark.parametrize(
    "place", ["", "/locations", "/locations/{location}", "/regions/{region}", "/sections"]
)
def test_the_opening_filters_are_preloaded(desk: Phone, world: World, place: str) -> None:
    score_history.make(world, world.location, months_ago(2), WELL)
    page = enter(desk, world.manager, "/dashboard")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.split("/api/v1")[-1]))
    go(page, f"/dashboard{place}".format(location=world.location["id"], region=world.region["id"]))
    preloaded = [
        link.get_attribute("href").removeprefix("/api/v1")  # type: ignore[union-attr]
        for link in page.locator("link[rel=preload]").all()
    ]
    [request] = [request for request in requests if "by=checklist" in request]
    assert preloaded == ["/me", request]
