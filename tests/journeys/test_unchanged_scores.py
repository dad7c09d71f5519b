"""Scores that have not changed: clients that have them get a 304, and nothing is added up to find out."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.journeys.score_history import FIRST, SECOND
from tests.support.statements import recorded_statements
from tests.support.world import CHECKLIST, Caller, World, ok

Change = Callable[[World, Any], object]


@pytest.fixture
def visited(world: World) -> Any:
    """The visit of a world with one accepted visit."""
    return world.accepted_visit(FIRST.answers)


def list_paths(world: World) -> list[str]:
    include = "include=verdict"
    return [
        f"/locations/{world.location['id']}/score?{include}",
        f"/regions/{world.region['id']}/score?{include}",
    ]


def read_again(caller: Caller, path: str, first: TestResponse) -> TestResponse:
    return caller.get(path, headers={"If-None-Match": first.headers["ETag"]})


def test_nothing_is_added_up_for_scores_that_have_not_changed(world: World, visited: Any) -> None:
    for caller in (world.admin, world.manager):
        for path in list_paths(world):
            first = caller.get(path)
            with recorded_statements(world) as statements:
                again = read_again(caller, path, first)
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == first.headers["ETag"]
            assert not [statement for statement in statements if "FROM totals" in statement]
            assert not [statement for statement in statements if "FROM region_totals" in statement]


def test_a_list_of_scores_is_not_added_up_again_either(world: World, visited: Any) -> None:
    path = "/scores?by=location&include=change"
    first = world.manager.get(path)
    with recorded_statements(world) as statements:
        assert read_again(world.manager, path, first).status_code == 304
    assert not [statement for statement in statements if "FROM visit_totals" in statement]
    world.accepted_visit(SECOND.answers)
    assert read_again(world.manager, path, first).status_code == 200


def withdraw(world: World, visit: Any) -> None:
    body = {"replaces": ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"][-1]["id"]}
    ok(world.review(visit, "reject", **body))


def rename_location(world: World, _visit: Any) -> None:
    ok(world.admin.patch(f"/locations/{world.location['id']}", {"name": "The new name"}))


def rename_region(world: World, _visit: Any) -> None:
    ok(world.admin.patch(f"/regions/{world.region['id']}", {"name": "The new name"}))


def add_location(world: World, _visit: Any) -> None:
    world.new_location()


def publish(world: World, _visit: Any) -> None:
    sections = [{**section, "title": "Another title"} for section in CHECKLIST["sections"]]
    world.publish({**CHECKLIST, "sections": sections})


CHANGES: dict[str, tuple[Change, str]] = {
    "accepted visit": (lambda world, _visit: world.accepted_visit(SECOND.answers), "locations regions"),
    "visit no longer accepted": (withdraw, "locations regions"),
    "renamed location": (rename_location, "locations regions"),
    "renamed region": (rename_region, "regions"),
    "new location": (add_location, "regions"),
    "checklist": (publish, "locations regions"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_a_score_changes_its_etag(world: World, visited: Any, name: str) -> None:
    change, kinds = CHANGES[name]
    paths = [path for path in list_paths(world) if path.split("/")[1] in kinds.split()]
    before = {path: world.admin.get(path) for path in paths}
    change(world, visited)
    for path in paths:
        after = read_again(world.admin, path, before[path])
        assert after.status_code == 200, path
        assert after.data != before[path].data


def test_a_move_to_another_region_changes_the_scores_of_both(world: World, visited: Any) -> None:
    other = world.new_region()
    paths = [f"/regions/{region['id']}/score" for region in (world.region, other)]
    before = [world.admin.get(path) for path in paths]
    ok(world.admin.patch(f"/locations/{world.location['id']}", {"region_id": other["id"]}))
    after = [read_again(world.admin, path, first) for path, first in zip(paths, before, strict=True)]
    assert [ok(response)["total"]["visits"] for response in after] == [0, 1]


def test_a_change_elsewhere_and_adding_up_leave_the_etag(world: World, visited: Any) -> None:
    path = list_paths(world)[0].partition("?")[0]
    first = world.admin.get(path)
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    world.accepted_visit(SECOND.answers, location=elsewhere)
    second = read_again(world.admin, path, first)
    world.add_up_regions()
    third = read_again(world.admin, path, second)
    assert [response.status_code for response in (second, third)] == [304, 304]
    assert len({response.headers["ETag"] for response in (first, second, third)}) == 1


def test_only_clients_that_accept_gzip_get_a_304_for_it(world: World, visited: Any) -> None:
    path = list_paths(world)[0]
    compressed = world.admin.get(path, headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    tag = {"If-None-Match": compressed.headers["ETag"]}
    assert world.admin.get(path, headers={"Accept-Encoding": "gzip", **tag}).status_code == 304
    assert world.admin.get(path, headers=tag).status_code == 200


def test_a_manager_with_other_regions_gets_other_comparisons(world: World, visited: Any) -> None:
    path = f"/locations/{world.location['id']}/score?include=verdict"
    manager, elsewhere = world.manager, world.new_region()
    for number in range(3):
        location = world.new_location(region_id=elsewhere["id"])
        world.accepted_visit(FIRST.answers if number else SECOND.answers, location=location)
    first = manager.get(path)
    both = [world.region["id"], elsewhere["id"]]
    ok(world.admin.patch(f"/users/{manager.id}", {"region_ids": both}))
    after = read_again(manager, path, first)
    assert after.status_code == 200
    assert ok(after)["total"]["comparison"] != ok(first)["total"]["comparison"]


def test_any_etag_does_not_answer_for_a_region_that_does_not_exist(world: World, visited: Any) -> None:
    for path in (f"/regions/{visited['id']}/score", f"/scores?by=region&region_id={visited['id']}"):
        assert world.admin.get(path, headers={"If-None-Match": "*"}).status_code == 404
