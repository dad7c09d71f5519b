"""ETags: what was read is named, and nobody edits what he has not seen."""

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


def test_single_resources_carry_a_strong_etag_and_answer_304(world: World) -> None:
    for path in single_resources(world):
        answer = world.admin.get(path)
        tag = answer.headers["ETag"]
        assert tag.startswith('"') and tag.endswith('"'), path
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = world.admin.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.data) == (304, b""), (path, known)
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]
        assert world.admin.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_304_is_for_those_alone_who_may_read(world: World) -> None:
    path = f"/regions/{world.region['id']}"
    headers = {"If-None-Match": world.admin.get(path).headers["ETag"]}
    problem(world.anonymous.get(path, headers=headers), 401, "not-signed-in")
    problem(world.shopper.get(path, headers={"If-None-Match": "*"}), 403, "forbidden")


def edits(world: World) -> list[tuple[str, str, Any]]:
    """(method, path, body) of everything that is edited."""
    world.checklist  # noqa: B018
    return [
        ("PATCH", f"/regions/{world.region['id']}", {"name": "Another"}),
        ("PATCH", f"/locations/{world.location['id']}", {"name": "Another"}),
        ("PATCH", f"/users/{world.shopper.id}", {"name": "Another"}),
        ("PUT", "/checklists/visit/draft", {**CHECKLIST, "title": "Another"}),
    ]


def test_an_edit_without_if_match_is_428(world: World) -> None:
    for method, path, body in edits(world):
        problem(world.admin.call(method, path, body), 428, "if-match-required")


def test_an_edit_of_what_was_changed_meanwhile_is_412_and_changes_nothing(world: World) -> None:
    for method, path, body in edits(world):
        before = world.admin.get(path)
        for stale in ('"stale"', 'W/"stale"', "stale"):
            answer = world.admin.call(method, path, body, headers={"If-Match": stale})
            problem(answer, 412, "stale")
        assert world.admin.get(path).data == before.data


def test_an_edit_with_the_etag_that_stands_answers_with_the_next(world: World) -> None:
    for method, path, body in edits(world):
        first = world.admin.get(path).headers["ETag"]
        answer = world.admin.call(method, path, body, headers={"If-Match": first})
        ok(answer, 200)
        second = answer.headers["ETag"]
        assert second != first
        assert world.admin.get(path).headers["ETag"] == second
        problem(world.admin.call(method, path, body, headers={"If-Match": first}), 412, "stale")


def test_a_proxys_weak_mark_does_no_harm(world: World) -> None:
    for method, path, body in edits(world):
        tag = world.admin.get(path).headers["ETag"]
        ok(world.admin.call(method, path, body, headers={"If-Match": f"W/{tag}"}), 200)


def test_a_star_matches_whatever_stands(world: World) -> None:
    for method, path, body in edits(world):
        ok(world.admin.call(method, path, body, headers={"If-Match": "*"}), 200)


def test_what_is_not_there_is_404_before_anything_is_matched(world: World) -> None:
    for path in ("/regions/", "/locations/", "/users/"):
        answer = world.admin.call(
            "PATCH", f"{path}00000000-0000-4000-8000-000000000000", {"name": "x"}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 404


def test_a_published_version_may_be_kept_for_ever(world: World) -> None:
    world.checklist  # noqa: B018
    answer = world.shopper.get("/checklists/visit/versions/1")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert world.admin.get("/checklists/visit/draft").headers["Cache-Control"] == "private, no-cache"
