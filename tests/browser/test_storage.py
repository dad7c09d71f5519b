"""What the form does when the phone's storage fails, closes or is cleared under the open page."""

import pytest
from playwright.sync_api import expect

from tests.browser.phone import READY, Phone
from tests.support.world import World, ok

STATUS = "[data-testid=save-state]"

#: the next `count` transactions fail, as WebKit's and Chromium's do when the connection was lost
FAIL_TRANSACTIONS = """(count) => {
    const real = IDBDatabase.prototype.transaction;
    window.failed = 0;
    IDBDatabase.prototype.transaction = function (...given) {
        if (window.failed < count) {
            window.failed += 1;
            throw new DOMException("The connection is closing", "InvalidStateError");
        }
        return real.apply(this, given);
    };
}"""

#: closes every connection that the page has, without an event, as iOS does
CLOSE_SILENTLY = """
    window.connections = [];
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...given) {
        const request = open.apply(this, given);
        request.addEventListener("success", () => window.connections.push(request.result));
        return request;
    };
"""

CLEAR = """() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("survey");
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
})"""


def reopened(phone: Phone) -> None:
    phone.page.reload()
    phone.page.wait_for_selector(READY)


def test_one_failed_transaction_loses_nothing_and_is_not_noticed(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.page.evaluate(FAIL_TRANSACTIONS, 1)
    phone.choose("greeting", "yes")
    phone.saved()
    assert phone.page.evaluate("window.failed") == 1
    reopened(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


def test_a_connection_that_closes_without_an_event_is_opened_again(phone: Phone, world: World) -> None:
    phone.context.add_init_script(CLOSE_SILENTLY)
    phone.begin(world.shopper, world.visit())
    phone.page.evaluate("for (const each of window.connections) each.close()")
    phone.choose("greeting", "yes")
    phone.saved()
    phone.take_photo("greeting")
    phone.write("story", "Aisle 4.")
    phone.saved()
    reopened(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


def test_what_is_not_stored_stays_in_memory_and_is_stored_without_a_tap(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.page.evaluate(FAIL_TRANSACTIONS, 4)
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    expect(phone.question("greeting").get_by_text("could not be saved")).to_be_visible()
    phone.choose("thanks", "yes")
    phone.saved()
    expect(phone.question("greeting").get_by_text("could not be saved")).to_be_hidden()
    reopened(phone)
    expect(phone.page.locator("input:checked")).to_have_count(2)


def test_what_is_in_memory_survives_a_look_at_the_list(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.page.evaluate(
        """() => {
            const real = IDBObjectStore.prototype.put;
            window.heal = () => (IDBObjectStore.prototype.put = real);
            IDBObjectStore.prototype.put = () => { throw new DOMException("broken", "UnknownError"); };
        }"""
    )
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    phone.page.click("a.back")
    phone.open(visit)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()
    phone.page.evaluate("void heal()")
    phone.saved()
    reopened(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_storage_that_is_cleared_under_the_open_page_is_written_again(
    phone: Phone, world: World, elsewhere: bool
) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.take_photo("greeting")
    phone.write("story", "Aisle 4.")
    phone.saved()
    other = phone.new_tab() if elsewhere else phone.page
    if elsewhere:
        other.goto("/docs")
    other.evaluate(CLEAR)
    phone.choose("thanks", "yes")
    phone.saved()
    phone.context.set_offline(True)
    reopened(phone)
    expect(phone.page.locator("input:checked")).to_have_count(2)
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


def test_cleared_storage_is_written_again_without_another_answer(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.choose("greeting", "yes")
    phone.saved()
    phone.page.evaluate(CLEAR)
    phone.page.wait_for_timeout(500)
    phone.saved()
    phone.context.set_offline(True)
    reopened(phone)
    expect(phone.question("greeting").locator("input[value=yes]")).to_be_checked()


def test_an_older_database_in_another_tab_is_named(phone: Phone, world: World) -> None:
    """A tab of an older release keeps its connection; once it is closed, the form opens."""
    old = phone.new_tab()
    old.goto("/docs")
    old.evaluate(
        "() => new Promise((done) => (indexedDB.open('survey', 1).onsuccess = (event) => "
        "done(window.kept = event.target.result)))"
        ".then(() => true)"
    )
    phone.page.goto("/")
    expect(
        phone.page.get_by_text("Another tab of this form is still open in an older version.")
    ).to_be_visible()
    old.close()
    expect(phone.page.get_by_role("button", name="Sign in")).to_be_visible()
    phone.give_password(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


def test_the_form_works_where_settings_cannot_be_stored(phone: Phone, world: World) -> None:
    phone.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('denied', 'SecurityError'); } })"
    )
    phone.sign_in(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    assert phone.errors == []


def test_the_form_works_without_what_older_browsers_lack(phone: Phone, world: World) -> None:
    """What came after Chrome 90 or Safari 15.4."""
    phone.context.add_init_script(
        """
        delete AbortSignal.timeout;
        delete Crypto.prototype.randomUUID;
        delete HTMLElement.prototype.inert;
        delete window.OffscreenCanvas;
        """
    )
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert phone.errors == []


def test_a_browser_that_is_too_old_is_told_which_ones_work(phone: Phone) -> None:
    phone.context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    phone.page.goto("/")
    expect(phone.page.get_by_text("It works in Safari 15.4, Chrome 90, Firefox 115")).to_be_visible()


#: turns what the phone has into version 1 of the database: a Blob in each photo's row, without its size
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


@pytest.mark.parametrize("ready", [True, False])
def test_a_photo_that_an_older_release_stored_is_sent(phone: Phone, world: World, ready: bool) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.saved()
    phone.page.wait_for_timeout(1000)
    phone.page.evaluate(DOWNGRADE, ready)
    reopened(phone)
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 1
