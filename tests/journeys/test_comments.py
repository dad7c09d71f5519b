"""Comments: listed by day, to everyone who may read them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.services import visit_items
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, problem

STORY = {**ALL_WELL, "story": {"value": "A tall man sold me a lamp."}}
NO_GREETING = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up."}}


def comments(caller: Caller, query: str = "") -> list[Any]:
    return caller.list_all(f"/comments?{query}")


def list_texts(caller: Caller, query: str = "") -> list[tuple[str | None, str]]:
    """Return the question and the text of each comment, in order."""
    return [
        (comment["question"] and comment["question"]["key"], comment["comment"] or comment["value"])
        for comment in comments(caller, query)
    ]


def visit_on_day(world: World, days_ago: int, answers: Any = None, **values: Any) -> Any:
    """Return an accepted visit that was made some days ago."""
    begin = datetime.now(UTC).replace(hour=10, minute=0) - timedelta(days=days_ago)
    window = {"opens_at": begin.isoformat(), "closes_at": (begin + timedelta(hours=9)).isoformat()}
    times = {
        "started_at": begin.isoformat(),
        "finished_at": (begin + timedelta(minutes=10)).isoformat(),
    }
    return world.accepted_visit(
        answers, assigned={"window": window, **values.pop("assigned", {})}, **times, **values
    )


def test_comment_has_its_location_day_question_and_answer(world: World) -> None:
    visit = world.accepted_visit(NO_GREETING, comment="I would not go again.")
    on_question, on_visit = comments(world.manager)
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    common = {
        "visit_id": visit["id"],
        "day": details["day"],
        "part_of_day": details["part_of_day"],
        "location": {name: world.location[name] for name in ("id", "code", "name")},
        "checklist": "visit",
        "not_applicable": False,
    }
    assert on_question == {
        **common,
        "question": {"key": "greeting", "text": "Did someone greet you?", "section": "welcome"},
        "value": "no",
        "comment": "Nobody looked up.",
        "points_earned": 0,
        "points_possible": 2,
    }
    assert on_visit == {
        **common,
        "question": None,
        "value": None,
        "comment": "I would not go again.",
        "points_earned": 6,
        "points_possible": 8,
    }


def test_text_answers_are_listed_in_the_order_of_the_checklist(world: World) -> None:
    answers = {"story": {"value": "Once upon a time"}, **NO_GREETING}
    answers["thanks"] = {"not_applicable": True, "comment": "The till was closed."}
    world.accepted_visit(answers, comment="  ")
    assert list_texts(world.manager) == [
        ("greeting", "Nobody looked up."),
        ("thanks", "The till was closed."),
        ("story", "Once upon a time"),
    ]
    assert comments(world.manager)[1]["not_applicable"] is True


def test_newest_day_is_first_and_pages_are_contiguous(world: World) -> None:
    for days_ago in (3, 1, 2, 1):
        answers = {**NO_GREETING, "story": {"value": f"{days_ago} days ago"}}
        visit_on_day(world, days_ago, answers, comment=f"So it was {days_ago} days ago")
    world.accepted_visit()
    rows = comments(world.manager)
    assert len(rows) == 12
    days = [comment["day"] for comment in rows]
    assert days == sorted(days, reverse=True)
    assert len({(comment["visit_id"], str(comment["question"])) for comment in rows}) == 12
    for limit in (1, 2, 5, 11, 12):
        assert world.manager.list_all("/comments", limit) == rows, limit


def test_rows_added_between_pages_do_not_shift_later_pages(world: World) -> None:
    for days_ago in (1, 2, 3):
        visit_on_day(world, days_ago, STORY)
    before = comments(world.manager)
    page = ok(world.manager.get("/comments?limit=1"))
    visit_on_day(world, 0, STORY)
    rows = page["items"]
    while page["next"]:
        page = ok(world.manager.get(page["next"].partition("/api/v1")[2]))
        rows += page["items"]
    assert rows == before


def test_only_the_latest_revision_of_accepted_visits_has_comments(world: World) -> None:
    world.late_visit(NO_GREETING)
    for decision in ("return", "reject"):
        ok(world.review(world.late_visit(NO_GREETING), decision))
    corrected = world.late_visit(NO_GREETING)
    for caller in (world.manager, world.reviewer, world.admin):
        assert comments(caller) == []
    ok(world.review(corrected, "return"))
    ok(world.send(corrected, world.submission(STORY, revision=2)), 201)
    ok(world.review(corrected, "accept", revision=2))
    for caller in (world.manager, world.reviewer, world.admin):
        assert list_texts(caller) == [("story", "A tall man sold me a lamp.")]


def test_manager_reads_only_comments_of_their_places(world: World) -> None:
    region, below, elsewhere = (
        world.region,
        world.new_region(parent_id=world.region["id"]),
        world.new_region(),
    )
    stores = [world.new_location(region_id=region["id"]) for region in (region, below, elsewhere)]
    visits = [world.accepted_visit(STORY, location=store)["id"] for store in stores]
    store_manager = world.person("manager", location_ids=[stores[1]["id"]])

    def list_visits(caller: Caller, query: str = "") -> set[str]:
        return {comment["visit_id"] for comment in comments(caller, query)}

    assert list_visits(world.manager) == set(visits[:2])
    assert list_visits(store_manager) == {visits[1]}
    assert list_visits(world.admin) == set(visits)
    assert list_visits(world.admin, f"region_id={region['id']}") == set(visits[:2])
    assert list_visits(world.admin, f"location_id={stores[2]['id']}") == {visits[2]}
    assert list_visits(world.admin, f"region_id={elsewhere['id']}&location_id={stores[0]['id']}") == set()
    problem(world.manager.get(f"/comments?location_id={stores[2]['id']}"), 404, "location-not-found")
    problem(world.manager.get(f"/comments?region_id={elsewhere['id']}"), 404, "region-not-found")
    assert comments(World(world.app).admin) == []


def test_comments_are_filtered_by_question_checklist_and_month(world: World) -> None:
    world.publish({**CHECKLIST, "key": "other"})
    world.accepted_visit({**NO_GREETING, "story": STORY["story"]}, comment="All in all")
    other_visit = world.accepted_visit(STORY, assigned={"checklist_key": "other"})
    old_visit = visit_on_day(world, 70, NO_GREETING)
    assert list_texts(world.manager, "question=greeting") == [("greeting", "Nobody looked up.")] * 2
    assert list_texts(world.manager, "question=wait") == []
    assert list_texts(world.manager, "question=nothing") == []
    assert [comment["visit_id"] for comment in comments(world.manager, "checklist=other")] == [
        other_visit["id"]
    ]
    problem(world.manager.get("/comments?checklist=nothing"), 404, "checklist-not-found")
    month = old_visit["day"][:7]
    assert [comment["visit_id"] for comment in comments(world.manager, f"from={month}&to={month}")] == [
        old_visit["id"]
    ]
    assert world.manager.list_all("/comments?question=greeting", 1) == comments(
        world.manager, "question=greeting"
    )


def test_comments_on_whole_visits_can_be_listed_alone(world: World) -> None:
    for number in range(3):
        world.accepted_visit(NO_GREETING, comment=f"All in all {number}")
    world.accepted_visit(NO_GREETING)
    on_visits = [comment for comment in comments(world.manager) if comment["question"] is None]
    assert len(on_visits) == 3
    assert comments(world.manager, "whole_visit=true") == on_visits
    assert world.manager.list_all("/comments?whole_visit=true", 1) == on_visits
    assert comments(world.manager, "whole_visit=true&question=greeting") == []


def test_search_finds_all_words_whatever_their_case_and_accents(world: World) -> None:
    drafty = {**NO_GREETING, "story": {"value": "Había corrientes de AIRE frío."}}
    drafty["wait"] = {"value": 20, "comment": "Frío"}
    drafty["problem"] = {"value": "no", "comment": "The straße is 100% closed"}
    world.accepted_visit(drafty, comment="So cold_")
    assert list_texts(world.manager, "q=AIRÉ+frio") == [("story", drafty["story"]["value"])]
    assert [key for key, _ in list_texts(world.manager, "q=frio")] == ["wait", "story"]
    assert [key for key, _ in list_texts(world.manager, "q=frio&question=wait")] == ["wait"]
    assert [key for key, _ in list_texts(world.manager, "q=STRASSE+100%25")] == ["problem"]
    assert list_texts(world.manager, "q=cold_") == [(None, "So cold_")]
    for query in ("q=frio+looked", "q=yes", "q=%25_", "q=frio&whole_visit=true"):
        assert list_texts(world.manager, query) == [], query
    for query in ("q=", "q=%20", f"q={'x' * 201}", "points=some"):
        problem(world.manager.get(f"/comments?{query}"), 422, "invalid")


def test_comments_are_filtered_by_lost_and_full_points(world: World) -> None:
    answers = {**NO_GREETING, "story": {"value": "Nothing to score"}}
    answers["wait"] = {"value": 20, "comment": "Quick"}
    answers["thanks"] = {"not_applicable": True, "comment": "No till"}
    world.accepted_visit(answers, comment="Fair")
    world.accepted_visit(comment="Perfect")
    lost, full = (list_texts(world.manager, f"points={points}") for points in ("lost", "full"))
    assert lost == [("greeting", "Nobody looked up."), (None, "Fair")]
    assert set(full) == {("wait", "Quick"), (None, "Perfect")}


def test_a_search_looks_through_a_bounded_number_of_visits_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit_items, "MAX_VISITS", 2)
    for number in range(1, 6):
        visit_on_day(world, number, {**ALL_WELL, "story": {"value": f"Story {number}"}}, comment="Well")
    page = ok(world.manager.get("/comments?q=story+5"))
    assert (page["items"], page["next"] is None) == ([], False)
    assert list_texts(world.manager, "q=story+5") == [("story", "Story 5")]
    assert len(world.manager.list_all("/comments", 1)) == 10


def test_comments_are_counted_by_question(world: World) -> None:
    assert ok(world.manager.get("/comments/counts")) == {"items": []}
    world.publish({**CHECKLIST, "key": "other"})
    for _ in range(2):
        world.accepted_visit({**NO_GREETING, "receipt": {"comment": "My card"}}, comment="All in all")
    world.accepted_visit(STORY, assigned={"checklist_key": "other"}, location=world.new_location())
    counts = [
        {"checklist": "other", "question": "story", "comments": 1},
        {"checklist": "visit", "question": None, "comments": 2},
        {"checklist": "visit", "question": "greeting", "comments": 2},
    ]
    assert ok(world.manager.get("/comments/counts"))["items"] == counts
    assert ok(world.manager.get("/comments/counts?checklist=other"))["items"] == counts[:1]
    here = f"location_id={world.location['id']}"
    assert ok(world.manager.get(f"/comments/counts?{here}"))["items"] == counts[1:]
    assert ok(world.manager.get("/comments/counts?from=2020-01&to=2020-02"))["items"] == []
    assert sum(row["comments"] for row in counts) == len(comments(world.manager))


def test_private_questions_are_omitted_for_every_role(world: World) -> None:
    secret = {"key": "card", "text": "Your card", "type": "text", "private": True, "required": False}
    section = {"key": "more", "title": "More", "questions": [secret]}
    document = {**CHECKLIST, "key": "secret", "sections": [*CHECKLIST["sections"], section]}
    world.publish(document)
    private = {**ALL_WELL, "card": {"value": "Card 1234", "comment": "It is mine"}}
    private["receipt"] = {"comment": "It was short"}
    world.accepted_visit(private, assigned={"checklist_key": "secret"})
    for caller in (world.manager, world.reviewer, world.admin):
        for query in ("", "question=card", "question=receipt", "checklist=secret", "q=card", "q=short"):
            assert comments(caller, query) == [], query


def test_self_checks_are_listed_only_when_their_checklist_is_requested(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-eyes", "channel": "self_check"})
    visit = world.visit(world.manager, checklist_key="own-eyes")
    ok(world.send(visit, world.submission(STORY), world.manager), 201)
    assert comments(world.manager) == []
    assert [comment["visit_id"] for comment in comments(world.manager, "checklist=own-eyes")] == [visit["id"]]


def test_time_is_reduced_to_the_part_of_day(world: World) -> None:
    world.accepted_visit({**ALL_WELL, "clock": {"value": "14:35", "comment": "By the clock on the wall"}})
    (comment,) = comments(world.manager)
    assert (comment["value"], comment["comment"]) == ("afternoon", "By the clock on the wall")


def test_invalid_cursor_is_rejected(world: World) -> None:
    def cursor(*values: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    visit_id = world.accepted_visit(STORY)["id"]
    for text in ("x", cursor("2026-01-01", visit_id), cursor("x", visit_id, 1), cursor(1, visit_id, 1)):
        problem(world.manager.get("/comments", query_string={"cursor": text}), 422, "invalid")
    for text in (
        cursor("2026-01-01", "x", 1),
        cursor("2026-01-01", None, 1),
        cursor("2026-01-01", visit_id, None),
        cursor("2026-01-01", visit_id, True),
    ):
        problem(world.manager.get("/comments", query_string={"cursor": text}), 422, "invalid")
