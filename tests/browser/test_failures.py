"""Failures: no answer that is shown as saved is lost, and nothing is stored twice."""

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
from tests.browser.engines.connection import Connection
from tests.browser.phone import READY, Phone, Spy, cut, lose_response, respond
from tests.support import extent
from tests.support.extent import take
from tests.support.pictures import jpeg
from tests.support.running import ROOT, Running, running
from tests.support.world import ALL_WELL, World, ok

SUBMISSION = re.compile("/submission$")
DECLARATION = re.compile("/photos/[0-9a-f-]{36}$")
UPLOAD = re.compile("X-Amz-Signature")
STATUS = "[data-testid=save-state]"
ME = re.compile("/api/v1/me$")
#: announces to all tabs that the queue has changed
ANNOUNCE_QUEUE = "new BroadcastChannel('survey').postMessage('queue')"


def count_stored_photos(world: World, visit: Any) -> int:
    return int(ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"])


def fetch_revision(world: World, visit: Any) -> int:
    return int(ok(world.admin.get(f"/visits/{visit['id']}"))["revision"])


def test_a_killed_browser_loses_no_saved_data(
    playwright: Playwright, launch: dict[str, Any], program: Running, world: World, tmp_path: Path
) -> None:
    visit = world.visit()

    def start() -> Phone:
        options = {**launch, **SCREEN, "base_url": program.base}
        return Phone(playwright.chromium.launch_persistent_context(tmp_path / "profile", **options))

    phone = start()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.type_text("story", "A long story.")
    phone.take_photo("greeting")
    phone.wait_until_saved()
    kill(tmp_path / "profile")
    phone = start()
    phone.context.set_offline(True)
    phone.page.goto(f"/visits/{visit['id']}")
    phone.page.wait_for_selector(READY)
    expect(phone.page.locator("input:checked")).to_have_count(3)
    expect(phone.question("wait").locator("input").first).to_have_value("20")
    expect(phone.question("story").locator("textarea").first).to_have_value("A long story.")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.context.close()


def kill(profile: Path) -> None:
    """Kill all processes of the browser with this profile, as if the battery of the phone were empty.

    Storage and network services are separate processes. One that survives would still hold the files of the
    profile and block the next browser.
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
        with suppress(OSError):  # the process has ended
            for descriptor in (process / "fd").iterdir():
                with suppress(FileNotFoundError):  # the file was closed
                    if descriptor.readlink().is_relative_to(folder):
                        yield int(process.name)
                        break


def test_a_photo_with_a_broken_connection_is_sent_again_without_the_answers(
    phone: Phone, world: World
) -> None:
    visit = world.visit()
    submissions, uploads = Spy(phone, "PUT", SUBMISSION), Spy(phone, "PUT", UPLOAD, cut, respond(403))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert (len(submissions.requests), len(uploads.requests)) == (1, 3)
    assert (fetch_revision(world, visit), count_stored_photos(world, visit)) == (1, 1)


def test_bytes_that_never_arrived_are_declared_and_sent_again(phone: Phone, world: World) -> None:
    visit = world.visit()
    declarations, uploads = Spy(phone, "PUT", DECLARATION), Spy(phone, "PUT", UPLOAD, confirm_without_storing)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert (len(declarations.requests), len(uploads.requests)) == (2, 2)
    assert count_stored_photos(world, visit) == 1


def confirm_without_storing(route: Any) -> None:
    origin = route.request.headers["origin"]
    route.fulfill(status=200, headers={"Access-Control-Allow-Origin": origin}, body="")


def test_bytes_that_arrived_are_not_sent_again(phone: Phone, world: World) -> None:
    """The response to the upload was lost. The store then responds with 412, which counts as success."""
    visit = world.visit()
    uploads = Spy(phone, "PUT", UPLOAD, lose_response)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_until_received()
    assert len(uploads.requests) == 2
    assert uploads.requests[1].response().status == 412  # type: ignore[union-attr]
    assert count_stored_photos(world, visit) == 1


def test_a_response_lost_after_the_commit_causes_an_identical_request(phone: Phone, world: World) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, lose_response)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    first, second = spy.bodies()
    assert first == second
    assert all("device-time" in request.headers for request in spy.requests)
    assert fetch_revision(world, visit) == 1


def test_a_second_tab_shows_that_the_visit_is_open_and_can_take_over(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    second = phone.new_tab()
    second.goto(f"/visits/{visit['id']}")
    notice = second.get_by_text("This visit is open in another tab.")
    expect(notice).to_be_visible()
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


def test_two_tabs_send_answers_and_photos_once(phone: Phone, world: World) -> None:
    visit = world.visit()
    submissions, uploads = Spy(phone, "PUT", SUBMISSION), Spy(phone, "PUT", UPLOAD)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.wait_until_saved()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting", 2)
    second = phone.new_tab()
    second.goto("/")
    phone.wait_for("waiting", 1, second)
    phone.context.set_offline(False)
    phone.wait_until_received()
    phone.wait_for("sent", 1, second)
    finished = [request for request in submissions.requests if request.response() is not None]
    assert len(finished) == 1
    assert len([request for request in uploads.requests if request.response() is not None]) == 1


def test_an_expired_access_token_is_refreshed_automatically(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.context.clear_cookies(name="access_token_cookie")
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()


def test_sending_continues_after_signing_in_again(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.context.clear_cookies()
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    expect(phone.page.get_by_text("You are signed out.")).to_be_visible()
    phone.wait_for("waiting", 2)
    phone.page.get_by_role("button", name="Sign in").click()
    phone.enter_credentials(world.shopper)
    phone.wait_until_received()
    assert count_stored_photos(world, visit) == 1


@pytest.mark.full
def test_signing_in_applies_to_all_tabs(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.page.goto("/")
    second = phone.new_tab()
    second.goto("/")
    expect(second.locator("[data-testid=visit]")).to_be_visible()
    phone.context.clear_cookies()
    for page in (phone.page, second):
        page.reload()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
    phone.page.get_by_role("button", name="Sign in").click()
    phone.enter_credentials(world.shopper)
    expect(second.get_by_text("You are signed out.")).to_be_hidden()


def test_another_account_neither_sees_nor_sends_the_data(phone: Phone, world: World) -> None:
    visit, other = world.visit(), world.person("shopper")
    theirs = world.visit(other)
    spy = Spy(phone, "PUT", SUBMISSION)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.page.goto("/")
    phone.page.get_by_role("button", name="Sign in").click()
    phone.enter_credentials(other)
    expect(phone.page.locator("[data-testid=visit]")).to_have_count(1)
    expect(phone.page.locator(f"[data-visit='{theirs['id']}']")).to_be_visible()
    expect(phone.page.locator("[data-testid=queue-item]")).to_have_count(0)
    phone.page.goto(f"/visits/{visit['id']}")
    expect(phone.page.get_by_text("Not found")).to_be_visible()
    assert spy.requests == []
    phone.page.goto("/")
    phone.page.get_by_role("button", name="Sign out").click()
    phone.enter_credentials(world.shopper)
    phone.wait_for("sent")
    assert len(spy.requests) == 1
    assert fetch_revision(world, visit) == 1


def test_rejected_answers_need_the_shopper_and_do_not_block_other_visits(phone: Phone, world: World) -> None:
    rejected, other = world.visit(), world.visit(location=world.new_location())
    phone.start_visit(world.shopper, rejected)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.wait_until_saved()
    # Other answers to the same visit are sent from another phone.
    ok(world.send(rejected, world.submission({**ALL_WELL, "wait": {"value": 21}})), 201)
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
    phone.open(other)
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    assert fetch_revision(world, other) == 1
    assert len(spy.requests) == 2  # one for each visit: rejected answers are not retried automatically


def cause_conflict(phone: Phone, world: World, visit: Any) -> None:
    """Answer a visit and send it, after other answers were received from another phone."""
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.wait_until_saved()
    ok(world.send(visit, world.submission({**ALL_WELL, "wait": {"value": 21}})), 201)
    phone.send()
    phone.wait_for("needs-you")


@pytest.mark.full
def test_rejected_answers_can_be_removed_from_the_phone(phone: Phone, world: World) -> None:
    visit = world.visit()
    cause_conflict(phone, world, visit)
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
        const request = result.transaction(store).objectStore(store).count();
        request.onsuccess = () => done(request.result);
    };
})"""


def assign_past_visit(world: World) -> Any:
    """Assign a visit whose window has closed, so that it needs a reviewer."""
    return world.visit(window={"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"})


@pytest.mark.parametrize("decision", take(None, "accept", "reject"))
def test_a_conflict_shows_the_status_of_the_visit_and_only_useful_actions(
    phone: Phone, world: World, decision: str | None
) -> None:
    visit = assign_past_visit(world)
    cause_conflict(phone, world, visit)
    if decision:
        ok(world.review(visit, decision))
        phone.page.reload()
    messages = {
        None: "The other answers are waiting for a decision.",
        "accept": "The other answers have been accepted",
        "reject": "The other answers have been rejected",
    }
    expect(phone.page.get_by_text(messages[decision])).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", "Remove from this phone"])
    phone.page.reload()
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.get_by_text(messages[decision])).to_be_visible()
    buttons.last.click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    expect(phone.page.locator("[data-testid=visit]")).to_have_count(0)


@pytest.mark.full
def test_answers_can_be_sent_unchanged_after_a_conflict_is_resolved(phone: Phone, world: World) -> None:
    visit = world.visit()
    problem = '{"type": "/problems/revision-unexpected", "title": "No", "detail": "No"}'
    spy = Spy(phone, "PUT", SUBMISSION, respond(409, problem))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    expect(phone.page.get_by_text("The visit is open now: try again.")).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", "Try again", "Remove from this phone"])
    buttons.nth(1).click()
    phone.wait_until_received()
    first, second = spy.bodies()
    assert first == second


@pytest.mark.full
def test_the_card_of_a_draft_shows_that_other_answers_were_received(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    ok(world.send(visit, world.submission()), 201)
    phone.page.click("a.back")
    expect(phone.page.get_by_text("Other answers for this visit have already been received")).to_be_visible()


def test_a_return_does_not_replace_answers_that_were_never_received(phone: Phone, world: World) -> None:
    visit = assign_past_visit(world)
    cause_conflict(phone, world, visit)
    ok(world.review(visit, "return"))
    phone.page.goto("/")
    phone.wait_until_offline_ready()
    phone.wait_for("needs-you")
    phone.page.locator("[data-testid=queue-item] a").click()
    expect(phone.page.get_by_text("The visit has been returned to you")).to_be_visible()
    phone.page.get_by_role("button", name="Correct the answers").click()
    phone.page.wait_for_selector(READY)
    expect(phone.question("wait").locator("input").first).to_have_value("20")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert (fetch_revision(world, visit), count_stored_photos(world, visit)) == (2, 1)


def test_a_return_does_not_remove_unsent_photos(phone: Phone, world: World) -> None:
    visit = assign_past_visit(world)
    phone.context.route(UPLOAD, cut)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_for("sent")  # the answers
    ok(world.review(visit, "return"))
    phone.page.goto("/")
    expect(phone.page.get_by_text("Returned: Because.")).to_be_visible()
    phone.wait_until_offline_ready()
    phone.open(visit)
    phone.type_text("story", "Aisle 4.")
    phone.wait_until_saved()
    phone.context.unroute(UPLOAD)
    # The photo is sent with the first revision, and the draft of the next revision stays.
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(phone, lambda: count_stored_photos(world, visit) == 1)
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")
    expect(phone.question("greeting").locator("img")).to_have_js_property("naturalWidth", 640)
    phone.send()
    phone.wait_until_received()
    assert (fetch_revision(world, visit), count_stored_photos(world, visit)) == (2, 1)


def wait_until(phone: Phone, condition: Callable[[], bool]) -> None:
    """Wait for a condition that the page does not show."""
    for _ in range(60):
        if condition():
            return
        phone.page.wait_for_timeout(250)
    pytest.fail("The condition was never met")


def test_answers_entered_while_a_returned_visit_is_fetched_are_kept(phone: Phone, world: World) -> None:
    visit = assign_past_visit(world)
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    ok(world.send(visit, world.submission()), 201)
    ok(world.review(visit, "return"))
    held_routes: list[Any] = []
    Spy(phone, "GET", SUBMISSION, held_routes.append)
    phone.page.reload()
    wait_until(phone, lambda: len(held_routes) > 0)
    # The request of the list hangs. The opened visit sends its own.
    phone.open(visit)
    phone.type_text("story", "Aisle 4.")
    phone.wait_until_saved()
    held_routes[0].fallback()
    phone.page.wait_for_timeout(1000)
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(phone.question("story").locator("textarea").first).to_have_value("Aisle 4.")


@pytest.mark.full
def test_an_error_from_a_proxy_is_retried(phone: Phone, world: World) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, respond(403, "<html>Sign in to this network</html>"))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    assert len(spy.requests) == 2


@pytest.mark.full
def test_a_rejected_answer_can_be_corrected_and_sent(phone: Phone, world: World) -> None:
    visit = world.visit()
    invalid = (
        '{"type": "/problems/invalid", "title": "Invalid", "status": 422, "detail": "Something is wrong.", '
        '"errors": [{"pointer": "/answers/wait/value", "detail": "Too long."}]}'
    )
    Spy(phone, "PUT", SUBMISSION, lambda route: route.fulfill(status=422, body=invalid))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    expect(phone.page.get_by_text("/answers/wait/value: Too long.")).to_be_visible()
    phone.page.get_by_role("button", name="Correct the answers").click()
    phone.page.wait_for_selector(READY)
    phone.type_text("wait", "30")
    phone.send()
    phone.wait_until_received()
    assert ok(world.shopper.get(f"/visits/{visit['id']}/submission"))["answers"]["wait"] == {"value": 30}


@pytest.mark.parametrize(
    ("status", "code", "message", "action"),
    take(
        (403, "forbidden", "This account is not allowed to send this visit", "Try again"),
        (413, "too-large", "The answers are too large to send", "Correct the answers"),
    ),
)
def test_a_rejection_offers_useful_actions(
    phone: Phone, world: World, status: int, code: str, message: str, action: str
) -> None:
    problem = f'{{"type": "/problems/{code}", "title": "No", "detail": "No"}}'
    spy = Spy(phone, "PUT", SUBMISSION, respond(status, problem))
    phone.start_visit(world.shopper, world.visit())
    phone.answer_all_required()
    phone.send()
    expect(phone.page.get_by_text(message)).to_be_visible()
    buttons = phone.page.locator("[data-testid=queue-item] button")
    expect(buttons).to_have_text(["Save a copy", action, "Remove from this phone"])
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_timeout(500)
    assert len(spy.requests) == 1


@pytest.mark.full
def test_a_photo_shows_the_progress_of_its_upload(phone: Phone, world: World) -> None:
    phone.context.route(UPLOAD, lambda route: None)
    phone.start_visit(world.shopper, world.visit())
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.send()
    phone.wait_for("sending")
    expect(phone.page.get_by_role("progressbar", name="Photo 1")).to_be_visible()


@pytest.mark.full
def test_an_unusable_photo_does_not_block_other_photos(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    # This begins like a HEIC file, which the browser cannot decode, but is not one.
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
    assert count_stored_photos(world, visit) == 1


@pytest.mark.full
def test_an_unusable_photo_can_be_replaced(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt", b"\0\0\0\x18ftypheic" + bytes(2000))
    phone.send()
    phone.wait_for("needs-you")
    other = {"name": "other.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=7)}
    phone.page.get_by_label("Choose another photo").set_input_files(other)  # type: ignore[arg-type]
    phone.wait_until_received()
    assert count_stored_photos(world, visit) == 1


@pytest.mark.parametrize("status", take(429, 503))
def test_retry_after_is_respected(phone: Phone, world: World, status: int) -> None:
    visit = world.visit()
    spy = Spy(phone, "PUT", SUBMISSION, respond(status, **{"Retry-After": "4"}))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    before = time.monotonic()
    phone.send()
    phone.wait_for("waiting")
    phone.page.evaluate("dispatchEvent(new Event('online'))")  # this must not end the wait
    phone.wait_until_received()
    assert time.monotonic() - before > 4
    assert len(spy.requests) == 2


@pytest.mark.full
def test_retry_after_of_the_account_request_is_respected(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    account_requests = Spy(phone, "GET", ME, respond(429, **{"Retry-After": "4"}))
    before = time.monotonic()
    phone.send()
    phone.wait_for("waiting")
    phone.page.wait_for_timeout(500)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.wait_until_received()
    assert time.monotonic() - before > 4
    assert len(account_requests.requests) == 2


@pytest.mark.full
def test_retry_after_of_an_upload_is_respected(phone: Phone, world: World) -> None:
    visit = world.visit()
    readable = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    uploads = Spy(phone, "PUT", UPLOAD, respond(503, **{"Retry-After": "3", **readable}))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt")
    before = time.monotonic()
    phone.send()
    phone.wait_until_received()
    assert time.monotonic() - before > 3
    assert len(uploads.requests) == 2
    assert count_stored_photos(world, visit) == 1


@pytest.mark.full
def test_an_unavailable_server_gets_no_other_requests(phone: Phone, world: World) -> None:
    visits = [world.visit(location=world.new_location()) for _ in range(3)]
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.context.set_offline(True)
    for visit in visits:
        phone.open(visit)
        phone.answer_all_required()
        phone.send()
        phone.wait_for("waiting")
        phone.page.click("a.back")
    account_requests = Spy(phone, "GET", ME)
    spy = Spy(phone, "PUT", SUBMISSION, respond(503, **{"Retry-After": "4"}))
    phone.context.set_offline(False)
    wait_until(phone, lambda: len(spy.requests) > 0)
    before = len(account_requests.requests)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_timeout(2000)
    assert (len(spy.requests), len(account_requests.requests)) == (1, before)
    phone.wait_for("sent", 3)
    assert len(spy.requests) == 4


#: makes writing to one store fail, or to any
FULL = """(store) => {
    const put = IDBObjectStore.prototype.put;
    window.makeSpace = () => (IDBObjectStore.prototype.put = put);
    IDBObjectStore.prototype.put = function (...args) {
        if (!store || this.name === store) throw new DOMException("The disk is full", "QuotaExceededError");
        return put.apply(this, args);
    };
}"""


def test_a_full_disk_is_reported_at_the_question_and_saving_can_be_retried(
    phone: Phone, world: World
) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
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
    phone.wait_until_saved()
    expect(greeting.get_by_text("could not be saved")).to_be_hidden()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(greeting.locator("input[value=yes]")).to_be_checked()
    expect(receipt.locator("img")).to_be_visible()


@pytest.mark.full
def test_an_unsaved_last_comment_is_reported_there(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    end = phone.page.locator("#review")
    phone.page.evaluate(FULL, "drafts")
    end.locator("textarea").fill("All in all, well.")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    expect(end.get_by_text("This could not be saved because the phone is full.")).to_be_visible()
    phone.page.evaluate("void makeSpace()")
    end.get_by_role("button", name="Try again").click()
    phone.wait_until_saved()
    expect(end.get_by_text("could not be saved")).to_be_hidden()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(end.locator("textarea")).to_have_value("All in all, well.")


@pytest.mark.full
def test_the_save_error_stays_until_the_photo_is_saved_too(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
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
    phone.wait_until_saved()


#: keeps each write from ending until `mayWrite` is set, and records the states of saving
HELD_WRITES = """(status) => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...args) {
        const request = put.apply(this, args);
        request.addEventListener("success", () => {
            const wait = () => window.mayWrite || (this.count().onsuccess = wait);
            wait();
        });
        return request;
    };
    window.states = [];
    const { dataset } = document.querySelector(status);
    const record = () => window.states.at(-1) === dataset.state || window.states.push(dataset.state);
    new MutationObserver(record).observe(document.querySelector(status), { attributes: true });
}"""


def test_the_state_is_not_saved_while_a_photo_is_being_written(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate(HELD_WRITES, STATUS)
    phone.choose("greeting", "yes")
    phone.take_photo("receipt")
    assert phone.page.evaluate("window.states") == ["saving"]
    phone.page.evaluate("window.mayWrite = true")
    phone.wait_until_saved()
    assert phone.page.evaluate("window.states") == ["saving", "saved"]


def add_two_photos(phone: Phone, data: Callable[[int], bytes]) -> None:
    files = [{"name": f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": data(seed)} for seed in (1, 2)]
    phone.question("greeting").locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]


def test_several_photos_are_all_stored_before_any_is_made_smaller(phone: Phone, world: World) -> None:
    phone.context.add_init_script("window.Worker = class { postMessage() {} }")  # it never finishes
    phone.start_visit(world.shopper, world.visit())
    add_two_photos(phone, lambda seed: jpeg(seed=seed))
    photos = phone.question("greeting").locator("img")
    expect(photos).to_have_count(2)
    phone.wait_until_saved()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(photos).to_have_count(2)


def test_photos_added_immediately_before_sending_are_sent(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    add_two_photos(phone, lambda seed: jpeg(2000, 1500, seed))
    phone.page.click("[data-testid=submit]")
    phone.wait_until_received()
    assert count_stored_photos(world, visit) == 2


@pytest.mark.full
def test_a_visit_can_be_opened_while_the_sender_runs(phone: Phone, world: World) -> None:
    world.visit()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.page.evaluate(f"() => {{ window.sender = setInterval(() => {ANNOUNCE_QUEUE}, 2) }}")
    for _ in range(3):
        phone.page.evaluate("document.querySelector('[data-testid=visit]').click()")
        phone.page.wait_for_selector(READY)
        phone.page.wait_for_timeout(300)
        expect(phone.page.get_by_text("This visit is open in another tab.")).to_be_hidden()
        expect(phone.question("greeting").locator("input").first).to_be_enabled()
        phone.page.click("a.back")
        expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


#: makes reading the list take a second
SLOW_LIST = """() => {
    const getAll = IDBObjectStore.prototype.getAll;
    IDBObjectStore.prototype.getAll = function (...args) {
        const request = getAll.apply(this, args);
        const end = Date.now() + 1000;
        const wait = () => Date.now() < end && (this.count().onsuccess = wait);
        if (this.name === "drafts") request.addEventListener("success", wait);
        return request;
    };
}"""


@pytest.mark.full
def test_a_slow_list_does_not_replace_a_visit_that_was_opened(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.page.evaluate(SLOW_LIST)
    phone.page.evaluate(ANNOUNCE_QUEUE)
    phone.page.wait_for_timeout(200)
    phone.open(visit)
    phone.page.wait_for_timeout(1500)
    expect(phone.question("greeting")).to_be_visible()


GO_BACK_IMMEDIATELY = """(visit) => {
    const screen = document.getElementById("screen");
    new MutationObserver((_, observer) => {
        const back = screen.querySelector("a.back");
        if (!back) return;
        observer.disconnect();
        back.click();
    }).observe(screen, { childList: true });
    document.querySelector(`[data-visit="${visit}"]`).click();
}"""


@pytest.mark.full
def test_the_list_works_after_a_visit_was_left_before_it_was_drawn(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.page.evaluate(GO_BACK_IMMEDIATELY, visit["id"])
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    phone.page.wait_for_timeout(500)
    phone.page.evaluate(ANNOUNCE_QUEUE.replace("queue", "signed-out"))
    expect(phone.page.get_by_text("You are signed out.")).to_be_visible()


@pytest.mark.full
def test_the_list_warns_of_unsent_data_if_the_browser_may_delete_it(phone: Phone, world: World) -> None:
    phone.context.add_init_script("navigator.storage.persist = async () => false")
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.wait_until_saved()
    notice = phone.page.locator("#screen")
    phone.page.click("a.back")
    expect(notice).to_contain_text("One visit has not been sent. It was started this minute.")  # a draft
    phone.open(visit)
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.page.click("a.back")
    expect(notice).to_contain_text("One visit has not been sent. It was started this minute.")
    expect(notice).to_contain_text("This browser may delete what is on the phone")


def test_storage_that_cannot_be_opened_is_reported(phone: Phone, world: World) -> None:
    broken = "indexedDB.open = () => { throw new DOMException('broken', 'UnknownError'); }"
    phone.context.add_init_script(f"if (!sessionStorage.repaired) {broken}")
    phone.page.goto("/")
    expect(phone.page.get_by_text("The browser's storage cannot be used")).to_be_visible()
    phone.page.evaluate("sessionStorage.repaired = 1")
    phone.page.get_by_role("button", name="Try again").click()
    phone.enter_credentials(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


# Releases.


def copy_program(root: Path) -> Path:
    for name in ("api", "docs", "schemas", "uploads"):
        shutil.copytree(ROOT / name, root / name)  # with its bytecode, so that it starts soon
    shutil.copy(ROOT / "wsgi.py", root)
    return root


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the program."""
    return copy_program(tmp_path / "release")


@pytest.fixture(scope="module")
def new_release(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A program with one changed file, and with the data of ``program``."""
    folder = tmp_path_factory.mktemp("new")
    release = copy_program(folder / "release")
    words = release / "api/pages/static/form/words/en.js"
    words.write_text(words.read_text().replace('toDo: "To do"', 'toDo: "To do, new"'))
    with running(folder, release, **settings) as started:
        yield started


@pytest.mark.full
def test_a_language_is_added_with_one_file(
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
        expect(phone.page.get_by_label("Password")).to_be_visible()  # a word that the file does not have
        phone.enter_credentials(world.shopper)
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
    new_phone: Callable[..., Phone], world: World, program: Running, new_release: Running
) -> Iterator[tuple[Phone, Any]]:
    """A phone with an open visit, in which one answer is missing, while a new release waits."""
    visit = world.visit()
    connection = Connection(program.port)
    phone = new_phone(base_url=connection.base)
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    connection.lead_to(new_release.port)
    phone.page.evaluate(
        "navigator.serviceWorker.getRegistration().then((registration) => registration.update())"
    )
    phone.page.evaluate(WAITING)
    phone.type_text("wait", "20")
    phone.choose("thanks", "yes")
    phone.wait_until_saved()
    yield phone, visit
    connection.cut()


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
    assert fetch_revision(world, visit) == 1


@pytest.mark.full
def test_a_new_release_does_not_wait_for_a_list_that_hangs(waiting_release: tuple[Phone, Any]) -> None:
    phone, _ = waiting_release
    Spy(phone, "GET", ME, lambda route: None)
    phone.page.click("a.back")
    expect(phone.page.get_by_role("heading", name="To do, new")).to_be_visible()


@pytest.mark.full
def test_a_new_release_takes_over_when_another_tab_closes_its_visit(
    waiting_release: tuple[Phone, Any],
) -> None:
    phone, _ = waiting_release
    second = phone.new_tab()
    second.goto("/")
    phone.wait_until_offline_ready(second)
    assert second.evaluate(IS_WAITING)
    phone.page.close()
    expect(second.get_by_role("heading", name="To do, new")).to_be_visible()


@pytest.mark.full
def test_a_new_release_takes_over_when_the_last_draft_is_sent(
    waiting_release: tuple[Phone, Any], world: World
) -> None:
    """The release does not wait while the shopper stays on the page of the sent visit."""
    phone, visit = waiting_release
    old = phone.page.evaluate("document.querySelector('script[type=module]').src")
    phone.choose("problem", "no")
    phone.send()
    phone.wait_until_received()
    other = f"() => document.querySelector('script[type=module]')?.src !== {old!r}"
    phone.page.wait_for_function(other, timeout=10_000)
    phone.wait_until_received()
    assert fetch_revision(world, visit) == 1


@pytest.mark.full
def test_a_lost_message_to_take_over_is_sent_again(waiting_release: tuple[Phone, Any]) -> None:
    phone, _ = waiting_release
    phone.page.evaluate("""() => {
        const { postMessage } = ServiceWorker.prototype;
        ServiceWorker.prototype.postMessage = () => (ServiceWorker.prototype.postMessage = postMessage);
    }""")
    phone.page.click("a.back")
    expect(phone.page.get_by_role("heading", name="To do, new")).to_be_visible()


def test_a_release_is_stored_completely_or_not_at_all(
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


# Kills at random moments.

KILLS = 100 if extent.FULL else 4
#: writes 1, 2, 3 … as an answer, and reports each number that is shown as saved. It writes faster than people
#: do, but pauses: a record of Chromium's storage is two writes, and a kill between them damages the database
#: (https://github.com/google/leveldb/issues/1287). A minimal page without pauses loses it in 2 of 228 kills.
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


def test_kills_at_random_moments_lose_no_answer_shown_as_saved(
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
    phone.start_visit(world.shopper, visit)
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
        with suppress(Error):  # the browser is gone
            phone.context.close()
    assert saved > KILLS
    phone = start_browser()
    assert read_story(phone) >= saved
    phone.context.close()
