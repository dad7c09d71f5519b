"""What the form does when something breaks: nothing shown as saved is lost, and nothing is sent twice."""

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Playwright, expect

from tests.browser.conftest import SCREEN
from tests.browser.phone import READY, Phone, Spy, answer, cut, lose_answer
from tests.support.pictures import jpeg
from tests.support.running import ROOT, Running, free_port, running
from tests.support.world import ALL_WELL, World, ok

SUBMISSION = re.compile("/submission$")
DECLARATION = re.compile("/photos/[0-9a-f-]{36}$")
UPLOAD = re.compile("X-Amz-Signature")
STATUS = "[data-testid=save-state]"
ME = re.compile("/api/v1/me$")
#: what another tab says when the sender goes on
TELL_QUEUE = "new BroadcastChannel('survey').postMessage('queue')"


def stored(world: World, visit: Any) -> int:
    return int(ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"])


def revision(world: World, visit: Any) -> int:
    return int(ok(world.admin.get(f"/visits/{visit['id']}"))["revision"])


def test_a_killed_browser_loses_nothing(
    playwright: Playwright, launch: dict[str, Any], program: Running, world: World, tmp_path: Path
) -> None:
    visit = world.visit()

    def started() -> Phone:
        options = {**launch, **SCREEN, "base_url": program.base}
        return Phone(playwright.chromium.launch_persistent_context(tmp_path / "profile", **options))

    phone = started()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.write("story", "A long story.")
    phone.take_photo("greeting")
    phone.saved()
    kill(tmp_path / "profile")
    phone = started()
    phone.context.set_offline(True)
    phone.page.goto(f"/visits/{visit['id']}")
    phone.page.wait_for_selector(READY)
    expect(phone.page.locator("input:checked")).to_have_count(3)
    expect(phone.question("wait").locator("input").first).to_have_value("20")
    expect(phone.question("story").locator("textarea").first).to_have_value("A long story.")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.context.close()


def kill(profile: Path) -> None:
    """Kill all processes of the browser with this profile, as a phone does that runs out of battery.

    Its services for storage and network are processes of their own. One that outlives the others still holds
    the profile's files and keeps the next browser from them.
    """
    while processes := list(processes_with_files_in(profile)):
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    for lock in profile.glob("Singleton*"):
        lock.unlink()


def processes_with_files_in(folder: Path) -> Iterator[int]:
    """Return the ids of the processes that have a file of this folder open."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # a process that has ended meanwhile
            for descriptor in (process / "fd").iterdir():
                with suppress(FileNotFoundError):  # a file that was closed meanwhile
                    if descriptor.readlink().is_relative_to(folder):
                        yield int(process.name)
                        break


def test_a_cut_photo_is_sent_again_and_the_answers_are_not(phone: Phone, world: World) -> None:
    visit = world.visit()
    submissions, uploads = Spy(phone, "PUT", SUBMISSION), Spy(phone, "PUT", UPLOAD, cut, answer(403))
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert (len(submissions.requests), len(uploads.requests)) == (1, 3)
    assert (revision(world, visit), stored(world, visit)) == (1, 1)


def test_bytes_that_never_arrived_are_declared_and_sent_again(phone: Phone, world: World) -> None:
    visit = world.visit()
    declarations, uploads = Spy(phone, "PUT", DECLARATION), Spy(phone, "PUT", UPLOAD, arrived_nowhere)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert (len(declarations.requests), len(uploads.requests)) == (2, 2)
    assert stored(world, visit) == 1


def arrived_nowhere(route: Any) -> None:
    origin = route.request.headers["origin"]
    route.fulfill(status=200, headers={"Access-Control-Allow-Origin": origin}, body="")


def test_bytes_that_arrived_are_not_sent_again(phone: Phone, world: World) -> None:
    """The answer to the upload was lost: the store says 412, and that will do."""
    visit = world.visit()
    uploads = Spy(phone, "PUT", UPLOAD, lose_answer)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert len(uploads.requests) == 2
    assert uploads.requests[1].response().status == 412  # type: ignore[union-attr]
    assert stored(world, visit) == 1


def test_an_answer_lost_after_the_commit_changes_nothing(phone: Phone, world: World) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, lose_answer)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.send()
    phone.wait_until_received()
    first, second = spy.bodies()
    assert first == second
    assert all("device-time" in request.headers for request in spy.requests)
    assert revision(world, visit) == 1


def test_a_second_tab_is_told_and_can_take_over(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.saved()
    second = phone.new_tab()
    second.goto(f"/visits/{visit['id']}")
    told = second.get_by_text("This visit is open in another tab.")
    expect(told).to_be_visible()
    expect(second.locator("[data-question=greeting] input[value=no]")).to_be_disabled()
    expect(second.locator("[data-question=greeting] input[value=yes]")).to_be_checked()
    second.get_by_role("button", name="Continue here").click()
    second.wait_for_selector(READY)
    expect(phone.page.get_by_text("This visit is open in another tab.")).to_be_visible()
    expect(phone.question("greeting").locator("input[value=no]")).to_be_disabled()
    second.locator("[data-question=greeting] input[value=no]").check()
    second.wait_for_selector(f"{STATUS}[data-state=saved]")
    second.close()
    phone.page.wait_for_selector(READY)
    expect(phone.question("greeting").locator("input[value=no]")).to_be_checked()


def test_two_tabs_send_each_thing_once(phone: Phone, world: World) -> None:
    visit = world.visit()
    submissions, uploads = Spy(phone, "PUT", SUBMISSION), Spy(phone, "PUT", UPLOAD)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.saved()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting", 2)
    second = phone.new_tab()
    second.goto("/")
    phone.wait_for("waiting", 1, second)
    phone.context.set_offline(False)
    phone.wait_until_received()
    phone.wait_for("sent", 1, second)
    finished = [each for each in submissions.requests if each.response() is not None]
    assert len(finished) == 1
    assert len([each for each in uploads.requests if each.response() is not None]) == 1


def test_an_expired_access_token_is_refreshed_unseen(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.context.clear_cookies(name="access_token_cookie")
    phone.all_well()
    phone.send()
    phone.wait_until_received()


def test_a_session_that_ended_keeps_all_and_goes_on_after_signing_in(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.context.clear_cookies()
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    expect(phone.page.get_by_text("You are signed out.")).to_be_visible()
    phone.wait_for("waiting", 2)
    phone.page.get_by_role("button", name="Sign in").click()
    phone.give_password(world.shopper)
    phone.wait_until_received()
    assert stored(world, visit) == 1


def test_signing_in_counts_for_all_tabs(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.page.goto("/")
    second = phone.new_tab()
    second.goto("/")
    expect(second.locator("[data-testid=visit]")).to_be_visible()
    phone.context.clear_cookies()
    for page in (phone.page, second):
        page.reload()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
    phone.page.get_by_role("button", name="Sign in").click()
    phone.give_password(world.shopper)
    expect(second.get_by_text("You are signed out.")).to_be_hidden()


def test_another_account_neither_sees_nor_sends(phone: Phone, world: World) -> None:
    visit, other = world.visit(), world.person("shopper")
    theirs = world.visit(other)
    spy = Spy(phone, "PUT", SUBMISSION)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.page.goto("/")
    phone.page.get_by_role("button", name="Sign in").click()
    phone.give_password(other)
    expect(phone.page.locator("[data-testid=visit]")).to_have_count(1)
    expect(phone.page.locator(f"[data-visit='{theirs['id']}']")).to_be_visible()
    expect(phone.page.locator("[data-testid=queue-item]")).to_have_count(0)
    phone.page.goto(f"/visits/{visit['id']}")
    expect(phone.page.get_by_text("Not found")).to_be_visible()
    assert spy.requests == []
    phone.page.goto("/")
    phone.page.get_by_role("button", name="Sign out").click()
    phone.give_password(world.shopper)
    phone.wait_for("sent")
    assert len(spy.requests) == 1
    assert revision(world, visit) == 1


def test_what_the_server_refuses_needs_the_shopper_and_blocks_nothing_else(
    phone: Phone, world: World
) -> None:
    refused, fine = world.visit(), world.visit(location=world.new_location())
    phone.begin(world.shopper, refused)
    phone.all_well()
    phone.take_photo("greeting")
    phone.saved()
    # The same visit was sent from another phone, with other answers.
    ok(world.send(refused, world.submission({**ALL_WELL, "wait": {"value": 21}})), 201)
    spy = Spy(phone, "PUT", SUBMISSION)
    phone.send()
    phone.wait_for("needs-you")
    expect(phone.page.get_by_text("Other answers for this visit have already been received")).to_be_visible()
    with phone.page.expect_download() as download:
        phone.page.get_by_role("button", name="Save a copy").click()
    copy = Path(download.value.path()).read_text()
    assert "Did someone greet you?" in copy
    assert '"wait": {\n   "value": 20' in copy
    assert "data:image/jpeg;base64," in copy
    phone.page.click("a.back")
    phone.open(fine)
    phone.all_well()
    phone.send()
    phone.wait_until_received()
    assert revision(world, fine) == 1
    assert len(spy.requests) == 2  # one each: what was refused is not tried again by itself


def in_conflict(phone: Phone, world: World, visit: Any) -> None:
    """Answer a visit and send it, after other answers came from another phone."""
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.saved()
    ok(world.send(visit, world.submission({**ALL_WELL, "wait": {"value": 21}})), 201)
    phone.send()
    phone.wait_for("needs-you")


def test_answers_that_the_server_will_not_take_can_be_taken_off_the_phone(phone: Phone, world: World) -> None:
    visit = world.visit()
    in_conflict(phone, world, visit)
    remove = phone.page.get_by_role("button", name="Remove from this phone")
    dialog = phone.page.get_by_role("dialog")
    remove.click()
    expect(dialog).to_contain_text(
        f"{world.location['name']}: the answers and 1 photo were not sent. "
        "Remove them from this phone permanently?"
    )
    dialog.get_by_role("button", name="Cancel").click()
    phone.wait_for("needs-you")
    remove.click()
    dialog.get_by_role("button", name="Remove").click()
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    expect(phone.page.locator("[data-testid=queue-item]")).to_have_count(0)
    assert phone.page.evaluate(ROWS, "photos") == phone.page.evaluate(ROWS, "answers") == 0


ROWS = """(store) => new Promise((done) => {
    indexedDB.open("survey").onsuccess = ({ target: { result } }) => {
        const counted = result.transaction(store).objectStore(store).count();
        counted.onsuccess = () => done(counted.result);
    };
})"""


def closed(world: World) -> Any:
    """Assign a visit whose window has closed, so that a reviewer looks at it."""
    return world.visit(window={"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"})


@pytest.mark.parametrize("decision", [None, "accept", "reject"])
def test_a_conflict_says_how_the_visit_stands_and_offers_only_what_can_work(
    phone: Phone, world: World, decision: str | None
) -> None:
    visit = closed(world)
    in_conflict(phone, world, visit)
    if decision:
        ok(world.review(visit, decision))
        phone.page.reload()
    said = {
        None: "The other answers wait for a decision.",
        "accept": "The other answers are accepted",
        "reject": "The other answers are rejected",
    }
    expect(phone.page.get_by_text(said[decision])).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", "Remove from this phone"])
    phone.page.reload()
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.get_by_text(said[decision])).to_be_visible()
    buttons.last.click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    expect(phone.page.locator("[data-testid=visit]")).to_have_count(0)


def test_a_conflict_that_is_over_can_be_sent_again_as_it_is(phone: Phone, world: World) -> None:
    visit = world.visit()
    refusal = '{"type": "/problems/revision-unexpected", "title": "No", "detail": "No"}'
    spy = Spy(phone, "PUT", SUBMISSION, answer(409, refusal))
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.send()
    expect(phone.page.get_by_text("The visit is open now: try again.")).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", "Try again", "Remove from this phone"])
    buttons.nth(1).click()
    phone.wait_until_received()
    first, second = spy.bodies()
    assert first == second


def test_a_draft_says_that_other_answers_were_received(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.saved()
    ok(world.send(visit, world.submission()), 201)
    phone.page.click("a.back")
    expect(phone.page.get_by_text("Other answers for this visit have already been received")).to_be_visible()


def test_a_return_takes_no_answers_that_were_never_received(phone: Phone, world: World) -> None:
    visit = closed(world)
    in_conflict(phone, world, visit)
    ok(world.review(visit, "return"))
    phone.page.goto("/")
    phone.offline_ready()
    phone.wait_for("needs-you")
    phone.page.locator("[data-testid=queue-item] a").click()
    expect(phone.page.get_by_text("The visit is returned to you")).to_be_visible()
    phone.page.get_by_role("button", name="Correct the answers").click()
    phone.page.wait_for_selector(READY)
    expect(phone.question("wait").locator("input").first).to_have_value("20")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert (revision(world, visit), stored(world, visit)) == (2, 1)


def test_a_return_takes_no_photo_that_is_not_sent(phone: Phone, world: World) -> None:
    visit = closed(world)
    phone.context.route(UPLOAD, cut)
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_for("sent")  # the answers
    ok(world.review(visit, "return"))
    phone.page.goto("/")
    expect(phone.page.get_by_text("Returned: Because.")).to_be_visible()
    phone.offline_ready()
    phone.open(visit)
    phone.write("story", "Aisle 4.")
    phone.saved()
    phone.context.unroute(UPLOAD)
    # The photo is sent with the first revision, and takes nothing of the next one with it.
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(phone, lambda: stored(world, visit) == 1)
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert (revision(world, visit), stored(world, visit)) == (2, 1)


def wait_until(phone: Phone, done: Callable[[], bool]) -> None:
    """Wait until something is so that the page does not show."""
    for _ in range(60):
        if done():
            return
        phone.page.wait_for_timeout(250)
    pytest.fail("It never came to be")


def test_answers_given_while_a_returned_visit_is_fetched_stay(phone: Phone, world: World) -> None:
    visit = closed(world)
    phone.sign_in(world.shopper)
    phone.offline_ready()
    ok(world.send(visit, world.submission()), 201)
    ok(world.review(visit, "return"))
    hanging: list[Any] = []
    Spy(phone, "GET", SUBMISSION, hanging.append)
    phone.page.reload()
    wait_until(phone, lambda: len(hanging) > 0)
    # What the list asked for hangs; the visit, opened, asks itself.
    phone.open(visit)
    phone.write("story", "Aisle 4.")
    phone.saved()
    hanging[0].fallback()
    phone.page.wait_for_timeout(1000)
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


def test_a_proxys_own_refusal_is_tried_again(phone: Phone, world: World) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, answer(403, "<html>Sign in to this network</html>"))
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.send()
    phone.wait_until_received()
    assert len(spy.requests) == 2


def test_a_refused_answer_can_be_corrected_and_sent(phone: Phone, world: World) -> None:
    visit = world.visit()
    invalid = (
        '{"type": "/problems/invalid", "title": "Invalid", "status": 422, "detail": "Something is wrong.", '
        '"errors": [{"pointer": "/answers/wait/value", "detail": "Too long."}]}'
    )
    Spy(phone, "PUT", SUBMISSION, lambda route: route.fulfill(status=422, body=invalid))
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.send()
    expect(phone.page.get_by_text("/answers/wait/value: Too long.")).to_be_visible()
    phone.page.get_by_role("button", name="Correct the answers").click()
    phone.page.wait_for_selector(READY)
    phone.write("wait", "30")
    phone.send()
    phone.wait_until_received()
    assert ok(world.shopper.get(f"/visits/{visit['id']}/submission"))["answers"]["wait"] == {"value": 30}


@pytest.mark.parametrize(
    ("status", "code", "said", "way"),
    [
        (403, "forbidden", "This account is not allowed to send this visit", "Try again"),
        (413, "too-large", "The answers are too large to send", "Correct the answers"),
    ],
)
def test_a_refusal_offers_what_can_help(
    phone: Phone, world: World, status: int, code: str, said: str, way: str
) -> None:
    refusal = f'{{"type": "/problems/{code}", "title": "No", "detail": "No"}}'
    spy = Spy(phone, "PUT", SUBMISSION, answer(status, refusal))
    phone.begin(world.shopper, world.visit())
    phone.all_well()
    phone.send()
    expect(phone.page.get_by_text(said)).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", way, "Remove from this phone"])
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_timeout(500)
    assert len(spy.requests) == 1


def test_a_photo_on_its_way_shows_how_far(phone: Phone, world: World) -> None:
    phone.context.route(UPLOAD, lambda route: None)
    phone.begin(world.shopper, world.visit())
    phone.all_well()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_for("sending")
    expect(phone.page.get_by_role("progressbar", name="Photo 1")).to_be_visible()


def test_an_unusable_photo_blocks_no_other_photo(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    # Begins as a HEIC does, which the browser has to leave as it is, and is none.
    phone.take_photo("receipt", b"\0\0\0\x18ftypheic" + bytes(2000))
    phone.take_photo("greeting")
    phone.send()
    phone.wait_for("needs-you")
    phone.wait_for("sent", 2)  # the answers, and the other photo
    expect(phone.page.get_by_text("The server cannot use this photo")).to_be_visible()
    phone.page.get_by_role("button", name="Send without this photo").click()
    phone.wait_until_received()
    expect(phone.page.get_by_text("not included")).to_be_visible()
    phone.page.reload()
    phone.wait_for("sent", 2)
    expect(phone.page.get_by_text("not included")).to_be_visible()
    phone.page.click("a.back")
    expect(phone.page.get_by_role("heading", name="Waiting to be sent")).to_be_hidden()
    assert stored(world, visit) == 1


def test_an_unusable_photo_is_replaced(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.take_photo("receipt", b"\0\0\0\x18ftypheic" + bytes(2000))
    phone.send()
    phone.wait_for("needs-you")
    other = {"name": "other.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=7)}
    phone.page.get_by_label("Choose another photo").set_input_files(other)  # type: ignore[arg-type]
    phone.wait_until_received()
    assert stored(world, visit) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(phone: Phone, world: World, status: int) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, answer(status, **{"Retry-After": "4"}))
    phone.begin(world.shopper, visit)
    phone.all_well()
    before = time.monotonic()
    phone.send()
    phone.wait_for("waiting")
    phone.page.evaluate("dispatchEvent(new Event('online'))")  # not even then
    phone.wait_until_received()
    assert time.monotonic() - before > 4
    assert len(spy.requests) == 2


def test_retry_after_is_obeyed_where_it_is_asked_who_one_is(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    asked = Spy(phone, "GET", ME, answer(429, **{"Retry-After": "4"}))
    before = time.monotonic()
    phone.send()
    phone.wait_for("waiting")
    phone.page.wait_for_timeout(500)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_until_received()
    assert time.monotonic() - before > 4
    assert len(asked.requests) == 2


def test_a_server_that_cannot_now_is_asked_for_nothing_else(phone: Phone, world: World) -> None:
    visits = [world.visit(location=world.new_location()) for _ in range(3)]
    phone.sign_in(world.shopper)
    phone.offline_ready()
    phone.context.set_offline(True)
    for visit in visits:
        phone.open(visit)
        phone.all_well()
        phone.send()
        phone.wait_for("waiting")
        phone.page.click("a.back")
    asked, spy = Spy(phone, "GET", ME), Spy(phone, "PUT", SUBMISSION, answer(503, **{"Retry-After": "4"}))
    phone.context.set_offline(False)
    wait_until(phone, lambda: len(spy.requests) > 0)
    before = len(asked.requests)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_timeout(2000)
    assert (len(spy.requests), len(asked.requests)) == (1, before)
    phone.wait_for("sent", 3)
    assert len(spy.requests) == 4


#: no space for the rows of one store, or for any
FULL = """(store) => {
    const put = IDBObjectStore.prototype.put;
    window.makeSpace = () => (IDBObjectStore.prototype.put = put);
    IDBObjectStore.prototype.put = function (...given) {
        if (!store || this.name === store) throw new DOMException("The disk is full", "QuotaExceededError");
        return put.apply(this, given);
    };
}"""


def test_a_full_disk_is_said_beside_the_field_and_trying_again_works(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.page.evaluate(FULL)
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    greeting = phone.question("greeting")
    expect(greeting.get_by_text("This could not be saved because the phone is full.")).to_be_visible()
    receipt = phone.question("receipt")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    receipt.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(receipt.get_by_text("This could not be saved because the phone is full.")).to_be_visible()
    phone.page.evaluate("void makeSpace()")
    receipt.get_by_role("button", name="Try again").click()
    expect(receipt.locator("img")).to_be_visible()
    phone.saved()
    expect(greeting.get_by_text("could not be saved")).to_be_hidden()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(greeting.locator("input[value=yes]")).to_be_checked()
    expect(receipt.locator("img")).to_be_visible()


def test_the_last_word_says_itself_where_it_is_not_saved(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    end = phone.page.locator("#review")
    phone.page.evaluate(FULL, "drafts")
    end.locator("textarea").fill("All in all, well.")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    expect(end.get_by_text("This could not be saved because the phone is full.")).to_be_visible()
    phone.page.evaluate("void makeSpace()")
    end.get_by_role("button", name="Try again").click()
    phone.saved()
    expect(end.get_by_text("could not be saved")).to_be_hidden()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(end.locator("textarea")).to_have_value("All in all, well.")


def test_not_saved_stands_until_the_photo_is_saved_too(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.page.evaluate(FULL, "photos")
    receipt = phone.question("receipt")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    receipt.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(receipt.get_by_text("This could not be saved because the phone is full.")).to_be_visible()
    phone.choose("greeting", "yes")
    phone.page.wait_for_timeout(500)
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    phone.page.evaluate("void makeSpace()")
    receipt.get_by_role("button", name="Try again").click()
    phone.saved()


#: each write takes a while, and what is said of saving is noted
SLOW_WRITES = """(status) => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        const request = put.apply(this, given);
        request.addEventListener("success", () => {
            const end = Date.now() + 1000;
            const goOn = () => Date.now() < end && (this.count().onsuccess = goOn);
            goOn();
        });
        return request;
    };
    window.said = [];
    const { dataset } = document.querySelector(status);
    const note = () => window.said.at(-1) === dataset.state || window.said.push(dataset.state);
    new MutationObserver(note).observe(document.querySelector(status), { attributes: true });
}"""


def test_saved_is_not_said_while_a_photo_is_being_written(phone: Phone, world: World) -> None:
    phone.begin(world.shopper, world.visit())
    phone.page.evaluate(SLOW_WRITES, STATUS)
    phone.choose("greeting", "yes")
    phone.take_photo("receipt")
    phone.saved()
    assert phone.page.evaluate("window.said") == ["saving", "saved"]


def two_photos(phone: Phone, data: Callable[[int], bytes]) -> None:
    files = [{"name": f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": data(seed)} for seed in (1, 2)]
    phone.question("greeting").locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]


def test_photos_chosen_together_are_all_kept_before_any_is_made_smaller(phone: Phone, world: World) -> None:
    phone.context.add_init_script("window.Worker = class { postMessage() {} }")  # it never comes to an end
    phone.begin(world.shopper, world.visit())
    two_photos(phone, lambda seed: jpeg(seed=seed))
    photos = phone.question("greeting").locator("img")
    expect(photos).to_have_count(2)
    phone.saved()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(photos).to_have_count(2)


def test_photos_chosen_right_before_sending_are_sent(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    two_photos(phone, lambda seed: jpeg(2000, 1500, seed))
    phone.page.click("[data-testid=submit]")
    phone.wait_until_received()
    assert stored(world, visit) == 2


def test_opening_a_visit_while_the_sender_goes_on(phone: Phone, world: World) -> None:
    world.visit()
    phone.sign_in(world.shopper)
    phone.offline_ready()
    phone.page.evaluate(f"() => {{ window.sender = setInterval(() => {TELL_QUEUE}, 2) }}")
    for _ in range(3):
        phone.page.evaluate("document.querySelector('[data-testid=visit]').click()")
        phone.page.wait_for_selector(READY)
        phone.page.wait_for_timeout(300)
        expect(phone.page.get_by_text("This visit is open in another tab.")).to_be_hidden()
        expect(phone.question("greeting").locator("input").first).to_be_enabled()
        phone.page.click("a.back")
        expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


#: reading the list takes a while
SLOW_LIST = """() => {
    const getAll = IDBObjectStore.prototype.getAll;
    IDBObjectStore.prototype.getAll = function (...given) {
        const request = getAll.apply(this, given);
        const end = Date.now() + 1000;
        const goOn = () => Date.now() < end && (this.count().onsuccess = goOn);
        if (this.name === "drafts") request.addEventListener("success", goOn);
        return request;
    };
}"""


def test_a_list_that_was_being_read_does_not_take_the_place_of_a_visit(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    phone.offline_ready()
    phone.page.evaluate(SLOW_LIST)
    phone.page.evaluate(TELL_QUEUE)
    phone.page.wait_for_timeout(200)
    phone.open(visit)
    phone.page.wait_for_timeout(1500)
    expect(phone.question("greeting")).to_be_visible()


BACK_AT_ONCE = """(visit) => {
    const screen = document.getElementById("screen");
    new MutationObserver((_, observer) => {
        const back = screen.querySelector("a.back");
        if (!back) return;
        observer.disconnect();
        back.click();
    }).observe(screen, { childList: true });
    document.querySelector(`[data-visit="${visit}"]`).click();
}"""


def test_a_visit_left_before_it_was_drawn_leaves_the_list_alive(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    phone.offline_ready()
    phone.page.evaluate(BACK_AT_ONCE, visit["id"])
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    phone.page.wait_for_timeout(500)
    phone.page.evaluate(TELL_QUEUE.replace("queue", "signed-out"))
    expect(phone.page.get_by_text("You are signed out.")).to_be_visible()


def test_where_the_browser_may_clear_its_space_that_is_said_with_the_age_of_what_waits(
    phone: Phone, world: World
) -> None:
    phone.context.add_init_script("navigator.storage.persist = async () => false")
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    notice = phone.page.locator("#screen")
    phone.page.click("a.back")
    expect(notice).to_contain_text("One visit has not been sent. It was started this minute.")  # half done
    phone.open(visit)
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.page.click("a.back")
    expect(notice).to_contain_text("One visit has not been sent. It was started this minute.")
    expect(notice).to_contain_text("This browser may delete what is on the phone")


def test_storage_that_cannot_be_opened_is_said(phone: Phone, world: World) -> None:
    broken = "indexedDB.open = () => { throw new DOMException('broken', 'UnknownError'); }"
    phone.context.add_init_script(f"if (!sessionStorage.mended) {broken}")
    phone.page.goto("/")
    expect(phone.page.get_by_text("The browser's storage cannot be used")).to_be_visible()
    phone.page.evaluate("sessionStorage.mended = 1")
    phone.page.get_by_role("button", name="Try again").click()
    phone.give_password(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


# Releases.


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the program."""
    root = tmp_path / "release"
    for name in ("api", "schemas", "uploads"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "wsgi.py", root)
    return root


@pytest.fixture
def new_release(release: Path) -> Path:
    """A copy of the program in which one file of the form is another."""
    words = release / "api/pages/static/form/words/en.js"
    words.write_text(words.read_text().replace('toDo: "To do"', 'toDo: "To do, new"'))
    return release


def test_a_third_language_is_one_file(
    new_phone: Callable[..., Phone], world: World, settings: dict[str, str], release: Path, tmp_path: Path
) -> None:
    words = release / "api/pages/static/form/words"
    french = (
        (words / "en.js").read_text().replace('signIn: "Sign in"', 'signIn: "Se connecter", email: "Adresse"')
    )
    (words / "fr.js").write_text(french)
    with running(tmp_path / "third", release, **settings) as program:
        phone = new_phone(base_url=program.base, locale="fr-FR")
        phone.page.goto("/")
        expect(phone.page.get_by_role("button", name="Se connecter")).to_be_visible()
        expect(phone.page.get_by_label("Adresse")).to_be_visible()
        expect(phone.page.get_by_label("Password")).to_be_visible()  # which the file has no word for
        phone.give_password(world.shopper)
        expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


WAITING = """async () => {
    const { waiting, installing } = await navigator.serviceWorker.getRegistration();
    if (!waiting) await new Promise((installed) => {
        installing.onstatechange = () => installing.state === "installed" && installed();
    });
}"""


IS_WAITING = "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)"


@pytest.fixture
def waiting_release(
    new_phone: Callable[..., Phone], world: World, settings: dict[str, str], new_release: Path, tmp_path: Path
) -> Iterator[tuple[Phone, Any]]:
    """A phone with a visit open, all of it answered but for one, while a new release waits."""
    visit = world.visit()
    port = {"PORT": str(free_port())}
    with running(tmp_path / "old", **settings | port) as old:
        phone = new_phone(base_url=old.base)
        phone.begin(world.shopper, visit)
        phone.choose("greeting", "yes")
        phone.saved()
        old.end()
    with running(tmp_path / "new", new_release, **settings | port):
        phone.page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
        phone.page.evaluate(WAITING)
        phone.write("wait", "20")
        phone.choose("thanks", "yes")
        phone.saved()
        yield phone, visit


def test_a_new_release_waits_while_a_visit_is_open(waiting_release: tuple[Phone, Any], world: World) -> None:
    phone, visit = waiting_release
    page = phone.page
    assert page.evaluate(IS_WAITING)
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(IS_WAITING)
    expect(page.locator("input:checked")).to_have_count(2)
    page.click("a.back")
    expect(page.get_by_role("heading", name="To do, new")).to_be_visible()
    phone.open(visit)
    phone.choose("problem", "no")
    phone.send()
    phone.wait_until_received()
    assert revision(world, visit) == 1


def test_a_new_release_does_not_wait_for_a_list_that_hangs(waiting_release: tuple[Phone, Any]) -> None:
    phone, _ = waiting_release
    Spy(phone, "GET", ME, lambda route: None)
    phone.page.click("a.back")
    expect(phone.page.get_by_role("heading", name="To do, new")).to_be_visible()


def test_a_new_release_takes_over_once_another_tab_lets_go_of_its_visit(
    waiting_release: tuple[Phone, Any],
) -> None:
    phone, _ = waiting_release
    second = phone.new_tab()
    second.goto("/")
    phone.offline_ready(second)
    assert second.evaluate(IS_WAITING)
    phone.page.close()
    expect(second.get_by_role("heading", name="To do, new")).to_be_visible()


def test_a_new_release_takes_over_once_the_last_draft_is_sent(
    waiting_release: tuple[Phone, Any], world: World
) -> None:
    """The shopper stays on the page that says that all is sent: that is no reason to wait."""
    phone, visit = waiting_release
    old = phone.page.evaluate("document.querySelector('script[type=module]').src")
    phone.choose("problem", "no")
    phone.send()
    phone.wait_until_received()
    other = f"() => document.querySelector('script[type=module]')?.src !== {old!r}"
    phone.page.wait_for_function(other, timeout=10_000)
    phone.wait_until_received()
    assert revision(world, visit) == 1


def test_a_wish_to_take_over_that_was_lost_is_said_again(waiting_release: tuple[Phone, Any]) -> None:
    phone, _ = waiting_release
    phone.page.evaluate("""() => {
        const { postMessage } = ServiceWorker.prototype;
        ServiceWorker.prototype.postMessage = () => (ServiceWorker.prototype.postMessage = postMessage);
    }""")
    phone.page.click("a.back")
    expect(phone.page.get_by_role("heading", name="To do, new")).to_be_visible()


def test_a_release_is_kept_whole_or_not_at_all(
    new_phone: Callable[..., Phone], world: World, settings: dict[str, str], release: Path, tmp_path: Path
) -> None:
    worker = release / "api/pages/static/form/sw.js"
    worker.write_text('FILES.push("/none");\n' + worker.read_text())
    with running(tmp_path / "broken", release, **settings) as program:
        phone = new_phone(base_url=program.base)
        phone.sign_in(world.shopper)
        expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
        wait_until(phone, lambda: bool(phone.page.evaluate("caches.keys().then((all) => all.length)")))
        wait_until(phone, lambda: not phone.page.evaluate(REGISTERED))
        expect(phone.page.get_by_text("Not yet ready to work without a signal.")).to_be_visible()


REGISTERED = "navigator.serviceWorker.getRegistration().then(Boolean)"


# Killed at any moment.

KILLS = 100 if os.environ.get("FAULTS") == "full" else 4
#: writes 1, 2, 3 … as an answer and reports each that is called saved. It writes faster than people, but not
#: without a pause: a record of Chromium's storage is two writes, and a kill between them spoils the database
#: (https://github.com/google/leveldb/issues/1287). A bare page that never pauses loses it in 2 of 228 kills.
COUNT_UP = """() => {
    const area = document.querySelector("[data-question=story] textarea");
    const state = document.querySelector("[data-testid=save-state]");
    let count = Number(area.value) || 0;
    new MutationObserver(() => state.dataset.state === "saved" && window.report(count))
        .observe(state, { attributes: true });
    setInterval(() => {
        if (state.dataset.state !== "saved") return;
        area.value = ++count;
        area.dispatchEvent(new Event("input"));
    }, 100);
}"""


def test_kills_at_random_moments_lose_nothing_that_was_called_saved(
    playwright: Playwright, launch: dict[str, Any], program: Running, world: World, tmp_path: Path
) -> None:
    visit, saved, profile = world.visit(), 0, tmp_path / "profile"

    def start_browser() -> Phone:
        options = {**launch, **SCREEN, "base_url": program.base}
        return Phone(playwright.chromium.launch_persistent_context(profile, **options))

    def read_story(phone: Phone) -> int:
        phone.page.goto(f"/visits/{visit['id']}")
        phone.page.wait_for_selector(READY)
        return int(phone.question("story").locator("textarea").first.input_value() or 0)

    phone = start_browser()
    phone.begin(world.shopper, visit)
    # Chromium stores cookies, and the list of sites with storage, every 30 seconds and when it closes.
    phone.context.close()
    for _ in range(KILLS):
        phone = start_browser()
        reports: list[int] = []
        phone.page.expose_function("report", lambda count, reports=reports: reports.append(count))
        assert read_story(phone) >= saved
        phone.page.evaluate(COUNT_UP)
        phone.page.wait_for_timeout(random.uniform(100, 1500))
        kill(profile)
        saved = max(reports, default=saved)
        with suppress(Error):  # it is gone already
            phone.context.close()
    assert saved > KILLS
    phone = start_browser()
    assert read_story(phone) >= saved
    phone.context.close()
