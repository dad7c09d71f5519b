"""Messages: a reviewer asks the shopper of a visit, and the shopper answers."""

import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support.world import CHECKLIST, World, ok, pointers, problem


@pytest.fixture
def world(servers_app: Flask) -> World:
    """On PostgreSQL: what is tested here hardly depends on the database."""
    return World(servers_app)


def own_visit(world: World) -> Any:
    """Return a self-check that the reviewer has made."""
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check", "review": "manual"})
    visit = world.visit(world.reviewer, checklist_key="own-check")
    ok(world.send(visit, world.submission(), world.reviewer), 201)
    return visit


def ask(world: World, visit: Any, **body: Any) -> Any:
    body = {"text": "Which till did you wait at?", **body}
    return world.reviewer.post(f"/visits/{visit['id']}/messages", body)


def answer(world: World, message_id: str, text: str = "The left one.") -> Any:
    return world.shopper.put(f"/me/messages/{message_id}/answer", {"text": text})


def test_a_shopper_reads_a_message_without_the_reviewer_and_answers_it_once(world: World) -> None:
    visit = world.late_visit()
    sent = ok(ask(world, visit, question="wait"), 201)
    (message,) = ok(world.shopper.get("/me/messages?status=open"))["items"]
    assert message == {
        "id": sent["id"],
        "visit_id": visit["id"],
        "location": {name: world.location[name] for name in ("id", "code", "name")},
        "question": {"key": "wait", "text": "How long did you wait?"},
        "text": "Which till did you wait at?",
        "status": "open",
        "asked_at": sent["asked_at"],
        "answer": None,
        "answered_at": None,
    }
    answered = ok(answer(world, sent["id"]), 201)
    assert (answered["status"], answered["answer"]) == ("answered", "The left one.")
    # A lost response: the same answer again is the same, and another one is rejected.
    assert ok(answer(world, sent["id"]), 200) == answered
    problem(answer(world, sent["id"], "The right one."), 409, "message-answered")
    assert ok(world.shopper.get("/me/messages?status=open"))["items"] == []
    (seen,) = ok(world.admin.get(f"/messages?visit_id={visit['id']}&status=answered"))["items"]
    reviewer = {"reviewer_id": world.reviewer.id, "reviewer_name": ok(world.reviewer.get("/me"))["name"]}
    assert seen == {**answered, **reviewer}


def test_a_message_is_asked_once_with_an_idempotency_key(world: World) -> None:
    visit = world.late_visit()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    path, body = f"/visits/{visit['id']}/messages", {"text": "Which till?"}
    first, second = (ok(world.reviewer.post(path, body, headers=headers), 201) for _ in range(2))
    assert first == second
    assert [row["id"] for row in ok(world.reviewer.get("/messages?mine=true"))["items"]] == [first["id"]]
    assert ok(world.admin.get("/messages?mine=true"))["items"] == []


def test_a_withdrawn_message_disappears_and_still_accepts_an_answer(world: World) -> None:
    """The shopper may have answered it without a signal."""
    visit = world.late_visit()
    message_id = world.message(visit)
    for _ in range(2):
        assert ok(world.admin.post(f"/messages/{message_id}/withdraw"))["status"] == "withdrawn"
    assert ok(world.shopper.get("/me/messages"))["items"] == []
    assert ok(world.reviewer.get("/messages?status=withdrawn"))["items"][0]["id"] == message_id
    assert ok(answer(world, message_id), 201)["status"] == "answered"
    problem(world.reviewer.post(f"/messages/{message_id}/withdraw"), 409, "message-answered")


def test_what_cannot_be_asked(world: World) -> None:
    visit = world.late_visit()
    body = problem(ask(world, visit, question="nothing"), 422, "invalid")
    assert pointers(body) == ["/question"]
    assert pointers(problem(ask(world, visit, text=" "), 422, "invalid")) == ["/text"]
    problem(ask(world, world.visit()), 404, "submission-not-found")
    problem(ask(world, own_visit(world)), 403, "own-visit")
    for _ in range(5):
        message_id = world.message(visit)
    problem(ask(world, visit), 409, "too-many-messages")
    ok(answer(world, message_id))
    ok(ask(world, visit), 201)
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": True}))
    problem(ask(world, visit), 409, "shopper-unavailable")


def test_reviewers_do_not_see_messages_about_their_own_visits(world: World) -> None:
    own = own_visit(world)
    ok(world.admin.post(f"/visits/{own['id']}/messages", {"text": "Which till?"}), 201)
    assert ok(world.reviewer.get("/messages"))["items"] == []
    (message,) = ok(world.reviewer.get("/me/messages"))["items"]
    problem(world.reviewer.post(f"/messages/{message['id']}/withdraw"), 404, "message-not-found")


def test_lists_are_in_order_and_have_pages(world: World) -> None:
    ids = [world.message(world.late_visit()) for _ in range(3)]
    assert [row["id"] for row in world.shopper.list_all("/me/messages", limit=2)] == ids
    assert [row["id"] for row in world.reviewer.list_all("/messages", limit=2)] == ids[::-1]


def test_the_audit_log_says_who_asked_and_withdrew_but_not_what(world: World) -> None:
    visit = world.late_visit()
    message_id = world.message(visit, "Which till did Zacharias mean?")
    ok(world.admin.post(f"/messages/{message_id}/withdraw"))
    entries = ok(world.admin.get(f"/audit?subject={visit['id']}"))["items"][:2]
    assert [(entry["action"], entry["actor"]["id"]) for entry in entries] == [
        ("visit.message_withdrawn", world.admin.id),
        ("visit.shopper_asked", world.reviewer.id),
    ]
    assert "Zacharias" not in str(entries)


def test_a_shopper_reads_what_the_reviewer_wrote_to_them_with_any_decision(world: World) -> None:
    visit = world.late_visit()
    rejection = ok(world.review(visit, "reject", message_to_shopper="The photos show another store."))
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["return_reason"]) == ("rejected", None)
    assert details["message_to_shopper"] == "The photos show another store."
    assert ok(world.review(visit, "reject", message_to_shopper="The photos show another store.")) == rejection
    problem(world.review(visit, "reject"), 409, "review-conflict")  # not the same without the message
    ok(world.review(visit, "accept", replaces=rejection["id"]))
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["message_to_shopper"] is None
