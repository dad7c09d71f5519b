"""The editor of checklists: fields, order, conditions, languages, and what survives trouble."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Playwright, expect

from tests.browser.axe import Axe
from tests.browser.conftest import SCREEN
from tests.browser.dashboard import go, wait_for_state
from tests.browser.phone import Phone, cut, lose_response
from tests.browser.test_accessibility import OVERFLOW
from tests.browser.test_failures import kill
from tests.support.extent import take
from tests.support.running import Running
from tests.support.world import CHECKLIST, World, ok

EDITOR = "/dashboard/admin/checklists/visit"
LIST = "/dashboard/admin/checklists"
STATE = "[data-testid=save-state]"
PREVIEW = "[data-testid=phone-preview]"
DRAFT = re.compile(r"/api/v1/checklists/visit/draft$")


def edit(desk: Phone, world: World, address: str = EDITOR) -> Page:
    """Open an address as an administrator."""
    world.checklist  # noqa: B018
    desk.sign_in(world.admin, address)
    wait_for_state(desk.page)
    return desk.page


def wait_for_save(page: Page, state: str = "saved") -> None:
    expect(page.locator(STATE)).to_have_attribute("data-state", state)


def read_draft(world: World, key: str = "visit") -> Any:
    return ok(world.admin.get(f"/checklists/{key}/draft"))


def replace_draft(world: World, draft: Any) -> None:
    """Save a draft as somebody else."""
    tag = world.admin.get("/checklists/visit/draft").headers["ETag"]
    ok(world.admin.put("/checklists/visit/draft", draft, headers={"If-Match": tag}))


def item(page: Page, key: str) -> Any:
    """Return the question in the outline."""
    return page.locator(f"[data-testid=question][data-key='{key}']")


def field(page: Page, label: str) -> Any:
    return page.locator(".panel").get_by_label(label, exact=True)


def write(page: Page, key: str, label: str, text: str) -> None:
    """Write into a field of a question."""
    item(page, key).click()
    field(page, label).fill(text)


def find(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def outline(document: Any) -> list[list[str]]:
    return [[question["key"] for question in section["questions"]] for section in document["sections"]]


WELCOME, GOODBYE = outline(CHECKLIST)


# Editing.


def test_a_new_question_gets_its_key_from_the_text_and_is_shown_as_on_a_phone(
    desk: Phone, world: World
) -> None:
    page = edit(desk, world)
    page.get_by_role("button", name="Add a question").first.click()
    field(page, "Question – English").press_sequentially("Which till?")
    expect(item(page, "which-till")).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Key")).to_have_value("which-till")
    field(page, "Type").select_option("choice")
    page.get_by_text("Paste a list of options").click()
    page.get_by_label("Paste a list of options").fill("Left\t2\nRight")
    page.get_by_role("button", name="Add these options").click()
    shown = page.locator(PREVIEW).locator("[data-question='which-till']")
    expect(shown).to_contain_text("Which till?")
    shown.locator("input[value=left]").check()
    expect(shown.locator("input[value=left]")).to_be_checked()
    wait_for_save(page)
    draft = read_draft(world)
    assert find(draft, "which-till") == {
        "key": "which-till",
        "text": "Which till?",
        "type": "choice",
        "options": [
            {"key": "left", "label": {"en": "Left"}, "points": 2},
            {"key": "right", "label": {"en": "Right"}},
        ],
    }
    assert outline(draft)[0] == [*WELCOME, "which-till"]
    assert desk.errors == []


def test_each_type_has_its_own_fields(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    page.get_by_role("button", name="Add a question").first.click()
    expect(field(page, "Good answer")).to_be_visible()
    field(page, "Type").select_option("scale")
    expect(field(page, "Good answer")).to_have_count(0)
    page.get_by_role("button", name="Add points").click()
    field(page, "Highest step").fill("3")
    field(page, "Lowest step").fill("2")
    expect(page.locator(".steps input")).to_have_count(2)
    field(page, "Type").select_option("duration")
    page.get_by_role("button", name="Add a band").click()
    page.get_by_label("Points for band 1").fill("5")
    wait_for_save(page)
    key = outline(read_draft(world))[0][-1]
    assert find(read_draft(world), key) == {
        "key": key,
        "text": None,
        "type": "duration",
        "bands": [{"up_to": 60, "points": 5}, {"points": 0}],
    }


def test_a_draft_with_errors_is_saved_and_each_error_is_beside_its_field(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    write(page, "apology", "Question – English", "")
    fault = page.locator("[data-testid=fault]")
    expect(fault).to_have_attribute("data-pointer", "/sections/1/questions/2/text")
    expect(field(page, "Question – English")).to_have_attribute("aria-invalid", "true")
    wait_for_save(page)
    assert find(read_draft(world), "apology")["text"] is None
    item(page, "problem").click()
    field(page, "Points").fill("-1")
    expect(fault).to_have_attribute("data-pointer", "/sections/1/questions/1/points")
    page.get_by_text("2 errors to correct").click()
    page.locator(".errors").get_by_role("button", name="Question without a text").click()
    expect(field(page, "Question – English")).to_be_focused()
    field(page, "Question – English").fill("Did they say sorry?")
    expect(fault).to_have_count(0)


@pytest.mark.full
def test_what_the_server_would_reject_cannot_be_entered(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    write(page, "greeting", "Points", "2.5")
    expect(field(page, "Points")).to_have_attribute("aria-invalid", "true")
    field(page, "Question – English").fill("Were you greeted?")
    expect(field(page, "Points")).to_have_value("2")
    wait_for_save(page)
    assert find(read_draft(world), "greeting")["points"] == 2


@pytest.mark.full
def test_the_key_of_a_published_question_stays(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    write(page, "greeting", "Question – English", "Hello?")
    expect(item(page, "greeting")).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Key")).to_have_attribute("readonly", "")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(item(page, "hello")).to_have_attribute("aria-current", "true")
    page.get_by_label("Key").fill("Hi there")
    page.get_by_label("Key").press("Enter")
    expect(item(page, "hi-there")).to_have_attribute("aria-current", "true")
    wait_for_save(page)
    assert outline(read_draft(world))[0] == ["greeting", "hi-there", "wait"]


@pytest.mark.full
def test_removing_a_question_lists_those_that_depend_on_it_and_can_be_undone(
    desk: Phone, world: World
) -> None:
    page = edit(desk, world)
    item(page, "problem").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Did they apologise?")
    dialog.get_by_role("button", name="Remove").click()
    expect(item(page, "problem")).to_have_count(0)
    wait_for_save(page)
    assert "only_if" not in find(read_draft(world), "apology")
    page.locator("[data-testid=toast-undo]").get_by_role("button", name="Undo").click()
    expect(item(page, "problem")).to_be_visible()
    wait_for_save(page)
    assert read_draft(world) == CHECKLIST


def test_questions_move_by_keys_buttons_and_dragging(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    item(page, "wait").click()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    wait_for_save(page)
    assert outline(read_draft(world)) == [["greeting"], ["thanks", "wait", *GOODBYE[1:]]]
    page.locator(".outline").get_by_role("button", name="Move up").click()
    item(page, "greeting").drag_to(item(page, "story"), target_position={"x": 20, "y": 2})
    wait_for_save(page)
    moved = ["wait", "thanks", "problem", "apology", "greeting", "story"]
    assert outline(read_draft(world)) == [[], [*moved, *GOODBYE[4:]]]
    item(page, "problem").click()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("dialog")).to_contain_text("Did they apologise?")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert outline(read_draft(world)) == [[], [*moved, *GOODBYE[4:]]]


@pytest.mark.full
def test_changes_are_undone_and_done_again(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    write(page, "wait", "Question – English", "How long was it?")
    field(page, "Type").focus()
    page.keyboard.press("Control+z")
    expect(field(page, "Question – English")).to_have_value("How long did you wait?")
    page.keyboard.press("Control+Shift+z")
    expect(field(page, "Question – English")).to_have_value("How long was it?")
    page.keyboard.press("Control+s")
    wait_for_save(page)
    assert find(read_draft(world), "wait")["text"] == "How long was it?"


@pytest.mark.full
def test_a_condition_is_chosen_among_the_answers_to_earlier_questions(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    item(page, "story").click()
    condition = field(page, "Ask only after an answer to")
    condition.select_option("greeting")
    page.locator(".answers").get_by_label("No", exact=True).check()
    wait_for_save(page)
    assert find(read_draft(world), "story")["only_if"] == {"question": "greeting", "is": ["no"]}
    story = page.locator(PREVIEW).locator("[data-question=story]")
    expect(story).to_be_hidden()
    page.locator(PREVIEW).locator("[data-question=greeting] input[value=no]").check()
    expect(story).to_be_visible()
    values = condition.locator("option").evaluate_all("options => options.map(({ value }) => value)")
    assert values == ["", "greeting", "thanks", "problem", "apology"]
    condition.select_option("")
    wait_for_save(page)
    assert "only_if" not in find(read_draft(world), "story")


@pytest.mark.full
def test_languages_are_side_by_side_and_missing_translations_are_marked(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    page.get_by_role("button", name="Languages").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-language=es]")).to_contain_text("translations missing")
    dialog.get_by_label("New language").select_option("fr")
    dialog.get_by_role("button", name="Add the language").click()
    expect(dialog.locator("[data-language=fr]")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("[data-testid=fault]")).to_have_attribute("data-pointer", "/title/fr")
    field(page, "Title – French").fill("Une visite")
    item(page, "thanks").click()
    expect(page.locator(".panel .missing:visible")).to_have_count(2)
    field(page, "Question – French").fill("Vous a-t-on remercié ?")
    expect(page.locator(".panel .missing:visible")).to_have_count(1)
    wait_for_save(page)
    draft = read_draft(world)
    assert draft["title"] == {"en": "A visit", "es": "Una visita", "fr": "Une visite"}
    assert find(draft, "thanks")["text"] == {"en": "Were you thanked?", "fr": "Vous a-t-on remercié ?"}
    page.get_by_role("button", name="Languages").click()
    dialog.get_by_role("button", name="Remove: French").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Remove").last.click()
    expect(dialog.locator("[data-language=fr]")).to_have_count(0)


@pytest.mark.full
def test_an_earlier_draft_is_restored_from_the_history(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    other = world.person("admin")
    tag = other.get("/checklists/visit/draft").headers["ETag"]
    document = {**CHECKLIST, "introduction": "Quite different."}
    ok(other.put("/checklists/visit/draft", document, headers={"If-Match": tag}))
    page.get_by_role("button", name="History").click()
    revisions = page.locator(".revisions li")
    expect(revisions).to_have_count(2)
    revisions.nth(1).get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Restore").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(page, "Introduction – English")).to_have_value("Look, listen, note.")
    assert read_draft(world) == CHECKLIST


@pytest.mark.full
def test_one_part_at_a_time_is_shown_on_a_phone(new_desk: Callable[..., Phone], world: World) -> None:
    page = edit(new_desk(390), world)
    item(page, "wait").click()
    expect(item(page, "wait")).to_be_hidden()
    field(page, "Question – English").fill("How long was it?")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(PREVIEW).locator("[data-question=wait]")).to_contain_text("How long was it?")
    expect(page.locator(".panel")).to_be_hidden()
    page.get_by_role("button", name="Outline").click()
    expect(item(page, "wait")).to_contain_text("How long was it?")
    page.get_by_role("link", name="Publish…").click()
    page.wait_for_url("**/visit/publish")
    assert find(read_draft(world), "wait")["text"] == "How long was it?"


# Two people.


def test_two_tabs_merge_their_changes(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    other = desk.new_tab()
    go(other, EDITOR)
    write(page, "greeting", "Question – English", "From the first tab")
    write(other, "thanks", "Question – English", "From the second tab")
    field(other, "Points").fill("7")
    expect(item(page, "thanks")).to_contain_text("From the second tab")
    expect(item(other, "greeting")).to_contain_text("From the first tab")
    for tab in (page, other):
        wait_for_save(tab)
    draft = read_draft(world)
    assert find(draft, "greeting")["text"] == "From the first tab"
    assert (find(draft, "thanks")["text"], find(draft, "thanks")["points"]) == ("From the second tab", 7)


def test_a_conflict_shows_both_values_to_choose_from(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    draft = read_draft(world)
    find(draft, "wait")["text"] = "Theirs"
    replace_draft(world, draft)
    write(page, "wait", "Question – English", "Mine")
    wait_for_save(page, "conflict")
    conflicts = page.locator("[data-testid=conflicts]")
    expect(conflicts.locator("[data-side=ours]")).to_contain_text("Mine")
    conflicts.locator("[data-side=theirs]", has_text="Theirs").get_by_role("button").click()
    wait_for_save(page)
    expect(conflicts).to_be_hidden()
    expect(field(page, "Question – English")).to_have_value("Theirs")
    assert read_draft(world) == draft


# Trouble.


def test_changes_without_a_connection_are_saved_later(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    desk.context.set_offline(True)
    write(page, "wait", "Question – English", "Written offline")
    wait_for_save(page, "offline")
    field(page, "Help – English").fill("Offline too")
    desk.context.set_offline(False)
    wait_for_save(page)
    assert find(read_draft(world), "wait")["text"] == "Written offline"
    assert find(read_draft(world), "wait")["help"] == "Offline too"


def test_a_lost_response_causes_no_conflict(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    handlers = [lose_response]

    def handle(route: Any) -> None:
        if route.request.method == "PUT" and handlers:
            return handlers.pop()(route)
        return route.fallback()

    desk.context.route(DRAFT, handle)
    page.get_by_role("button", name="Add a question").first.click()
    field(page, "Question – English").fill("New")
    wait_for_save(page, "offline")
    field(page, "Question – English").fill("Newer")
    wait_for_save(page)
    assert outline(read_draft(world))[0] == [*WELCOME, "newer"]


def test_what_was_typed_survives_an_expired_session(desk: Phone, world: World) -> None:
    page = edit(desk, world)
    desk.context.clear_cookies()
    write(page, "wait", "Question – English", "Typed without a session")
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.enter_credentials(world.admin)
    wait_for_save(page)
    expect(field(page, "Question – English")).to_have_value("Typed without a session")
    assert find(read_draft(world), "wait")["text"] == "Typed without a session"


def test_what_was_typed_survives_a_killed_browser(
    playwright: Playwright, launch: dict[str, Any], program: Running, world: World, tmp_path: Path
) -> None:
    world.checklist  # noqa: B018
    profile = tmp_path / "profile"

    def start_browser() -> Phone:
        screen = {**SCREEN, "viewport": {"width": 1440, "height": 900}, "is_mobile": False}
        options = {**launch, **screen, "base_url": program.base}
        return Phone(playwright.chromium.launch_persistent_context(profile, **options))

    desk = start_browser()
    edit(desk, world)
    # Chromium stores cookies every 30 seconds and when it closes.
    desk.context.close()
    desk = start_browser()
    go(desk.page, EDITOR)
    desk.context.route(DRAFT, lambda route: cut(route) if route.request.method == "PUT" else route.fallback())
    write(desk.page, "wait", "Question – English", "Typed before the kill")
    wait_for_save(desk.page, "offline")
    field(desk.page, "Question – English").fill("Typed just before the kill")
    desk.page.wait_for_timeout(300)
    kill(profile)
    with suppress(Error):  # the browser is gone
        desk.context.close()
    draft = read_draft(world)
    find(draft, "thanks")["text"] = "Changed by somebody else"
    replace_draft(world, draft)
    desk = start_browser()
    go(desk.page, f"{EDITOR}#question-wait")
    expect(field(desk.page, "Question – English")).to_have_value("Typed just before the kill")
    wait_for_save(desk.page)
    desk.context.close()
    draft = read_draft(world)
    assert find(draft, "wait")["text"] == "Typed just before the kill"
    assert find(draft, "thanks")["text"] == "Changed by somebody else"


# The list.


def test_a_checklist_is_copied_from_a_built_in_one(desk: Phone, world: World) -> None:
    world.add_built_in_checklists()
    page = edit(desk, world, LIST)
    page.get_by_text("New checklist").click()
    page.get_by_label("Title").fill("Our store visit")
    page.get_by_label("Copy of").select_option("store-visit")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile("/checklists/our-store-visit$"))
    wait_for_state(page)
    copy, original = read_draft(world, "our-store-visit"), read_draft(world, "store-visit")
    assert copy["title"] == {"en": "Our store visit", "es": ""}
    assert copy["sections"] == original["sections"]
    go(page, LIST)
    row = page.locator("[data-testid=checklist-row][data-checklist=our-store-visit]")
    expect(row).to_have_attribute("data-status", "draft")
    expect(row).to_contain_text("1 error")


@pytest.mark.full
def test_an_empty_checklist_is_created(desk: Phone, world: World) -> None:
    page = edit(desk, world, LIST)
    page.get_by_text("New checklist").click()
    page.get_by_label("Title").fill("Window displays")
    page.get_by_label("Channel").select_option("in_person")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile("/checklists/window-displays$"))
    wait_for_state(page)
    field(page, "Title").fill("Window displays, spring")
    page.get_by_role("button", name="Add a question").click()
    field(page, "Question").fill("Was the window clean?")
    wait_for_save(page)
    draft = read_draft(world, "window-displays")
    assert (draft["title"], draft["channel"]) == ("Window displays, spring", "in_person")
    assert outline(draft) == [["was-the-window-clean"]]


@pytest.mark.full
def test_retiring_a_checklist_asks_first_with_the_number_of_visits(desk: Phone, world: World) -> None:
    world.visit()
    page = edit(desk, world, LIST)
    row = page.locator("[data-testid=checklist-row][data-checklist=visit]")
    row.get_by_role("button", name="Retire").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("One visit is in progress")
    dialog.get_by_role("button", name="Retire").click()
    expect(row).to_have_attribute("data-status", "retired")
    row.get_by_role("button", name="Version 1").click()
    expect(dialog.get_by_role("rowheader", name="1", exact=True)).to_be_visible()


# Accessibility.


@pytest.mark.parametrize(
    ("width", "colors", "locale"),
    take((320, "light", "es-ES"), (1440, "dark", "en-GB")),
)
def test_the_editor_is_accessible(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str, locale: str
) -> None:
    desk = new_desk(width, color_scheme=colors, locale=locale)
    page = edit(desk, world)

    def check(name: str) -> None:
        result = Axe().run(page)
        assert result.response["violations"] == [], name
        assert page.evaluate(OVERFLOW) <= 0, name

    check("outline")
    item(page, "wait").click()
    check("bands")
    if width < 1280:
        page.locator("[data-view=preview]").last.click()
        check("preview")
    go(page, LIST)
    expect(page.locator("[data-testid=checklist-row]").first).to_be_visible()
    check("list")
    assert desk.errors == []
