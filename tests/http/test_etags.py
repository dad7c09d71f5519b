"""ETags: they identify what was read, so that no edit overwrites an unseen change."""

from typing import Any

from tests.support.world import CHECKLIST, World, ok, problem


def single_resources(world: World) -> list[str]:
    world.checklist  # noqa: B018
    return [
        f"/regions/{world.region['id']}",
        f"/locations/{world.location['id']}",
        f"/users/{world.shopper.id}",
        "/checklists/visit/draft",
        "/checklists/visit/versions/1",
        f"/visits/{world.visit()['id']}",
        "/me",
    ]


def test_single_resources_have_a_strong_etag_and_return_304(world: World) -> None:
    for path in single_resources(world):
        response = world.admin.get(path)
        tag = response.headers["ETag"]
        assert tag.startswith('"') and tag.endswith('"'), path
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = world.admin.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.data) == (304, b""), (path, known)
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == response.headers["Cache-Control"]
        assert world.admin.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_304_requires_permission_to_read(world: World) -> None:
    path = f"/regions/{world.region['id']}"
    headers = {"If-None-Match": world.admin.get(path).headers["ETag"]}
    problem(world.anonymous.get(path, headers=headers), 401, "not-signed-in")
    problem(world.shopper.get(path, headers={"If-None-Match": "*"}), 403, "forbidden")


def edits(world: World) -> list[tuple[str, str, Any]]:
    """Return method, path and body of an edit of each kind of resource."""
    world.checklist  # noqa: B018
    return [
        ("PATCH", f"/regions/{world.region['id']}", {"name": "Another"}),
        ("PATCH", f"/locations/{world.location['id']}", {"name": "Another"}),
        ("PATCH", f"/users/{world.shopper.id}", {"name": "Another"}),
        ("PUT", "/checklists/visit/draft", {**CHECKLIST, "title": "Another"}),
    ]


def test_edit_without_if_match_is_428(world: World) -> None:
    for method, path, body in edits(world):
        problem(world.admin.call(method, path, body), 428, "if-match-required")


def test_edit_with_a_stale_etag_is_412_and_changes_nothing(world: World) -> None:
    for method, path, body in edits(world):
        before = world.admin.get(path)
        for stale in ('"stale"', 'W/"stale"', "stale"):
            response = world.admin.call(method, path, body, headers={"If-Match": stale})
            problem(response, 412, "stale")
        assert world.admin.get(path).data == before.data


def test_edit_with_the_current_etag_returns_the_next_etag(world: World) -> None:
    for method, path, body in edits(world):
        first = world.admin.get(path).headers["ETag"]
        response = world.admin.call(method, path, body, headers={"If-Match": first})
        ok(response, 200)
        second = response.headers["ETag"]
        assert second != first
        assert world.admin.get(path).headers["ETag"] == second
        problem(world.admin.call(method, path, body, headers={"If-Match": first}), 412, "stale")


def test_if_match_accepts_an_etag_that_a_proxy_made_weak(world: World) -> None:
    for method, path, body in edits(world):
        tag = world.admin.get(path).headers["ETag"]
        ok(world.admin.call(method, path, body, headers={"If-Match": f"W/{tag}"}), 200)


def test_star_matches_any_etag(world: World) -> None:
    for method, path, body in edits(world):
        ok(world.admin.call(method, path, body, headers={"If-Match": "*"}), 200)


def test_unknown_resource_is_404_whatever_if_match_has(world: World) -> None:
    for path in ("/regions/", "/locations/", "/users/"):
        response = world.admin.call(
            "PATCH", f"{path}00000000-0000-4000-8000-000000000000", {"name": "x"}, headers={"If-Match": "*"}
        )
        assert response.status_code == 404


def test_published_version_is_cached_permanently(world: World) -> None:
    world.checklist  # noqa: B018
    response = world.shopper.get("/checklists/visit/versions/1")
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert world.admin.get("/checklists/visit/draft").headers["Cache-Control"] == "private, no-cache"


def test_created_resource_has_the_etag_that_get_returns(world: World) -> None:
    region = {"code": "new", "name": "New"}
    location = {"code": "new", "name": "New", "region_id": world.region["id"], "time_zone": "UTC"}
    user = {"email": "new@example.org", "name": "New", "role": "shopper", "password": "brand new words"}
    window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"}
    ids = {"location_id": world.location["id"], "shopper_id": world.shopper.id}
    visit = {**ids, "checklist_key": "new", "window": window}
    for path, body in (
        ("/regions", region),
        ("/locations", location),
        ("/users", user),
        ("/checklists", {**CHECKLIST, "key": "new"}),
        ("/checklists/new/publish", None),
        ("/visits", visit),
    ):
        headers = {"Idempotency-Key": f"key of {path}"}
        created = world.admin.post(path, body, headers=headers)
        ok(created, 201)
        current = world.admin.get(f"/{created.headers['Location']}")
        assert created.headers["ETag"] == current.headers["ETag"], path
        if path != "/checklists/new/publish":
            assert created.json == current.json, path
        replay = world.admin.post(path, body, headers=headers)
        assert replay.headers["ETag"] == created.headers["ETag"], path


def test_self_check_of_the_caller_has_the_etag_that_get_returns(world: World) -> None:
    """Administrators see their own visit as its shopper does."""
    world.publish({**CHECKLIST, "key": "self", "channel": "self_check"})
    created = world.admin.post(
        "/visits",
        {
            "location_id": world.location["id"],
            "shopper_id": world.admin.id,
            "checklist_key": "self",
            "window": {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"},
        },
    )
    ok(created, 201)
    current = world.admin.get(f"/{created.headers['Location']}")
    assert (created.headers["ETag"], created.json) == (current.headers["ETag"], current.json)
    assert "shopper" not in created.json


def test_stored_submission_has_the_etag_that_its_shopper_gets(world: World) -> None:
    visit = world.visit()
    stored = world.send(visit, world.submission())
    ok(stored, 201)
    current = world.shopper.get(f"/visits/{visit['id']}/submission")
    assert stored.headers["ETag"] == current.headers["ETag"]


def test_etag_of_a_created_resource_allows_an_edit(world: World) -> None:
    created = world.admin.post("/regions", {"code": "new", "name": "New"})
    headers = {"If-Match": created.headers["ETag"]}
    ok(world.admin.patch(f"/regions/{created.json['id']}", {"name": "Newer"}, headers=headers), 200)
