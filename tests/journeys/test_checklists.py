"""Checklists: drafts, published versions that never change, and retirement."""

import copy
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from api.domain.access import ADMIN, Actor
from api.domain.problems import ProblemError
from api.services import checklists, organizations
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem

pytestmark = pytest.mark.one_database


def changed(change: Callable[[Any], Any], document: Any = CHECKLIST) -> Any:
    """Return a copy of the checklist with one change."""
    document = copy.deepcopy(document)
    change(document)
    return document


def question(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def write_draft(world: World, document: Any) -> Any:
    path = f"/checklists/{document['key']}/draft"
    headers = {"If-Match": world.admin.get(path).headers["ETag"]}
    return world.admin.put(path, document, headers=headers)


def test_new_organization_has_the_built_in_checklists(app: Flask, world: World) -> None:
    database = app.extensions["survey"].database
    organization = database.write(lambda session: organizations.create_organization(session, "New"))
    world.organization_id = organization.id
    rows = ok(world.shopper.get("/checklists"))["items"]
    assert [row["key"] for row in rows] == [
        "four-basics",
        "message",
        "problem-and-return",
        "self-check",
        "store-visit",
        "telephone-call",
    ]
    assert set(rows[0]) == {"key", "version", "title", "channel", "question_count", "points_possible"}
    assert set(rows[0]["title"]) == {"en", "es"}
    for row in rows:
        version = ok(world.shopper.get(f"/checklists/{row['key']}/versions/1"))
        questions = [item for section in version["sections"] for item in section["questions"]]
        assert len(questions) == row["question_count"]


def test_draft_is_stored_as_it_was_sent(world: World) -> None:
    text = (
        '{"key":"as-written","sections":[{"questions":[{"points":2,"key":"b"},{"key":"a"},{}]},{}],'
        '"pass_mark":0.50,"title":{"es":"Sí","en":"Yes"},"introduction":null,"channel":"smoke signals"}'
    )
    headers = {"Content-Type": "application/json"}
    response = world.admin.post("/checklists", data=text.encode(), headers=headers)
    ok(response, 201)
    assert response.headers["Location"] == "/api/v1/checklists/as-written/draft"
    stored = world.admin.get("/checklists/as-written/draft").get_data(as_text=True)
    assert stored.strip() == text.replace("0.50", "0.5")


def test_language_of_the_caller_does_not_change_a_checklist(world: World) -> None:
    world.checklist  # noqa: B018
    bodies = {
        world.shopper.get("/checklists/visit/versions/1", headers={"Accept-Language": language}).data
        for language in ("en", "es", "fr;q=1, *;q=0")
    }
    assert len(bodies) == 1


def test_wrong_types_and_unknown_fields_are_rejected_when_a_draft_is_stored(world: World) -> None:
    first = "/sections/0/questions/0"
    for change, pointer in (
        (lambda d: d.update(version=1), "/version"),
        (lambda d: d.update(title=5), "/title"),
        (lambda d: d.update(title={"en": 5}), "/title/en"),
        (lambda d: d.update(title=["x"]), "/title"),
        (lambda d: d.update(pass_mark="0.8"), "/pass_mark"),
        (lambda d: d.update(sections={}), "/sections"),
        (lambda d: d.update(key=5), "/key"),
        (lambda d: d.pop("key"), "/key"),
        (lambda d: d["sections"][0].update(colour="red"), "/sections/0/colour"),
        (lambda d: question(d, "greeting").update(type=5), f"{first}/type"),
        (lambda d: question(d, "greeting").update(type="riddle"), f"{first}/type"),
        (lambda d: question(d, "apology").update(type="Yes_no"), "/sections/1/questions/2/type"),
        (lambda d: question(d, "greeting").update(points="2"), f"{first}/points"),
        (lambda d: question(d, "greeting").update(critical="no"), f"{first}/critical"),
        (lambda d: question(d, "greeting").update(photos={"minimum": 0.5}), f"{first}/photos/minimum"),
        (lambda d: question(d, "greeting").update(photos={"most": 1}), f"{first}/photos/most"),
        (
            lambda d: question(d, "greeting").update(only_if={"question": "x", "is": "yes"}),
            f"{first}/only_if/is",
        ),
        (lambda d: question(d, "greeting").update(scale_points=[1, "2"]), f"{first}/scale_points/1"),
        (lambda d: question(d, "wait")["bands"][1].update(upto=5), "/sections/0/questions/1/bands/1/upto"),
    ):
        response = world.admin.post("/checklists", changed(change))
        assert pointers(problem(response, 422, "invalid")) == [pointer], pointer
    problem(world.admin.get("/checklists/visit/draft"), 404, "draft-not-found")


def test_draft_with_an_unknown_type_does_not_replace_another(world: World) -> None:
    world.checklist  # noqa: B018
    response = write_draft(world, changed(lambda d: question(d, "thanks").update(type="riddle")))
    assert pointers(problem(response, 422, "invalid")) == ["/sections/1/questions/0/type"]
    assert ok(world.admin.get("/checklists/visit/draft")) == CHECKLIST


def test_invalid_draft_is_rejected_with_pointers_when_published(world: World) -> None:
    def spoil(document: Any) -> None:
        document.update(title=" ", channel="smoke signals", pass_mark=1.5)
        question(document, "greeting").update(points=-1, fundamental="no-such")
        question(document, "wait").update(bands=[{"up_to": -5, "points": 1}, {"points": 0}])
        question(document, "thanks").update(type=None, key="greeting")
        question(document, "apology")["only_if"] = {"question": "nothing"}

    ok(world.admin.post("/checklists", changed(spoil)), 201)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert {
        "/title",
        "/channel",
        "/pass_mark",
        "/sections/0/questions/0/points",
        "/sections/0/questions/0/fundamental",
        "/sections/0/questions/1/bands/0/up_to",
        "/sections/1/questions/0/type",
        "/sections/1/questions/0/key",
        "/sections/1/questions/2/only_if/question",
    } <= set(pointers(body))
    assert "visit" not in [row["key"] for row in world.admin.list_all("/checklists")]


def test_private_question_with_points_is_rejected(world: World) -> None:
    private = changed(lambda d: question(d, "greeting").update(private=True))
    ok(world.admin.post("/checklists", private), 201)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert "/sections/0/questions/0/private" in pointers(body)


def test_malformed_or_duplicate_key_is_rejected(world: World) -> None:
    for key in ("", " ", "Visit", "a b", "é", "x" * 65, "a/b", "-a"):
        response = world.admin.post("/checklists", {"key": key})
        assert pointers(problem(response, 422, "invalid")) == ["/key"], key
    ok(world.admin.post("/checklists", {"key": "a"}), 201)
    problem(world.admin.post("/checklists", {"key": "a"}), 409, "already-exists")
    ok(World(world.app).admin.post("/checklists", {"key": "a"}), 201)


@pytest.mark.both_databases
def test_of_two_simultaneous_drafts_with_one_key_one_is_created(world: World) -> None:
    world.admin  # noqa: B018
    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(lambda _: world.admin.post("/checklists", {"key": "a"}), range(4)))
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]


def test_key_of_a_draft_cannot_be_changed(world: World) -> None:
    world.checklist  # noqa: B018
    response = world.admin.put("/checklists/visit/draft", {"key": "other"}, headers={"If-Match": "*"})
    assert pointers(problem(response, 422, "invalid")) == ["/key"]
    response = world.admin.put("/checklists/other/draft", {"key": "other"}, headers={"If-Match": "*"})
    problem(response, 404, "draft-not-found")


def test_publishing_adds_the_defaults_of_omitted_fields(world: World) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    published = world.admin.post("/checklists/visit/publish")
    summary = ok(published, 201)
    assert published.headers["Location"] == "/api/v1/checklists/visit/versions/1"
    assert summary == {
        "key": "visit",
        "version": 1,
        "title": CHECKLIST["title"],
        "channel": "in_person",
        "question_count": 8,
        "points_possible": 11,
    }
    version = ok(world.shopper.get("/checklists/visit/versions/1"))
    assert list(version)[:2] == ["key", "version"]
    assert question(version, "problem") == {
        "key": "problem",
        "text": "Did you have a problem?",
        "help": None,
        "type": "yes_no",
        "good_answer": "yes",
        "points": 0,
        "required": True,
        "not_applicable": False,
        "critical": False,
        "private": False,
        "fundamental": None,
        "comment": "optional",
        "photos": {"minimum": 0, "maximum": 0},
        "only_if": None,
    }


def test_publishing_again_returns_200_and_the_current_version(world: World) -> None:
    world.checklist  # noqa: B018
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    # Other JSON with the same meaning: an omitted field has its default.
    equivalent = changed(lambda d: question(d, "thanks").update(required=True, help=None))
    ok(write_draft(world, equivalent), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    problem(world.admin.get("/checklists/visit/versions/2"), 404, "checklist-not-found")


def test_next_version_does_not_change_the_previous_one(world: World) -> None:
    world.checklist  # noqa: B018
    first = world.admin.get("/checklists/visit/versions/1")
    draft = changed(lambda d: question(d, "greeting").update(text="Were you greeted?", points=5))
    ok(write_draft(world, draft), 200)
    assert ok(world.admin.get("/checklists/visit/draft")) == draft
    assert ok(world.admin.get("/checklists?limit=500"))["items"][-1]["version"] == 1
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2
    assert ok(world.admin.get("/checklists/visit/draft")) == draft
    first_again = world.admin.get("/checklists/visit/versions/1")
    assert (first_again.data, first_again.headers["ETag"]) == (first.data, first.headers["ETag"])
    second = ok(world.admin.get("/checklists/visit/versions/2"))
    assert question(second, "greeting")["points"] == 5
    versions = {row["key"]: row["version"] for row in world.admin.list_all("/checklists")}
    assert versions["visit"] == 2


def test_visit_keeps_the_version_that_was_current_when_it_was_assigned(world: World) -> None:
    visit = world.visit()
    ok(write_draft(world, changed(lambda d: d.update(title="Next"))), 200)
    ok(world.admin.post("/checklists/visit/publish"), 201)
    details = ok(world.shopper.get(f"/visits/{visit['id']}?include=checklist"))
    assert (details["checklist"]["version"], details["checklist"]["title"]) == (1, CHECKLIST["title"])
    assert world.visit()["checklist"] == {"key": "visit", "version": 2}


@pytest.mark.both_databases
@pytest.mark.parametrize("callers", [2, 5])
def test_simultaneous_publications_create_one_version(world: World, callers: int) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    with ThreadPoolExecutor(callers) as threads:
        responses = list(threads.map(lambda _: world.admin.post("/checklists/visit/publish"), range(callers)))
    assert sorted(response.status_code for response in responses) == [200] * (callers - 1) + [201]
    assert {response.json["version"] for response in responses} == {1}  # type: ignore[index]


def test_draft_that_changed_after_its_check_is_checked_again(world: World) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    actor = Actor(uuid.UUID(world.admin.id), world.organization_id, ADMIN, uuid.uuid4())
    with world.database.read_snapshot() as session:
        checked = checklists.check_draft(session, checklists.get_draft(session, actor, "visit"))
    assert checked.errors == []
    ok(write_draft(world, changed(lambda d: d.update(channel="by-air"))), 200)
    with pytest.raises(ProblemError) as raised:
        world.database.write(lambda session: checklists.publish(session, actor, "visit", checked))
    assert [error.pointer for error in raised.value.errors] == ["/channel"]


def test_key_keeps_its_meaning_across_versions(world: World) -> None:
    options = [{"key": "left", "label": "Left", "points": 1}, {"key": "right", "label": "Right"}]
    with_choice = changed(
        lambda d: d["sections"][0]["questions"].extend(
            [
                {"key": "till", "text": "Which till?", "type": "choice", "options": options},
                {"key": "mood", "text": "Which mood?", "type": "scale", "minimum": 1, "maximum": 5},
            ]
        )
    )
    world.publish(with_choice)
    for change, pointer in (
        (lambda d: question(d, "story").update(type="number"), "/sections/1/questions/3/type"),
        (lambda d: question(d, "greeting").update(good_answer="no"), "/sections/0/questions/0/good_answer"),
        (lambda d: question(d, "mood").update(maximum=10), "/sections/0/questions/3/maximum"),
        (
            lambda d: question(d, "till")["options"][0].update(label="Top"),
            "/sections/0/questions/2/options/0/label",
        ),
        (lambda d: question(d, "till").update(multiple=True), "/sections/0/questions/2/multiple"),
    ):
        ok(write_draft(world, changed(change, with_choice)), 200)
        body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
        assert pointers(body) == [pointer]
    compatible = changed(
        lambda d: question(d, "till")["options"][0].update(label="LEFT!", points=2), with_choice
    )
    ok(write_draft(world, compatible), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2


def test_key_keeps_its_meaning_after_a_version_without_it(world: World) -> None:
    world.checklist  # noqa: B018
    without = changed(lambda d: d["sections"][1]["questions"].remove(question(d, "story")))
    assert world.publish(without)["version"] == 2
    retyped = changed(lambda d: question(d, "story").update(type="number"))
    ok(write_draft(world, retyped), 200)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/sections/1/questions/3/type"]


def test_channel_cannot_change_to_or_from_self_check(world: World) -> None:
    world.checklist  # noqa: B018
    world.publish({**CHECKLIST, "key": "self-check", "channel": "self_check"})
    ok(write_draft(world, changed(lambda d: d.update(channel="self_check"))), 200)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/channel"]
    ok(write_draft(world, changed(lambda d: d.update(channel="telephone"))), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["channel"] == "telephone"
    draft = ok(world.admin.get("/checklists/self-check/draft"))
    ok(write_draft(world, {**draft, "channel": "in_person"}), 200)
    body = problem(world.admin.post("/checklists/self-check/publish"), 422, "invalid")
    assert pointers(body) == ["/channel"]


def test_retired_checklist_is_not_listed_until_it_is_published_again(world: World) -> None:
    def list_keys() -> list[str]:
        return [row["key"] for row in world.shopper.list_all("/checklists")]

    world.checklist  # noqa: B018
    for _ in range(2):
        assert world.admin.post("/checklists/visit/retire").status_code == 204
    assert "visit" not in list_keys()
    ok(world.shopper.get("/checklists/visit/versions/1"))
    ok(world.admin.get("/checklists/visit/draft"))
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    assert "visit" in list_keys()
    world.admin.post("/checklists/visit/retire")
    ok(write_draft(world, changed(lambda d: d.update(title="Back"))), 200)
    assert "visit" not in list_keys()
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2
    assert "visit" in list_keys()


def test_checklist_that_was_never_published_cannot_be_retired(world: World) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    problem(world.admin.post("/checklists/visit/retire"), 404, "checklist-not-found")
    problem(world.admin.post("/checklists/nothing/retire"), 404, "checklist-not-found")
    problem(world.admin.post("/checklists/nothing/publish"), 404, "draft-not-found")
    problem(world.admin.get("/checklists/visit/versions/1"), 404, "checklist-not-found")


def test_another_organization_cannot_see_a_checklist(world: World) -> None:
    world.checklist  # noqa: B018
    other = World(world.app)
    assert "visit" not in [row["key"] for row in other.admin.list_all("/checklists")]
    problem(other.admin.get("/checklists/visit/versions/1"), 404, "checklist-not-found")
    problem(other.admin.get("/checklists/visit/draft"), 404, "draft-not-found")


def test_only_administrators_write(world: World) -> None:
    world.checklist  # noqa: B018
    for caller in (world.shopper, world.manager, world.reviewer):
        problem(caller.post("/checklists", {"key": "x"}), 403, "forbidden")
        problem(caller.get("/checklists/visit/draft"), 403, "forbidden")
        problem(caller.post("/checklists/visit/publish"), 403, "forbidden")
        ok(caller.get("/checklists/visit/versions/1"))


def test_document_beyond_the_limits_is_rejected(world: World) -> None:
    questions = [{"key": f"q{n}", "text": "Well?", "type": "yes_no"} for n in range(501)]
    ok(
        world.admin.post(
            "/checklists", {**CHECKLIST, "sections": [{"key": "s", "title": "S", "questions": questions}]}
        )
    )
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/sections"]
    assert len(json.dumps(body)) < 10_000


def test_date_has_no_points_and_is_visible_to_managers(world: World) -> None:
    best_before = {"text": "Best before?", "type": "date", "required": False}
    dates = [{"key": key, **best_before} for key in ("milk", "tea")]
    world.checklist  # noqa: B018
    world.publish(changed(lambda d: d["sections"][0]["questions"].extend(dates)))
    location = world.new_location()
    visit = world.visit(location=location)

    def body(**values: str) -> dict[str, Any]:
        answers = ALL_WELL | {key: {"value": value} for key, value in values.items()}
        return world.submission(answers, checklist_version=2)

    rejected = world.send(visit, body(milk="2026-02-29", tea="2026-02-28"))
    assert pointers(problem(rejected, 422, "invalid")) == ["/answers/milk/value"]
    ok(world.send(visit, body(milk="2024-02-29")), 201)
    submission = ok(world.manager.get(f"/visits/{visit['id']}/submission"))
    assert submission["answers"]["milk"]["value"] == "2024-02-29"
    assert submission["answers"]["milk"]["points_possible"] == 0
    assert submission["score"]["points_possible"] == 8
    score = ok(world.admin.get(f"/locations/{location['id']}/score"))
    counts = {row["key"]: row["answers"] for row in score["questions"]}
    assert counts["milk"] == {"answered": 1, "not_applicable": 0}
    assert counts["tea"] == {"answered": 0, "not_applicable": 0}
