"""The downloads of the dashboard: files that the server builds while the page shows their progress."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, Route, expect
from pypdf import PdfReader

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, manager
from tests.browser.phone import Phone
from tests.journeys.score_history import History
from tests.support.extent import take

PERIOD = "from=2025-04&to=2025-06"
PAGES = {
    "locations": "/dashboard/locations?{query}",
    "location": "/dashboard/locations/{location}?{query}",
    "region": "/dashboard/regions/{region}?{query}",
    "sections": "/dashboard/sections?{query}",
    "questions": "/dashboard/questions?{query}",
}
EXPORTS = re.compile(r"/api/v1/exports$")


def address(history: History, name: str) -> str:
    ids = {"location": history.locations["G"]["id"], "region": history.regions["country"]["id"]}
    return PAGES[name].format(query=f"{PERIOD}&checklist=visit", **ids)


def open_panel(page: Page) -> None:
    page.get_by_test_id("downloads").locator("summary").click()
    expect(page.get_by_test_id("download")).to_be_visible()


def save(page: Page, option: str) -> Path:
    """Choose a file, let the server create it, and return the path of the downloaded file."""
    page.get_by_label("File").select_option(label=option)
    with page.expect_download() as download:
        page.get_by_role("button", name="Create file").click()
    return Path(download.value.path())


@pytest.mark.parametrize("name", take(*PAGES))
def test_each_page_offers_scores_visits_and_answers(desk: Phone, history: History, name: str) -> None:
    page = enter(desk, manager(history, "country"), address(history, name))
    open_panel(page)
    options = page.get_by_label("File").locator("option").all_inner_texts()
    assert options[:6] == [
        f"{what} ({form})"
        for what in ("Scores of this page", "Visits, one row for each", "Answers, one row for each")
        for form in ("Excel", "CSV")
    ]
    assert options[6:] == (["Report for a meeting (PDF)"] if name in ("location", "region") else [])


def test_a_file_is_created_and_saved(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    page = enter(desk, caller, address(history, "locations"))
    open_panel(page)
    path = save(page, "Visits, one row for each (CSV)")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert {row["checklist"] for row in rows} == {"visit"}
    assert {row["day"][:7] for row in rows} <= {"2025-04", "2025-05", "2025-06"}
    status = page.get_by_role("status").filter(has_text="The file is ready.")
    expect(status.get_by_role("link", name="Save it")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Download")).to_be_hidden()
    with page.expect_download() as again:
        status.get_by_role("link").click()
    assert Path(again.value.path()).read_bytes() == path.read_bytes()


@pytest.mark.full
def test_scores_are_those_of_the_page(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), address(history, "locations"))
    open_panel(page)
    with page.expect_download() as table:
        page.get_by_test_id("csv").click()
    expected = csv.DictReader(io.StringIO(Path(table.value.path()).read_text(), newline=""))
    path = save(page, "Scores of this page (Excel)")
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    codes = {row[header.index("location_code")]: row[header.index("visits")] for row in rows}
    assert codes == {row["location_code"]: int(row["visits"]) for row in expected}


@pytest.mark.full
def test_a_region_has_a_report(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), address(history, "region"))
    open_panel(page)
    pdf = PdfReader(save(page, "Report for a meeting (PDF)"))
    assert history.regions["country"]["name"] in pdf.pages[0].extract_text()


@pytest.mark.full
def test_progress_is_shown_while_the_server_works(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), address(history, "questions"))
    states: list[dict[str, Any]] = [
        {"status": "queued", "progress": {"done": 0, "of": None}},
        {"status": "running", "progress": {"done": 1000, "of": 4000}},
        {"status": "failed", "progress": {"done": 1000, "of": 4000}},
    ]
    shown: list[tuple[Any, Any]] = []

    def respond(route: Route) -> None:
        bar = page.get_by_role("progressbar", name="Download")
        shown.append((bar.get_attribute("value"), bar.get_attribute("max")))
        route.fulfill(json={**states[min(len(shown), len(states)) - 1], "download": None})

    page.route(re.compile(r"/api/v1/exports/"), respond)
    open_panel(page)
    page.get_by_role("button", name="Create file").click()
    expect(page.get_by_role("alert").filter(has_text="The file could not be created.")).to_be_visible()
    assert shown == [(None, None), (None, None), ("1000", "4000")]
    expect(page.get_by_role("button", name="Create file")).to_be_enabled()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    take(
        (429, "exports-queued", "Several downloads of your organization are waiting."),
        (500, "internal-error", "The file could not be created."),
    ),
)
def test_a_rejected_request_is_explained(
    desk: Phone, history: History, status: int, code: str, words: str
) -> None:
    page = enter(desk, manager(history, "country"), address(history, "sections"))
    page.route(EXPORTS, lambda route: route.fulfill(status=status, json={"type": f"/problems/{code}"}))
    open_panel(page)
    page.get_by_role("button", name="Create file").click()
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_downloads_work_by_keyboard_and_in_spanish(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), address(history, "location"))
    page.locator("#languages button").click()
    summary = page.get_by_test_id("downloads").locator("summary")
    expect(summary).to_have_text("Descargar")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Archivo")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Archivo")).to_be_focused()
    page.keyboard.press("End")  # the last option is the report
    page.keyboard.press("Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("width", take(390, 1440))
def test_the_panel_is_accessible(new_desk: Any, history: History, width: int) -> None:
    desk = new_desk(width)
    page = enter(desk, manager(history, "country"), address(history, "location"))
    open_panel(page)
    save(page, "Answers, one row for each (CSV)")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
