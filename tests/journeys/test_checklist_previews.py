"""Before publishing: the list for administrators, earlier drafts, and the preview of what would change."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from api.models.checklists import DraftRevision
from api.services import draft_revisions
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem


def draft(**changes: Any) -> Any:
    """Return the checklist of the tests with other fields."""
    return copy.deepcopy(CHECKLIST) | changes


def question(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def write_draft(world: World, document: Any, caller: Caller | None = None) -> Any:
    path = f"/checklists/{document['key']}/draft"
    headers = {"If-Match": world.admin.get(path).headers["ETag"]}
    return ok((caller or world.admin).put(path, document, headers=headers))


def preview(world: World, **body: Any) -> Any:
    return ok(world.admin.post("/checklists/visit/preview", body), 200)


def overview(world: World, include: str, key: str) -> Any:
    rows = world.admin.list_all(f"/checklists?include={include}")
    return next((row for row in rows if row["key"] == key), None)


@pytest.fixture
def own_world(servers_app: Flask) -> World:
    """An organization of its own, only on PostgreSQL."""
    return World(servers_app)


# Lists.


def test_list_shows_administrators_drafts_and_retired_checklists(own_world: World) -> None:
    world = own_world
    world.add_built_in_checklists()
    ok(world.admin.post("/checklists", {"key": "new", "sections": [{"questions": [{}]}]}), 201)
    world.publish(draft(key="old"))
    ok(world.admin.post("/checklists/old/retire"), 204)
    assert {"new", "old"}.isdisjoint(row["key"] for row in world.admin.list_all("/checklists"))
    assert overview(world, "drafts", "old") is None
    assert overview(world, "retired", "new") is None
    new, old = (overview(world, "drafts,retired", key) for key in ("new", "old"))
    assert (new["status"], new["version"], new["title"], new["question_count"]) == ("draft", None, None, 1)
    assert new["has_changes"] and new["error_count"] > 3
    assert new["changed_by"]["id"] == world.admin.id
    assert (old["status"], old["version"], old["error_count"], old["has_changes"]) == ("retired", 1, 0, False)
    built_in = overview(world, "drafts", "store-visit")
    assert (built_in["changed_by"], built_in["status"], built_in["visits"]) == (None, "published", 0)


def test_list_counts_visits_and_shows_unpublished_changes(own_world: World) -> None:
    world = own_world
    world.accepted_visit()
    world.visit()
    ok(world.admin.post(f"/visits/{world.visit()['id']}/cancel"))
    world.publish(draft(pass_mark=0.7))
    world.visit()
    row = overview(world, "drafts", "visit")
    assert (row["visits"], row["visits_out"], row["has_changes"]) == (3, 2, False)
    editor = world.person("admin")
    write_draft(world, draft(pass_mark=2), editor)
    row = overview(world, "drafts", "visit")
    assert (row["has_changes"], row["error_count"], row["changed_by"]["id"]) == (True, 1, editor.id)
    first, second = world.admin.list_all("/checklists/visit/versions", limit=1)[::-1]
    assert (first["version"], first["visits"], first["visits_out"]) == (1, 2, 1)
    assert (second["version"], second["visits"], second["visits_out"]) == (2, 1, 1)
    assert second["changed_by"]["id"] == world.admin.id and second["changed_at"] >= first["changed_at"]
    changes = ok(world.admin.get("/checklists/visit/versions/2/changes"))["items"]
    assert [(change["pointer"], change["effect"]) for change in changes] == [("/pass_mark", "points")]
    assert ok(world.admin.get("/checklists/visit/versions/1/changes"))["items"] == []
    problem(world.admin.get("/checklists/visit/versions/3/changes"), 404, "checklist-not-found")


def test_only_administrators_see_drafts_in_the_list(own_world: World) -> None:
    for caller in (own_world.shopper, own_world.manager, own_world.reviewer):
        problem(caller.get("/checklists?include=drafts"), 403, "forbidden")
    problem(own_world.client("checklists:write").get("/checklists?include=drafts"), 403, "forbidden")
    body = problem(own_world.admin.get("/checklists?include=drafts,others"), 422, "invalid")
    assert pointers(body) == ["/include"]


# Revisions.


def revisions(world: World) -> list[Any]:
    return world.admin.list_all("/checklists/visit/draft/revisions", limit=2)


def test_edits_of_a_person_are_one_revision(own_world: World) -> None:
    world = own_world
    ok(world.admin.post("/checklists", draft(title="One")), 201)
    write_draft(world, draft(title="Two"))
    write_draft(world, draft(title="Two"))
    other = world.person("admin")
    write_draft(world, draft(title="Three"), other)
    write_draft(world, draft(title="Four"))
    rows = revisions(world)
    assert [row["changed_by"]["id"] for row in rows] == [world.admin.id, other.id]
    titles = [
        ok(world.admin.get(f"/checklists/visit/draft/revisions/{row['id']}"))["document"]["title"]
        for row in rows
    ]
    assert titles == ["Four", "Three"]


def test_edit_after_ten_minutes_is_a_new_revision(own_world: World) -> None:
    world = own_world
    ok(world.admin.post("/checklists", draft(title="One")), 201)
    make_older(world, timedelta(minutes=11))
    write_draft(world, draft(title="Two"))
    assert len(revisions(world)) == 2


def test_restoring_a_revision_stores_a_new_one(own_world: World) -> None:
    world = own_world
    ok(world.admin.post("/checklists", draft(title="One")), 201)
    make_older(world, timedelta(minutes=11))
    write_draft(world, draft(title="Two"))
    latest, first = revisions(world)
    response = world.admin.post(f"/checklists/visit/draft/revisions/{first['id']}/restore")
    assert ok(response, 200)["title"] == "One"
    assert world.admin.get("/checklists/visit/draft").headers["ETag"] == response.headers["ETag"]
    assert [row["id"] for row in revisions(world)][1:] == [latest["id"], first["id"]]
    write_draft(world, draft(title="Three"))
    assert len(revisions(world)) == 3
    other = World(world.app)
    ok(other.admin.post("/checklists", draft()), 201)
    for call in (other.admin.get, lambda path: other.admin.post(f"{path}/restore")):
        problem(call(f"/checklists/visit/draft/revisions/{first['id']}"), 404, "revision-not-found")


def test_revisions_are_deleted_90_days_after_they_were_replaced(world: World) -> None:
    ok(world.admin.post("/checklists", draft(title="One")), 201)
    make_older(world, timedelta(days=200))
    write_draft(world, draft(title="Two"))
    make_older(world, timedelta(days=89))
    write_draft(world, draft(title="Three"))
    world.database.write(draft_revisions.delete_old)
    assert len(revisions(world)) == 3
    make_older(world, timedelta(days=2))
    world.database.write(draft_revisions.delete_old)
    assert len(revisions(world)) == 2
    make_older(world, timedelta(days=91))
    world.database.write(draft_revisions.delete_old)
    assert len(revisions(world)) == 1


def make_older(world: World, age: timedelta) -> None:
    """Move all revisions of the administrator into the past."""

    def move(session: Any) -> None:
        for revision in session.scalars(select(DraftRevision)):
            if str(revision.user_id) == world.admin.id:
                revision.created_at -= age
                revision.changed_at -= age

    world.database.write(move)


# Previews.


def test_preview_of_a_first_version_has_errors_only(own_world: World) -> None:
    ok(own_world.admin.post("/checklists", draft(pass_mark=3)), 201)
    result = preview(own_world)
    assert (result["version"], result["has_changes"], result["replay"], result["changes"]) == (
        None,
        True,
        None,
        [],
    )
    assert pointers(result) == ["/pass_mark"]
    problem(own_world.admin.post("/checklists/none/preview", {}), 404, "draft-not-found")


def test_errors_of_a_preview_are_those_of_publishing(own_world: World) -> None:
    own_world.checklist  # noqa: B018
    document = draft(title="", channel="pigeon")
    question(document, "greeting")["good_answer"] = "no"
    write_draft(own_world, document)
    result = preview(own_world)
    published = problem(own_world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert result["errors"] == published["errors"] and result["replay"] is None
    write_draft(own_world, document | {"title": "Visit", "channel": "in_person"})
    assert pointers(preview(own_world)) == ["/sections/0/questions/0/good_answer"]


def test_preview_of_a_retired_checklist_says_so(own_world: World) -> None:
    own_world.checklist  # noqa: B018
    assert preview(own_world)["retired"] is False
    ok(own_world.admin.post("/checklists/visit/retire"), 204)
    result = preview(own_world)
    assert (result["retired"], result["has_changes"]) == (True, False)


def test_replay_scores_accepted_visits_under_the_draft(world: World) -> None:
    # The other store does not change.
    slow, prompt = world.location, world.new_location()
    for location, wait in ((slow, 60), (slow, 60), (prompt, 20), (prompt, 20)):
        world.accepted_visit({**ALL_WELL, "wait": {"value": wait}}, location=location)
    world.late_visit()
    world.visit()
    unchanged = preview(world)
    assert not unchanged["has_changes"] and unchanged["changes"] == [] and unchanged["visits_out"] == 0
    score = unchanged["replay"]["score"]
    assert (score["now"], score["then"], score["difference"]) == (0.875, 0.875, 0)
    assert score["interval"] == {"low": 0, "high": 0}
    assert unchanged["replay"]["locations"] == []

    document = draft(pass_mark=0.9)
    question(document, "wait")["bands"][1]["points"] = 1
    question(document, "wait")["critical"] = True
    write_draft(world, document)
    result = preview(world)
    assert {(change["pointer"], change["effect"]) for change in result["changes"]} == {
        ("/pass_mark", "points"),
        ("/sections/0/questions/1/bands", "points"),
        ("/sections/0/questions/1/critical", "points"),
    }
    replay = result["replay"]
    assert (replay["visits"], replay["skipped"], result["visits_out"]) == (4, 0, 2)
    assert (replay["score"]["now"], replay["score"]["then"]) == (0.875, 0.8125)
    assert replay["score"]["difference"] == -0.0625
    assert replay["score"]["interval"]["low"] < -0.0625 < replay["score"]["interval"]["high"]
    assert replay["passed"] == {"now": 2, "then": 2}
    assert replay["critical_failures"] == {"now": 0, "then": 2}
    assert [
        (row["location"]["id"], row["visits"], row["now"], row["then"]) for row in replay["locations"]
    ] == [(slow["id"], 2, 0.75, 0.625)]
    assert preview(world, visits=2)["replay"]["visits"] == 2
    assert preview(world, visits=0)["replay"] is None


def test_replay_names_questions_that_nobody_answered(own_world: World) -> None:
    world = own_world
    world.accepted_visit()
    document = draft()
    document["sections"][0]["questions"].append(
        {"key": "bag", "text": "A bag?", "type": "yes_no", "points": 8}
    )
    write_draft(world, document)
    result = preview(world)
    assert [change["effect"] for change in result["changes"]] == ["not-comparable"]
    replay = result["replay"]
    assert replay["unanswered"] == [{"question": "bag", "visits": 1, "points_possible": 8}]
    assert (replay["score"]["then"], replay["score"]["lowest"], replay["score"]["highest"]) == (1, 0.5, 1)
    assert replay["score"]["interval"] is None


def test_replay_has_no_visits_of_closed_stores_and_other_organizations(own_world: World) -> None:
    World(own_world.app).accepted_visit()
    own_world.accepted_visit({}, outcome="store-closed")
    ok(own_world.review({"id": own_world.admin.list_all("/visits")[0]["id"]}, "accept"))
    replay = preview(own_world)["replay"]
    assert (replay["visits"], replay["skipped"], replay["score"]["now"]) == (0, 0, None)
