"""The overview: its numbers equal a recount, and its lists show what needs attention."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from api.domain.months import Period, format_month
from tests.browser.dashboard import enter, go, percent, wait_for_state
from tests.browser.phone import Phone
from tests.journeys import score_history as naive
from tests.journeys.score_history import CALL, CHECKLIST, COOL, OWN, POOR, WELL, AcceptedVisit, Report
from tests.support.world import World

#: A checklist without points.
UNSCORED: dict[str, Any] = {
    "key": "look",
    "title": "A look",
    "channel": "in_person",
    "review": "automatic",
    "pass_mark": 0.5,
    "sections": [
        {"key": "all", "title": "All", "questions": [{"key": "story", "text": "How was it?", "type": "text"}]}
    ],
}
HALF = "from=2025-01&to=2025-06"
#: The reports of visits by month.
FELL = {"2024-11": [WELL] * 5, "2025-05": [POOR] * 5}
STEADY = {"2024-12": [WELL] * 5, "2025-06": [WELL] * 5}
QUIET = {"2025-01": [WELL]}


def add_store(
    world: World, name: str, months: dict[str, Sequence[Report]]
) -> tuple[Any, list[AcceptedVisit]]:
    """Add a location with these visits. Return it, and its visits of the half-year HALF."""
    location = world.new_location(name=name)
    for month, reports in months.items():
        for report in reports:
            naive.make_visit(world, location, month, report)
    visits = [
        AcceptedVisit(name, (), month, report)
        for month in months
        for report in months[month]
        if month >= "2025"
    ]
    return location, visits


def attention_list(page: Page, title: str) -> Locator:
    """Return the list with this title of what needs attention."""
    return page.locator(".columns > div").filter(has=page.get_by_role("heading", name=title))


@pytest.fixture
def coast(world: World) -> tuple[World, list[AcceptedVisit]]:
    """A region with a store that dropped, a steady one with a self-check, and a rarely visited one."""
    for document in (CHECKLIST, OWN):
        world.publish(document)
    world.checklist = None
    _, dropped = add_store(world, "Fell", FELL)
    steady, unchanged = add_store(world, "Steady", STEADY)
    quiet, rare = add_store(world, "Quiet", QUIET)
    naive.make_visit(
        world, steady, "2025-05", Report("own", WELL.answers, WELL.points, WELL.tallies, passed=True)
    )
    june = {"opens_at": "2025-06-10T00:00:00+00:00", "closes_at": "2025-06-20T00:00:00+00:00"}
    world.visit(location=quiet, window=june)
    return world, [*dropped, *unchanged, *rare]


def test_the_numbers_equal_a_recount(desk: Phone, coast: tuple[World, list[AcceptedVisit]]) -> None:
    world, visits = coast
    page = enter(desk, world.manager, f"/dashboard?{HALF}")
    card = page.locator(".regions .card")
    expect(card.locator(".number").first).to_have_text(percent(naive.score(visits)["score"]))
    # A self-check counts only in its own score, so it is counted and named apart.
    expect(card).to_contain_text(f"Visits by shoppers: {len(visits)} · self-checks: 1 · in progress: 1")
    card.locator("summary").click()
    months = [month.inner_text() for month in card.locator("tbody th").all()]
    assert months == ["Jan 25", "May 25", "Jun 25"]
    go(page, f"/dashboard?{HALF}&checklist=visit")
    expect(card).to_contain_text(f"{len(visits)} visits")
    expect(card).not_to_contain_text("in progress")
    assert desk.errors == []


def weak_stores(page: Page) -> Locator:
    """Return the stores that need a look."""
    return page.locator(".standouts > li")


def test_the_lists_show_what_stands_out_and_why(
    desk: Phone, coast: tuple[World, list[AcceptedVisit]]
) -> None:
    world, _ = coast
    add_store(world, "Worst", {"2025-03": [POOR] * 6})
    add_store(world, "Best", {"2025-03": [WELL] * 12})
    page = enter(desk, world.manager, f"/dashboard?{HALF}&checklist=visit")
    weak = weak_stores(page)
    expect(weak).to_have_count(2)
    worst, fell = weak.filter(has_text="Worst"), weak.filter(has_text="Fell")
    for words in ("0.0%", "Clearly below", "How long did you wait?", "all your stores", "in 6 of 6 visits"):
        expect(worst).to_contain_text(words)
    expect(fell).to_contain_text("clear drop −100.0")
    expect(worst).not_to_contain_text("clear drop")
    assert set(attention_list(page, "Goes well").locator("li a").all_inner_texts()) == {"Steady", "Best"}
    expect(attention_list(page, "Critical failures").locator("li")).to_have_count(0)
    unvisited = attention_list(page, "No accepted visits from Apr 25 to Jun 25")
    expect(unvisited.locator("li").filter(has_text="Quiet")).to_contain_text("1 visit before")
    expect(page.get_by_text("4 locations were judged.")).to_be_visible()
    worst.get_by_role("link", name="How long did you wait?").click()
    page.wait_for_url("**/dashboard/locations/*#visit%2Fwelcome")
    assert desk.errors == []


def test_untested_changes_of_mixed_checklists_are_mentioned(desk: Phone, world: World) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    add_store(world, "Mixed", {"2024-11": [WELL] * 6, "2025-05": [COOL] * 5})
    add_store(world, "Fell", FELL)
    page = enter(desk, world.manager, f"/dashboard?{HALF}")
    expect(weak_stores(page)).to_have_count(1)
    expect(weak_stores(page)).to_contain_text("Fell 0.0%")
    expect(page.get_by_text("1 change was tested")).to_be_visible()
    expect(page.get_by_text("Where visits use different checklists")).to_be_visible()
    page.get_by_role("link", name="Show only “A call” (5 visits)").click()
    page.wait_for_url("**checklist=call*")
    wait_for_state(page)
    expect(page.get_by_text("No changes could be tested.")).to_be_visible()


def test_a_visit_without_points_counts_as_a_visit(desk: Phone, world: World) -> None:
    world.publish(UNSCORED)
    visited, unvisited = world.new_location(name="Visited"), world.new_location(name="Unvisited")
    assigned = {"checklist_key": UNSCORED["key"]}
    world.accepted_visit({"story": {"value": "All as it should be."}}, location=visited, assigned=assigned)
    page = enter(desk, world.manager, "/dashboard")
    expect(attention_list(page, "No accepted visits from").locator("li a")).to_have_text([unvisited["name"]])


def test_a_missing_visit_in_the_current_month_does_not_count(desk: Phone, world: World) -> None:
    visited, unvisited = world.new_location(name="Visited"), world.new_location(name="Unvisited")
    world.accepted_visit(location=visited)
    current = Period.of(None, None).last
    page = enter(
        desk, world.manager, f"/dashboard?from={format_month(current - 3)}&to={format_month(current)}"
    )
    expect(attention_list(page, "No accepted visits from").locator("li a")).to_have_text([unvisited["name"]])
    go(page, f"/dashboard?from={format_month(current - 2)}&to={format_month(current)}")
    expect(attention_list(page, "Critical failures")).to_be_visible()
    expect(attention_list(page, "No accepted visits from")).to_have_count(0)


def test_managers_without_a_region_see_their_stores_or_a_message(
    new_desk: Callable[..., Phone], coast: tuple[World, list[AcceptedVisit]]
) -> None:
    world, visits = coast
    locations = world.admin.list_all("/locations")
    fell = next(location for location in locations if location["name"] == "Fell")
    page = enter(new_desk(), world.person("manager", location_ids=[fell["id"]]), f"/dashboard?{HALF}")
    card = page.locator(".regions .card")
    expect(card).to_have_count(1)
    of_store = [visit for visit in visits if visit.location == "Fell"]
    expect(card.locator(".number").first).to_have_text(percent(naive.score(of_store)["score"]))
    page = enter(new_desk(), world.person("manager"), "/dashboard")
    expect(page.get_by_text("There are no locations here.")).to_be_visible()
