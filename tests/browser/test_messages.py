"""The shopper's side of a review: messages, notes on a returned visit, and what became of past visits."""

import re

from playwright.sync_api import expect

from tests.browser.phone import READY, Phone, Spy, cut, lose_response
from tests.support.world import CHECKLIST, World, ok


def test_a_message_is_answered_without_a_signal_and_sent_once(phone: Phone, world: World) -> None:
    """The answer survives a reload while it is written, a broken connection, and a lost response."""
    visit = world.late_visit()
    message_id = world.message(visit, "Which till did you wait at?")
    page = phone.page
    phone.sign_in(world.shopper)
    phone.wait_until_offline_ready()
    phone.context.set_offline(True)
    page.locator("a[data-testid=message]", has_text="Which till").click()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Enter your answer.")).to_be_visible()
    page.get_by_label("Your answer").fill("The left one.")
    page.wait_for_timeout(300)
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("The left one.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("section[data-testid=message][data-state=waiting]")).to_be_visible()
    page.click("a.back")
    phone.wait_for("waiting")
    address = re.compile(f"/me/messages/{message_id}/answer$")
    spy = Spy(phone, "PUT", address, cut, lose_response)
    phone.context.set_offline(False)
    expect(page.locator("[data-testid=queue-item]")).to_have_count(0, timeout=30_000)
    assert spy.bodies() == [{"text": "The left one."}] * 3
    (message,) = ok(world.reviewer.get(f"/messages?visit_id={visit['id']}"))["items"]
    assert message["answer"] == "The left one."
    expect(page.locator("a[data-testid=message]")).to_have_count(0)
    assert phone.errors == []


def test_an_answer_that_another_phone_gave_first_can_be_removed(phone: Phone, world: World) -> None:
    visit = world.late_visit()
    message_id = world.message(visit)
    page = phone.page
    phone.sign_in(world.shopper)
    page.locator("a[data-testid=message]").click()
    page.get_by_label("Your answer").fill("The left one.")
    ok(world.shopper.put(f"/me/messages/{message_id}/answer", {"text": "The right one."}))
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Another answer has already been received")).to_be_visible()
    page.get_by_role("button", name="Remove from this phone").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("[data-testid=message]")).to_have_count(0)


def test_past_visits_say_what_became_of_them(phone: Phone, world: World) -> None:
    rejected, accepted, waiting = (world.late_visit() for _ in range(3))
    ok(world.review(rejected, "reject", message_to_shopper="The photos show another store."))
    ok(world.review(accepted, "accept"))
    cancelled = world.visit()
    ok(world.admin.post(f"/visits/{cancelled['id']}/cancel"))
    page = phone.page
    phone.sign_in(world.shopper)
    past = page.locator("[data-testid=past-visit]")
    expect(past).to_have_count(4)
    for visit, words in (
        (rejected, "Not accepted"),
        (rejected, "The photos show another store."),
        (accepted, "Accepted"),
        (waiting, "Received, waiting for a decision"),
    ):
        expect(past.filter(has=page.locator(f"a[href='/visits/{visit['id']}']"))).to_contain_text(words)
    expect(past.filter(has_text="Cancelled")).to_have_count(1)
    assert "%" not in past.first.inner_text()
    phone.wait_until_offline_ready()
    phone.context.set_offline(True)
    past.filter(has_text="Not accepted").locator("a").click()
    expect(page.get_by_text("The photos show another store.")).to_be_visible()


def test_a_returned_visit_opens_at_the_first_question_to_change(phone: Phone, world: World) -> None:
    """By its address, although the phone does not know of the return yet."""
    world.publish({**CHECKLIST, "key": "manual", "review": "manual"})
    visit = world.visit(checklist_key="manual")
    page = phone.page
    phone.start_visit(world.shopper, visit)
    phone.answer_all_required()
    phone.send()
    phone.wait_until_received()
    expect(page.get_by_text("Received, waiting for a decision")).to_be_visible()
    notes = {"story": "Which aisle?", "thanks": "By whom?"}
    ok(world.review(visit, "return", reason="Say more.", question_reasons=notes))
    page.reload()
    page.wait_for_selector(READY)
    expect(phone.question("thanks")).to_be_focused()
    expect(phone.question("thanks").get_by_text("By whom?")).to_be_visible()
    links = page.locator(".notice a")
    expect(links).to_have_text(["Were you thanked?", "Tell the story"])
    expect(phone.question("story").locator("textarea").first).to_have_attribute(
        "aria-describedby", re.compile("q-story-note")
    )
    links.last.click()
    expect(phone.question("story")).to_be_in_viewport()
