"""From an empty organization to a month of visits, which an administrator sets up on the pages alone."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.dashboard import enter, wait_for_state
from tests.browser.phone import Phone
from tests.support.world import World

REGIONS = ("North", "South", "Islands")
ZONES = ("Europe/London", "Europe/Madrid", "Atlantic/Canary")
STORES, VISITS, SHOPPERS, QUESTIONS = 200, 150, 15, 14
FIRST_DAY = (datetime.now(UTC) + timedelta(days=40)).date().replace(day=1)


def open_area(page: Page, name: str) -> None:
    """Follow a link of the bar."""
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    page.wait_for_selector("html[data-ready]")
    wait_for_state(page)


def import_file(page: Page, kind: str, lines: list[str]) -> None:
    page.locator("main a[href*='/admin/import']").first.click()
    page.wait_for_url("**/import*")
    wait_for_state(page)
    page.select_option("#kind", kind)
    content = "\n".join(lines).encode()
    page.set_input_files("#file", files=[{"name": f"{kind}.csv", "mimeType": "text/csv", "buffer": content}])
    page.get_by_role("button", name="Check the file").click()
    page.get_by_test_id("import-confirm").click()
    expect(page.get_by_test_id("import-result")).to_contain_text(f"{len(lines) - 1} added")


def test_a_programme_is_set_up_without_leaving_the_pages(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, "/dashboard/admin")

    open_area(page, "Places")
    for name in REGIONS:
        page.get_by_role("button", name="Add region").click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("dialog").get_by_label("Code").fill(name.lower())
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("region-row").filter(has_text=name)).to_be_visible()

    stores = [
        f"S{number:03},{'Main' if number < VISITS else 'Side'} street {number:03},"
        f"{REGIONS[number % 3].lower()},{ZONES[number % 3]}"
        for number in range(STORES)
    ]
    import_file(page, "locations", ["Code,Name,Region,Time zone", *stores])

    open_area(page, "People")
    unique = world.name.rpartition(" ")[2]
    people = [
        *(f"shopper-{number}-{unique}@example.com,Shopper {number},shopper," for number in range(SHOPPERS)),
        *(f"manager-{name}-{unique}@example.com,Manager {name},manager,{name.lower()}" for name in REGIONS),
        *(f"reviewer-{number}-{unique}@example.com,Reviewer {number},reviewer," for number in range(2)),
    ]
    import_file(page, "users", ["Email,Name,Role,Regions", *people])

    open_area(page, "Checklists")
    page.get_by_text("New checklist").click()
    page.get_by_label("Title").fill("Autumn visit")
    page.get_by_label("Channel").select_option("in_person")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/checklists/autumn-visit")
    wait_for_state(page)
    write_checklist(page)
    page.get_by_test_id("publish").click()
    page.wait_for_url("**/publish")
    page.get_by_test_id("publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Version 1 is published.")).to_be_visible()

    open_area(page, "Assign visits")
    page.select_option("#checklist", "autumn-visit")
    last_day = (FIRST_DAY + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    page.fill("#from", FIRST_DAY.isoformat())
    page.fill("#to", last_day.isoformat())
    page.get_by_label("Search").fill("Main street")
    page.get_by_role("button", name=f"Select all {VISITS}").click()
    page.get_by_test_id("share-out").click()
    page.wait_for_selector("[data-testid=plan-row]:not([data-state=checking])")
    page.get_by_test_id("assign-confirm").click()
    page.wait_for_selector("[data-testid=visit-row]")
    expect(page.get_by_text(f"{VISITS} rows")).to_be_visible()

    visits = world.admin.list_all("/visits?status=assigned")
    assert len(visits) == VISITS
    assert {visit["checklist"]["key"] for visit in visits} == {"autumn-visit"}
    assert len({visit["shopper"]["id"] for visit in visits}) == SHOPPERS
    assert len(world.admin.list_all("/locations")) == STORES
    assert len(world.admin.list_all("/users?status=invited")) == len(people)
    assert desk.errors == []


def write_checklist(page: Page) -> None:
    """Write 14 questions in two languages, of which two are asked only after an answer to another one."""
    panel = page.locator(".panel")
    page.get_by_role("button", name="Languages").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New language").select_option("es")
    dialog.get_by_role("button", name="Add the language").click()
    dialog.get_by_role("button", name="Close").click()
    panel.get_by_label("Title – Spanish", exact=True).fill("Visita de otoño")
    page.locator(".outline").get_by_role("button", name="Section").first.click()
    panel.get_by_label("Title – English", exact=True).fill("The visit")
    panel.get_by_label("Title – Spanish", exact=True).fill("La visita")
    for number in range(QUESTIONS):
        page.get_by_role("button", name="Add a question").first.click()
        panel.get_by_label("Question – English", exact=True).fill(f"Question {number}?")
        panel.get_by_label("Question – Spanish", exact=True).fill(f"¿Pregunta {number}?")
        expect(page.locator(f"[data-testid=question][data-key=question-{number}]")).to_be_visible()
        if number in (5, 9):
            panel.get_by_label("Ask only after an answer to", exact=True).select_option(
                f"question-{number - 1}"
            )
            page.locator(".answers").get_by_label("No", exact=True).check()
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    expect(page.get_by_test_id("fault")).to_have_count(0)
