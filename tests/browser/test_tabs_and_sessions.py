"""Several tabs with one visit, waits that survive a reload, and signing out."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phone import READY, Phone, Spy, cut, respond
from tests.browser.test_failures import wait_until
from tests.support.pictures import jpeg
from tests.support.world import Caller, World, ok

SUBMISSION = re.compile("/submission$")
SUBMIT = "[data-testid=submit]"


def open_in_two_tabs(phone: Phone, world: World) -> tuple[Any, Page]:
    """Open a visit in two tabs, and answer it in the first."""
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    second = phone.new_tab()
    second.goto(f"/visits/{visit['id']}")
    expect(second.get_by_text("This visit is open in another tab.")).to_be_visible()
    return visit, second


def test_a_visit_sent_in_one_tab_cannot_be_sent_in_another(phone: Phone, world: World) -> None:
    visit, second = open_in_two_tabs(phone, world)
    phone.send()
    phone.wait_until_received()
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    expect(second.locator(SUBMIT)).to_have_count(0)
    second.goto("/")
    expect(second.locator("[data-testid=visit]")).to_have_count(0)
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["revision"] == 1


def test_answers_queued_in_one_tab_are_not_replaced_by_another(phone: Phone, world: World) -> None:
    visit, second = open_in_two_tabs(phone, world)
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.wait_for("waiting", 1, second)
    expect(second.locator(SUBMIT)).to_have_count(0)
    phone.context.set_offline(False)
    phone.wait_until_received()
    submission = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    assert submission["answers"]["greeting"] == {"value": "yes"}


@pytest.mark.full
def test_a_draft_that_another_tab_took_over_and_sent_is_no_longer_saved(phone: Phone, world: World) -> None:
    """The second tab takes the lock and sends the answers before the first tab writes."""
    visit, second = open_in_two_tabs(phone, world)
    second.get_by_role("button", name="Continue here").click()
    second.wait_for_selector(READY)
    second.click(SUBMIT)
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    expect(phone.page.get_by_text("Done. Nothing more to do.")).to_be_visible()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["revision"] == 1


def test_a_tab_that_takes_over_gets_the_unsaved_changes_of_the_first_tab(phone: Phone, world: World) -> None:
    visit, second = open_in_two_tabs(phone, world)
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=n)} for n in (1, 2)]
    phone.question("greeting").locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    second.get_by_role("button", name="Continue here").click()
    second.wait_for_selector(READY)
    expect(second.locator("[data-question=greeting] .photos li")).to_have_count(2)
    second.click(SUBMIT)
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 2


@pytest.mark.full
def test_answers_from_another_tab_are_shown_before_they_are_sent(phone: Phone, world: World) -> None:
    """An answer that this tab does not know is neither dropped nor sent before the shopper has seen it."""
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    phone.page.evaluate(FOREIGN_ANSWER)
    phone.page.click(SUBMIT)
    story = phone.question("story").locator("textarea").first
    expect(story).to_have_value("From another tab.")
    phone.page.click(SUBMIT)
    phone.wait_until_received()
    submission = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    assert submission["answers"]["story"] == {"value": "From another tab."}


FOREIGN_ANSWER = """() => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const answers = result.transaction("answers", "readwrite").objectStore("answers");
        answers.getAll().onsuccess = ({ target: { result: [answer] } }) =>
            answers.put({ ...answer, question: "story", answer: { value: "From another tab." } });
        answers.transaction.oncomplete = () => (result.close(), done());
    };
})"""


@pytest.mark.full
def test_an_empty_photo_is_reported_and_does_not_block_sending(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    receipt = phone.question("receipt")
    file = {"name": "empty.jpg", "mimeType": "image/jpeg", "buffer": b""}
    receipt.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(receipt.get_by_text("This photo is empty.")).to_be_visible()
    expect(receipt.locator(".photos li")).to_have_count(0)
    phone.send()
    phone.wait_until_received()


@pytest.mark.full
def test_an_empty_photo_in_the_queue_needs_the_shopper(phone: Phone, world: World) -> None:
    """The page was closed before the photo was read, so the sender is the first to find that it is empty."""
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt")
    phone.wait_until_saved()
    wait_until(phone, lambda: phone.page.evaluate(EMPTY_PHOTO))
    phone.send()
    phone.wait_for("needs-you")
    expect(phone.page.get_by_text("This photo is empty.")).to_be_visible()
    phone.page.get_by_role("button", name="Send without this photo").click()
    phone.wait_until_received()


#: deletes the bytes of the photo after it was made smaller
EMPTY_PHOTO = """() => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const change = result.transaction(["photos", "files"], "readwrite");
        change.objectStore("photos").getAll().onsuccess = ({ target: { result: [photo] } }) => {
            if (!photo.ready) return;
            change.objectStore("photos").put({ ...photo, ready: false });
            const { account, visit, id } = photo;
            change.objectStore("files").put({ account, visit, id, type: "", bytes: new ArrayBuffer(0) });
            change.emptied = true;
        };
        change.oncomplete = () => (result.close(), done(Boolean(change.emptied)));
    };
})"""


@pytest.mark.full
def test_a_photo_is_sent_unchanged_if_the_worker_stops(phone: Phone, world: World) -> None:
    phone.context.add_init_script(
        "window.Worker = class { postMessage() { setTimeout(() => this.onerror(new Event('error')), 50); }"
        " terminate() {} }"
    )
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt")
    phone.send()
    phone.wait_until_received()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 1


@pytest.mark.full
def test_a_photo_that_cannot_be_shown_has_a_placeholder(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.take_photo("receipt", b"\0\0\0\x18ftypheic" + bytes(2000))
    receipt = phone.question("receipt")
    expect(receipt.get_by_text("Photo 1 · cannot be shown here")).to_be_visible()
    expect(receipt.locator("img")).to_be_hidden()


@pytest.mark.full
def test_retry_after_survives_a_reload(phone: Phone, world: World) -> None:
    """The pause applies to everything in the queue, including a visit that was never sent."""
    first, other = world.visit(), world.visit(location=world.new_location())
    spy = Spy(phone, "PUT", SUBMISSION, respond(503, **{"Retry-After": "8"}))
    phone.start_visit(world.shopper, first)
    phone.answer_all_required()
    before = time.monotonic()
    phone.send()
    wait_until(phone, lambda: phone.page.evaluate(HAS_PAUSE))
    phone.page.goto("/")
    phone.open(other)
    phone.answer_all_required()
    phone.send()
    phone.wait_for("waiting")
    phone.page.reload()
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_for("waiting")
    phone.wait_until_received()
    assert time.monotonic() - before > 8
    # The page shows only the second visit, which may be sent before the first.
    wait_until(phone, lambda: len(spy.requests) >= 3)
    phone.page.goto("/")
    phone.wait_for("waiting", 0)
    assert len(spy.requests) == 3


HAS_PAUSE = """() => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const request = result.transaction("accounts").objectStore("accounts").get(["pause"]);
        request.onsuccess = () => (result.close(), done(Boolean(request.result)));
    };
})"""


def test_signing_out_without_a_signal_ends_the_session_later(phone: Phone, world: World) -> None:
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    cookies = {cookie["name"]: cookie["value"] for cookie in phone.context.cookies()}  # type: ignore[typeddict-item]
    session = Caller(world.app, token=cookies["access_token_cookie"])
    phone.context.set_offline(True)
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    phone.page.reload()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    assert session.get("/me").status_code == 200
    phone.context.set_offline(False)
    phone.page.reload()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    wait_until(phone, lambda: session.get("/me").status_code == 401)
    assert "csrf" not in phone.page.evaluate("document.cookie")
    phone.page.reload()
    expect(phone.page.locator("[name=email]")).to_be_visible()


def test_ending_a_session_offline_does_not_end_the_next_session(phone: Phone, world: World) -> None:
    other = world.person("shopper")
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.context.set_offline(True)
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    phone.context.set_offline(False)
    phone.enter_credentials(other)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    phone.page.reload()
    phone.wait_until_offline_ready()
    expect(phone.page.get_by_text("You are signed out.")).to_be_hidden()


def test_an_account_that_arrives_after_signing_out_does_not_sign_in_again(phone: Phone, world: World) -> None:
    world.visit()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    late: list[Any] = []
    Spy(phone, "GET", re.compile(r"/api/v1/me$"), lambda route: late.append((route, route.fetch())))
    phone.page.reload()
    wait_until(phone, lambda: len(late) > 0)
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    route, response = late[0]
    with phone.page.expect_response("**/api/v1/me"):
        route.fulfill(response=response)
    phone.page.reload()
    expect(phone.page.locator("[name=email]")).to_be_visible()


def test_signing_out_with_unsent_data_asks_for_confirmation(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    phone.page.click("a.back")
    dialog = phone.page.get_by_role("dialog")
    phone.page.get_by_role("button", name="Sign out").click()
    expect(dialog).to_contain_text("One visit or answer has not been sent. It stays on this phone")
    dialog.get_by_role("button", name="Cancel").click()
    expect(phone.page.locator("[data-testid=visit]")).to_be_visible()
    phone.page.get_by_role("button", name="Sign out").click()
    dialog.get_by_role("button", name="Sign out").click()
    phone.enter_credentials(world.shopper)
    phone.open(visit)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


def test_a_background_sync_wakes_the_sender(phone: Phone, world: World) -> None:
    """Chromium sends the event when the signal is back. Here it arrives while the sender backs off."""
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    devtools = phone.context.new_cdp_session(phone.page)
    registrations: list[Any] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.append(event))
    devtools.send("ServiceWorker.enable")
    spy = Spy(phone, "PUT", SUBMISSION, *[cut] * 7)
    phone.answer_all_required()
    phone.send()
    wait_until(phone, lambda: bool(registrations))
    registration = registrations[-1]["registrations"][0]["registrationId"]
    origin = phone.page.evaluate("location.origin")
    for _ in range(8):
        event = {"origin": origin, "registrationId": registration, "tag": "send", "lastChance": False}
        devtools.send("ServiceWorker.dispatchSyncEvent", event)
        phone.page.wait_for_timeout(300)
    phone.wait_until_received()
    assert len(spy.requests) == 8
