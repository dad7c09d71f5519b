"""The pages of a location and a region, and the map."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, manager, percent, wait_for_state
from tests.browser.phone import Phone
from tests.journeys.score_history import History
from tests.support.world import World, ok

HALF = "from=2025-01&to=2025-06&checklist=visit"


def test_a_location_leads_from_its_weakest_question_to_the_visit(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    place = history.locations["A"]["id"]
    report = ok(caller.get(f"/locations/{place}/score?{HALF}&include=verdict,quarters"))
    lost = {
        row["key"]: (
            row["verdict"] != "below",
            row["points_earned"] - row["points_possible"] if row["verdict"] == "below" else row["score"],
        )
        for row in report["questions"]
        if row["points_earned"] < row["points_possible"] and not row["indicative"]
    }
    page = enter(desk, caller, f"/dashboard/locations/{place}?{HALF}")
    weakest = page.locator(".weakest > li")
    assert [row.get_attribute("data-question") for row in weakest.all()] == sorted(
        lost, key=lambda key: lost[key]
    )[:3]
    assert any(month["visits"] < 5 for month in report["months"])
    page.get_by_text("Show as a table").click()
    rows = page.locator("details.data tbody tr")
    expect(rows).to_have_count(2)
    for row, quarter in zip(rows.all(), report["quarters"], strict=True):
        expect(row).to_contain_text(percent(quarter["score"]))
    page.locator(".first-look .comments a").first.click()
    page.wait_for_url("**/dashboard/visits/*#answer-*")
    wait_for_state(page)


def test_a_region_lists_its_stores_in_order_and_its_latest_visits(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    region = history.regions["north"]["id"]
    stores = caller.list_all(f"/scores?by=location&region_id={region}&sort=-score&{HALF}")
    page = enter(desk, caller, f"/dashboard/regions/{region}?{HALF}")
    names = page.locator("tbody tr[data-location] th")
    expect(names).to_have_text([row["location"]["name"] for row in stores])
    period = "from=2025-01-01&to=2025-06-30&checklist_key=visit"
    path = f"/visits?region_id={region}&sort=-day&limit=6&{period}"
    links = page.get_by_role("region", name="Latest visits").locator("tbody th a")
    visits = [link.get_attribute("href") or "" for link in links.all()]
    assert [href.partition("?")[0].rpartition("/")[2] for href in visits] == [
        visit["id"] for visit in ok(caller.get(path))["items"]
    ]


def test_the_map_works_by_keyboard_and_has_a_list_beside_it(
    new_desk: Callable[..., Phone], world: World
) -> None:
    north = world.new_location(name="North", latitude=57.1, longitude=-2.1)
    twins = [world.new_location(name=name, latitude=50.7, longitude=-1.1) for name in ("East", "West")]
    world.new_location(name="Nowhere", latitude=None, longitude=None)
    page = enter(new_desk(390), world.manager, "/dashboard/map?from=2026-01&to=2026-02")
    map_of_all = page.get_by_role("group", name="Map of 3 locations")
    expect(map_of_all.get_by_role("link")).to_have_count(1)
    expect(map_of_all.get_by_role("link", name="North")).to_have_attribute("data-location", north["id"])
    expect(page.locator(".places li")).to_have_count(4)
    expect(page.locator(".places li").filter(has_text="Nowhere")).to_contain_text("Not on the map")
    assert Axe().run(page).violations_count == 0
    map_of_all.get_by_role("button", name="2 locations").press("Enter")
    expect(map_of_all.get_by_role("link")).to_have_count(2)
    map_of_all.get_by_role("link", name="West").press("Enter")
    page.wait_for_url(f"**/locations/{twins[1]['id']}*")
    wait_for_state(page)
    empty = world.new_region(parent_id=world.region["id"])
    go(page, f"/dashboard/map?from=2026-01&to=2026-02&region_id={empty['id']}")
    expect(page.get_by_text("There are no locations")).to_be_visible()
