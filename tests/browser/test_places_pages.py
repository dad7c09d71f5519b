"""The administrators' pages of places and imports, on a desk and on a phone."""

import csv
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.support.extent import take
from tests.support.world import World, ok

PLACES, IMPORT = "/dashboard/admin/places", "/dashboard/admin/import"
UNDO = "[data-testid=toast-undo]"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page) -> None:
    """Check a screen with axe, and that it is not wider than the window."""
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.evaluate(OVERFLOW) <= 0


def upload(page: Page, text: str | bytes, kind: str = "locations", name: str = "file.csv") -> None:
    page.select_option("#kind", kind)
    data = text if isinstance(text, bytes) else text.encode()
    page.set_input_files("#file", files=[{"name": name, "mimeType": "text/csv", "buffer": data}])


def preview(page: Page) -> None:
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_selector("[data-testid=import-preview]")


def list_lines(page: Page) -> list[tuple[str | None, str | None]]:
    page.locator("[data-filter=all]").click()
    lines = page.locator("[data-testid=import-line]").all()
    return [(line.get_attribute("data-line"), line.get_attribute("data-state")) for line in lines]


def test_regions_are_added_renamed_moved_and_closed(desk: Phone, world: World) -> None:
    world.new_location(code="store", region_id=world.new_region(code="south", name="South")["id"])
    page = enter(desk, world.admin, PLACES)
    page.get_by_role("button", name="Add region").click()
    page.get_by_role("dialog").get_by_label("Name").fill("North")
    page.get_by_role("dialog").get_by_label("Code").fill("north")
    page.keyboard.press("Enter")
    rows = page.locator("[data-testid=region-row]")
    expect(rows).to_have_text([re.compile("North 0"), re.compile("South 1")])

    page.get_by_role("link", name="South").click()
    page.wait_for_url(re.compile("within="))
    page.get_by_role("button", name="Move", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("1 location with 0 visits")
    page.select_option("#field-parent_id", label="North")
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.locator(UNDO)).to_contain_text("South was moved with 1 location and 0 visits.")
    expect(rows).to_have_text([re.compile("North 1"), re.compile("South 1")])
    page.keyboard.press("Control+z")
    expect(rows).to_have_text([re.compile("North 0"), re.compile("South 1")])

    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("dialog").get_by_label("Name").fill("Far south")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Far south")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).first.click()
    expect(rows.last).to_contain_text("Closed")
    check(page)
    page.locator(UNDO).get_by_role("button", name="Undo").click()
    expect(rows.last).not_to_contain_text("Closed")
    assert desk.errors == []


@pytest.mark.parametrize("width", take(1440, 390))
def test_locations_are_found_moved_closed_and_restored(
    new_phone: Callable[..., Phone], world: World, width: int
) -> None:
    north, south = world.new_region(name="North"), world.new_region(name="South")
    for number in range(4):
        world.new_location(code=f"s{number}", name=f"Café {number}", region_id=south["id"])
    world.visit(location=ok(world.admin.get("/locations?code=s0"))["items"][0])
    device = new_phone(viewport={"width": width, "height": 800})
    page = enter(device, world.admin, PLACES)
    page.keyboard.press("/")
    page.keyboard.type("café 0")
    expect(page.locator("[data-testid=location-row]")).to_have_count(1)
    page.get_by_role("checkbox", name="Select Café 0").check()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("1 visit and its score move too.")
    page.select_option("#field-region_id", label="North")
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.locator(UNDO)).to_contain_text("1 location was moved to North with 1 visit.")
    assert [place["code"] for place in world.admin.list_all(f"/locations?within={north['id']}")] == ["s0"]
    page.locator(UNDO).get_by_role("button", name="Undo").click()
    expect(page.locator("[data-testid=location-row]")).to_contain_text(["South"])

    page.get_by_label("Search").fill("")
    expect(page.locator("[data-testid=location-row]")).to_have_count(4)
    page.get_by_role("checkbox", name="Select Café 1").check()
    page.get_by_role("button", name="Select all 4").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("[data-testid=location-row][data-status=closed]")).to_have_count(4)
    check(page)
    assert device.errors == []


@pytest.mark.full
@pytest.mark.parametrize("width", take(1440, 320))
def test_position_is_pasted_and_shown_on_the_map(
    new_phone: Callable[..., Phone], world: World, width: int
) -> None:
    for number, position in enumerate([(41.4, 2.1), (41.5, 2.2), (41.3, 2.3)]):
        world.new_location(name=f"Store {number}", latitude=position[0], longitude=position[1])
    location = world.new_location(name="New store", latitude=None, longitude=None)
    device = new_phone(viewport={"width": width, "height": 800})
    page = enter(device, world.admin, f"{PLACES}/{location['id']}")
    position, mark = page.get_by_label("Position"), page.locator("[data-testid=map-mark]")
    expect(page.locator(".map .dot")).to_have_count(3)
    expect(mark).to_have_count(0)
    position.fill("nowhere")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".summary")).to_be_focused()
    page.locator(".summary a").click()
    expect(position).to_be_focused()
    position.fill("41°24'00\"N 2°06'36\"E")
    expect(mark).to_have_count(1)
    expect(page.get_by_text("The nearest other location is Store 0, 0.8 km away.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(UNDO)).to_contain_text("New store was changed.")
    stored = ok(world.admin.get(f"/locations/{location['id']}"))
    assert (stored["latitude"], stored["longitude"]) == (41.4, 2.11)
    page.locator(UNDO).get_by_role("button", name="Undo").click()
    expect(page.locator(UNDO)).to_have_count(0)
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert ok(world.admin.get(f"/locations/{location['id']}"))["latitude"] is None
    assert device.errors == []


def test_location_is_added_in_an_empty_organization(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, PLACES)
    expect(page.get_by_text("There are no regions yet.")).to_be_visible()
    check(page)
    region = world.new_region(name="North")
    go(page, f"{PLACES}?add=location&within={region['id']}")
    page.get_by_label("Name").fill("Harbour")
    page.get_by_role("button", name="Add location").click()
    expect(page.locator(".summary")).to_contain_text("Code")
    page.get_by_label("Code").fill("harbour")
    page.get_by_label("Position").fill("41,38; 2,17")
    page.get_by_role("button", name="Add location").click()
    expect(page.locator("[data-testid=location-row]")).to_contain_text(["Harbour"])
    (location,) = world.admin.list_all("/locations")
    assert (location["latitude"], location["time_zone"]) == (41.38, "Europe/London")


@pytest.mark.parametrize("width", take(1440, 390))
def test_spreadsheet_in_spanish_is_matched_previewed_and_imported(
    new_phone: Callable[..., Phone], world: World, width: int, tmp_path: Path
) -> None:
    world.new_region(code="sur", name="Sur")
    world.new_location(code="same", name="Igual", region_id=world.admin.list_all("/regions")[0]["id"])
    world.new_location(code="old", name="Viejo", region_id=world.admin.list_all("/regions")[0]["id"])
    text = "\r\n".join(
        [
            "Código;Nombre;Región;Encargado;Latitud;Longitud;Cerrado",
            'new;"Café; ""Sol""\r\nCentro";sur;Ana;41,38;2,17;no',
            "",
            "same;Igual;sur;Ana;51,5;-0,1;",
            "old;Nuevo;sur;Ana;51,5;-0,1;sí",
            "=lost;Perdido;norte;Ana;91;2,17;quizá",
            "new;Repetido;sur;Ana;;;",
        ]
    )
    device = new_phone(viewport={"width": width, "height": 800})
    page = enter(device, world.admin, IMPORT)
    check(page)
    upload(page, text.encode("windows-1252"), name="tiendas.csv")
    chosen = {
        name: page.locator(f"[data-column={name}]").input_value()
        for name in ("code", "name", "region_code", "time_zone", "address", "latitude", "closed")
    }
    assert chosen == {
        "code": "0",
        "name": "1",
        "region_code": "2",
        "time_zone": "fixed",
        "address": "",
        "latitude": "4",
        "closed": "6",
    }
    expect(page.get_by_text("Not imported: Encargado")).to_be_visible()
    check(page)
    preview(page)
    # Lines with errors are shown first.
    expect(page.locator("[data-testid=import-line]")).to_have_count(2)
    expect(page.locator("[data-line='7']")).to_contain_text("There is no region with this code.")
    expect(page.locator("[data-line='8']")).to_contain_text("Line 2 has the same value.")
    assert list_lines(page) == [
        ("2", "new"),
        ("5", "unchanged"),
        ("6", "changed"),
        ("7", "error"),
        ("8", "error"),
    ]
    expect(page.locator("[data-line='6']")).to_contain_text("Name: Viejo → Nuevo")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download them").click()
    assert download.value.suggested_filename == "tiendas-errors.csv"
    download.value.save_as(tmp_path / "errors.csv")
    header, first, second = csv.reader(StringIO((tmp_path / "errors.csv").read_text("utf-8-sig")))
    assert header[-1] == "What is wrong"
    assert first[:3] == ["'=lost", "Perdido", "norte"]
    assert "Code of the region: There is no region with this code." in first[-1]
    assert second[0] == "new"

    page.locator("[data-testid=import-confirm]").click()
    expect(page.locator("[data-testid=import-result]")).to_contain_text("1 added, 1 changed, 1 unchanged.")
    check(page)
    page.get_by_role("link", name="Show the result").click()
    wait_for_state(page)
    expect(page.locator("[data-testid=location-row]")).to_have_count(3)
    places = {place["code"]: place for place in world.admin.list_all("/locations")}
    assert (places["new"]["name"], places["new"]["latitude"]) == ('Café; "Sol"\r\nCentro', 41.38)
    assert places["new"]["time_zone"] == "Europe/London"
    assert (places["old"]["name"], places["old"]["closed"]) == ("Nuevo", True)
    assert device.errors == []


@pytest.mark.full
def test_nothing_is_sent_before_the_columns_are_matched(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, IMPORT)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    upload(page, "a,b\n1,2\n", "regions")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Choose a column for: Code")).to_be_focused()
    assert "POST" not in sent
    page.select_option("[data-column=code]", "0")
    page.select_option("[data-column=name]", "1")
    preview(page)
    assert sent.count("POST") == 1
    assert list_lines(page) == [("2", "new")]
    for name, data, message in (
        ("book.xlsx", b"PK", "This is a workbook."),
        ("book.csv", b"a\0b\n1\n", "This is not a text file."),
        ("empty.csv", b"code,name\n\n", "This file has no lines below its header."),
        ("open.csv", b'code,name\n"a,b\n', "Line 2 is not valid CSV"),
    ):
        upload(page, data, "regions", name)
        expect(page.locator("#file-fault")).to_contain_text(message)


@pytest.mark.full
def test_a_file_over_a_mebibyte_is_sent_in_parts(desk: Phone, world: World) -> None:
    address = "High Street " * 38
    lines = [f"L{number},Store,{world.region['code']},{address}" for number in range(2500)]
    page = enter(desk, world.admin, IMPORT)
    upload(page, "\n".join(["code,name,region,address", *lines, f"L0,Again,{world.region['code']},"]))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    preview(page)
    assert sent.count("POST") == 2
    # The API sees only one of the parts, but the page sees both.
    expect(page.locator("[data-testid=import-line]")).to_have_attribute("data-line", "2502")
    page.locator("[data-testid=import-confirm]").click()
    expect(page.locator("[data-testid=import-result]")).to_contain_text("2,500 added", timeout=60_000)


@pytest.mark.full
def test_people_are_imported_in_spanish(new_desk: Callable[..., Phone], world: World) -> None:
    world.new_region(code="sur")
    page = enter(new_desk(locale="es-ES"), world.admin, f"{IMPORT}?kind=users")
    expect(page.get_by_role("heading", name="Importar un archivo")).to_be_visible()
    lines = ["Correo,Nombre,Función,Regiones", "ana@example.org,Ana,Responsable,sur", "Eva,Eva,Revisora,"]
    upload(page, "\n".join(lines), "users")
    page.get_by_role("button", name="Comprobar el archivo").click()
    expect(page.locator("[data-line='3']")).to_contain_text("Indique un correo electrónico.")
    page.locator("[data-testid=import-confirm]").click()
    expect(page.locator("[data-testid=import-result]")).to_contain_text("1 añadidas")
    (ana,) = ok(world.admin.get("/users?email=ana@example.org"))["items"]
    assert (ana["name"], ana["role"], len(ana["region_ids"])) == ("Ana", "manager", 1)
