"""What the form shows: the facts of a visit, its progress, and what else the shopper can do."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.phone import Phone
from tests.browser.test_visit import assign_visit_with, change_checklist, fetch_submission
from tests.support.extent import take
from tests.support.pictures import jpeg
from tests.support.world import CHECKLIST, World, ok

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0"


def hours_from_now(opens: float, closes: float) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "opens_at": (now + timedelta(hours=opens)).isoformat(),
        "closes_at": (now + timedelta(hours=closes)).isoformat(),
    }


@pytest.mark.parametrize(
    ("window", "words"),
    take(
        ((24 * 3, 24 * 9), r"Not before .+\. Until "),
        ((-24, 3.1), r"Closes in 3 hours \("),
        ((-24 * 9, -24 * 4), r"Closed 4 days ago\. Send your answers anyway"),
        ((-24, -0.004), r"Closed this minute\. "),
    ),
)
def test_a_card_and_its_visit_show_the_visit_window(
    phone: Phone, world: World, window: tuple[float, float], words: str
) -> None:
    visit = world.visit(window=hours_from_now(*window))
    phone.sign_in(world.shopper)
    card = phone.page.locator(f"a[data-visit='{visit['id']}']")
    expect(card).to_contain_text(re.compile(words))
    expect(card).to_contain_text("A visit · in person")
    phone.wait_until_offline_ready()
    phone.open(visit)
    expect(phone.page.locator("#screen")).to_contain_text(re.compile(words))
    expect(phone.page).to_have_title(re.compile("^A visit · in person, .+ – Mystery shopper$"))


@pytest.mark.full
def test_times_are_in_the_time_zone_of_the_store(phone: Phone, world: World) -> None:
    store = world.new_location(time_zone="Asia/Tokyo")
    window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2099-06-01T03:00:00Z"}
    world.visit(location=store, window=window)
    phone.sign_in(world.shopper)
    expect(phone.page.locator("[data-testid=visit]")).to_contain_text("12:00 (time at the store)")


@pytest.mark.parametrize(
    ("agent", "link"),
    take(
        (ANDROID, "geo:51.5,-0.1?q="),
        (IPHONE, "https://maps.apple.com/?q="),
        (None, "https://www.openstreetmap.org/search?query="),
    ),
)
def test_the_address_opens_a_map(new_phone: Any, world: World, agent: str | None, link: str) -> None:
    world.visit(location=world.new_location(address="12 High Street, Leeds", latitude=51.5, longitude=-0.1))
    phone = new_phone(**({"user_agent": agent} if agent else {}))
    phone.sign_in(world.shopper)
    address = phone.page.get_by_role("link", name="12 High Street, Leeds")
    assert (address.get_attribute("href") or "").startswith(link)
    assert address.get_attribute("rel") == "noreferrer"


def test_a_telephone_visit_has_a_link_that_dials_the_number(phone: Phone, world: World) -> None:
    visit = assign_telephone_visit(world)
    phone.sign_in(world.shopper)
    number = phone.page.get_by_role("link", name="Call 020 7946 0123")
    expect(number).to_have_attribute("href", "tel:02079460123")
    phone.wait_until_offline_ready()
    phone.open(visit)
    expect(number).to_be_visible()
    expect(phone.page.get_by_text("The store was closed")).to_have_count(0)


@pytest.mark.parametrize(
    ("phone_number", "link"),
    take(
        ("+44 20 7946 0018 ext. 2", "tel:+442079460018;ext=2"),
        ("+44 (0)20 7946 0018", "tel:+442079460018"),
        ("0800 FLOWERS1", "tel:080035693771"),
    ),
)
def test_phone_numbers_in_common_notations_are_dialled_correctly(
    phone: Phone, world: World, phone_number: str, link: str
) -> None:
    world.publish({**CHECKLIST, "key": "call", "title": "A call", "channel": "telephone"})
    world.visit(location=world.new_location(phone=phone_number), checklist_key="call")
    phone.sign_in(world.shopper)
    expect(phone.page.locator(".call")).to_have_attribute("href", link)


def assign_telephone_visit(world: World) -> Any:
    world.publish({**CHECKLIST, "key": "call", "title": "A call", "channel": "telephone"})
    store = world.new_location(phone="020 7946 0123", address="12 High Street, Leeds")
    return world.visit(location=store, checklist_key="call")


@pytest.mark.full
def test_progress_counts_required_and_optional_questions(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    bar = phone.page.locator(".bar")
    expect(bar).to_contain_text("0 of 4 answered · 3 optional")
    expect(phone.question("story").locator("legend")).to_have_text("Tell the story (optional)")
    phone.choose("problem", "yes")
    expect(bar).to_contain_text("1 of 5 answered · 3 optional")


def test_the_review_links_each_answer_to_its_question(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.answer_all_required()
    phone.take_photo("greeting")
    answers = phone.page.locator(".answers a")
    expect(answers).to_have_text(
        [
            "Did someone greet you?Yes · 1 photo",
            "How long did you wait?0:20 min",
            "Were you thanked?Yes",
            "Did you have a problem?No",
            "Tell the storyNo answer",
            "When did you leave?No answer",
            "Your receiptNo answer",
        ]
    )
    answers.nth(2).click()
    expect(phone.question("thanks")).to_be_focused()
    answers.nth(4).click()
    expect(phone.question("story").locator("textarea").first).to_be_focused()


def test_errors_are_marked_for_assistive_technology(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.page.click("[data-testid=submit]")
    expect(phone.page).to_have_title(re.compile("^Error: A visit"))
    expect(phone.question("thanks")).to_have_attribute("aria-invalid", "true")
    expect(phone.question("wait").locator("input").first).to_have_attribute("aria-invalid", "true")
    phone.answer_all_required()
    expect(phone.question("thanks")).to_have_attribute("aria-invalid", "false")
    expect(phone.page).to_have_title(re.compile("^A visit"))


@pytest.mark.full
def test_the_bar_does_not_cover_the_summary(new_phone: Any, world: World) -> None:
    phone = new_phone(viewport={"width": 320, "height": 640})
    phone.start_visit(world.shopper, world.visit())
    phone.page.evaluate("document.documentElement.style.fontSize = '200%'")
    phone.page.click("[data-testid=submit]")
    expect(phone.page.locator(".summary")).to_be_focused()
    gap = """() => document.querySelector(".summary").getBoundingClientRect().top
        - document.querySelector(".bar").getBoundingClientRect().bottom"""
    assert phone.page.evaluate(gap) >= 0


@pytest.mark.full
def test_the_last_screen_shows_that_everything_is_sent(phone: Phone, world: World) -> None:
    phone.start_visit(world.shopper, world.visit())
    phone.answer_all_required()
    phone.context.set_offline(True)
    phone.send()
    expect(phone.page.locator(".outcome")).to_have_text("Saved on this phone. 0 of 1 parts have been sent.")
    phone.context.set_offline(False)
    expect(phone.page.locator(".outcome")).to_have_text("Done. Nothing more to do.")
    expect(phone.page.get_by_text("Fingerprint")).to_be_hidden()
    phone.page.get_by_text("Details").click()
    expect(phone.page.get_by_text("Fingerprint")).to_be_visible()


def test_a_closed_store_is_reported_with_a_photo_and_the_position(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 51.5, "longitude": -0.1, "accuracy": 12})
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.page.get_by_text("I could not do this visit").click()
    phone.page.get_by_role("button", name="The store was closed").click()
    expect(
        phone.page.get_by_role("heading", name="You are reporting that the store was closed")
    ).to_be_focused()
    expect(phone.page.get_by_text("Your answers to the questions are not sent.")).to_be_visible()
    phone.page.click("[data-testid=submit]")
    expect(phone.page.get_by_text("Add a photo of the closed store")).to_be_visible()
    field = phone.page.locator("#q-null")
    photo = {"name": "door.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=5)}
    field.locator("input[type=file]").set_input_files(photo)  # type: ignore[arg-type]
    expect(field.locator("img")).to_be_visible()
    phone.page.get_by_role("button", name="Add my position").click()
    expect(phone.page.get_by_text("Your position will be sent")).to_be_visible()
    phone.page.get_by_label("What did you find?").fill("Shutters down, no notice.")
    phone.wait_until_saved()
    phone.page.reload()
    expect(field.locator("img")).to_be_visible()
    phone.send()
    phone.wait_until_received()
    body = fetch_submission(world, visit)
    assert (body["outcome"], body["answers"], len(body["photos"])) == ("store-closed", {}, 1)
    assert body["comment"] == "Shutters down, no notice."
    assert "store-closed" in world.flags(visit)
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["photos"]["stored"] == 1


def test_undoing_the_report_of_a_closed_store_restores_the_answers(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.page.get_by_text("I could not do this visit").click()
    phone.page.get_by_role("button", name="The store was closed").click()
    phone.page.get_by_role("button", name="The store was open").click()
    expect(phone.page.locator("input:checked")).to_have_count(3)
    phone.send()
    phone.wait_until_received()
    assert "outcome" not in fetch_submission(world, visit)


def test_a_returned_report_is_corrected_on_another_phone(new_phone: Any, world: World) -> None:
    visit = world.visit()
    body = {**world.submission({}), "outcome": "store-closed", "comment": "Shut."}
    ok(world.send(visit, body), 201)
    ok(world.review(visit, "return", reason="It opens at ten."))
    phone = new_phone()
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.open(visit)
    expect(phone.page.get_by_role("heading", name="You are reporting")).to_be_visible()
    expect(phone.page.get_by_label("What did you find?")).to_have_value("Shut.")
    phone.page.get_by_role("button", name="The store was open").click()
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    assert fetch_submission(world, visit)["answers"]["greeting"] == {"value": "yes"}


def test_a_visit_is_declined_with_a_reason(phone: Phone, world: World) -> None:
    visit = world.visit()
    phone.start_visit(world.shopper, visit)
    phone.choose("greeting", "yes")
    phone.wait_until_saved()
    phone.page.get_by_text("I could not do this visit").click()
    decline = phone.page.locator("[data-testid=decline]")
    confirm = phone.page.get_by_role("dialog").get_by_role("button", name="Decline this visit")
    decline.click()
    expect(phone.page.get_by_text("Enter a reason.")).to_be_visible()
    phone.page.get_by_label("Why can you not do this visit?").fill("I work there.")
    phone.context.set_offline(True)
    decline.click()
    confirm.click()
    expect(phone.page.get_by_text("the visit may not have been declined")).to_be_visible()
    phone.context.set_offline(False)
    decline.click()
    confirm.click()
    expect(phone.page.get_by_role("heading", name="To do")).to_be_visible()
    expect(phone.page.locator("[data-testid=visit]")).to_have_count(0)
    declined = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (declined["status"], declined["decline_reason"]) == ("declined", "I work there.")


@pytest.mark.full
def test_a_text_is_shown_in_the_review(phone: Phone, world: World) -> None:
    visit = assign_visit_with(world, change_checklist(story={"text": {"en": "Tell it", "es": "Cuente"}}))
    phone.start_visit(world.shopper, visit)
    phone.type_text("story", "It went well.")
    expect(phone.page.locator(".answers a").nth(4)).to_have_text("Tell itIt went well.")


@pytest.mark.full
def test_the_sign_in_form_does_not_mention_signals(phone: Phone) -> None:
    phone.page.goto("/")
    expect(phone.page.locator("[name=email]")).to_be_visible()
    phone.page.wait_for_timeout(500)
    expect(phone.page.get_by_text("without a signal")).to_be_hidden()
    expect(phone.page).to_have_title("Sign in – Mystery shopper")
    phone.page.get_by_role("button", name="español").click()
    expect(phone.page).to_have_title("Iniciar sesión – Cliente misterioso")


@pytest.mark.full
def test_the_form_offers_to_install_itself_after_a_visit(phone: Phone, world: World) -> None:
    phone.context.add_init_script(
        """
        window.badges = [];
        navigator.setAppBadge = async (count) => void window.badges.push(count);
        navigator.clearAppBadge = async () => void window.badges.push(0);
        addEventListener("load", () => setTimeout(() => {
            const event = new Event("beforeinstallprompt");
            event.prompt = async () => (window.prompted = true);
            dispatchEvent(event);
        }, 500));
        """
    )
    phone.start_visit(world.shopper, world.visit())
    install = phone.page.get_by_role("button", name="Install the app")
    phone.answer_all_required()
    phone.context.set_offline(True)
    phone.send()
    phone.wait_for("waiting")
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.page.wait_for_function("window.badges.includes(1)")
    phone.context.set_offline(False)
    phone.wait_until_received()
    phone.page.click("a.back")
    install.click()
    assert phone.page.evaluate("window.prompted")
