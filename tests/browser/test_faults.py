"""What the form does when something breaks: nothing shown as saved is lost, and nothing is sent twice."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import SCREEN
from tests.browser.phone import READY, Phone, Spy, answer, cut, lose_answer
from tests.pictures import jpeg
from tests.running import ROOT, Running, free_port, running
from tests.world import ALL_WELL, World, ok

SUBMISSION = re.compile("/submission$")
DECLARATION = re.compile("/photos/[0-9a-f-]{36}$")
UPLOAD = re.compile("X-Amz-Signature")
STATUS = "[data-testid=save-state]"


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
    """Kill the processes of the browser with this profile, as a phone does that runs out of battery."""
    named = f"--user-data-dir={profile}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and named in (entry / "cmdline").read_bytes().split(b"\0"):
            os.kill(int(entry.name), signal.SIGKILL)
    for lock in profile.glob("Singleton*"):
        lock.unlink()


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
    assert revision(world, visit) == 1


def test_a_second_tab_is_told_and_can_take_over(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.saved()
    second = phone.new_tab()
    second.goto(f"/visits/{visit['id']}")
    told = second.get_by_text("This is open in another tab.")
    expect(told).to_be_visible()
    expect(second.locator("[data-question=greeting] input[value=no]")).to_be_disabled()
    expect(second.locator("[data-question=greeting] input[value=yes]")).to_be_checked()
    second.get_by_role("button", name="Go on here").click()
    second.wait_for_selector(READY)
    expect(phone.page.get_by_text("This is open in another tab.")).to_be_visible()
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
    expect(phone.page.get_by_text("Other answers to this visit were received before")).to_be_visible()
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
    expect(phone.page.get_by_text("The server cannot use this photo.")).to_be_visible()
    phone.page.get_by_role("button", name="Leave this photo out").click()
    phone.wait_until_received()
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


def test_a_full_disk_is_said_beside_the_field_and_trying_again_works(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.begin(world.shopper, visit)
    full = """() => {
        const put = IDBObjectStore.prototype.put;
        window.makeSpace = () => (IDBObjectStore.prototype.put = put);
        IDBObjectStore.prototype.put = () => {
            throw new DOMException("The disk is full", "QuotaExceededError");
        };
    }"""
    phone.page.evaluate(full)
    phone.choose("greeting", "yes")
    phone.page.wait_for_selector(f"{STATUS}[data-state=error]")
    greeting = phone.question("greeting")
    expect(greeting.get_by_text("Not saved: the phone is full.")).to_be_visible()
    receipt = phone.question("receipt")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    receipt.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(receipt.get_by_text("The photo is not saved.")).to_be_visible()
    phone.page.evaluate("void makeSpace()")
    receipt.get_by_role("button", name="Try again").click()
    expect(receipt.locator("img")).to_be_visible()
    phone.saved()
    expect(greeting.get_by_text("Not saved")).to_be_hidden()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(greeting.locator("input[value=yes]")).to_be_checked()
    expect(receipt.locator("img")).to_be_visible()


def test_where_the_browser_may_clear_its_space_that_is_said_with_the_age_of_what_waits(
    phone: Phone, world: World
) -> None:
    phone.context.add_init_script("navigator.storage.persist = async () => false")
    visit = world.visit()
    phone.begin(world.shopper, visit)
    phone.all_well()
    phone.saved()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.page.click("a.back")
    notice = phone.page.locator(".notice")
    expect(notice).to_contain_text("One is not sent yet, from this minute.")
    expect(notice).to_contain_text("This browser may clear its space when the phone is full: send soon.")


def test_storage_that_cannot_be_opened_is_said(phone: Phone, world: World) -> None:
    broken = "indexedDB.open = () => { throw new DOMException('broken', 'UnknownError'); }"
    phone.context.add_init_script(f"if (!sessionStorage.mended) {broken}")
    phone.page.goto("/")
    expect(phone.page.get_by_text("The browser's storage cannot be used.")).to_be_visible()
    phone.page.evaluate("sessionStorage.mended = 1")
    phone.page.get_by_role("button", name="Try again").click()
    phone.give_password(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()


# Releases.


@pytest.fixture
def new_release(tmp_path: Path) -> Iterator[Path]:
    """A copy of the program in which one file of the form is another."""
    root = tmp_path / "release"
    for name in ("api", "schemas", "uploads"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "wsgi.py", root)
    words = root / "api/pages/static/form/words/en.js"
    words.write_text(words.read_text().replace('toDo: "To do"', 'toDo: "To do, anew"'))
    return root


WAITING = """async () => {
    const { waiting, installing } = await navigator.serviceWorker.getRegistration();
    if (!waiting) await new Promise((installed) => {
        installing.onstatechange = () => installing.state === "installed" && installed();
    });
}"""


def test_a_new_release_waits_while_a_visit_is_open(
    new_phone: Callable[..., Phone], world: World, settings: dict[str, str], new_release: Path, tmp_path: Path
) -> None:
    visit = world.visit()
    port = {"PORT": str(free_port())}
    with running(tmp_path / "old", **settings | port) as old:
        phone = new_phone(base_url=old.base)
        phone.begin(world.shopper, visit)
        phone.choose("greeting", "yes")
        phone.saved()
        old.end()
    with running(tmp_path / "new", new_release, **settings | port):
        page = phone.page
        page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
        page.evaluate(WAITING)
        phone.write("wait", "20")
        phone.choose("thanks", "yes")
        phone.saved()
        page.reload()
        page.wait_for_selector(READY)
        expect(page.locator("input:checked")).to_have_count(2)
        page.click("a.back")
        expect(page.get_by_role("heading", name="To do, anew")).to_be_visible()
        phone.open(visit)
        phone.choose("problem", "no")
        phone.send()
        phone.wait_until_received()
    assert revision(world, visit) == 1
