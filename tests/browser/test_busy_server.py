"""A server that is overloaded for a moment, and photos that are gone: pages go on as well as they can."""

import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import Phone, Spy, respond
from tests.support.world import ALL_WELL, World, ok


def busy(code: str = "overloaded", status: int = 503) -> Any:
    """Return a handler that responds as a server with too much to do."""
    problem = {"type": f"/problems/{code}", "title": "Busy", "status": status, "detail": "Busy."}
    return respond(status, json.dumps(problem), **{"Retry-After": "1"})


def test_staff_sign_in_read_and_save_although_the_server_is_overloaded(desk: Phone, world: World) -> None:
    logins = Spy(desk, "POST", re.compile("/auth/login$"), busy("too-many-passwords", 429))
    readings = Spy(desk, "GET", re.compile("/api/v1/organization$"), busy())
    savings = Spy(desk, "PATCH", re.compile("/api/v1/organization$"), busy())
    page = desk.page
    page.goto("/dashboard/admin/settings")
    desk.enter_credentials(world.admin)
    page.get_by_label("Lock-out days").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert [len(spy.requests) for spy in (logins, readings, savings)] == [2, 2, 2]
    assert ok(world.admin.get("/organization"))["lockout_days"] == 5


def test_a_page_of_an_unavailable_server_loads_as_soon_as_it_is_back(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, "/dashboard/admin")
    # What failed may have been done, so only the whole page is drawn again.
    Spy(desk, "GET", re.compile("/api/v1/organization$"), busy("store-unavailable"))
    go(page, "/dashboard/admin/settings", "busy")
    expect(page.get_by_role("heading", name="The server is busy")).to_be_visible()
    wait_for_state(page)
    expect(page.get_by_label("Lock-out days")).to_be_visible()


def test_a_shopper_opens_a_visit_and_sends_it_although_the_server_is_overloaded(
    phone: Phone, world: World
) -> None:
    visit = world.visit()
    Spy(phone, "POST", re.compile("/auth/login$"), busy())
    Spy(phone, "GET", re.compile(f"/api/v1/visits/{visit['id']}"), busy(), busy("database-unavailable"))
    sendings = Spy(phone, "PUT", re.compile("/submission$"), busy())
    phone.sign_in(world.shopper, f"/visits/{visit['id']}")
    expect(phone.page.get_by_text("The server is busy.")).to_be_visible()
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    assert len(sendings.requests) == 2
    assert phone.errors == []


def test_a_photo_that_is_gone_has_a_message_in_its_place(desk: Phone, world: World) -> None:
    visit = world.visit()
    removed, late, lost = world.photo(visit), world.photo(visit), world.photo(visit, question="receipt")
    answers = {
        **ALL_WELL,
        "greeting": {"value": "yes", "photos": [removed, late]},
        "receipt": {"photos": [lost]},
    }
    ok(world.send(visit, world.submission(answers)), 201)
    desk.context.route(f"**/{removed}/thumbnail", respond(410, "{}"))
    desk.context.route(f"**/{lost}/thumbnail", respond(404, "{}"))
    # The picture and the question why it failed; then it is there.
    Spy(desk, "GET", f"**/{late}/thumbnail", busy(), busy())
    page = enter(desk, world.reviewer, f"/dashboard/visits/{visit['id']}")
    expect(page.get_by_text("This photo was removed, because")).to_have_count(1)
    expect(page.get_by_text("This photo cannot be shown.")).to_have_count(1)
    picture = page.locator(f"[data-photo='{late}'] img")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    assert desk.errors == []
