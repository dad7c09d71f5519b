"""The storage of the phone fails, closes, or is cleared while the page is open."""

import pytest
from playwright.sync_api import expect

from tests.browser.phone import DENY_SETTINGS, READY, Phone
from tests.support.extent import take
from tests.support.world import World, ok

STATUS = "[data-testid=save-state]"

#: makes the next `count` transactions fail, as in WebKit and Chromium after the connection was lost
FAIL_TRANSACTIONS = """(count) => {
    const real = IDBDatabase.prototype.transaction;
    window.failed = 0;
    IDBDatabase.prototype.transaction = function (...args) {
        if (window.failed < count) {
            window.failed += 1;
            throw new DOMException("The connection is closing", "InvalidStateError");
        }
        return real.apply(this, args);
    };
}"""

#: records the connections of the page, so that a test can close them without an event, as iOS does
CLOSE_SILENTLY = """
    window.connections = [];
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...args) {
        const request = open.apply(this, args);
        request.addEventListener("success", () => window.connections.push(request.result));
        return request;
    };
"""

CLEAR = """() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("survey");
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
})"""


def reload(phone: Phone) -> None:
    phone.page.reload()
    phone.page.wait_for_selector(READY)


@pytest.mark.full
def test_a_failed_transaction_is_repeated_without_data_loss(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate(FAIL_TRANSACTIONS, 1)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    assert phone.page.evaluate("window.failed") == 1
    reload(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


@pytest.mark.full
def test_a_connection_that_closes_without_an_event_is_reopened(phone: Phone, world: World) -> None:
    phone.context.add_init_script(CLOSE_SILENTLY)
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate("for (const connection of window.connections) connection.close()")
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    phone.take_photo("greeting")
    phone.type_text("story", "Aisle 4.")
    phone.wait_until_saved()
    reload(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


@pytest.mark.full
def test_an_unsaved_answer_stays_in_memory_and_is_saved_automatically(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate(FAIL_TRANSACTIONS, 4)
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    expect(phone.question("greeting").get_by_text("could not be saved")).to_be_visible()
    phone.choose("thanks", "yes")
    phone.wait_until_saved()
    expect(phone.question("greeting").get_by_text("could not be saved")).to_be_hidden()
    reload(phone)
    expect(phone.page.locator("input:checked")).to_have_count(2)


def test_an_unsaved_answer_survives_a_visit_to_the_list(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.page.evaluate(
        """() => {
            const real = IDBObjectStore.prototype.put;
            window.restorePut = () => (IDBObjectStore.prototype.put = real);
            IDBObjectStore.prototype.put = () => { throw new DOMException("broken", "UnknownError"); };
        }"""
    )
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    phone.page.click("a.back")
    phone.open(visit)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()
    phone.page.evaluate("void restorePut()")
    phone.wait_until_saved()
    reload(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


@pytest.mark.parametrize("in_other_tab", take(False, True))
def test_cleared_storage_is_written_again_with_the_next_answer(
    phone: Phone, world: World, in_other_tab: bool
) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.take_photo("greeting")
    phone.type_text("story", "Aisle 4.")
    phone.wait_until_saved()
    other = phone.new_tab() if in_other_tab else phone.page
    if in_other_tab:
        other.goto("/docs")
    other.evaluate(CLEAR)
    phone.choose("thanks", "yes")
    phone.wait_until_saved()
    phone.context.set_offline(True)
    reload(phone)
    expect(phone.page.locator("input:checked")).to_have_count(2)
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


def test_cleared_storage_is_written_again_without_an_answer(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    phone.page.evaluate(CLEAR)
    phone.page.wait_for_timeout(500)
    phone.wait_until_saved()
    phone.context.set_offline(True)
    reload(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


@pytest.mark.full
def test_an_older_database_in_another_tab_is_reported(phone: Phone, world: World) -> None:
    """A tab of an older release keeps its connection open. When it is closed, the form opens."""
    old = phone.new_tab()
    old.goto("/docs")
    old.evaluate(
        "() => new Promise((done) => (indexedDB.open('survey', 1).onsuccess = (event) => "
        "done(window.database = event.target.result)))"
        ".then(() => true)"
    )
    phone.page.goto("/")
    expect(
        phone.page.get_by_text("An older version of this form is still open in another tab.")
    ).to_be_visible()
    old.close()
    expect(phone.page.get_by_role("button", name="Sign in")).to_be_visible()
    phone.enter_credentials(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


def test_the_form_works_if_settings_cannot_be_stored(phone: Phone, world: World) -> None:
    phone.context.add_init_script(DENY_SETTINGS)
    phone.sign_in(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    assert phone.errors == []


@pytest.mark.full
def test_the_form_works_without_the_features_that_older_browsers_lack(phone: Phone, world: World) -> None:
    """Features that are newer than Chrome 90 or Safari 15.4."""
    phone.context.add_init_script(
        """
        delete AbortSignal.timeout;
        delete Crypto.prototype.randomUUID;
        delete HTMLElement.prototype.inert;
        delete window.OffscreenCanvas;
        """
    )
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert phone.errors == []


def test_the_form_lists_supported_browsers_if_this_one_is_too_old(phone: Phone) -> None:
    phone.context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    phone.page.goto("/")
    expect(phone.page.get_by_text("Use Safari 15.4, Chrome 90, Firefox 115 or later.")).to_be_visible()


#: changes the data to version 1 of the database: a Blob in the row of a photo, without its size
DOWNGRADE = """(ready) => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const change = result.transaction(["photos", "files"], "readwrite");
        change.objectStore("files").getAll().onsuccess = ({ target: { result: [file] } }) => {
            const photos = change.objectStore("photos");
            photos.getAll().onsuccess = ({ target: { result: [{ size, ...photo }] } }) => {
                photos.put({ ...photo, ready, blob: new Blob([file.bytes], { type: file.type }) });
            };
            change.objectStore("files").clear();
        };
        change.oncomplete = () => (result.close(), done());
    };
})"""


@pytest.mark.parametrize("ready", take(True, False))
def test_a_photo_from_an_older_release_is_sent(phone: Phone, world: World, ready: bool) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.wait_until_saved()
    phone.page.wait_for_timeout(1000)
    phone.page.evaluate(DOWNGRADE, ready)
    reload(phone)
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 1
