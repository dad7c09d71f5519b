"""Publishing a checklist: the changes by effect, the replay drawn, and the versions."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import new_world
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone
from tests.support.extent import take
from tests.support.running import Running
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

ADDRESS = "/dashboard/admin/checklists/visit/publish"


def question(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def edit(world: World, change: Callable[[Any], Any]) -> None:
    """Store a draft with a change."""
    draft = world.admin.get("/checklists/visit/draft")
    document = copy.deepcopy(draft.get_json())
    change(document)
    headers = {"If-Match": draft.headers["ETag"]}
    ok(world.admin.put("/checklists/visit/draft", document, headers=headers))


def change_everything(document: Any) -> None:
    """Make one change of each effect."""
    question(document, "greeting")["text"] = "Did anybody greet you?"
    question(document, "wait")["bands"][1]["points"] = 1
    question(document, "story")["required"] = True
    document["sections"][1]["questions"].append(
        {"key": "bag", "text": "Were you offered a bag?", "type": "yes_no", "points": 2}
    )


@pytest.fixture(scope="module")
def visited(program: Running, settings: dict[str, str]) -> Iterator[World]:
    """An organization with accepted visits to two stores and one visit in progress."""
    with new_world(settings) as world:
        slow = world.new_location(name="Harbour")
        for wait in (60, 60, 20):
            world.accepted_visit({**ALL_WELL, "wait": {"value": wait}}, location=slow)
        for _ in range(3):
            world.accepted_visit()
        world.visit()
        yield world


def effects(page: Page) -> list[str | None]:
    return [change.get_attribute("data-effect") for change in page.get_by_test_id("change").all()]


def test_preview_shows_changes_replay_and_visits_in_progress(desk: Phone, visited: World) -> None:
    edit(visited, change_everything)
    page = enter(desk, visited.admin, ADDRESS)
    assert effects(page) == ["not-comparable", "points", "asked", "words"]
    changes = page.get_by_test_id("change")
    expect(changes.nth(0)).to_contain_text("Were you offered a bag?")
    expect(changes.nth(1)).to_contain_text("up to 120 s: 1")
    expect(changes.nth(2)).to_contain_text("An answer is required now.")
    expect(changes.nth(3).locator("del")).to_contain_text("Did someone greet you?")
    replay = page.get_by_test_id("replay")
    expect(replay).to_contain_text("The last 6 accepted visits")
    expect(replay.locator("[data-verdict]")).to_have_attribute("data-verdict", "same")
    expect(replay.get_by_role("row", name="Harbour")).to_contain_text("83.3%")
    expect(replay.get_by_role("img").first).to_be_visible()
    expect(page.get_by_test_id("unanswered")).to_contain_text("not answered in 6 of 6 visits, up to 2 points")
    expect(page.get_by_text("1 visit in progress stays on the older version")).to_be_visible()
    for colors in ("light", "dark"):
        page.emulate_media(color_scheme=colors)
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()


@pytest.mark.full
def test_errors_lead_to_the_editor_and_nothing_can_be_published(desk: Phone, world: World) -> None:
    world.checklist  # noqa: B018
    edit(world, lambda document: question(document, "thanks").update(text=""))
    page = enter(desk, world.admin, ADDRESS)
    fault = page.locator("[data-testid=fault][data-pointer='/sections/1/questions/0/text']")
    expect(fault.get_by_role("link")).to_have_attribute(
        "href", "/dashboard/admin/checklists/visit#question-thanks"
    )
    expect(page.get_by_test_id("publish")).to_have_count(0)
    expect(page.get_by_test_id("replay")).to_have_count(0)
    assert effects(page) == ["words"]


@pytest.mark.parametrize("size", take("desktop", "phone"))
def test_publishing_asks_first_and_then_shows_the_new_version(
    size: str, new_desk: Callable[..., Phone], new_phone: Callable[..., Phone], world: World
) -> None:
    device = new_desk() if size == "desktop" else new_phone()
    world.visit()
    edit(world, change_everything)
    page = enter(device, world.admin, ADDRESS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    publish = page.get_by_test_id("publish")
    publish.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It has 4 changes. 1 visit in progress stays on the older version.")
    dialog.get_by_role("button", name="Cancel").click()
    assert ok(world.admin.get("/checklists/visit/versions"))["items"][0]["version"] == 1
    publish.click()
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Version 2 is published.")).to_be_focused()
    expect(page.get_by_text("The draft is the same, so there is nothing to publish.")).to_be_visible()
    expect(publish).to_have_count(0)
    versions = page.get_by_test_id("version")
    assert [row.get_attribute("data-version") for row in versions.all()] == ["2", "1"]
    versions.first.locator("summary").click()
    expect(versions.first.get_by_test_id("change")).to_have_count(4)


def test_a_draft_that_somebody_changed_meanwhile_is_shown_again(desk: Phone, world: World) -> None:
    world.checklist  # noqa: B018
    edit(world, lambda document: document.update(pass_mark=0.7))
    page = enter(desk, world.admin, ADDRESS)
    edit(world, lambda document: question(document, "wait").update(required=False))
    page.get_by_test_id("publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Somebody has changed the draft since.")).to_be_visible()
    assert effects(page) == ["points", "asked"]
    assert ok(world.admin.get("/checklists/visit/versions"))["items"][0]["version"] == 1


def test_first_version_and_built_in_checklists(desk: Phone, world: World) -> None:
    world.add_built_in_checklists()
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    page = enter(desk, world.admin, ADDRESS)
    expect(page.get_by_text("This checklist was never published.")).to_be_visible()
    expect(page.get_by_test_id("replay")).to_have_count(0)
    page.get_by_test_id("publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Version 1 is published.")).to_be_visible()
    go(page, "/dashboard/admin/checklists/store-visit/publish")
    expect(page.get_by_text("The draft is the same, so there is nothing to publish.")).to_be_visible()
    ok(world.admin.post("/checklists/store-visit/retire"), 204)
    go(page, "/dashboard/admin/checklists/store-visit/publish")
    expect(page.get_by_text("This checklist is retired.")).to_be_visible()
    page.get_by_test_id("publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status").filter(has_text="Version 1 is published.")).to_be_visible()
    assert "store-visit" in [row["key"] for row in world.admin.list_all("/checklists")]
    page.goto("/dashboard/admin/checklists/none/publish")
    wait_for_state(page, "missing")
