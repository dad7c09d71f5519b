"""Comments: what shoppers wrote, in the order of days, for those who may read it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, problem

STORY = {**ALL_WELL, "story": {"value": "A tall man sold me a lamp."}}
NO_GREETING = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up."}}


def comments(caller: Caller, query: str = "") -> list[Any]:
    return caller.list_all(f"/comments?{query}")


def said(caller: Caller, query: str = "") -> list[tuple[str | None, str]]:
    """Return the questions and words of comments, in order."""
    return [
        (each["question"] and each["question"]["key"], each["comment"] or each["value"])
        for each in comments(caller, query)
    ]


def on_day(world: World, days_ago: int, answers: Any = None, **values: Any) -> Any:
    """Make a visit some days ago."""
    begun = datetime.now(UTC).replace(hour=10, minute=0) - timedelta(days=days_ago)
    window = {"opens_at": begun.isoformat(), "closes_at": (begun + timedelta(hours=9)).isoformat()}
    times = {
        "started_at": begun.isoformat(),
        "finished_at": (begun + timedelta(minutes=10)).isoformat(),
    }
    return world.accepted_visit(
        answers, assigned={"window": window, **values.pop("assigned", {})}, **times, **values
    )


def test_a_comment_tells_where_when_on_what_and_for_which_answer(world: World) -> None:
    visit = world.accepted_visit(NO_GREETING, comment="I would not go again.")
    on_question, on_visit = comments(world.manager)
    seen = ok(world.manager.get(f"/visits/{visit['id']}"))
    told = {
        "visit_id": visit["id"],
        "day": seen["day"],
        "part_of_day": seen["part_of_day"],
        "location": {name: world.location[name] for name in ("id", "code", "name")},
        "checklist": "visit",
        "not_applicable": False,
    }
    assert on_question == {
        **told,
        "question": {"key": "greeting", "text": "Did someone greet you?", "section": "welcome"},
        "value": "no",
        "comment": "Nobody looked up.",
        "points_earned": 0,
        "points_possible": 2,
    }
    assert on_visit == {
        **told,
        "question": None,
        "value": None,
        "comment": "I would not go again.",
        "points_earned": 6,
        "points_possible": 8,
    }


def test_text_answers_are_among_them_in_the_order_of_the_checklist(world: World) -> None:
    answers = {"story": {"value": "Once upon a time"}, **NO_GREETING}
    answers["thanks"] = {"not_applicable": True, "comment": "The till was closed."}
    world.accepted_visit(answers, comment="  ")
    assert said(world.manager) == [
        ("greeting", "Nobody looked up."),
        ("thanks", "The till was closed."),
        ("story", "Once upon a time"),
    ]
    assert comments(world.manager)[1]["not_applicable"] is True


def test_the_newest_day_comes_first_and_pages_follow_each_other(world: World) -> None:
    for days_ago in (3, 1, 2, 1):
        answers = {**NO_GREETING, "story": {"value": f"{days_ago} days ago"}}
        on_day(world, days_ago, answers, comment=f"So it was {days_ago} days ago")
    world.accepted_visit()
    whole = comments(world.manager)
    assert len(whole) == 12
    days = [each["day"] for each in whole]
    assert days == sorted(days, reverse=True)
    assert len({(each["visit_id"], str(each["question"])) for each in whole}) == 12
    for limit in (1, 2, 5, 11, 12):
        assert world.manager.list_all("/comments", limit) == whole, limit


def test_rows_added_meanwhile_move_nothing(world: World) -> None:
    for days_ago in (1, 2, 3):
        on_day(world, days_ago, STORY)
    before = comments(world.manager)
    page = ok(world.manager.get("/comments?limit=1"))
    on_day(world, 0, STORY)
    seen = page["items"]
    while page["next"]:
        page = ok(world.manager.get(page["next"].partition("/api/v1")[2]))
        seen += page["items"]
    assert seen == before


def test_only_accepted_visits_have_comments_and_their_last_revision_counts(world: World) -> None:
    world.late_visit(NO_GREETING)
    for decision in ("return", "reject"):
        ok(world.review(world.late_visit(NO_GREETING), decision))
    mended = world.late_visit(NO_GREETING)
    for caller in (world.manager, world.reviewer, world.admin):
        assert comments(caller) == []
    ok(world.review(mended, "return"))
    ok(world.send(mended, world.submission(STORY, revision=2)), 201)
    ok(world.review(mended, "accept", revision=2))
    for caller in (world.manager, world.reviewer, world.admin):
        assert said(caller) == [("story", "A tall man sold me a lamp.")]


def test_a_manager_reads_those_of_his_places_alone(world: World) -> None:
    here, below, elsewhere = world.region, world.new_region(parent_id=world.region["id"]), world.new_region()
    stores = [world.new_location(region_id=region["id"]) for region in (here, below, elsewhere)]
    visits = [world.accepted_visit(STORY, location=store)["id"] for store in stores]
    of_store = world.person("manager", location_ids=[stores[1]["id"]])

    def seen(caller: Caller, query: str = "") -> set[str]:
        return {each["visit_id"] for each in comments(caller, query)}

    assert seen(world.manager) == set(visits[:2])
    assert seen(of_store) == {visits[1]}
    assert seen(world.admin) == set(visits)
    assert seen(world.admin, f"region_id={here['id']}") == set(visits[:2])
    assert seen(world.admin, f"location_id={stores[2]['id']}") == {visits[2]}
    assert seen(world.admin, f"region_id={elsewhere['id']}&location_id={stores[0]['id']}") == set()
    problem(world.manager.get(f"/comments?location_id={stores[2]['id']}"), 404, "location-not-found")
    problem(world.manager.get(f"/comments?region_id={elsewhere['id']}"), 404, "region-not-found")
    assert comments(World(world.app).admin) == []


def test_they_are_filtered_by_question_checklist_and_month(world: World) -> None:
    world.publish({**CHECKLIST, "key": "other"})
    world.accepted_visit({**NO_GREETING, "story": STORY["story"]}, comment="All in all")
    other = world.accepted_visit(STORY, assigned={"checklist_key": "other"})
    long_ago = on_day(world, 70, NO_GREETING)
    assert said(world.manager, "question=greeting") == [("greeting", "Nobody looked up.")] * 2
    assert said(world.manager, "question=wait") == []
    assert said(world.manager, "question=nothing") == []
    assert [each["visit_id"] for each in comments(world.manager, "checklist=other")] == [other["id"]]
    problem(world.manager.get("/comments?checklist=nothing"), 404, "checklist-not-found")
    month = long_ago["day"][:7]
    assert [each["visit_id"] for each in comments(world.manager, f"from={month}&to={month}")] == [
        long_ago["id"]
    ]
    assert world.manager.list_all("/comments?question=greeting", 1) == comments(
        world.manager, "question=greeting"
    )


def test_those_on_visits_as_a_whole_can_be_asked_for_alone(world: World) -> None:
    for number in range(3):
        world.accepted_visit(NO_GREETING, comment=f"All in all {number}")
    world.accepted_visit(NO_GREETING)
    alone = [each for each in comments(world.manager) if each["question"] is None]
    assert len(alone) == 3
    assert comments(world.manager, "whole_visit=true") == alone
    assert world.manager.list_all("/comments?whole_visit=true", 1) == alone
    assert comments(world.manager, "whole_visit=true&question=greeting") == []


def test_private_questions_are_left_out_whoever_reads(world: World) -> None:
    secret = {"key": "card", "text": "Your card", "type": "text", "private": True, "required": False}
    section = {"key": "more", "title": "More", "questions": [secret]}
    document = {**CHECKLIST, "key": "secret", "sections": [*CHECKLIST["sections"], section]}
    world.publish(document)
    private = {**ALL_WELL, "card": {"value": "Card 1234", "comment": "It is mine"}}
    private["receipt"] = {"comment": "It was short"}
    world.accepted_visit(private, assigned={"checklist_key": "secret"})
    for caller in (world.manager, world.reviewer, world.admin):
        for query in ("", "question=card", "question=receipt", "checklist=secret"):
            assert comments(caller, query) == [], query


def test_a_self_check_is_among_them_only_where_it_is_named(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-eyes", "channel": "self_check"})
    visit = world.visit(world.manager, checklist_key="own-eyes")
    ok(world.send(visit, world.submission(STORY), world.manager), 201)
    assert comments(world.manager) == []
    assert [each["visit_id"] for each in comments(world.manager, "checklist=own-eyes")] == [visit["id"]]


def test_of_a_time_only_the_part_of_day_is_told(world: World) -> None:
    world.accepted_visit({**ALL_WELL, "clock": {"value": "14:35", "comment": "By the clock on the wall"}})
    (comment,) = comments(world.manager)
    assert (comment["value"], comment["comment"]) == ("afternoon", "By the clock on the wall")


def test_a_cursor_of_no_page_is_refused(world: World) -> None:
    def cursor(*values: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    visit_id = world.accepted_visit(STORY)["id"]
    for text in ("x", cursor("2026-01-01", visit_id), cursor("x", visit_id, None), cursor(1, visit_id, None)):
        problem(world.manager.get("/comments", query_string={"cursor": text}), 422, "invalid")
    for text in (cursor("2026-01-01", "x", None), cursor("2026-01-01", None, None)):
        problem(world.manager.get("/comments", query_string={"cursor": text}), 422, "invalid")
