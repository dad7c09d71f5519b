"""Checklists: drafted as they are written, published as versions that never change, retired."""

import copy
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.domain.access import ADMIN, Actor
from api.domain.problems import ProblemError
from api.services import checklists
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem


def changed(change: Callable[[Any], Any], document: Any = CHECKLIST) -> Any:
    """Return the checklist with one change."""
    document = copy.deepcopy(document)
    change(document)
    return document


def question(document: Any, key: str) -> Any:
    return next(q for section in document["sections"] for q in section["questions"] if q["key"] == key)


def write_draft(world: World, document: Any) -> Any:
    path = f"/checklists/{document['key']}/draft"
    headers = {"If-Match": world.admin.get(path).headers["ETag"]}
    return world.admin.put(path, document, headers=headers)


def test_a_new_organization_has_the_built_in_checklists(world: World) -> None:
    listed = ok(world.shopper.get("/checklists"))["items"]
    assert [row["key"] for row in listed] == [
        "four-basics",
        "message",
        "problem-and-return",
        "self-check",
        "store-visit",
        "telephone-call",
    ]
    assert set(listed[0]) == {"key", "version", "title", "channel", "question_count", "points_possible"}
    assert set(listed[0]["title"]) == {"en", "es"}
    for row in listed:
        version = ok(world.shopper.get(f"/checklists/{row['key']}/versions/1"))
        questions = [each for section in version["sections"] for each in section["questions"]]
        assert len(questions) == row["question_count"]


def test_a_draft_is_kept_as_it_was_written(world: World) -> None:
    written = (
        '{"key":"as-written","sections":[{"questions":[{"points":2,"key":"b"},{"key":"a"},{}]},{}],'
        '"pass_mark":0.50,"title":{"es":"Sí","en":"Yes"},"introduction":null,"channel":"smoke signals"}'
    )
    headers = {"Content-Type": "application/json"}
    made = world.admin.post("/checklists", data=written.encode(), headers=headers)
    ok(made, 201)
    assert made.headers["Location"] == "/api/v1/checklists/as-written/draft"
    kept = world.admin.get("/checklists/as-written/draft").get_data(as_text=True)
    assert kept.strip() == written.replace("0.50", "0.5")


def test_a_reader_s_language_changes_nothing(world: World) -> None:
    world.checklist  # noqa: B018
    bodies = {
        world.shopper.get("/checklists/visit/versions/1", headers={"Accept-Language": language}).data
        for language in ("en", "es", "fr;q=1, *;q=0")
    }
    assert len(bodies) == 1


def test_wrong_types_and_unknown_fields_are_refused_at_once(world: World) -> None:
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
        answer = world.admin.post("/checklists", changed(change))
        assert pointers(problem(answer, 422, "invalid")) == [pointer], pointer
    problem(world.admin.get("/checklists/visit/draft"), 404, "draft-not-found")


def test_a_draft_is_not_replaced_by_one_with_an_unknown_type(world: World) -> None:
    world.checklist  # noqa: B018
    answer = write_draft(world, changed(lambda d: question(d, "thanks").update(type="riddle")))
    assert pointers(problem(answer, 422, "invalid")) == ["/sections/1/questions/0/type"]
    assert ok(world.admin.get("/checklists/visit/draft")) == CHECKLIST


def test_what_makes_no_sense_is_told_when_publishing_with_pointers(world: World) -> None:
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


def test_a_private_question_has_no_points(world: World) -> None:
    private = changed(lambda d: question(d, "greeting").update(private=True))
    ok(world.admin.post("/checklists", private), 201)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert "/sections/0/questions/0/private" in pointers(body)


def test_keys_are_made_of_few_characters_and_are_there_once(world: World) -> None:
    for key in ("", " ", "Visit", "a b", "é", "x" * 65, "a/b", "-a"):
        answer = world.admin.post("/checklists", {"key": key})
        assert pointers(problem(answer, 422, "invalid")) == ["/key"], key
    ok(world.admin.post("/checklists", {"key": "a"}), 201)
    problem(world.admin.post("/checklists", {"key": "a"}), 409, "already-exists")
    ok(World(world.app).admin.post("/checklists", {"key": "a"}), 201)


def test_two_drafts_of_one_key_at_once_are_one(world: World) -> None:
    world.admin  # noqa: B018
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: world.admin.post("/checklists", {"key": "a"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_a_draft_keeps_its_key(world: World) -> None:
    world.checklist  # noqa: B018
    answer = world.admin.put("/checklists/visit/draft", {"key": "other"}, headers={"If-Match": "*"})
    assert pointers(problem(answer, 422, "invalid")) == ["/key"]
    answer = world.admin.put("/checklists/other/draft", {"key": "other"}, headers={"If-Match": "*"})
    problem(answer, 404, "draft-not-found")


def test_publishing_fills_in_what_was_left_out(world: World) -> None:
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


def test_publishing_again_answers_200_and_the_standing_version(world: World) -> None:
    world.checklist  # noqa: B018
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    # Written otherwise, meaning the same: what is left out is the default.
    same = changed(lambda d: question(d, "thanks").update(required=True, help=None))
    ok(write_draft(world, same), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    problem(world.admin.get("/checklists/visit/versions/2"), 404, "checklist-not-found")


def test_the_next_version_leaves_the_one_before_as_it_was(world: World) -> None:
    world.checklist  # noqa: B018
    first = world.admin.get("/checklists/visit/versions/1")
    draft = changed(lambda d: question(d, "greeting").update(text="Were you greeted?", points=5))
    ok(write_draft(world, draft), 200)
    assert ok(world.admin.get("/checklists/visit/draft")) == draft
    assert ok(world.admin.get("/checklists?limit=500"))["items"][-1]["version"] == 1
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2
    assert ok(world.admin.get("/checklists/visit/draft")) == draft
    again = world.admin.get("/checklists/visit/versions/1")
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    second = ok(world.admin.get("/checklists/visit/versions/2"))
    assert question(second, "greeting")["points"] == 5
    listed = {row["key"]: row["version"] for row in world.admin.list_all("/checklists")}
    assert listed["visit"] == 2


def test_a_visit_stays_with_the_version_that_was_current_when_it_was_assigned(world: World) -> None:
    visit = world.visit()
    ok(write_draft(world, changed(lambda d: d.update(title="Next"))), 200)
    ok(world.admin.post("/checklists/visit/publish"), 201)
    shown = ok(world.shopper.get(f"/visits/{visit['id']}?include=checklist"))
    assert (shown["checklist"]["version"], shown["checklist"]["title"]) == (1, CHECKLIST["title"])
    assert world.visit()["checklist"] == {"key": "visit", "version": 2}


@pytest.mark.parametrize("at_once", [2, 5])
def test_published_by_many_at_once_there_is_one_version(world: World, at_once: int) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    with ThreadPoolExecutor(at_once) as threads:
        answers = list(threads.map(lambda _: world.admin.post("/checklists/visit/publish"), range(at_once)))
    assert sorted(answer.status_code for answer in answers) == [200] * (at_once - 1) + [201]
    assert {answer.json["version"] for answer in answers} == {1}  # type: ignore[index]


def test_a_draft_that_changed_after_it_was_looked_at_is_looked_at_again(world: World) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    actor = Actor(uuid.UUID(world.admin.id), world.organization_id, ADMIN, uuid.uuid4())
    with world.database.read_snapshot() as session:
        checked = checklists.check_draft(session, checklists.get_draft(session, actor, "visit"))
    assert checked.errors == []
    ok(write_draft(world, changed(lambda d: d.update(channel="by-air"))), 200)
    with pytest.raises(ProblemError) as refusal:
        world.database.write(lambda session: checklists.publish(session, actor, "visit", checked))
    assert [fault.pointer for fault in refusal.value.errors] == ["/channel"]


def test_a_key_keeps_its_meaning_over_versions(world: World) -> None:
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
    fine = changed(lambda d: question(d, "till")["options"][0].update(label="LEFT!", points=2), with_choice)
    ok(write_draft(world, fine), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2


def test_a_key_keeps_its_meaning_even_where_a_version_left_it_out(world: World) -> None:
    world.checklist  # noqa: B018
    without = changed(lambda d: d["sections"][1]["questions"].remove(question(d, "story")))
    assert world.publish(without)["version"] == 2
    otherwise = changed(lambda d: question(d, "story").update(type="number"))
    ok(write_draft(world, otherwise), 200)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/sections/1/questions/3/type"]


def test_a_checklist_neither_becomes_nor_stops_being_a_self_check(world: World) -> None:
    world.checklist  # noqa: B018
    ok(write_draft(world, changed(lambda d: d.update(channel="self_check"))), 200)
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/channel"]
    ok(write_draft(world, changed(lambda d: d.update(channel="telephone"))), 200)
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["channel"] == "telephone"
    draft = ok(world.admin.get("/checklists/self-check/draft"))
    ok(write_draft(world, {**draft, "channel": "in_person"}), 200)
    body = problem(world.admin.post("/checklists/self-check/publish"), 422, "invalid")
    assert pointers(body) == ["/channel"]


def test_a_retired_checklist_is_gone_from_the_list_and_comes_back_when_published(world: World) -> None:
    def listed() -> list[str]:
        return [row["key"] for row in world.shopper.list_all("/checklists")]

    world.checklist  # noqa: B018
    for _ in range(2):
        assert world.admin.post("/checklists/visit/retire").status_code == 204
    assert "visit" not in listed()
    ok(world.shopper.get("/checklists/visit/versions/1"))
    ok(world.admin.get("/checklists/visit/draft"))
    assert ok(world.admin.post("/checklists/visit/publish"), 200)["version"] == 1
    assert "visit" in listed()
    world.admin.post("/checklists/visit/retire")
    ok(write_draft(world, changed(lambda d: d.update(title="Back"))), 200)
    assert "visit" not in listed()
    assert ok(world.admin.post("/checklists/visit/publish"), 201)["version"] == 2
    assert "visit" in listed()


def test_what_was_never_published_cannot_be_retired(world: World) -> None:
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    problem(world.admin.post("/checklists/visit/retire"), 404, "checklist-not-found")
    problem(world.admin.post("/checklists/nothing/retire"), 404, "checklist-not-found")
    problem(world.admin.post("/checklists/nothing/publish"), 404, "draft-not-found")
    problem(world.admin.get("/checklists/visit/versions/1"), 404, "checklist-not-found")


def test_another_organization_sees_none_of_it(world: World) -> None:
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


def test_a_document_may_be_long_but_has_an_end(world: World) -> None:
    many = [{"key": f"q{n}", "text": "Well?", "type": "yes_no"} for n in range(501)]
    ok(
        world.admin.post(
            "/checklists", {**CHECKLIST, "sections": [{"key": "s", "title": "S", "questions": many}]}
        )
    )
    body = problem(world.admin.post("/checklists/visit/publish"), 422, "invalid")
    assert pointers(body) == ["/sections"]
    assert len(json.dumps(body)) < 10_000


def test_a_date_has_no_points_and_is_shown_to_managers_as_it_is(world: World) -> None:
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
    shown = ok(world.manager.get(f"/visits/{visit['id']}/submission"))
    assert shown["answers"]["milk"]["value"] == "2024-02-29"
    assert shown["answers"]["milk"]["points_possible"] == 0
    assert shown["score"]["points_possible"] == 8
    score = ok(world.admin.get(f"/locations/{location['id']}/score"))
    counts = {row["key"]: row["answers"] for row in score["questions"]}
    assert counts["milk"] == {"answered": 1, "not_applicable": 0}
    assert counts["tea"] == {"answered": 0, "not_applicable": 0}
