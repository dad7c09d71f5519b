"""The page for reviewers: the queue, the evidence, and decisions."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from api.models.submissions import Flag
from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, wait_for_state
from tests.browser.phone import DENY_SETTINGS, Phone, Spy, cut, lose_response, respond
from tests.browser.test_accessibility import OVERFLOW
from tests.support.extent import take
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, World, ok

QUEUE = "/dashboard/reviews"
REVIEWS = re.compile(r"/api/v1/reviews\?")
REVIEW = re.compile(r"/api/v1/visits/[^/]+/review$")
COPIED = "The man at the till never looked up from his phone."


def queue(page: Page) -> list[str | None]:
    """Return the IDs of the visits in the queue, in order."""
    return [item.get_attribute("data-visit") for item in page.locator(".queue li").all()]


def current(page: Page) -> str | None:
    return page.locator(".queue li:has([aria-current=true])").get_attribute("data-visit")


def wait_for_visit(page: Page, visit: Any) -> None:
    """Wait until the page shows this visit for a decision."""
    expect(page.locator(f".queue li[data-visit='{visit['id']}'] a")).to_have_attribute("aria-current", "true")
    wait_for_state(page)


def decisions(world: World, visit: Any) -> list[tuple[str, str | None]]:
    """Return the decisions on a visit and their reasons."""
    rows = ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"]
    return [(row["decision"], row["reason"]) for row in rows]


def create_flagged_visits(world: World) -> tuple[Any, Any]:
    """Create a visit, and one with the same photo and comment, sent from two kilometres away."""
    picture, zoe, ben = jpeg(seed=7), world.person("shopper", "Zoe"), world.person("shopper", "Ben")
    first = world.visit(zoe)
    photo_id = world.photo(first, picture, zoe)
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": COPIED, "photos": [photo_id]}}
    ok(world.send(first, world.submission(answers), zoe), 201)
    second = world.visit(ben, world.new_location(name="Leith"))
    photo_id = world.photo(second, picture, ben)
    answers = {**ALL_WELL, "story": {"value": COPIED}, "greeting": {"value": "yes", "photos": [photo_id]}}
    far = {"latitude": 51.52, "longitude": -0.1, "accuracy_m": 12}
    ok(world.send(second, world.submission(answers, position=far), ben), 201)
    return first, second


# The queue and the evidence.


def test_the_longest_waiting_visit_comes_first_with_its_flags_explained(desk: Phone, world: World) -> None:
    waiting = [world.late_visit() for _ in range(3)]
    page = enter(desk, world.reviewer, QUEUE)
    assert queue(page) == [visit["id"] for visit in waiting]
    assert current(page) == waiting[0]["id"]
    flag = page.locator("[data-flag=late]")
    expect(flag).to_contain_text("Finished 1 day after the window closed.")
    expect(flag.locator("h3")).to_have_text("Late")
    page.click(f".queue li[data-visit='{waiting[2]['id']}'] a")
    wait_for_visit(page, waiting[2])
    page.go_back()
    wait_for_visit(page, waiting[0])
    assert desk.errors == []


def test_the_earlier_photo_and_comment_are_shown_for_comparison(desk: Phone, world: World) -> None:
    first, second = create_flagged_visits(world)
    page = enter(desk, world.reviewer, QUEUE)
    for flag in ("photo-seen-before", "comment-seen-before"):
        sides = page.locator(f"[data-flag={flag}] figure")
        assert [side.get_attribute("data-visit") for side in sides.all()] == [second["id"], first["id"]]
        expect(sides.nth(0)).to_contain_text("Ben")
        expect(sides.nth(1)).to_contain_text("Zoe")
        assert sides.nth(1).locator("a").get_attribute("href") == f"/dashboard/visits/{first['id']}"
    words = page.locator("[data-flag=comment-seen-before] blockquote")
    expect(words).to_have_text([COPIED, COPIED])
    pictures = page.locator("[data-flag=photo-seen-before] img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=picture.element_handle()
        )
    page.locator("[data-flag=photo-seen-before] button").nth(1).click()
    expect(page.locator("dialog img")).to_have_attribute("src", re.compile(first["id"]))
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


@pytest.mark.full
def test_photos_are_side_by_side_on_a_phone(new_desk: Callable[..., Phone], world: World) -> None:
    create_flagged_visits(world)
    page = enter(new_desk(390), world.reviewer, QUEUE)
    pictures = page.locator("[data-flag=photo-seen-before] img")
    expect(pictures).to_have_count(2)
    one, other = (picture.bounding_box() for picture in pictures.all())
    assert one and other
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] < other["x"]


@pytest.mark.full
def test_flags_are_described_in_the_language_of_the_page(
    new_desk: Callable[..., Phone], world: World
) -> None:
    create_flagged_visits(world)
    page = enter(new_desk(locale="es-ES"), world.reviewer, QUEUE)
    far = page.locator("[data-flag=far-from-location] p")
    expect(far.nth(0)).to_have_text("La visita se envió desde demasiado lejos.")
    expect(far.nth(1)).to_contain_text("2.2 km")
    expect(far.nth(1)).to_have_attribute("lang", "en")
    photo = page.locator("[data-flag=photo-seen-before] > p")
    expect(photo).to_have_count(2)
    expect(photo.nth(0)).to_have_text("La misma imagen está en otra visita.")


@pytest.mark.full
def test_a_flag_without_details_links_to_the_other_visit(desk: Phone, world: World) -> None:
    first, second = create_flagged_visits(world)
    unnamed = {"question": None, "other_photo_id": None, "other_question": None}
    mine = Flag.visit_id == uuid.UUID(second["id"])
    world.database.write(lambda session: session.execute(update(Flag).where(mine).values(unnamed)))
    page = enter(desk, world.reviewer, QUEUE)
    for flag in ("photo-seen-before", "comment-seen-before"):
        earlier = page.locator(f"[data-flag={flag}] figure[data-visit='{first['id']}']")
        expect(earlier).to_contain_text("View the whole visit")
        assert earlier.locator("a").get_attribute("href") == f"/dashboard/visits/{first['id']}"
    assert desk.errors == []


@pytest.mark.full
def test_the_photo_of_a_visit_without_answers_is_shown_for_comparison(desk: Phone, world: World) -> None:
    picture, zoe = jpeg(seed=7), world.person("shopper", "Zoe")
    unsent = world.visit(zoe)
    world.photo(unsent, picture, zoe)
    sent = world.visit(location=world.new_location(name="Leith"))
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [world.photo(sent, picture)]}}
    ok(world.send(sent, world.submission(answers)), 201)
    page = enter(desk, world.reviewer, QUEUE)
    wait_for_visit(page, sent)
    earlier = page.locator(f"[data-flag=photo-seen-before] figure[data-visit='{unsent['id']}']")
    expect(earlier).to_contain_text("Zoe")
    earlier.locator("img").scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=earlier.locator("img").element_handle()
    )
    earlier.locator("a").click()
    page.wait_for_url(f"**/dashboard/visits/{unsent['id']}")
    wait_for_state(page)
    expect(page.get_by_text("There are no answers to decide on yet.")).to_be_visible()
    expect(page.locator("[data-fact=shopper]")).to_contain_text("Zoe")
    expect(page.locator("[data-fact=window]")).to_be_visible()
    expect(page.locator("[data-decision], [data-fact=made]")).to_have_count(0)
    assert desk.errors == []


@pytest.mark.full
def test_times_are_shown_in_the_time_zone_of_the_location(desk: Phone, world: World) -> None:
    tokyo = world.new_location(time_zone="Asia/Tokyo")
    visit = world.visit(location=tokyo)
    started = datetime.now(UTC).replace(hour=1, minute=30, second=0) - timedelta(days=2)
    ended = started + timedelta(minutes=90)
    times = {"started_at": started.isoformat(), "finished_at": ended.isoformat()}
    far = {"latitude": 51.52, "longitude": -0.1, "accuracy_m": 12}
    ok(world.send(visit, world.submission(position=far, **times)), 201)
    page = enter(desk, world.reviewer, QUEUE)
    visited = page.locator("[data-fact=made]")
    expect(visited).to_contain_text("10:30")
    expect(visited).to_contain_text("12:00")
    expect(visited).to_contain_text("1.5 hours")
    expect(page.locator("[data-fact=distance]")).to_contain_text("2.2 km away")
    expect(page.locator("[data-fact=distance]")).to_contain_text("accurate to 12 m")
    expect(page.get_by_text("Asia/Tokyo")).to_be_visible()
    expect(page.locator("[data-fact=photos]")).to_contain_text("0 of 0")


@pytest.mark.full
def test_earlier_decisions_are_shown_with_reviewer_and_reason(desk: Phone, world: World) -> None:
    visit = world.late_visit()
    colleague = world.person("reviewer", "Ada Byron")
    reasons = {"wait": "Longer than that"}
    ok(world.review(visit, "return", colleague, reason="Two things", question_reasons=reasons))
    ok(world.send(visit, world.submission(revision=2)), 201)
    page = enter(desk, world.reviewer, QUEUE)
    past = page.locator("[data-decided=return]")
    for words in ("Returned by Ada Byron", "Revision 1", "Two things", "How long did you wait?", "Longer"):
        expect(past).to_contain_text(words)
    expect(page.locator("[data-flag=late]")).to_contain_text("Finished")


def test_html_in_answers_is_shown_as_text(desk: Phone, world: World) -> None:
    evil = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>"
    world.late_visit({**ALL_WELL, "story": {"value": evil}}, comment=evil)
    page = enter(desk, world.reviewer, QUEUE)
    expect(page.get_by_text(evil)).to_have_count(2)
    assert "evil" not in page.title()


# Decisions.


def test_a_decision_is_followed_by_the_next_visit(desk: Phone, world: World) -> None:
    first, second = world.late_visit(), world.late_visit()
    page = enter(desk, world.reviewer, QUEUE)
    page.click("[data-decision=accept]")
    wait_for_visit(page, second)
    expect(page.get_by_test_id("outcome")).to_contain_text("Accepted")
    expect(page.get_by_test_id("outcome")).to_be_focused()
    assert queue(page) == [second["id"]]
    assert decisions(world, first) == [("accept", None)]
    page.fill("[name=reason]", "Another store")
    page.click("[data-decision=reject]")
    expect(page.get_by_text("No visits are waiting for a decision.")).to_be_visible()
    assert decisions(world, second) == [("reject", "Another store")]
    assert desk.errors == []


def test_a_visit_is_returned_with_reasons_by_question(desk: Phone, world: World) -> None:
    visit = world.late_visit()
    page = enter(desk, world.reviewer, QUEUE)
    page.click("[data-decision=return]")
    expect(page.locator("[name=reason]")).to_be_focused()
    expect(page.get_by_text("Enter a reason.")).to_be_visible()
    assert decisions(world, visit) == []
    page.click("#answer-wait .note-field button")
    page.keyboard.type("Longer than that by your own words")
    # A question without an answer has its note in the form, and an answered one at its answer.
    page.click("summary:has-text('Notes on questions')")
    for key, note in (("story", "Tell it"), ("greeting", "By whom?")):
        page.select_option("#note-question", key)
        page.click(".aside .add button")
        page.keyboard.type(note)
    expect(page.locator("#answer-greeting textarea")).to_have_value("By whom?")
    page.click("summary:has-text('Message to the shopper')")
    page.fill("#message-to-shopper", "Nearly there.")
    page.click("[data-decision=return]")
    expect(page.get_by_text("No visits are waiting for a decision.")).to_be_visible()
    mine = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert mine["status"] == "returned"
    notes = {"wait": "Longer than that by your own words", "story": "Tell it", "greeting": "By whom?"}
    assert (mine["question_reasons"], mine["message_to_shopper"]) == (notes, "Nearly there.")


def test_a_reviewer_asks_the_shopper_and_reads_the_answer(desk: Phone, world: World) -> None:
    visit = world.late_visit()
    page = enter(desk, world.reviewer, f"/dashboard/visits/{visit['id']}")
    page.click("summary:has-text('Ask the shopper')")
    spy = Spy(desk, "POST", re.compile("/messages$"), lose_response)
    page.get_by_label("Your question").fill("Which till?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("it will not be asked twice")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("[data-message]")).to_have_count(1)
    assert len(spy.requests) == 2
    expect(page.locator("[data-message]")).to_contain_text("No answer yet")
    (message,) = ok(world.shopper.get("/me/messages"))["items"]
    ok(world.shopper.put(f"/me/messages/{message['id']}/answer", {"text": "The left one."}))
    page.reload()
    expect(page.locator("[data-message]")).to_contain_text("The left one.")


def test_the_second_of_two_reviewers_gets_a_message_and_the_next_visit(desk: Phone, world: World) -> None:
    first, second = world.late_visit(), world.late_visit()
    page = enter(desk, world.reviewer, QUEUE)
    ok(world.review(first, "reject", world.person("reviewer"), reason="Another store"))
    page.click("[data-decision=accept]")
    wait_for_visit(page, second)
    expect(page.get_by_test_id("outcome")).to_contain_text("Someone else decided first")
    assert decisions(world, first) == [("reject", "Another store")]
    assert queue(page) == [second["id"]]


def test_visits_that_others_decide_disappear_from_the_queue(desk: Phone, world: World) -> None:
    first, second, third = (world.late_visit() for _ in range(3))
    page = enter(desk, world.reviewer, QUEUE)
    ok(world.review(second, "accept", world.admin))
    show_page = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(show_page)
    expect(page.locator(".queue li")).to_have_count(2)
    assert current(page) == first["id"]
    ok(world.review(first, "accept", world.admin))
    fourth = world.late_visit()
    page.evaluate(show_page)
    expect(page.get_by_text("Someone else has decided on this visit")).to_be_visible()
    assert queue(page) == [third["id"], fourth["id"]]
    page.click("text=Show the next visit")
    wait_for_visit(page, third)


def test_a_decision_with_a_lost_response_is_stored_once(desk: Phone, world: World) -> None:
    first, second = world.late_visit(), world.late_visit()
    page = enter(desk, world.reviewer, QUEUE)
    spy = Spy(desk, "POST", REVIEW, lose_response)
    page.fill("[name=reason]", "As agreed")
    page.click("[data-decision=accept]")
    expect(page.get_by_text("The server did not respond")).to_be_visible()
    assert page.input_value("[name=reason]") == "As agreed"
    page.click("[data-decision=accept]")
    wait_for_visit(page, second)
    assert len(spy.requests) == 2
    assert decisions(world, first) == [("accept", "As agreed")]


def test_a_decision_can_be_replaced_on_the_page_of_a_visit(desk: Phone, world: World) -> None:
    visit = world.accepted_visit()
    page = enter(desk, world.reviewer, f"/dashboard/visits/{visit['id']}")
    expect(page.locator("[data-decided=accept]")).to_contain_text("Accepted automatically")
    expect(page.get_by_role("heading", name="Replace the decision")).to_be_visible()
    page.fill("[name=reason]", "It was about another store")
    page.click("[data-decision=reject]")
    expect(page.get_by_test_id("outcome")).to_contain_text("Rejected")
    expect(page.get_by_test_id("outcome")).to_be_focused()
    expect(page.locator("[data-decided=accept]")).to_contain_text("replaced")
    assert decisions(world, visit) == [("accept", None), ("reject", "It was about another store")]
    total = ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]
    assert total["visits"] == 0


# The work of several reviewers.


def test_reviewers_share_the_queue_undo_decisions_and_read_what_was_decided(
    desk: Phone, world: World
) -> None:
    first, second = world.late_visit(), world.late_visit(location=world.new_location(name="Leith"))
    ada = world.person("reviewer", "Ada Byron")
    ok(ada.post(f"/visits/{first['id']}/claim", {}))
    message_id = world.message(second)
    ok(world.shopper.put(f"/me/messages/{message_id}/answer", {"text": "The left one."}))
    # A visit that somebody else is looking at is not the first to be shown.
    page = enter(desk, world.reviewer, QUEUE)
    wait_for_visit(page, second)
    expect(page.locator(f".queue li[data-visit='{first['id']}']")).to_contain_text("Ada Byron is looking")
    expect(page.get_by_test_id("shopper-record")).to_contain_text("2 of 2")
    expect(page.get_by_test_id("shopper-record")).to_contain_text("Late 2")
    expect(page.get_by_test_id("claimed")).to_be_empty()
    page.keyboard.press("k")
    wait_for_visit(page, first)
    expect(page.get_by_test_id("claimed")).to_contain_text("Ada Byron is looking at this visit.")
    page.get_by_role("button", name="Review it anyway").click()
    expect(page.get_by_test_id("claimed")).to_be_empty()
    claims = [row["claim"] for row in ok(ada.get("/reviews"))["items"]]
    assert [claim and claim["reviewer_id"] for claim in claims] == [world.reviewer.id, None]
    # After a reload, the claim is still this reviewer's, and ends when they go on.
    page.reload()
    wait_for_visit(page, first)
    expect(page.get_by_test_id("claimed")).to_be_empty()
    page.keyboard.press("j")
    wait_for_visit(page, second)
    expect(page.get_by_test_id("shopper-record")).to_be_visible()
    page.wait_for_load_state("networkidle")
    claims = [row["claim"] for row in ok(ada.get("/reviews"))["items"]]
    assert [claim and claim["reviewer_id"] for claim in claims] == [None, world.reviewer.id]
    page.keyboard.press("a")
    wait_for_visit(page, first)
    expect(page.get_by_test_id("outcome")).to_contain_text("Accepted Leith.")
    page.keyboard.press("u")
    wait_for_visit(page, second)
    expect(page.get_by_test_id("outcome")).to_contain_text("Undone. The visit to Leith is undecided again.")
    expect(page.locator("[data-decided=accept]")).to_contain_text("undone")
    page.click("summary:has-text('Filters')")
    page.select_option("#location_id", label="Leith")
    expect(page.locator(".queue li")).to_have_count(1)
    page.select_option("#flag", "none")
    expect(page.get_by_text("No waiting visit matches the filters.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(".queue li")).to_have_count(2)

    ok(world.review(first, "return", ada, reason="Another store"))
    page.click(".tabs a:has-text('Decided')")
    wait_for_state(page)
    rows = page.locator("[data-decided]")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Returned by Ada Byron")
    expect(rows.nth(0)).to_contain_text("Another store")
    expect(rows.nth(1)).to_contain_text("undone")
    page.select_option("#by", "me")
    expect(rows).to_have_count(1)
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    page.click(".tabs a:has-text('1 new')")
    answer = page.locator(f"[data-message='{message_id}']")
    expect(answer).to_contain_text("The left one.")
    expect(answer.locator("a")).to_have_attribute("href", re.compile(f"/visits/{second['id']}#messages$"))
    page.reload()
    wait_for_state(page)
    expect(page.locator(".tabs")).not_to_contain_text("new")
    assert desk.errors == []


# The keyboard.


def test_single_key_shortcuts_work_except_in_text_fields_and_when_turned_off(
    desk: Phone, world: World
) -> None:
    first, second, third = (world.late_visit() for _ in range(3))
    page = enter(desk, world.reviewer, QUEUE)
    for words in ("Accept", "Return", "Reject", "Next visit", "Previous visit"):
        expect(page.locator(".shortcuts")).to_contain_text(words)
    page.keyboard.press("j")
    wait_for_visit(page, second)
    page.keyboard.press("k")
    wait_for_visit(page, first)
    page.keyboard.press("Control+a")
    page.focus("[name=reason]")
    page.keyboard.type("a rare x")
    assert page.input_value("[name=reason]") == "a rare x"
    page.locator("#shortcuts").uncheck()
    page.keyboard.press("a")
    page.reload()
    wait_for_state(page)
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert [decisions(world, visit) for visit in (first, second, third)] == [[], [], []]
    page.locator("#shortcuts").check()
    page.keyboard.press("a")
    wait_for_visit(page, second)
    page.keyboard.press("x")
    expect(page.locator("[name=reason]")).to_be_focused()
    page.keyboard.type("Another store")
    page.keyboard.press("Tab")
    page.keyboard.press("x")
    wait_for_visit(page, third)
    assert decisions(world, first) == [("accept", None)]
    assert decisions(world, second) == [("reject", "Another store")]


@pytest.mark.full
def test_the_page_works_if_settings_cannot_be_stored(desk: Phone, world: World) -> None:
    first, second = world.late_visit(), world.late_visit()
    desk.context.add_init_script(DENY_SETTINGS)
    page = enter(desk, world.reviewer, QUEUE)
    wait_for_visit(page, first)
    page.keyboard.press("j")
    wait_for_visit(page, second)
    page.locator("#shortcuts").uncheck()
    page.keyboard.press("k")
    page.wait_for_timeout(300)
    assert current(page) == second["id"]
    assert desk.errors == []


# States.


@pytest.mark.full
def test_an_empty_queue_a_failure_and_old_data_look_different(desk: Phone, world: World) -> None:
    page = enter(desk, world.reviewer, QUEUE)
    nothing = page.get_by_text("No visits are waiting for a decision.")
    expect(nothing).to_be_visible()
    visit = world.late_visit()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_visit(page, visit)

    desk.context.route(REVIEWS, respond(500, "{}"))
    page.reload()
    wait_for_state(page, "failed")
    expect(nothing).to_have_count(0)
    expect(page.locator("[data-decision]")).to_have_count(0)
    desk.context.unroute(REVIEWS)
    page.get_by_role("button", name="Try again").click()
    wait_for_visit(page, visit)

    desk.context.route(re.compile("/api/v1/"), cut)
    page.click(".queue a")
    wait_for_state(page, "stale")
    expect(page.locator(".queue li")).to_have_count(1)


@pytest.mark.full
def test_a_link_to_a_decided_visit_shows_a_message_and_the_next_visit(desk: Phone, world: World) -> None:
    first, second = world.late_visit(), world.late_visit()
    ok(world.review(first, "accept"))
    page = enter(desk, world.reviewer, f"/dashboard/reviews?visit={first['id']}")
    expect(page.get_by_text("is no longer waiting")).to_be_visible()
    assert current(page) == second["id"]


@pytest.mark.parametrize("role", ["manager", "shopper"])
def test_other_roles_cannot_open_the_page(desk: Phone, world: World, role: str) -> None:
    page = enter(desk, world.manager if role == "manager" else world.shopper, QUEUE, "missing")
    expect(page.get_by_role("link", name="Reviews")).to_have_count(0)


@pytest.mark.parametrize(("width", "colors"), take((390, "light"), (1440, "dark"), (768, "dark")))
def test_the_page_is_accessible_and_fits_the_screen(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str
) -> None:
    desk = new_desk(width, color_scheme=colors)
    _, second = create_flagged_visits(world)
    long = world.new_location(name="Supercalifragilisticexpialidocious" * 2)
    ok(world.review(world.late_visit(location=long), "return", reason="Two things"))
    returned = world.late_visit(location=long)
    ok(world.review(returned, "return", question_reasons={"wait": "Longer"}))
    ok(world.send(returned, world.submission(revision=2)), 201)
    page = enter(desk, world.reviewer, QUEUE)

    def check_accessibility(what: str) -> None:
        result = Axe().run(page)
        assert result.violations_count == 0, f"{what}: {result.generate_report()}"
        assert page.evaluate(OVERFLOW) <= 0, what

    check_accessibility("flags next to the earlier visit")
    page.click("[data-decision=return]")
    page.click("summary:has-text('Notes on questions')")
    page.click(".aside .add button")
    page.click("summary:has-text('Ask the shopper')")
    page.click("summary:has-text('Message to the shopper')")
    check_accessibility("a decision without its reason")
    ok(world.review(second, "accept", world.admin))
    page.click("[data-decision=accept]")
    wait_for_visit(page, returned)
    check_accessibility("a conflict, and an earlier decision")
    page.click("[data-decision=accept]")
    expect(page.get_by_text("No visits are waiting for a decision.")).to_be_visible()
    wait_for_state(page)
    check_accessibility("an empty queue")
    go(page, f"/dashboard/visits/{returned['id']}")
    check_accessibility("a decided visit")
    assert desk.errors == []
