"""Targets: set by administrators, judged by the latest visits, and seen by those who see the place."""

from typing import Any

import pytest
from flask import Flask

from tests.support.world import ALL_WELL, World, ok, pointers, problem

#: four points of eight lost
SLOW = {**ALL_WELL, "wait": {"value": 600}}


@pytest.fixture
def embedded_world(embedded_app: Flask) -> World:
    """A new organization on SQLite, for what does not depend on the database."""
    return World(embedded_app)


def judge(world: World, target: Any) -> tuple[str, int | None]:
    found = ok(world.admin.get(f"/targets/{target['id']}"))
    return found["status"], found["visits_to_tell"]


def test_target_is_judged_by_each_accepted_visit(world: World) -> None:
    target = world.target(score=0.3)
    assert (target["status"], target["visits_to_tell"], target["actual"]["visits"]) == ("unsure", None, 0)
    world.accepted_visit()
    status, further = judge(world, target)
    assert status == "unsure"
    assert further in (1, 2, 3)
    for _ in range(3):
        world.accepted_visit()
    assert judge(world, target) == ("met", None)
    world.accepted_visit(SLOW)
    region = ok(world.admin.get(f"/regions/{world.region['id']}/score?checklist=visit"))["total"]
    high = world.target(region_id=world.region["id"], score=1, months=2)
    assert high["actual"] == {name: region[name] for name in ("visits", "score", "interval")}
    assert (high["region"]["id"], high["location"], high["location_id"]) == (world.region["id"], None, None)


def test_section_is_judged_on_its_own(embedded_world: World) -> None:
    world = embedded_world
    for _ in range(4):
        world.accepted_visit(SLOW)
    welcome = world.target(section="welcome", score=0.95)
    goodbye = world.target(section="goodbye", score=0.5)
    assert (welcome["status"], welcome["section_title"]) == ("missed", "Welcome")
    assert (goodbye["status"], goodbye["section_title"]) == ("met", "Goodbye")
    report = ok(world.admin.get(f"/locations/{world.location['id']}/score"))
    (section,) = (section for section in report["sections"] if section["key"] == "welcome")
    assert welcome["actual"] == {name: section[name] for name in ("visits", "score", "interval")}


def test_target_is_changed_and_deleted_and_a_visit_makes_no_tag_stale(world: World) -> None:
    target = world.target()
    path = f"/targets/{target['id']}"
    tag = world.admin.get(path).headers["ETag"]
    world.accepted_visit()
    changed = ok(world.admin.patch(path, {"score": 0.2, "section": "welcome"}, headers={"If-Match": tag}))
    assert (changed["score"], changed["section"], changed["months"]) == (0.2, "welcome", 6)
    problem(world.admin.patch(path, {"months": 3}, headers={"If-Match": tag}), 412, "stale")
    response = problem(world.admin.patch(path, {"section": "unknown"}), 422, "invalid")
    assert pointers(response) == ["/section"]
    for query, count in (
        (f"location_id={world.location['id']}", 1),
        (f"region_id={world.region['id']}", 0),
        ("checklist_key=visit", 1),
        ("section=goodbye", 0),
    ):
        assert len(ok(world.admin.get(f"/targets?{query}"))["items"]) == count, query
    ok(world.admin.call("DELETE", path), 204)
    problem(world.admin.get(path), 404, "target-not-found")


def test_managers_see_the_targets_of_places_that_they_see(embedded_world: World) -> None:
    world = embedded_world
    of_region = world.target(region_id=world.region["id"])
    of_location = world.target()
    elsewhere = world.target(location_id=world.new_location(region_id=world.new_region()["id"])["id"])
    store_manager = world.person("manager", location_ids=[world.location["id"]])

    def list_ids(caller: Any) -> set[str]:
        return {target["id"] for target in ok(caller.get("/targets"))["items"]}

    assert list_ids(world.manager) == {of_region["id"], of_location["id"]}
    assert list_ids(store_manager) == {of_location["id"]}
    assert list_ids(world.client("scores:read")) == {of_region["id"], of_location["id"], elsewhere["id"]}
    problem(store_manager.get(f"/targets/{of_region['id']}"), 404, "target-not-found")


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"location_id": None}, "/region_id"),
        ({"region_id": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11"}, "/region_id"),
        ({"location_id": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11"}, "/location_id"),
        ({"section": "unknown"}, "/section"),
        ({"checklist_key": "unknown"}, "/checklist_key"),
        ({"score": 1.01}, "/score"),
        ({"months": 0}, "/months"),
    ],
)
def test_invalid_target_is_rejected(embedded_world: World, values: Any, pointer: str) -> None:
    world = embedded_world
    assert world.checklist
    body = {"location_id": world.location["id"], "checklist_key": "visit", "score": 0.9, "months": 6}
    response = problem(world.admin.post("/targets", {**body, **values}), 422, "invalid")
    assert pointers(response) == [pointer]
    assert ok(world.admin.get("/targets"))["items"] == []
