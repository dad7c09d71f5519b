"""The filters of the dashboard: typing, focus, and what the dashboard opens with."""

import re

import pytest
from playwright.sync_api import Page, expect

from api.domain.months import Period, format_month
from tests.browser.dashboard import enter, go, manager, wait_for_state
from tests.browser.phone import Phone, Spy, respond
from tests.browser.test_dashboard import PERIOD, SCORES
from tests.journeys import score_history
from tests.journeys.score_history import CALL, CHECKLIST, COOL, WELL, History
from tests.support.extent import take
from tests.support.world import World

ROWS = re.compile(r"/api/v1/scores\?by=location")


def type_month(page: Page, name: str, month: str, year: str) -> None:
    """Type a month into its field. The arrow key moves from the month to the year."""
    page.focus(f"#{name}")
    # Move to the first part in case another has the focus.
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(month)
    page.keyboard.press("ArrowRight")
    page.keyboard.type(year)


@pytest.mark.full
def test_a_typed_period_is_applied_with_enter_or_on_leaving_the_fields(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    before, spy = page.url, Spy(desk, "GET", ROWS)
    type_month(page, "from", "11", "2024")
    type_month(page, "to", "05", "2025")
    assert (page.url, spy.requests) == (before, [])
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2024-11&to=2025-05")
    wait_for_state(page)
    expect(page.locator("#to")).to_be_focused()
    type_month(page, "to", "04", "2025")
    page.focus("#checklist")
    page.wait_for_url("**from=2024-11&to=2025-04")
    wait_for_state(page)
    expect(page.locator("#checklist")).to_be_focused()
    assert len(spy.requests) == 2
    assert desk.errors == []


@pytest.mark.full
def test_a_period_that_ends_before_it_begins_is_not_applied(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    before = page.url
    type_month(page, "from", "07", "2025")
    page.keyboard.press("Enter")
    expect(page.locator(".filters").get_by_role("alert")).to_have_text("The period ends before it begins.")
    assert page.url == before
    type_month(page, "to", "08", "2025")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2025-07&to=2025-08")
    wait_for_state(page)


@pytest.mark.full
def test_a_period_that_the_api_rejects_can_be_corrected(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    type_month(page, "from", "01", "0002")
    page.keyboard.press("Enter")
    wait_for_state(page, "failed")
    expect(page.locator("#from")).to_be_focused()
    type_month(page, "from", "01", "2025")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2025-01&to=2025-06")
    wait_for_state(page)


def test_a_period_is_chosen_from_the_list(desk: Phone, world: World) -> None:
    score_history.make_visit(world, world.location, months_ago(9), WELL)
    score_history.make_visit(world, world.location, months_ago(0), WELL)
    page = enter(desk, world.manager, "/dashboard")
    period = page.locator("#period")
    for choice, first, last in (
        ("Last month", 1, 1),
        ("Last 3 months", 3, 1),
        ("Last 12 months", 12, 1),
        ("This month so far", 0, 0),
        ("All visits", 9, 0),
    ):
        period.select_option(choice)
        page.wait_for_url(f"**from={months_ago(first)}&to={months_ago(last)}*")
        wait_for_state(page)
        expect(period.locator("option:checked")).to_have_text(choice)
    # The chart of all visits ends with this month, which has not ended.
    expect(page.locator(".regions svg .dot.so-far")).to_have_count(1)
    expect(page.locator(".regions svg")).to_contain_text("Hollow: this month so far")
    go(page, f"/dashboard?from={months_ago(5)}&to={months_ago(2)}&checklist=visit")
    expect(period.locator("option:checked")).to_have_text("Other months")
    assert desk.errors == []


@pytest.mark.parametrize("place", take("", "/locations", "/locations/{A}", "/sections", "/questions"))
def test_an_invalid_month_in_the_address_shows_a_message(desk: Phone, history: History, place: str) -> None:
    address = f"/dashboard{place}".format(A=history.locations["A"]["id"])
    page = enter(desk, manager(history, "country"), f"{address}?to=abc", "failed")
    expect(page.get_by_role("heading", name="The filters in the address are not valid")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    wait_for_state(page)
    assert desk.errors == []


@pytest.mark.full
def test_a_redraw_keeps_the_focus(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/sections?{PERIOD}")
    page.focus("#region_id")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**region_id=*")
    wait_for_state(page)
    expect(page.locator("#region_id")).to_be_focused()
    fundamentals = page.get_by_role("button", name="Fundamentals")
    fundamentals.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**by=fundamental*")
    wait_for_state(page)
    expect(fundamentals).to_be_focused()
    expect(fundamentals).to_have_attribute("aria-pressed", "true")


@pytest.mark.full
def test_try_again_keeps_the_focus_until_the_page_is_shown(desk: Phone, history: History) -> None:
    Spy(desk, "GET", SCORES, respond(500, "{}"), respond(500, "{}"))
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}", "failed")
    again = page.get_by_role("button", name="Try again")
    again.focus()
    page.keyboard.press("Enter")
    wait_for_state(page, "failed")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_state(page)
    expect(page.get_by_role("heading", name="Locations", exact=True)).to_be_focused()


# The filters that the dashboard opens with.


def months_ago(number: int) -> str:
    return format_month(Period.of(None, None).last - number)


def test_the_dashboard_opens_on_six_whole_months_of_the_most_visited_checklist(
    desk: Phone, world: World
) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    for months, report in ((7, COOL), (7, COOL), (6, WELL), (1, WELL), (1, COOL), (0, COOL), (0, COOL)):
        location = world.new_location()
        if months:
            score_history.make_visit(world, location, months_ago(months), report)
        else:
            world.accepted_visit(
                report.answers, location=location, assigned={"checklist_key": report.checklist}
            )
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
    wait_for_state(page)
    expect(page.locator("#checklist")).to_have_value("")
    assert desk.errors == []


@pytest.mark.full
def test_the_dashboard_opens_on_the_first_visits_of_a_new_programme(desk: Phone, world: World) -> None:
    world.accepted_visit()
    page = enter(desk, world.manager, "/dashboard")
    assert page.url.endswith("/dashboard?checklist=visit")
    expect(page.locator(".regions .card")).to_contain_text("1 visit")


def test_a_location_opens_on_its_own_most_visited_checklist(desk: Phone, world: World) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    called = world.new_location()
    score_history.make_visit(world, called, months_ago(2), COOL)
    for _ in range(2):
        score_history.make_visit(world, world.new_location(), months_ago(2), WELL)
    page = enter(desk, world.manager, f"/dashboard/locations/{called['id']}")
    assert page.url.endswith("&checklist=call")
    go(page, f"/dashboard/regions/{world.region['id']}")
    assert page.url.endswith("&checklist=visit")
