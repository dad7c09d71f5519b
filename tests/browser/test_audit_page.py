"""The audit log for administrators: rows in words, filters in the address, pages and CSV."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW
from tests.support.extent import take
from tests.support.world import World, ok

ROW = "[data-testid=audit-row]"


@pytest.mark.parametrize(("width", "colors"), take((1440, "light"), (320, "dark")))
def test_rows_say_who_changed_what_and_filters_are_in_the_address(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str, tmp_path: Path
) -> None:
    north, south = world.new_region(name="North"), world.new_region(name="South")
    location = world.new_location(name="London Bridge", region_id=north["id"])
    ok(world.admin.patch(f"/locations/{location['id']}", {"region_id": south["id"], "phone": "0800 1"}))
    desk = new_desk(width, color_scheme=colors)
    page = enter(desk, world.admin, "/dashboard/admin/audit")
    rows = page.locator(ROW)
    expect(rows.first).to_contain_text("logged in")
    moved = page.locator(f"{ROW}[data-action='location.updated']")
    name = ok(world.admin.get("/me"))["name"]
    expect(moved.locator("p")).to_have_text(f"{name} changed the location London Bridge")
    expect(moved.locator("dl > div")).to_have_text(["RegionNorth → South", "Telephone0800 1"])
    assert Axe().run(page).violations_count == 0
    assert page.evaluate(OVERFLOW) <= 0

    # Everything about one thing, and then only one action on it.
    moved.get_by_role("link", name="London Bridge").click()
    page.wait_for_url(f"**/audit?subject={location['id']}")
    expect(rows).to_have_count(2)
    expect(page.locator("select[name=subject] option:checked")).to_have_text("London Bridge")
    page.locator("select[name=action]").focus()
    page.select_option("select[name=action]", "location.created")
    expect(rows).to_have_count(1)
    expect(page.locator("select[name=action]")).to_be_focused()
    rows.locator("summary").click()
    expect(rows.locator("dl")).to_contain_text("Region North".replace(" ", ""))
    page.go_back()
    expect(rows).to_have_count(2)
    page.select_option("select[name=subject]", "region")
    page.select_option("select[name=action]", "")
    expect(rows).to_have_count(2)
    page.reload()
    wait_for_state(page)
    expect(rows).to_have_count(2)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    download.value.save_as(tmp_path / "audit.csv")
    lines = list(csv.DictReader((tmp_path / "audit.csv").open(encoding="utf-8")))
    assert {line["subject_name"] for line in lines} == {"North", "South"}

    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    page.fill("input[name=to]", yesterday.isoformat())
    expect(page.get_by_text("There are no entries for these filters.")).to_be_visible()
    assert f"to={yesterday}" in page.url


def test_further_entries_and_spanish(new_desk: Callable[..., Phone], world: World) -> None:
    for number in range(51):
        world.new_region(name=f"Region {number}")
    desk = new_desk(768, locale="es-ES")
    page = enter(desk, world.admin, f"/dashboard/admin/audit?actor_id={world.admin.id}&subject=region")
    rows = page.locator(ROW)
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Mostrar más").click()
    expect(rows).to_have_count(51)
    expect(rows.last.locator("p")).to_contain_text("añadió la región Region 0")
    # The names of those who can be chosen arrive later.
    expect(page.locator(f"select[name=actor_id] option[value='{world.admin.id}']")).to_have_count(1)
    go(page, "/dashboard/admin/audit?action=nonsense", "failed")
