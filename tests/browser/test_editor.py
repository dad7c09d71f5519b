"""The editor of checklists: fields, order, conditions, languages, and what survives trouble."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import wait_for_state
from tests.browser.phone import Phone
from tests.support.world import CHECKLIST, World, ok

EDITOR = "/dashboard/admin/checklists/visit"
STATE = "[data-testid=save-state]"


def edit(desk: Phone, world: World, address: str = EDITOR) -> Page:
    """Open the editor as an administrator."""
    desk.page.on("console", lambda m: print(m.text, m.location))
    world.checklist  # noqa: B018
    desk.sign_in(world.admin, address)
    wait_for_state(desk.page)
    return desk.page


def wait_for_save(page: Page, state: str = "saved") -> None:
    expect(page.locator(STATE)).to_have_attribute("data-state", state)


def draft(world: World, key: str = "visit") -> Any:
    return ok(world.admin.get(f"/checklists/{key}/draft"))


def question(page: Page, key: str) -> Any:
    return page.locator(f"[data-testid=question][data-key='{key}']")


def find(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def keys(document: Any) -> list[list[str]]:
    return [[question["key"] for question in section["questions"]] for section in document["sections"]]


def test_look(new_desk: Callable[..., Phone], world: World) -> None:
    for width in (1440, 768, 390, 320):
        desk = new_desk(width)
        page = edit(desk, world)
        page.wait_for_timeout(300)
        page.screenshot(path=f"/tmp/editor_{width}_outline.png")
        question(page, "apology").click()
        page.wait_for_timeout(500)
        page.screenshot(path=f"/tmp/editor_{width}_question.png", full_page=width < 1000)
        if width < 1200:
            page.get_by_role("button", name="Preview").click()
            page.wait_for_timeout(300)
            page.screenshot(path=f"/tmp/editor_{width}_preview.png")
        assert desk.errors == []
