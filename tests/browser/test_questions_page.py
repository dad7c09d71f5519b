"""The pages of questions, comments and photos."""

import re

from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go, manager, wait_for_state
from tests.browser.phone import Phone, Spy, respond
from tests.journeys.score_history import History
from tests.support.world import ALL_WELL, World, ok

ONE = "from=2025-04&to=2025-06&checklist=visit"


def test_questions_are_grouped_by_section_and_lead_to_their_comments(desk: Phone, history: History) -> None:
    caller = manager(history, "country")
    page = enter(desk, caller, f"/dashboard/questions?{ONE}")
    rows = caller.list_all(f"/scores?by=question&include=answers&{ONE}")
    lost = {row["question"]["key"]: row["points_possible"] - row["points_earned"] for row in rows}
    worst = sorted((key for key in lost if lost[key]), key=lambda key: -lost[key])[:10]
    top = page.get_by_test_id("most-lost").locator("li")
    assert [item.get_attribute("data-question") for item in top.all()] == worst
    for section in {row["question"]["section"] for row in rows}:
        items = page.locator(f"[data-section={section}] li").all()
        keys = [row["question"]["key"] for row in rows if row["question"]["section"] == section]
        assert [item.get_attribute("data-question") for item in items] == keys
    greeting = page.locator("[data-section=welcome] [data-question=greeting]")
    answers = next(row["answers"] for row in rows if row["question"]["key"] == "greeting")
    expect(greeting).to_contain_text("Yes is good")
    expect(greeting).to_contain_text(f"Yes: {answers['yes']} · No: {answers['no']}")
    expect(greeting.locator("[data-verdict]")).to_have_count(0)  # all visits are the comparison

    comments = ok(caller.get(f"/comments?question=greeting&{ONE}"))["items"]
    greeting.get_by_role("link", name=f"{len(comments)} comment").click()
    page.wait_for_url("**/comments?*question=greeting*")
    expect(page.locator(".comments li")).to_have_count(len(comments))
    expect(page.locator("blockquote").first).to_have_text(comments[0]["comment"])

    go(page, f"/dashboard/questions?{ONE}&location_id={history.locations['A']['id']}")
    expect(greeting.locator("button[data-verdict]")).to_have_count(1)
    assert desk.errors == []


def test_comments_are_searched_and_filtered(desk: Phone, world: World) -> None:
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": "Había un café frío, CAFÉ."}}
    world.accepted_visit({**answers, "story": {"value": "A tall man sold me a lamp."}}, comment="Never again")
    world.accepted_visit({**ALL_WELL, "wait": {"value": 20, "comment": "No café, but quick"}})
    page = enter(desk, world.manager, "/dashboard/comments")
    found = page.locator(".comments li")
    expect(found).to_have_count(4)
    page.get_by_label("Search comments").fill("cafe")
    expect(found).to_have_count(2)
    expect(page.locator("mark")).to_have_count(3)
    page.wait_for_url("**q=cafe*")
    page.get_by_label("Answers").select_option("Points lost")
    page.wait_for_url("**points=lost*")
    expect(found).to_have_count(1)
    expect(found).to_have_text(re.compile("Había un café frío"))
    expect(page.locator("mark")).to_have_text(["café", "CAFÉ"])
    go(page, "/dashboard/comments?whole_visit=true")
    expect(found).to_have_count(1)
    expect(found).to_have_text(re.compile("Never again"))
    page.get_by_role("button", name="Show all comments").click()
    expect(found).to_have_count(4)
    assert Axe().run(page).violations_count == 0

    Spy(desk, "GET", re.compile("/api/v1/comments"), respond(500, "{}"))
    page.get_by_label("Search comments").fill("nothing like it")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No comments match these filters.")).to_be_visible()


def test_photos_are_viewed_with_the_keyboard(desk: Phone, world: World) -> None:
    visit = world.visit()
    photos = [world.photo(visit) for _ in range(2)]
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up.", "photos": photos}}
    ok(world.send(visit, world.submission(answers)), 201)
    page = enter(desk, world.manager, "/dashboard/photos")
    thumbnails = page.locator(".wall button")
    expect(thumbnails).to_have_count(2)
    expect(thumbnails.first.get_by_role("img")).to_have_attribute(
        "alt", re.compile(rf"Did someone greet you\? {world.location['name']}, ")
    )
    thumbnails.first.focus()
    page.keyboard.press("End")
    expect(thumbnails.last).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(thumbnails.first).to_be_focused()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("Nobody looked up.")
    expect(viewer).to_contain_text("0 of 2")
    expect(viewer.get_by_role("img")).to_have_attribute("src", re.compile(photos[0]))
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img")).to_have_attribute("src", re.compile(photos[1]))
    viewer.get_by_role("img").evaluate("(image) => image.decode()")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(thumbnails.last).to_be_focused()
    page.keyboard.press("Enter")
    viewer.get_by_role("link").click()
    page.wait_for_url(f"**/visits/{visit['id']}*")
    wait_for_state(page)
    expect(viewer).to_have_count(0)
    assert desk.errors == []
