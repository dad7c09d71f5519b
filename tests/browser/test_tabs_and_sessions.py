"""Several tabs on one visit, waits that survive a reload, releases that take over, and signing out."""

import re
import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.phone import READY, Phone, Spy, answer, cut
from tests.browser.test_faults import wait_until
from tests.support.pictures import jpeg
from tests.support.world import Caller, World, ok

SUBMISSION = re.compile("/submission$")
SUBMIT = "[data-testid=submit]"


def in_two_tabs(phone: Phone, world: World) -> tuple[Any, Page]:
    """Answer a visit in the first of two tabs that both have it open."""
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    second = phone.new_tab()
    second.goto(f"/visits/{visit['id']}")
    expect(second.get_by_text("This visit is open in another tab.")).to_be_visible()
    return visit, second


def test_a_visit_that_one_tab_has_sent_is_not_offered_by_the_other(phone: Phone, world: World) -> None:
    visit, second = in_two_tabs(phone, world)
    phone.send()
    phone.wait_until_received()
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    expect(second.locator(SUBMIT)).to_have_count(0)
    second.goto("/")
    expect(second.locator("[data-testid=visit]")).to_have_count(0)
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["revision"] == 1


def test_answers_that_one_tab_has_queued_are_not_replaced_by_the_other(phone: Phone, world: World) -> None:
    visit, second = in_two_tabs(phone, world)
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.wait_for("waiting", 1, second)
    expect(second.locator(SUBMIT)).to_have_count(0)
    phone.context.set_offline(False)
    phone.wait_until_received()
    sent = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    assert sent["answers"]["greeting"] == {"value": "yes"}


def test_a_draft_that_was_taken_over_and_sent_stops_saving_in_the_first_tab(
    phone: Phone, world: World
) -> None:
    """The lock is stolen, the answers are sent, and only then does the first tab write."""
    visit, second = in_two_tabs(phone, world)
    second.get_by_role("button", name="Continue here").click()
    second.wait_for_selector(READY)
    second.click(SUBMIT)
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    expect(phone.page.get_by_text("Done. Nothing more to do.")).to_be_visible()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["revision"] == 1


def test_taking_over_takes_what_the_first_tab_is_still_writing(phone: Phone, world: World) -> None:
    visit, second = in_two_tabs(phone, world)
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=n)} for n in (1, 2)]
    phone.question("greeting").locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    second.get_by_role("button", name="Continue here").click()
    second.wait_for_selector(READY)
    expect(second.locator("[data-question=greeting] .photos li")).to_have_count(2)
    second.click(SUBMIT)
    expect(second.get_by_text("Done. Nothing more to do.")).to_be_visible()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 2


def test_answers_that_another_tab_wrote_are_shown_before_they_are_sent(phone: Phone, world: World) -> None:
    """The phone has an answer that this tab does not know: it is neither dropped nor sent unseen."""
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    phone.page.evaluate(FOREIGN_ANSWER)
    phone.page.click(SUBMIT)
    story = phone.question("story").locator("textarea").first
    expect(story).to_have_value("From another tab.")
    phone.page.click(SUBMIT)
    phone.wait_until_received()
    sent = ok(world.shopper.get(f"/visits/{visit['id']}/submission"))
    assert sent["answers"]["story"] == {"value": "From another tab."}


FOREIGN_ANSWER = """() => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const answers = result.transaction("answers", "readwrite").objectStore("answers");
        answers.getAll().onsuccess = ({ target: { result: [answer] } }) =>
            answers.put({ ...answer, question: "story", answer: { value: "From another tab." } });
        answers.transaction.oncomplete = () => (result.close(), done());
    };
})"""


def test_an_empty_photo_is_named_and_holds_up_nothing(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    receipt = phone.question("receipt")
    file = {"name": "empty.jpg", "mimeType": "image/jpeg", "buffer": b""}
    receipt.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(receipt.get_by_text("This photo is empty.")).to_be_visible()
    expect(receipt.locator(".photos li")).to_have_count(0)
    phone.send()
    phone.wait_until_received()


def test_an_empty_photo_that_was_queued_needs_the_shopper(phone: Phone, world: World) -> None:
    """The page was closed before the photo was looked at, so only the sender finds that it is empty."""
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("receipt")
    phone.saved()
    wait_until(phone, lambda: phone.page.evaluate(EMPTY_PHOTO))
    phone.send()
    phone.wait_for("needs-you")
    expect(phone.page.get_by_text("This photo is empty.")).to_be_visible()
    phone.page.get_by_role("button", name="Send without this photo").click()
    phone.wait_until_received()


#: leaves nothing of the bytes of the one photo, once it was made smaller
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


def test_a_worker_that_dies_leaves_the_photo_to_be_sent_as_it_is(phone: Phone, world: World) -> None:
    phone.context.add_init_script(
        "window.Worker = class { postMessage() { setTimeout(() => this.onerror(new Event('error')), 50); }"
        " terminate() {} }"
    )
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("receipt")
    phone.send()
    phone.wait_until_received()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 1


def test_a_photo_that_cannot_be_shown_has_a_placeholder(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.take_photo("receipt", b"\0\0\0\x18ftypheic" + bytes(2000))
    receipt = phone.question("receipt")
    expect(receipt.get_by_text("Photo 1 · cannot be shown here")).to_be_visible()
    expect(receipt.locator("img")).to_be_hidden()


def test_retry_after_survives_a_reload(phone: Phone, world: World) -> None:
    """The pause is for all that waits, also for a visit that was never tried."""
    first, other = world.visit(), world.visit(location=world.new_location())
    spy = Spy(phone, "PUT", SUBMISSION, answer(503, **{"Retry-After": "8"}))
    phone.begin(world.shopper, first)
    phone.all_well()
    before = time.monotonic()
    phone.send()
    phone.wait_for("waiting")
    phone.page.goto("/")
    phone.open(other)
    phone.all_well()
    phone.send()
    phone.wait_for("waiting")
    phone.page.reload()
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_for("waiting")
    phone.wait_until_received()
    assert time.monotonic() - before > 8
    assert len(spy.requests) == 3


def test_signing_out_works_without_a_signal_and_ends_the_session_later(phone: Phone, world: World) -> None:
    phone.sign_in(world.shopper)
    phone.offline_ready()
    cookies = {each["name"]: each["value"] for each in phone.context.cookies()}  # type: ignore[typeddict-item]
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


def test_a_session_that_was_ended_offline_does_not_end_the_next_one(phone: Phone, world: World) -> None:
    other = world.person("shopper")
    phone.sign_in(world.shopper)
    phone.offline_ready()
    phone.context.set_offline(True)
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.locator("[name=email]")).to_be_visible()
    phone.context.set_offline(False)
    phone.give_password(other)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    phone.page.reload()
    phone.offline_ready()
    expect(phone.page.get_by_text("You are signed out.")).to_be_hidden()


def test_signing_out_asks_first_where_something_is_not_sent(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.saved()
    phone.page.click("a.back")
    dialog = phone.page.get_by_role("dialog")
    phone.page.get_by_role("button", name="Sign out").click()
    expect(dialog).to_contain_text("One visit has not been sent. It stays on this phone")
    dialog.get_by_role("button", name="Cancel").click()
    expect(phone.page.locator("[data-testid=visit]")).to_be_visible()
    phone.page.get_by_role("button", name="Sign out").click()
    dialog.get_by_role("button", name="Sign out").click()
    phone.give_password(world.shopper)
    phone.open(visit)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


def test_a_background_sync_wakes_the_sender(phone: Phone, world: World) -> None:
    """Chromium sends the event when the signal is back; here it is sent while the sender backs off."""
    visit = world.visit()
    phone.begin(world.shopper, visit)
    devtools = phone.context.new_cdp_session(phone.page)
    registrations: list[Any] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.append(event))
    devtools.send("ServiceWorker.enable")
    spy = Spy(phone, "PUT", SUBMISSION, *[cut] * 7)
    phone.all_well()
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
