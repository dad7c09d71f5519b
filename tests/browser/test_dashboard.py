"""The managers' pages: their numbers are those of the API and of a recount."""

import copy
import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from api.pages import files
from api.pages.score_queries import SCORE_QUERIES
from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, manager, percent, wait_for_state
from tests.browser.phone import Phone, Spy, cut, respond
from tests.browser.test_accessibility import OVERFLOW
from tests.journeys import score_history as naive
from tests.journeys.score_history import History
from tests.support.extent import FULL, take
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok

PERIOD = "from=2025-04&to=2025-06"
ONE = f"{PERIOD}&checklist=visit"
SCORES = re.compile(r"/api/v1/scores\?")
#: The addresses of all pages for managers.
PAGES = {
    "overview": "/dashboard?{query}",
    "locations": "/dashboard/locations?{query}",
    "location": "/dashboard/locations/{location}?{query}",
    "region": "/dashboard/regions/{region}?{query}",
    "map": "/dashboard/map?{query}",
    "sections": "/dashboard/sections?{query}",
    "fundamentals": "/dashboard/sections?by=fundamental&{query}",
    "questions": "/dashboard/questions?{query}",
    "comments": "/dashboard/comments?{query}",
    "photos": "/dashboard/photos?{query}",
}


#: Adds up the layout shifts of a page without user input.
MOVED = """window.moved = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.moved += value)))
  .observe({ type: "layout-shift", buffered: true });"""


def read_codes(page: Page) -> list[str]:
    """Return the codes of the locations in the table, in its order."""
    return [code.inner_text() for code in page.locator("tbody th .quiet").all()]


def cell(page: Page, location: Any, column: str) -> str:
    place = page.locator(f"tr[data-location='{location['id']}'] [data-column={column}]")
    return " ".join(place.inner_text().split())


def download_csv(page: Page, table: str | None = None) -> list[dict[str, str]]:
    """Download the CSV of the only table, or of the visible table with this caption, and return its rows."""
    button = page.get_by_test_id("csv")
    if table:
        button = button.and_(page.get_by_label(f"CSV: {table}", exact=True)).filter(visible=True)
    with page.expect_download() as download:
        button.click()
    text = Path(download.value.path()).read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def api_csv(caller: Caller, **parameters: str) -> list[dict[str, str]]:
    """Return the score rows that the API returns as CSV: all of them, whatever the limit."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items() if name != "limit")
    text = caller.get(f"/scores?{query}", headers={"Accept": "text/csv"}).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(text, newline="")))


# Numbers.


def test_the_table_of_locations_equals_the_api_and_a_recount(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    page = enter(desk, caller, f"/dashboard/locations?{ONE}")
    score_rows = caller.list_all(f"/scores?by=location&include=change&sort=-score&{ONE}")
    assert read_codes(page) == [row["location"]["code"] for row in score_rows]
    for row in score_rows:
        code = row["location"]["code"]
        now = naive.score(history.select(checklist="visit", location=code))
        before = history.select("2025-01", "2025-03", checklist="visit", location=code)
        place = history.locations[code]
        assert cell(page, place, "score") == (percent(now["score"]) if now["visits"] else "–")
        assert cell(page, place, "visits") == str(now["visits"])
        if now["indicative"]:
            assert cell(page, place, "rank") == "–"
        moved = naive.change(history.select(checklist="visit", location=code), before)
        if moved["difference"] is not None:
            tenths = Decimal(percent(moved["difference"])[:-1])
            assert cell(page, place, "change").startswith(f"{tenths:+}".replace("-", "−"))
            assert ("clear" in cell(page, place, "change")) == moved["significant"]
    ranked = [row for row in score_rows if row["rank"]]
    for row in ranked:
        best, worst = row["rank_range"]["best"], row["rank_range"]["worst"]
        shown = cell(page, row["location"], "rank")
        assert shown == (f"{best}–{worst}" if best < worst else f"{best}")
    expect(page.get_by_role("columnheader", name="Rank")).to_contain_text(f"of {len(ranked)}")
    assert desk.errors == []


QUARTER = {"from": "2025-04", "to": "2025-06"}


def test_csv_of_a_table_is_the_csv_of_the_api_in_the_order_of_the_table(
    desk: Phone, history: History
) -> None:
    caller = manager(history, "country")
    page = enter(desk, caller, f"/dashboard/locations?{ONE}&sort=name&q=store+a")
    page.get_by_role("button", name="Score").click()
    query = {**SCORE_QUERIES["locations"], **QUARTER, "checklist": "visit"}
    lines = download_csv(page)
    assert lines == api_csv(caller, **query, sort="-score")
    assert len(lines) > len(read_codes(page)) == 1, "the search is no filter of the API"
    page.fill("#q", "")
    assert [line["location_code"] for line in lines] == read_codes(page)
    page.get_by_role("button", name="Change").click()
    assert download_csv(page) == api_csv(caller, **query, sort="difference")
    page.get_by_role("button", name="Rank").click()
    assert download_csv(page) == api_csv(caller, **query), "the API has no such order"


@pytest.mark.full
def test_csv_of_every_screen_has_the_filters_of_the_screen(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    enter(desk, caller, "/dashboard")
    north = history.regions["north"]["id"]
    for screen, name, sort in (
        ("questions", "questions", {}),
        ("sections", "section-cells", {}),
        ("sections?by=fundamental", "fundamental-cells", {}),
    ):
        for filters in (
            {**QUARTER, "checklist": "visit"},
            {**QUARTER, "region_id": north, "checklist": "visit"},
            {"from": "2025-01", "to": "2025-02", "checklist": "call"},
        ):
            query = "&".join(f"{key}={value}" for key, value in filters.items())
            go(desk.page, f"/dashboard/{screen}{'&' if '?' in screen else '?'}{query}")
            if expected := api_csv(caller, **SCORE_QUERIES[name], **filters, **sort):
                assert download_csv(desk.page) == expected, (screen, filters)


@pytest.mark.full
def test_csv_of_a_place_has_the_rows_of_the_place(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    region, location = history.regions["north"]["id"], history.locations["A"]["id"]
    filters = {**QUARTER, "checklist": "visit"}
    page = enter(desk, caller, f"/dashboard/regions/{region}?{ONE}")
    for caption, by in (("Regions", "region"), ("Questions", "question")):
        lines = download_csv(page, caption)
        assert lines == api_csv(caller, by=by, region_id=region, **filters), caption
        assert lines
    stores = {**SCORE_QUERIES["region-stores"], **filters, "region_id": region}
    assert download_csv(page, "Locations, best first") == api_csv(caller, **stores, sort="-score")

    go(page, f"/dashboard/locations/{location}?{PERIOD}&region_id={region}")
    page.get_by_text("Show as a table").click()
    for caption, by in (("Months", "month"), ("Questions", "question"), ("Fundamentals", "fundamental")):
        lines = download_csv(page, caption)
        assert lines == api_csv(caller, by=by, location_id=location, **QUARTER), caption
        assert lines


@pytest.mark.full
def test_failed_csv_is_reported_next_to_its_button(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}")
    page.route(SCORES, lambda route: route.abort())
    page.get_by_test_id("csv").click()
    expect(page.get_by_role("alert")).to_have_text("Something went wrong")
    page.unroute(SCORES)
    assert download_csv(page)
    expect(page.get_by_role("alert")).to_be_empty()


def test_answers_to_a_choice_are_shown_by_their_labels(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    query = f"{PERIOD}&checklist=call"
    page = enter(desk, caller, f"/dashboard/locations/{history.locations['G']['id']}?{query}")
    page.locator("[id='call/welcome'] summary").click()
    topics = page.get_by_role("row").filter(has_text="What did they speak of?")
    expect(topics.locator(".answers li")).to_have_text(["Price 5", "Hours 4"])


def test_a_location_and_a_region_show_their_scores(desk: Phone, history: History) -> None:
    page = enter(
        desk, manager(history, "country"), f"/dashboard/locations/{history.locations['A']['id']}?{ONE}"
    )
    visits = history.select(checklist="visit", location="A")
    expect(page.locator(".headline .number").first).to_have_text(percent(naive.score(visits)["score"]))
    for section in naive.DOCUMENTS["visit"]["sections"]:
        figures = naive.score(visits, "section", ("visit", section["key"]))
        expect(page.locator(f"[id='visit/{section['key']}'] summary b")).to_have_text(
            percent(figures["score"])
        )
    expect(page.locator("section.card").last.locator("tbody tr")).to_have_count(len(visits))
    go(page, f"/dashboard/regions/{history.regions['north']['id']}?{ONE}")
    of_region = naive.score(history.select(checklist="visit", region="north"))
    expect(page.locator(".headline .number").first).to_have_text(percent(of_region["score"]))


def test_the_overview_shows_regions_or_single_stores(
    new_desk: Callable[..., Phone], history: History
) -> None:
    page = enter(new_desk(), manager(history, "north"), f"/dashboard?{ONE}")
    north = percent(naive.score(history.select(checklist="visit", region="north"))["score"])
    expect(page.locator(".regions .card").filter(has_text="North").locator(".number").first).to_have_text(
        north
    )
    one_store = history.world.person("manager", location_ids=[history.locations["A"]["id"]])
    page = enter(new_desk(), one_store, f"/dashboard?{ONE}")
    store = percent(naive.score(history.select(checklist="visit", location="A"))["score"])
    expect(page.locator(".regions .card .number").first).to_have_text(store)
    expect(page.get_by_role("link", name="Store A").first).to_be_visible()


def test_each_cell_of_the_heat_table_is_the_score_of_a_section_of_a_location(
    desk: Phone, history: History
) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/sections?{ONE}")
    for code, location in history.locations.items():
        for section in naive.DOCUMENTS["visit"]["sections"]:
            key = ("visit", section["key"])
            figures = naive.score(history.select(checklist="visit", location=code), "section", key)
            if figures["score"] is not None:
                place = f"tr[data-location='{location['id']}'] [data-column='{'/'.join(key)}']"
                expect(page.locator(place)).to_have_text(percent(figures["score"]))


@pytest.mark.full
def test_a_section_without_points_has_no_shading(desk: Phone, world: World) -> None:
    world.accepted_visit({**ALL_WELL, "thanks": {"not_applicable": True}})
    page = enter(desk, world.manager, "/dashboard/sections")
    total = page.locator("tfoot [data-column='visit/goodbye'] span")
    expect(total).to_have_text("–")
    expect(total).not_to_have_attribute("data-tone", re.compile(""))
    expect(page.locator("tfoot [data-column='visit/welcome'] span")).to_have_attribute("data-tone", "0")


@pytest.mark.full
def test_a_change_with_too_few_current_visits_is_not_tested(desk: Phone, history: History) -> None:
    """This holds however many visits the previous period has."""
    months = "from=2025-05&to=2025-06"
    now = history.select("2025-05", "2025-06", checklist="visit", location="A")
    before = history.select("2025-03", "2025-04", checklist="visit", location="A")
    assert len(now) < 5 <= len(before)
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{months}&checklist=visit")
    assert cell(page, history.locations["A"], "change").endswith("too few visits")


@pytest.mark.full
def test_the_sticky_column_does_not_cover_the_focus(new_desk: Callable[..., Phone], history: History) -> None:
    page = enter(new_desk(390), manager(history, "country"), f"/dashboard/sections?{ONE}")
    buttons = page.locator("tbody tr").first.locator("button, a")
    buttons.last.focus()
    for _ in range(buttons.count() - 1):
        right = "document.activeElement.getBoundingClientRect().right"
        column = page.locator("tbody th").first.bounding_box()
        assert column
        assert page.evaluate(right) > column["x"] + column["width"]
        page.keyboard.press("Shift+Tab")


@pytest.mark.full
def test_units_and_dates_are_localized(desk: Phone, world: World) -> None:
    document = copy.deepcopy(CHECKLIST)
    document["sections"][0]["questions"] += [
        {
            "key": "queue",
            "text": "How many queued?",
            "type": "number",
            "unit": {"es": "gente", "en": "people"},
        },
        {"key": "printed", "text": "Best before?", "type": "date"},
    ]
    world.checklist  # noqa: B018
    world.publish(document)
    answers = {**ALL_WELL, "queue": {"value": 5}, "printed": {"value": "2026-01-31"}}
    visit = world.accepted_visit(answers, checklist_version=2)
    page = enter(desk, world.manager, f"/dashboard/visits/{visit['id']}")
    expect(page.locator("[data-question=queue] .value")).to_have_text("5 people")
    by_region = re.compile("31 Jan 2026|Jan 31, 2026")
    expect(page.locator("[data-question=printed] .value")).to_have_text(by_region)


def test_a_visit_shows_what_lost_points_first_and_its_neighbours(desk: Phone, world: World) -> None:
    good = world.accepted_visit()
    lost = {
        **ALL_WELL,
        "wait": {"value": 500},
        "thanks": {"value": "no"},
        "problem": {"value": "yes"},
        "apology": {"value": "no"},
    }
    bad = world.accepted_visit(lost)
    page = enter(desk, world.manager, f"/dashboard/visits/{bad['id']}")
    # the critical failure first, then the most points
    first = page.locator("[data-answers=lost]")
    assert [item.get_attribute("data-question") for item in first.locator("li").all()] == [
        "apology",
        "wait",
        "thanks",
    ]
    expect(first.locator("h2")).to_have_text("9 points lost")
    expect(page.locator("[data-passed]")).to_have_text("Not passed: 1 critical failure")
    expect(page.locator("[data-question=wait]")).to_have_count(1)
    neighbours = page.get_by_role("navigation", name="Other visits to this location")
    expect(neighbours).to_contain_text("of 2")
    neighbours.get_by_role("link").click()
    page.wait_for_url(f"**/dashboard/visits/{good['id']}*")
    expect(page.locator("[data-passed]")).to_have_text("Passed")
    expect(first).to_have_count(0)


@pytest.mark.full
def test_proportions_are_rounded_half_up(desk: Phone, history: History) -> None:
    """No proportion is a tenth too low because its floating-point value is just below a half."""
    page = enter(desk, manager(history, "country"), "/dashboard")
    proportions = [
        0,
        1,
        0.0005,
        0.0015,
        0.8745,
        0.8755,
        0.876499,
        0.8765,
        0.999499,
        0.9995,
        0.145,
        0.285,
        0.5725,
    ]
    proportions += [number / 2000 for number in range(1, 2000, 2)]
    written = page.evaluate(
        """async ([base, proportions]) => {
            const { modules } = await import(`${base}/dashboard/main.js`);
            return proportions.map(modules["staff/numbers.js"].percent);
        }""",
        [files.BASE, proportions],
    )
    assert written == [percent(proportion) for proportion in proportions]


WORDS = {
    "above": "Clearly above",
    "as_expected": "As expected",
    "below": "Clearly below",
    "too_few": "Not enough visits yet",
}


def test_the_table_and_the_chart_show_the_verdicts_of_the_api(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    rows = caller.list_all(f"/scores?by=location&include=verdict&{ONE}")
    page = enter(desk, caller, f"/dashboard/locations?{ONE}")
    for row in rows:
        assert cell(page, row["location"], "verdict") == WORDS[row["verdict"]]
    judged = [row for row in rows if row["verdict"] != "too_few"]
    marks = page.locator(".caterpillar .verdict-mark")
    expect(marks).to_have_count(len(judged))
    by_score = sorted(judged, key=lambda row: row["score"])
    assert [mark.get_attribute("data-verdict") for mark in marks.all()] == [
        row["verdict"] for row in by_score
    ]
    expect(
        page.get_by_text(f"all visits that you can see, {percent(judged[0]['comparison'])}.")
    ).to_be_visible()
    for verdict in {row["verdict"] for row in rows}:
        count = len([row for row in rows if row["verdict"] == verdict])
        expect(
            page.locator(".verdict-counts li").filter(has_text=f"{WORDS[verdict]}: {count}")
        ).to_be_visible()
    page.locator(f"tr[data-location='{history.locations['A']['id']}'] [data-column=verdict] button").click()
    expect(page.get_by_role("dialog")).to_contain_text("98% interval of this score")


def test_a_click_on_a_number_explains_it(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}")
    figures = naive.score(history.select(checklist="visit", location="A"))
    number = page.locator(f"tr[data-location='{history.locations['A']['id']}'] [data-column=score] button")
    number.focus()
    page.keyboard.press("Enter")
    words = (
        f"{figures['points_earned']} of {figures['points_possible']} points, in {figures['visits']} visits."
    )
    expect(page.get_by_role("dialog")).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(number).to_be_focused()


def test_a_visit_without_points_is_not_explained_as_failed(desk: Phone, world: World) -> None:
    visit = world.visit()
    report = {**world.submission({}), "outcome": "store-closed", "comment": "Shut."}
    ok(world.send(visit, report), 201)
    ok(world.review(visit, "accept"))
    page = enter(desk, world.manager, f"/dashboard/locations/{world.location['id']}")
    page.locator("section.card").last.get_by_role("button", name="–").click()
    expect(page.get_by_role("dialog")).to_have_text(
        "This visit has no score, because no points were possible."
    )


# The address.


def test_the_address_contains_every_filter_and_back_restores_them(
    new_desk: Callable[..., Phone], history: History
) -> None:
    caller = manager(history, "country")
    desk = new_desk()
    page = enter(desk, caller, f"/dashboard/locations?{PERIOD}")
    page.select_option("#checklist", "visit")
    page.wait_for_url("**checklist=visit*")
    wait_for_state(page)
    page.select_option("#region_id", history.regions["north"]["id"])
    page.wait_for_url("**region_id=*")
    wait_for_state(page)
    page.get_by_role("columnheader", name="Visits").get_by_role("button").click()
    page.fill("#q", "store")
    filtered, shown = page.evaluate("location.href"), read_codes(page)
    assert sorted(shown) == ["A", "B", "H"]

    other = new_desk()
    enter(other, caller, filtered.split(page.url.split("/dashboard")[0])[1])
    assert read_codes(other.page) == shown
    expect(other.page.locator("#from")).to_have_value("2025-04")
    expect(other.page.locator("#q")).to_have_value("store")

    page.get_by_role("link", name="Store A").click()
    page.wait_for_url("**/locations/*")
    wait_for_state(page)
    page.go_back()
    page.wait_for_url(filtered)
    wait_for_state(page)
    assert read_codes(page) == shown
    page.go_back()
    page.go_back()
    wait_for_state(page)
    expect(page.locator("#region_id")).to_have_value("")
    expect(page.locator("tbody tr")).to_have_count(7)


@pytest.mark.full
def test_a_second_click_on_a_column_head_reverses_the_order(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}")
    head = page.get_by_role("columnheader", name="Location")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    names = read_codes(page)
    assert names == sorted(names)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert read_codes(page) == names[::-1]


@pytest.mark.full
def test_names_are_sorted_by_the_rules_of_the_language(desk: Phone, world: World) -> None:
    for name in ("Zürich", "Ávila", "Bonn", "aachen"):
        world.new_location(name=name)
    page = enter(desk, world.manager, "/dashboard/locations?sort=name")
    expect(page.locator("tbody th a")).to_have_text(["aachen", "Ávila", "Bonn", "Zürich"])


def test_links_to_a_visit_and_back_keep_the_filters(desk: Phone, history: History) -> None:
    query = f"{PERIOD}&region_id={history.regions['north']['id']}&checklist=visit"
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{query}")

    def follow(place: Locator, address: str) -> None:
        place.click()
        page.wait_for_url(f"**/dashboard/{address}?{query}")
        wait_for_state(page)

    follow(page.get_by_role("link", name="Store A"), "locations/*")
    follow(page.locator("section.card").last.locator("tbody a").first, "visits/*")
    follow(page.get_by_role("link", name="Store A"), "locations/*")
    follow(page.get_by_role("link", name="Locations"), "locations")
    assert sorted(read_codes(page)) == ["A", "B", "H"]


# Access.


def test_places_and_visits_of_other_regions_are_not_found(desk: Phone, world: World) -> None:
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    visit = world.visit(location=elsewhere)
    photo = world.photo(visit)
    greeting = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(greeting)), 201)
    mine = world.location
    page = enter(desk, world.manager, "/dashboard/locations")
    assert read_codes(page) == [mine["code"]]
    for address in (
        f"/dashboard/locations/{elsewhere['id']}",
        f"/dashboard/regions/{elsewhere['region_id']}",
        f"/dashboard/visits/{visit['id']}",
        f"/dashboard/locations?region_id={elsewhere['region_id']}",
    ):
        go(page, address, "missing")
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        assert elsewhere["name"] not in page.content()
    api = f"{page.url.split('/dashboard')[0]}/api/v1"
    for path in (
        f"/visits/{visit['id']}/photos/{photo}",
        f"/scores?by=location&region_id={elsewhere['region_id']}",
    ):
        assert page.request.get(api + path, headers={"Accept": "text/csv, image/*"}).status == 404


def test_a_shopper_gets_a_link_to_the_form(desk: Phone, world: World) -> None:
    page = enter(desk, world.shopper, "/dashboard/locations", "missing")
    link = page.get_by_role("main").get_by_role("link", name="Go to your visits")
    expect(link).to_have_attribute("href", "/")


SCRIPT = "<script>document.title = 'taken'</script>"


def test_html_in_names_and_comments_is_shown_as_text(desk: Phone, world: World) -> None:
    location = world.new_location(name=f"=1+1 {SCRIPT}")
    written = {**ALL_WELL, "greeting": {"value": "no", "comment": SCRIPT}, "story": {"value": "=1+1"}}
    visit = world.accepted_visit(written, location=location, comment=f"<img src=x onerror=alert(1)> {SCRIPT}")
    page = enter(desk, world.manager, f"/dashboard/visits/{visit['id']}")
    expect(page.locator("[data-question=greeting] blockquote")).to_have_text(SCRIPT)
    expect(page.locator("[data-question=story] .value")).to_have_text("=1+1")
    for address in (
        "/dashboard/comments?q=1+script",
        "/dashboard/comments",
        "/dashboard/locations",
        "/dashboard",
    ):
        go(page, address)
        for summary in page.locator("details.data summary").all():
            summary.click()
        if address == "/dashboard/comments":
            # on the greeting, the story and the visit as a whole
            expect(page.locator(".comments li")).to_have_count(3)
        expect(page.locator("main script, main img")).to_have_count(0)
        assert "taken" not in page.title()
    go(page, "/dashboard/locations")
    assert [row["location_name"] for row in download_csv(page) if "script" in row["location_name"]] == [
        f"'{location['name']}"
    ]
    assert desk.errors == []


# Evidence.


def test_three_key_presses_lead_from_the_heat_table_to_a_photo(desk: Phone, world: World) -> None:
    visit = world.visit()
    photo = world.photo(visit)
    greeting = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(greeting)), 201)
    page = enter(desk, world.manager, "/dashboard/sections")

    def step(place: str) -> None:
        page.locator(place).first.focus()
        page.keyboard.press("Enter")

    step("[data-column='visit/welcome'] a")
    wait_for_state(page)
    page.wait_for_url("**/locations/*")
    expect(page.locator("[id='visit/welcome']")).to_have_attribute("open", "")
    step(f"a[href^='/dashboard/visits/{visit['id']}']")
    page.wait_for_url("**/visits/*")
    wait_for_state(page)
    step(f"[data-photo='{photo}']")
    picture = page.get_by_role("dialog").get_by_role("img")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('dialog img').naturalWidth > 0")
    page.keyboard.press("Escape")
    expect(page.locator(f"[data-photo='{photo}']")).to_be_focused()


# Failures.


def test_a_failure_is_not_shown_as_missing_data(desk: Phone, history: History) -> None:
    Spy(desk, "GET", SCORES, respond(500, "{}"), cut)
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}", "failed")
    expect(page.get_by_text("The figures could not be loaded.")).to_be_visible()
    expect(page.get_by_text("No visits")).to_have_count(0)
    expect(page.locator("table")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    wait_for_state(page, "failed")
    page.get_by_role("button", name="Try again").click()
    wait_for_state(page)
    assert len(read_codes(page)) == 7


def test_a_cached_response_is_marked_as_old(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}")
    shown = read_codes(page)
    page.get_by_role("link", name="Store A").click()
    page.wait_for_url("**/locations/*")
    wait_for_state(page)
    desk.context.route(re.compile("/api/v1/"), cut)
    page.go_back()
    wait_for_state(page, "stale")
    expect(page.get_by_text("These are the last figures received.")).to_be_visible()
    assert read_codes(page) == shown
    desk.context.unroute_all()
    page.get_by_role("button", name="Try again").click()
    wait_for_state(page)
    expect(page.get_by_text("These are the last figures received.")).to_have_count(0)


@pytest.mark.full
def test_empty_pages_have_a_message(desk: Phone, world: World) -> None:
    page = enter(desk, world.person("manager"), "/dashboard/locations")
    expect(page.get_by_text("There are no locations here.")).to_be_visible()
    world.location  # noqa: B018
    go(page, "/dashboard/sections")
    expect(page.get_by_text("No visits")).to_be_visible()


# Accessibility, speed and languages.


@pytest.mark.parametrize(
    ("width", "colors", "queries"),
    take((390, "dark", [ONE, PERIOD] if FULL else [ONE]), (1440, "light", [ONE, PERIOD])),
)
def test_pages_are_accessible_and_fit_the_screen(
    new_desk: Callable[..., Phone], history: History, width: int, colors: str, queries: list[str]
) -> None:
    desk = new_desk(width, color_scheme=colors)
    caller = manager(history, "country")
    page = enter(desk, caller, "/dashboard")
    visit = ok(caller.get(f"/visits?location_id={history.locations['A']['id']}"))["items"][0]
    names = {"location": history.locations["A"]["id"], "region": history.regions["north"]["id"]}
    for query in queries:
        for what, address in {**PAGES, "visit": f"/dashboard/visits/{visit['id']}"}.items():
            go(page, address.format(query=query, **names))
            for summary in page.locator("details summary").all()[:2]:
                summary.click()
            result = Axe().run(page)
            assert result.violations_count == 0, f"{what}: {result.generate_report()}"
            assert page.evaluate(OVERFLOW) <= 0, what
    go(page, "/dashboard/visits/00000000-0000-4000-8000-000000000000", "missing")
    assert Axe().run(page).violations_count == 0
    assert desk.errors == []


def test_the_layout_does_not_shift_while_a_page_loads(
    new_desk: Callable[..., Phone], history: History
) -> None:
    world = history.world
    for person, width in ((manager(history, "country"), 412), (world.reviewer, 412), (world.reviewer, 1440)):
        desk = new_desk(width)
        page = enter(desk, person, "/dashboard")
        desk.context.add_init_script(MOVED)
        for address in (
            "/dashboard",
            f"/dashboard/locations?{ONE}",
            "/dashboard/sections",
            "/dashboard/questions",
        ):
            go(page, address)
            expect(page.locator("#languages button")).to_have_count(1)
            page.wait_for_timeout(300)
            assert page.evaluate("window.moved") <= 0.02, (address, width)


def test_a_phone_has_the_pages_behind_a_button_and_rows_as_cards(
    new_desk: Callable[..., Phone], history: History
) -> None:
    page = enter(new_desk(320), manager(history, "country"), f"/dashboard/locations?{ONE}")
    expect(page.locator("#bar nav")).to_be_hidden()
    card = page.locator("tbody tr").first
    label = "cell => getComputedStyle(cell, '::before').content"
    assert card.locator("td").first.evaluate(label) == '"Score"'
    first = page.locator("tbody th a").first
    best = first.text_content()
    page.get_by_label("Sort by").select_option(label="Score ↑")
    expect(first).not_to_have_text(best or "")
    assert "sort=score" in page.url
    page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("link", name="Sections").press("Enter")
    page.wait_for_url("**/sections*")
    wait_for_state(page)
    # The heat table scrolls sideways, which its edge shows.
    expect(page.locator(".more-after")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.full
def test_a_long_table_is_complete_and_back_restores_a_position_far_down(desk: Phone, world: World) -> None:
    names = [world.new_location(name=f"Store {number:02}")["name"] for number in range(60)]
    page = enter(desk, world.manager, "/dashboard/locations?sort=name")
    expect(page.locator("tbody th a")).to_have_text(names)
    link = page.get_by_role("link", name="Store 55")
    link.click()
    page.wait_for_url("**/locations/*")
    wait_for_state(page)
    page.go_back()
    wait_for_state(page)
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()


@pytest.mark.full
def test_back_restores_the_scroll_position_and_the_focus(
    new_desk: Callable[..., Phone], history: History
) -> None:
    desk = new_desk(390)
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    link = page.locator("tbody th a").last
    link.scroll_into_view_if_needed()
    place = link.bounding_box()
    assert place and page.evaluate("scrollY") > 0
    link.click()
    page.wait_for_url("**/locations/*")
    wait_for_state(page)
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.wait_for_url(f"**/locations?{PERIOD}")
    wait_for_state(page)
    expect(link).to_be_focused()
    page.wait_for_timeout(300)
    back = link.bounding_box()
    assert back and abs(back["y"] - place["y"]) <= 2


def test_with_several_checklists_the_most_visited_is_offered(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{PERIOD}")
    counts = {key: len(history.select(checklist=key)) for key in ("visit", "call")}
    assert counts["visit"] > counts["call"]
    page.get_by_role("link", name=f"Show only “A visit” ({counts['visit']} visits)").click()
    page.wait_for_url("**checklist=visit*")
    wait_for_state(page)
    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator("[data-column=rank] button").first).to_be_visible()
    expect(page.locator(".caterpillar .verdict-mark").first).to_be_visible()
    assert desk.errors == []


@pytest.mark.parametrize("what", take("overview", "locations", "location", "region", "questions"))
def test_a_printed_page_fits_the_paper(desk: Phone, history: History, what: str) -> None:
    page = enter(desk, manager(history, "country"), "/dashboard")
    names = {"location": history.locations["A"]["id"], "region": history.regions["north"]["id"]}
    go(page, PAGES[what].format(query=ONE, **names))
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1020})
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("#bar").bounding_box()["height"] < 60  # type: ignore[index]


def test_the_pages_are_available_in_spanish(new_desk: Callable[..., Phone], history: History) -> None:
    desk = new_desk(locale="es-ES")
    page = enter(desk, manager(history, "country"), f"/dashboard/locations?{ONE}")
    expect(page.get_by_role("heading", name="Locales", exact=True)).to_be_visible()
    score = naive.score(history.select(checklist="visit", location="A"))["score"]
    assert cell(page, history.locations["A"], "score").replace("\xa0", " ") == percent(score).replace(
        ".", ","
    ).replace("%", " %")
