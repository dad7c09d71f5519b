"""The overview: its numbers are a recount's, and its lists say what is true."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from api.domain.months import Period, format_month
from tests.browser.dashboard import enter, go, percent, stands
from tests.browser.phone import Phone
from tests.journeys import score_history as naive
from tests.journeys.score_history import CALL, CHECKLIST, COOL, OWN, POOR, WELL, AcceptedVisit, Report
from tests.support.world import World

#: asks, and gives no points
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
#: months, with the report of each visit in them
FELL = {"2024-11": [WELL] * 5, "2025-05": [POOR] * 5}
STEADY = {"2024-12": [WELL] * 5, "2025-06": [WELL] * 5}
QUIET = {"2025-01": [WELL]}


def store(world: World, name: str, made: dict[str, Sequence[Report]]) -> tuple[Any, list[AcceptedVisit]]:
    """Add a location with these visits; return it, and those of them that lie in the half-year asked for."""
    location = world.new_location(name=name)
    for month, reports in made.items():
        for report in reports:
            naive.make_visit(world, location, month, report)
    shown = [
        AcceptedVisit(name, (), month, report) for month in made for report in made[month] if month >= "2025"
    ]
    return location, shown


def listed(page: Page, title: str) -> Locator:
    """Return one of the lists of what needs attention."""
    return page.locator(".columns > div").filter(has=page.get_by_role("heading", name=title))


@pytest.fixture
def coast(world: World) -> tuple[World, list[AcceptedVisit]]:
    """A region with a store that fell, one that stands and checks itself, and one that nobody visits."""
    for document in (CHECKLIST, OWN):
        world.publish(document)
    world.checklist = None
    _, fell = store(world, "Fell", FELL)
    steady, stood = store(world, "Steady", STEADY)
    quiet, once = store(world, "Quiet", QUIET)
    naive.make_visit(
        world, steady, "2025-05", Report("own", WELL.answers, WELL.points, WELL.tallies, passed=True)
    )
    june = {"opens_at": "2025-06-10T00:00:00+00:00", "closes_at": "2025-06-20T00:00:00+00:00"}
    world.visit(location=quiet, window=june)
    return world, [*fell, *stood, *once]


def test_its_numbers_are_a_recounts(desk: Phone, coast: tuple[World, list[AcceptedVisit]]) -> None:
    world, made = coast
    page = enter(desk, world.manager, f"/dashboard?{HALF}")
    card = page.locator(".regions .card")
    expect(card.locator(".number").first).to_have_text(percent(naive.score(made)["score"]))
    # The store's own check is a visit made, too, though it is in no score but its own.
    expect(card).to_contain_text(f"{len(made) + 1} visits completed, 1 in progress")
    card.locator("summary").click()
    shown = [each.inner_text() for each in card.locator("tbody th").all()]
    assert shown == sorted({each.month for each in made})
    go(page, f"/dashboard?{HALF}&checklist=visit")
    expect(card).to_contain_text(f"{len(made)} visits")
    expect(card).not_to_contain_text("in progress")
    assert desk.errors == []


def test_its_lists_say_what_needs_attention(desk: Phone, coast: tuple[World, list[AcceptedVisit]]) -> None:
    world, _ = coast
    page = enter(desk, world.manager, f"/dashboard?{HALF}")
    fallen = listed(page, "Clear drops")
    expect(fallen.locator("li")).to_have_text(["Fell −100.0 to 0.0%"])
    expect(fallen).to_contain_text(
        "2 changes were tested; about 0 would look like clear drops by chance alone."
    )
    expect(listed(page, "Critical failures").locator("li")).to_have_text(["Fell in 5 of 5 visits"])
    unseen = listed(page, "No accepted visits from Apr 25 to Jun 25")
    expect(unseen.locator("li")).to_have_text(["Quiet 1 visit before"])


def test_no_fall_is_ruled_out_where_checklists_are_mixed(desk: Phone, world: World) -> None:
    for document in (CHECKLIST, CALL):
        world.publish(document)
    world.checklist = None
    store(world, "Mixed", {"2024-11": [WELL] * 6, "2025-05": [COOL] * 5})
    store(world, "Fell", FELL)
    page = enter(desk, world.manager, f"/dashboard?{HALF}")
    fallen = listed(page, "Clear drops")
    expect(fallen.locator("li")).to_have_text(["Fell −100.0 to 0.0%"])
    expect(fallen).to_contain_text("1 change was tested")
    expect(fallen).to_contain_text("Where visits use different checklists")
    fallen.get_by_role("link", name="Only “A call”: 5 visits").click()
    page.wait_for_url("**checklist=call*")
    stands(page)
    expect(fallen).to_contain_text("No changes could be tested.")


def test_a_visit_without_points_is_a_visit_all_the_same(desk: Phone, world: World) -> None:
    """Whoever was there was there, whatever he was asked."""
    world.publish(UNSCORED)
    looked, forgotten = world.new_location(name="Looked at"), world.new_location(name="Forgotten")
    assigned = {"checklist_key": UNSCORED["key"]}
    world.accepted_visit({"story": {"value": "All as it should be."}}, location=looked, assigned=assigned)
    page = enter(desk, world.manager, "/dashboard")
    expect(listed(page, "No accepted visits from").locator("li a")).to_have_text([forgotten["name"]])


def test_the_running_month_makes_no_store_look_forgotten(desk: Phone, world: World) -> None:
    visited, forgotten = world.new_location(name="Visited"), world.new_location(name="Forgotten")
    world.accepted_visit(location=visited)
    running = Period.of(None, None).last
    page = enter(
        desk, world.manager, f"/dashboard?from={format_month(running - 3)}&to={format_month(running)}"
    )
    expect(listed(page, "No accepted visits from").locator("li a")).to_have_text([forgotten["name"]])
    go(page, f"/dashboard?from={format_month(running - 2)}&to={format_month(running)}")
    expect(listed(page, "Critical failures")).to_be_visible()
    expect(listed(page, "No accepted visits from")).to_have_count(0)


def test_who_sees_no_region_sees_his_stores_or_that_there_are_none(
    new_desk: Callable[..., Phone], coast: tuple[World, list[AcceptedVisit]]
) -> None:
    world, made = coast
    locations = world.admin.list_all("/locations")
    fell = next(each for each in locations if each["name"] == "Fell")
    page = enter(new_desk(), world.person("manager", location_ids=[fell["id"]]), f"/dashboard?{HALF}")
    card = page.locator(".regions .card")
    expect(card).to_have_count(1)
    of_store = [each for each in made if each.location == "Fell"]
    expect(card.locator(".number").first).to_have_text(percent(naive.score(of_store)["score"]))
    page = enter(new_desk(), world.person("manager"), "/dashboard")
    expect(page.get_by_text("There are no locations here.")).to_be_visible()
