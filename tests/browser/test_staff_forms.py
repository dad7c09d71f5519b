"""What all pages of the administration share: forms that lose nothing, lists to select from, and Undo."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.pages import files
from tests.browser.dashboard import enter, wait_for_state
from tests.browser.phone import Phone
from tests.support.world import PASSWORD, World, ok

FORM = """async ([base, path]) => {
  const { fetchModule, modules } = await import(`${base}/admin/main.js`);
  await fetchModule("admin/screens/places.js"); // its file has the modules of lists and forms
  const { editForm } = modules["staff/form.js"];
  const form = await editForm({
    path,
    submit: "Save",
    fields: ({ name, address, phone }) => [
      { name: "name", label: "Name", value: name, required: true },
      { name: "address", label: "Address", value: address },
      { name: "phone", label: "Telephone", value: phone },
    ],
    done: () => (document.title = "done"),
  });
  document.getElementById("screen").replaceChildren(form);
}"""
LIST = """async ([base, query]) => {
  const { fetchModule, modules } = await import(`${base}/admin/main.js`);
  await fetchModule("admin/screens/places.js");
  const { runAll } = modules["staff/bulk.js"];
  const { offerUndo } = modules["staff/undo.js"];
  window.acted = [];
  const rows = modules["staff/list.js"].list({
    path: "/locations",
    query,
    caption: "Locations",
    columns: [{ key: "name", title: "Name", cell: (row) => row.name }],
    nameOf: (row) => row.name,
    actions: [
      {
        name: "act",
        label: "Act",
        run: async (chosen) => {
          const { done } = await runAll(
            chosen,
            async (row) => {
              const busy = Object.assign(new Error(), { status: 409, detail: "It is busy." });
              if (row.name.endsWith("119")) throw busy;
            },
            { label: "Acting", nameOf: (row) => row.name },
          );
          window.acted = done.map((row) => row.id);
          offerUndo(`${done.length} changed`, () => (window.acted = []));
        },
      },
    ],
  });
  document.getElementById("screen").replaceChildren(rows.element);
}"""


@pytest.fixture
def page(desk: Phone, world: World) -> Page:
    """The start page, on which each test shows a form or a list of its own."""
    return enter(desk, world.admin, "/dashboard/admin")


def show_form(page: Page, location: Any) -> None:
    page.evaluate(FORM, [files.BASE, f"/locations/{location['id']}"])


def change(world: World, location: Any, **values: Any) -> None:
    """Change a location as somebody else does meanwhile."""
    ok(world.admin.patch(f"/locations/{location['id']}", values, headers={"If-Match": "*"}), 200)


def read(world: World, location: Any) -> Any:
    return ok(world.admin.get(f"/locations/{location['id']}"))


def test_fields_that_two_people_changed_are_shown_with_both_values(page: Page, world: World) -> None:
    location = world.new_location(name="Old name", address="Old street", phone="1")
    show_form(page, location)
    change(world, location, name="Their name", phone="2")
    page.get_by_label("Name").fill("My name")
    page.get_by_label("Address").fill("My street")
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("legend")).to_have_text(["Name"])
    expect(dialog.locator("b")).to_have_text(["My name", "Their name"])
    dialog.get_by_label("Theirs").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_title("done")
    stored = read(world, location)
    assert [stored[field] for field in ("name", "address", "phone")] == ["Their name", "My street", "2"]


def test_a_conflict_that_is_not_decided_saves_nothing(page: Page, world: World) -> None:
    location = world.new_location(name="Old name")
    show_form(page, location)
    change(world, location, name="Their name")
    page.get_by_label("Name").fill("My name")
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").get_by_role("button", name="Back").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    expect(page.get_by_label("Name")).to_have_value("My name")
    assert read(world, location)["name"] == "Their name"


def test_typed_values_survive_the_end_of_the_session(page: Page, desk: Phone, world: World) -> None:
    location = world.new_location(name="Old name")
    show_form(page, location)
    page.get_by_label("Name").fill("New name")
    desk.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("Email address").fill(world.admin.email)
    dialog.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_title("done")
    assert read(world, location)["name"] == "New name"


def test_typed_values_survive_a_reload_until_they_are_saved(page: Page, world: World) -> None:
    location = world.new_location(name="Old name")
    show_form(page, location)
    page.get_by_label("Name").fill("New name")
    page.reload()
    wait_for_state(page)
    show_form(page, location)
    expect(page.get_by_label("Name")).to_have_value("New name")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Name")).to_have_value("Old name")
    page.reload()
    wait_for_state(page)
    show_form(page, location)
    expect(page.get_by_label("Name")).to_have_value("Old name")


def test_errors_are_listed_and_link_to_their_fields(page: Page, world: World) -> None:
    show_form(page, world.new_location())
    page.get_by_label("Name").fill("")
    page.get_by_label("Telephone").fill("x" * 500)
    page.get_by_role("button", name="Save").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Name").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("A name")
    page.get_by_role("button", name="Save").click()
    summary.get_by_role("link", name="Telephone").click()
    expect(page.get_by_label("Telephone")).to_be_focused()
    expect(page.get_by_label("Telephone")).to_have_attribute("aria-invalid", "true")


def test_rows_of_all_pages_are_selected_changed_and_changed_back(page: Page, world: World) -> None:
    region = world.new_region()
    for number in range(120):
        # The list is sorted by code, and shows the first hundred rows.
        world.new_location(
            name=f"Store {number:03}", code=f"{region['code']}-{number:03}", region_id=region["id"]
        )
    page.evaluate(LIST, [files.BASE, {"region_id": region["id"]}])
    page.get_by_label("Select Store 000").check()
    selection = page.get_by_role("group", name="Selection")
    expect(selection).to_contain_text("1 of 120 selected")
    selection.get_by_role("button", name="Select all 120").click()
    expect(selection).to_contain_text("120 of 120 selected")
    selection.get_by_role("button", name="Act").click()
    failures = page.get_by_role("dialog", name="1 of 120 failed")
    expect(failures).to_contain_text("It is busy.")
    expect(failures.get_by_role("listitem")).to_have_text(["Store 119"])
    failures.get_by_role("button", name="Close").click()
    toast = page.get_by_test_id("toast-undo")
    expect(toast).to_contain_text("119 changed")
    assert page.evaluate("acted.length") == 119
    expect(selection).to_be_hidden()
    page.locator("body").press("Control+z")
    page.wait_for_function("acted.length === 0")
    expect(toast).to_have_count(0)
