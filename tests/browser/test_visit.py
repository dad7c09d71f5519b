"""A complete visit on a phone, and how the form presents a checklist."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.phone import READY, Phone, Spy, cut
from tests.support.pictures import encoded, exif, heic, jpeg, quarters, scene
from tests.support.world import ALL_WELL, CHECKLIST, World, ok

DECLARATION = re.compile("/photos/[0-9a-f-]{36}$")


def fetch_visit(world: World, visit: Any) -> Any:
    return ok(world.admin.get(f"/visits/{visit['id']}"))


def fetch_submission(world: World, visit: Any) -> Any:
    """Return a submission as its shopper sent it."""
    return ok(world.shopper.get(f"/visits/{visit['id']}/submission"))


def test_a_complete_visit(phone: Phone, world: World) -> None:
    visit = world.visit()
    page = phone.page
    page.goto("/")
    phone.enter_credentials(world.shopper)
    phone.wait_until_offline_ready()
    phone.open(visit)

    page.click("[data-testid=submit]")
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    expect(summary.locator("a")).to_have_count(4)
    summary.locator("a").first.click()
    expect(phone.question("greeting")).to_be_focused()

    phone.choose("greeting", "no")
    comment = phone.question("greeting").locator("textarea")
    expect(comment).to_be_visible()  # because points are lost
    phone.type_text("wait", "45")
    phone.choose("thanks", "yes")
    expect(phone.question("apology")).to_be_hidden()
    phone.choose("problem", "yes")
    phone.choose("apology", "yes")
    phone.type_text("story", "It went well.")
    phone.take_photo("receipt")
    phone.send()
    expect(summary.locator("a")).to_have_text(["Did someone greet you? — Please say why"])
    comment.fill("No one looked up.")
    expect(summary).to_be_hidden()
    phone.send()

    phone.wait_until_received()
    phone.wait_for("sent", 2)
    assert fetch_submission(world, visit)["answers"] == {
        "greeting": {"value": "no", "comment": "No one looked up."},
        "wait": {"value": 45},
        "thanks": {"value": "yes"},
        "problem": {"value": "yes"},
        "apology": {"value": "yes"},
        "story": {"value": "It went well."},
        "receipt": {"photos": fetch_submission(world, visit)["answers"]["receipt"]["photos"]},
    }
    assert fetch_visit(world, visit)["photos"]["stored"] == 1
    page.click("a.back")
    phone.wait_for("sent")
    expect(page.locator("[data-testid=visit]")).to_have_count(0)
    assert phone.errors == []


def test_a_complete_visit_without_a_signal(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.context.set_offline(True)
    phone.page.goto("/")
    phone.open(visit)
    phone.answer_all_required()
    phone.take_photo("greeting")
    phone.wait_until_saved()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(phone.page.locator("input:checked")).to_have_count(3)
    phone.send()
    phone.wait_for("waiting", 2)
    phone.context.set_offline(False)
    phone.wait_until_received()
    assert fetch_visit(world, visit)["photos"]["stored"] == 1


def test_the_address_of_a_visit_opens_it_after_sign_in(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper, f"/visits/{visit['id']}")
    phone.page.wait_for_selector(READY)
    other = world.visit(world.person("shopper"))
    phone.page.goto(f"/visits/{other['id']}")
    expect(phone.page.get_by_text("Not found")).to_be_visible()


def test_a_returned_visit_is_corrected_on_another_phone(
    new_phone: Callable[..., Phone], world: World
) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "return", reason="Say more.", question_reasons={"story": "Which aisle?"}))
    phone = new_phone()
    phone.sign_in(world.shopper)
    expect(phone.page.get_by_text("Returned: Say more.")).to_be_visible()
    phone.open(visit)
    expect(phone.page.get_by_text("Which aisle?")).to_be_visible()
    expect(phone.question("wait").locator("input").first).to_have_value("20")
    phone.type_text("story", "Aisle 4.")
    phone.send()
    phone.wait_until_received()
    submission = fetch_submission(world, visit)
    assert (submission["revision"], submission["answers"]["story"]) == (2, {"value": "Aisle 4."})


def test_a_photo_that_never_arrived_has_to_be_taken_again(
    new_phone: Callable[..., Phone], world: World
) -> None:
    lost = "00000000-0000-4000-8000-00000000000a"
    visit = world.late_visit({**ALL_WELL, "receipt": {"photos": [lost]}})
    ok(world.review(visit, "return"))
    phone = new_phone()
    phone.sign_in(world.shopper)
    phone.open(visit)
    expect(phone.question("receipt").locator(".photos li")).to_have_count(0)
    phone.take_photo("receipt")
    phone.send()
    phone.wait_until_received()
    assert lost not in fetch_submission(world, visit)["answers"]["receipt"]["photos"]
    assert fetch_visit(world, visit)["photos"] == {"expected": 1, "stored": 1, "missing": [], "unusable": []}


@pytest.mark.full
def test_a_returned_visit_has_no_timers_until_its_answers_are_fetched(phone: Phone, world: World) -> None:
    visit = world.late_visit()
    ok(world.review(visit, "return"))
    Spy(phone, "GET", re.compile("/submission$"), cut)
    phone.sign_in(world.shopper)
    expect(phone.page.get_by_text("Returned: Because.")).to_be_visible()
    expect(phone.page.locator(".timer")).to_have_count(0)
    phone.page.reload()
    expect(phone.page.locator(".timer")).to_be_disabled()


@pytest.mark.full
def test_the_list_does_not_fetch_sent_visits_again(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    spy = Spy(phone, "GET", re.compile("/visits/[0-9a-f-]{36}$"))
    phone.page.goto("/")
    phone.wait_until_offline_ready()
    phone.wait_for("sent")
    with phone.page.expect_response(re.compile("status=returned")):
        phone.page.reload()
    phone.wait_for("sent")
    assert [request for request in spy.requests if "/api/" in request.url] == []
    phone.context.set_offline(True)
    phone.page.locator("[data-testid=queue-item] a").click()
    expect(phone.page.locator(".outcome.done")).to_be_visible()


def test_an_answer_replaces_does_not_apply(phone: Phone, world: World) -> None:
    newer = change_checklist(
        wait={"not_applicable": True}, story={"not_applicable": True}, clock={"not_applicable": True}
    )
    spent = {"key": "spent", "text": "What did you spend?", "type": "number", "not_applicable": True}
    printed = {"key": "printed", "text": "Best before?", "type": "date", "not_applicable": True}
    newer["sections"][1]["questions"] += [spent, printed]
    visit = assign_visit_with(world, newer)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    texts = {
        "wait": "20",
        "story": "It went well.",
        "clock": "13:05",
        "spent": "-2.5",
        "printed": "2026-01-31",
    }
    for key, text in texts.items():
        phone.question(key).get_by_label("Does not apply").check()
        box = phone.question(key).locator("input, textarea").first
        box.press_sequentially({"clock": "0105PM", "printed": "01312026"}.get(key, text))
        expect(box).to_have_value(text)
    phone.send()
    phone.wait_until_received()
    answers = fetch_submission(world, visit)["answers"]
    expected = {**texts, "wait": 20, "spent": -2.5}
    assert {key: answers[key] for key in texts} == {key: {"value": value} for key, value in expected.items()}


def change_checklist(**changes: Any) -> Any:
    """Return the checklist with some fields of some questions changed."""
    document = json.loads(json.dumps(CHECKLIST))
    for section in document["sections"]:
        for question in section["questions"]:
            question.update(changes.get(question["key"], {}))
    return document


def assign_visit_with(world: World, document: Any) -> Any:
    """Publish a checklist, and return a visit that is assigned with it."""
    world.checklist  # noqa: B018
    world.publish(document)
    return world.visit()


@pytest.mark.full
def test_the_error_of_a_missing_photo_links_to_the_camera_button(phone: Phone, world: World) -> None:
    needed = {"required": True, "not_applicable": True, "photos": {"minimum": 1, "maximum": 1}}
    visit = assign_visit_with(world, change_checklist(receipt=needed))
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    phone.page.locator(".summary a").click()
    expect(phone.question("receipt").get_by_role("button", name="Take a photo")).to_be_focused()


def test_a_visit_uses_the_checklist_version_it_was_assigned_with(phone: Phone, world: World) -> None:
    visit = world.visit()
    world.publish(change_checklist(greeting={"text": "Were you greeted at all?"}))
    phone.start_visit(world.shopper, visit)
    expect(phone.question("greeting").locator("legend")).to_have_text("Did someone greet you?")
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    assert fetch_submission(world, visit)["checklist_version"] == 1


def test_the_form_is_available_in_spanish(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    phone.page.get_by_role("button", name="español").click()
    expect(phone.page.locator("html[lang=es]")).to_be_attached()
    expect(phone.page.get_by_role("heading", name="Pendientes")).to_be_visible()
    phone.open(visit)
    expect(phone.page.locator("h1")).to_have_text("Una visita")
    expect(phone.question("problem").locator(".option")).to_have_text(["Sí", "No"])


@pytest.mark.full
def test_the_form_has_the_colour_of_the_organization(phone: Phone, world: World) -> None:
    tag = world.admin.get("/organization").headers["ETag"]
    ok(world.admin.patch("/organization", {"accent_color": "#1a4d8f"}, headers={"If-Match": tag}))
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.context.set_offline(True)
    phone.page.reload()
    expect(phone.page.locator("[data-testid=submit]")).to_have_css("background-color", "rgb(26, 77, 143)")


@pytest.mark.full
def test_sign_in_asks_for_the_organization_if_several_match(phone: Phone, world: World) -> None:
    other = World(world.app)
    twin = world.person("shopper", "twin")
    other.person("shopper", "twin")
    phone.page.goto("/")
    phone.enter_credentials(twin)
    expect(phone.page.get_by_text("accounts of several organizations")).to_be_visible()
    phone.page.fill("[name=organization]", world.name)
    phone.page.press("[name=organization]", "Enter")
    expect(phone.page.get_by_text(world.name)).to_be_visible()


# Timers.


def test_a_timer_starts_from_the_list_and_runs_while_the_app_is_closed(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.sign_in(world.shopper)
    timer = phone.page.locator(".timer")
    timer.click()
    expect(timer).to_contain_text("Stop")
    phone.page.close()
    phone.page = phone.new_tab()
    phone.page.goto("/")
    expect(phone.page.locator(".timer")).to_contain_text("0:02")
    phone.page.locator(".timer").click()
    expect(phone.page.locator(".timer")).to_be_disabled()  # another tap would delete the measured time
    phone.open(visit)
    assert int(phone.question("wait").locator("input").first.input_value()) in range(1, 20)


def test_the_position_is_sent_if_the_shopper_adds_it(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 51.5, "longitude": -0.1, "accuracy": 12})
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.page.get_by_role("button", name="Add my position").click()
    expect(phone.page.get_by_text("Your position will be sent with the answers.")).to_be_visible()
    phone.send()
    phone.wait_until_received()
    assert fetch_submission(world, visit)["position"] == {
        "latitude": 51.5,
        "longitude": -0.1,
        "accuracy_m": 12,
    }


@pytest.mark.full
def test_setting_the_clock_back_does_not_change_durations(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.question("wait").get_by_role("button", name="Start timer").click()
    phone.choose("greeting", "yes")
    back = """() => {
        const Real = Date;
        window.Date = class extends Real {
            constructor(...parts) { parts.length ? super(...parts) : super(Real.now() - 3_600_000); }
            static now() { return Real.now() - 3_600_000; }
        };
    }"""
    phone.page.evaluate(back)
    phone.page.wait_for_timeout(2000)
    phone.question("wait").get_by_role("button", name="Stop").click()
    phone.choose("thanks", "yes")
    phone.choose("problem", "no")
    phone.send()
    phone.wait_until_received()
    body = fetch_submission(world, visit)
    assert body["started_at"] <= body["finished_at"]
    assert 1 <= body["answers"]["wait"]["value"] < 60
    # Both times use the clock at the time of sending, so the server corrects both by the same hour.
    assert set(world.flags(visit)) <= {"clock-off", "too-fast"}


# Photos.


def declare_photo(phone: Phone, world: World, data: bytes, name: str = "photo.jpg") -> Any:
    """Send a visit with a photo, and return how the photo was declared."""
    visit = world.visit()
    spy = Spy(phone, "PUT", DECLARATION)
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.take_photo("receipt", data, name)
    phone.send()
    phone.wait_until_received()
    assert fetch_visit(world, visit)["photos"]["stored"] == 1
    (body,) = spy.bodies()
    return body


def test_a_large_photo_is_made_smaller_and_upright(phone: Phone, world: World) -> None:
    block = exif(orientation=6, taken_at="2026:01:02 03:04:05", offset="+02:00", position=(51.5, -0.1))
    picture = encoded(quarters(4000, 3000), "JPEG", exif=block)
    body = declare_photo(phone, world, picture)
    assert (body["content_type"], body["size"] <= 900_000) == ("image/jpeg", True)
    assert body["taken_at"] == "2026-01-02T01:04:05.000Z"
    assert abs(body["position"]["latitude"] - 51.5) + abs(body["position"]["longitude"] + 0.1) < 1e-6
    width, height, corner = phone.page.evaluate(UPRIGHT, list(picture))
    assert (width, height) == (1920, 2560)
    # A quarter turn clockwise moves the blue quarter from the bottom left to the top left.
    assert corner[2] > 200 and max(corner[:2]) < 60


UPRIGHT = """async (bytes) => {
    const base = document.querySelector("script[type=module]").src.replace("main.js", "");
    const worker = new Worker(`${base}shrink.worker.js`, { type: "module" });
    const reply = await new Promise((done) => {
        worker.onmessage = ({data}) => done(data);
        worker.postMessage({id: 1, file: new Blob([new Uint8Array(bytes)])});
    });
    const bitmap = await createImageBitmap(new Blob([reply.photo.bytes]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return [bitmap.width, bitmap.height, [...context.getImageData(50, 50, 1, 1).data]];
}"""


@pytest.mark.full
def test_a_noisy_photo_is_made_small_enough(phone: Phone, world: World) -> None:
    body = declare_photo(phone, world, jpeg(4000, 3000, quality=97))
    assert body["size"] <= 900_000


@pytest.mark.full
def test_a_photo_that_the_browser_cannot_decode_is_sent_unchanged(phone: Phone, world: World) -> None:
    data = heic(scene())
    body = declare_photo(phone, world, data, "photo.heic")
    sha256 = hashlib.sha256(data).hexdigest()
    assert (body["content_type"], body["sha256"], body["size"]) == ("image/heic", sha256, len(data))


def test_a_photo_can_be_replaced(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    receipt = phone.question("receipt")
    camera = receipt.get_by_role("button", name="Take a photo")
    phone.take_photo("receipt", jpeg(seed=1))
    expect(camera).to_be_hidden()  # the question accepts one photo
    receipt.get_by_role("button", name="Remove").click()
    expect(receipt.locator(".photos li")).to_have_count(0)
    expect(camera).to_be_focused()
    phone.wait_until_saved()
    phone.page.reload()
    phone.page.wait_for_selector(READY)
    expect(receipt.locator(".photos li")).to_have_count(0)
    phone.take_photo("receipt", jpeg(seed=2))
    phone.send()
    phone.wait_until_received()
    assert fetch_visit(world, visit)["photos"]["stored"] == 1


LONGEST_TASK = """() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: "longtask" });
}"""


@pytest.mark.full
def test_making_a_photo_smaller_does_not_block_the_page(phone: Phone, world: World, tmp_path: Path) -> None:
    # The photo is a file, because Playwright would decode bytes in the page itself.
    (tmp_path / "large.jpg").write_bytes(jpeg(4000, 3000))
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate(LONGEST_TASK)
    receipt = phone.question("receipt")
    receipt.locator("input[type=file]").set_input_files(tmp_path / "large.jpg")
    expect(receipt.locator("img")).to_have_js_property("naturalWidth", 2560)
    assert phone.page.evaluate("window.longest") <= 100


def test_a_file_that_is_not_a_photo_is_rejected_at_the_question(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    receipt = phone.question("receipt")
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no photo"}
    receipt.locator("input[type=file]").set_input_files(file)
    expect(receipt.get_by_text("This file is not a photo that can be sent.")).to_be_visible()
    expect(receipt.locator(".photos li")).to_have_count(0)
