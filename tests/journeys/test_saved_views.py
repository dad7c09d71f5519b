"""Saved views: names for addresses of the dashboard."""

from typing import Any

import pytest

from api.domain.saved_views import find_error
from schemas.saved_views import SavedViewWrite
from tests.support.world import SAVED_VIEW, Caller, World, ok, pointers, problem


def names(caller: Caller) -> list[str]:
    return [view["name"] for view in ok(caller.get("/saved-views"))["items"]]


def test_a_private_view_is_for_its_owner_and_a_shared_one_for_everyone(world: World) -> None:
    colleague = world.person("manager", region_ids=[world.new_region()["id"]])
    view = world.saved_view(world.manager, name="Mine")
    assert view == {
        "id": view["id"],
        "name": "Mine",
        "path": SAVED_VIEW["path"],
        "shared": False,
        "editable": True,
        "created_at": view["created_at"],
    }
    assert (names(world.manager), names(colleague), names(world.admin)) == (["Mine"], [], [])
    path = f"/saved-views/{view['id']}"
    ok(world.manager.patch(path, {"name": "Ours", "shared": True}))
    world.saved_view(colleague, name="Another")
    assert names(colleague) == ["Another", "Ours"]
    assert ok(colleague.get(path))["editable"] is False
    problem(colleague.patch(path, {"name": "Theirs"}), 403, "not-own-saved-view")
    problem(colleague.call("DELETE", path), 403, "not-own-saved-view")
    ok(world.admin.patch(path, {"name": "Tidied"}))
    ok(world.manager.call("DELETE", path), 204)
    assert names(world.manager) == []


def test_views_of_reviewer_pages_are_shared_with_reviewers_alone(world: World) -> None:
    path = "/dashboard/reviews?flag=late"
    view = world.saved_view(world.reviewer, name="Late visits", path=path, shared=True)
    assert names(world.admin) == ["Late visits"]
    problem(world.manager.get(f"/saved-views/{view['id']}"), 404, "saved-view-not-found")


def test_a_view_that_names_a_person_stays_private(world: World) -> None:
    path = f"/dashboard/disputes?shopper%5Fid={world.shopper.id}"
    view = world.saved_view(world.reviewer, path=path)
    for response in (
        world.reviewer.patch(f"/saved-views/{view['id']}", {"shared": True}),
        world.reviewer.post("/saved-views", {**SAVED_VIEW, "path": path, "shared": True}),
    ):
        assert pointers(problem(response, 422, "invalid")) == ["/shared"]
    assert len(names(world.reviewer)) == 1


ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("path", "can_be_shared"),
    [
        (f"/dashboard/visits/{ID}", False),
        (f"/dashboard/visits/{ID.replace('-', '')}", False),
        (f"/dashboard/reviews?visit={ID}", False),
        (f"/dashboard/disputes?dispute={ID.upper()}", False),
        (f"/dashboard/comments?q=%30{ID[1:]}", False),
        (f"/dashboard/locations/{ID}?from=2026-01&region_id={ID}", True),
        (f"/dashboard/comments?location_id={ID}&q=till", True),
        (f"/dashboard/reviews?for_region={ID}", True),
    ],
)
def test_only_places_can_be_named_in_a_shared_view(path: str, can_be_shared: bool) -> None:
    assert (find_error(path, shared=True) is None) is can_be_shared
    assert find_error(path, shared=False) is None


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/dashboard",
        "//evil.example/dashboard",
        "/dashboard//evil.example",
        "/dashboard/../api/v1/me",
        "/dashboards",
        "javascript:alert(1)",
        "/dashboard?q=<script>",
        "/dashboard/locations#there",
        "/dashboard\n",
        "/dashboard/locations?q=" + "x" * 2000,
    ],
)
def test_only_paths_of_the_dashboard_are_accepted(path: str) -> None:
    assert "path" in SavedViewWrite().validate({"name": "A view", "path": path})


def test_pages_of_the_account_and_for_administration_are_not_saved() -> None:
    for path in ("/dashboard/admin", "/dashboard/admin/people?q=ana", "/dashboard/account"):
        error: Any = find_error(path, shared=False)
        assert error[0] == "path"
    assert find_error("/dashboard/administrative", shared=True) is None


def test_shared_views_stay_when_their_owner_is_deleted(world: World) -> None:
    owner = world.person("manager")
    world.saved_view(owner, name="Private")
    shared = world.saved_view(owner, name="Shared", shared=True)
    tag = world.admin.get(f"/users/{owner.id}").headers["ETag"]
    ok(world.admin.call("DELETE", f"/users/{owner.id}", headers={"If-Match": tag}), 204)
    assert names(world.manager) == ["Shared"]
    ok(world.admin.call("DELETE", f"/saved-views/{shared['id']}"), 204)
