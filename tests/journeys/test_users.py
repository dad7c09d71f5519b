"""People: created and updated by administrators, with places for managers."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from api.services.people import users
from tests.support.world import PASSWORD, World, ok, pointers, problem

ID = "00000000-0000-4000-8000-000000000000"


def user_body(**values: Any) -> dict[str, Any]:
    """Return a new person, without the fields whose value is None."""
    body = {
        "email": "new@example.org",
        "name": "New",
        "role": "shopper",
        "password": "a good password",
        **values,
    }
    return {name: value for name, value in body.items() if value is not None}


def test_new_person_can_sign_in(world: World) -> None:
    response = world.admin.post("/users", user_body(email="Some.One@Example.org"))
    user = ok(response, 201)
    assert response.headers["Location"] == f"/api/v1/users/{user['id']}"
    assert user == {
        "id": user["id"],
        "email": "some.one@example.org",
        "name": "New",
        "role": "shopper",
        "language": None,
        "status": "active",
        "disabled": False,
        "region_ids": [],
        "location_ids": [],
        "visits_in_progress": 0,
        "second_factor": False,
        "last_login_at": None,
        "invitation_expires_at": None,
        "created_at": user["created_at"],
    }
    assert ok(world.admin.get(f"/users/{user['id']}")) == user
    credentials = {"email": "some.one@example.org", "password": "a good password"}
    ok(world.anonymous.post("/auth/login", credentials | {"organization": world.name}), 200)


def test_no_response_contains_a_password_or_its_hash(world: World) -> None:
    text = world.admin.post("/users", user_body()).get_data(as_text=True)
    text += world.admin.get("/users").get_data(as_text=True)
    assert "password" not in text and "argon2" not in text


def test_missing_fields_are_all_reported_together(world: World) -> None:
    body = problem(world.admin.post("/users", {"password": "short"}), 422, "invalid")
    assert set(pointers(body)) == {"/email", "/name", "/role", "/password"}


def test_invalid_address_role_or_password_is_rejected(world: World) -> None:
    for values in (
        {"email": "x"},
        {"email": "a b@example.org"},
        {"email": "a@"},
        {"email": "a@b.c\n"},
        {"name": " "},
        {"role": "king"},
        {"role": ["admin"]},
        {"password": "1234567"},
        {"password": "x" * 257},
        {"password": 1234567890},
        {"disabled": False},
        {"location_ids": "x"},
    ):
        response = world.admin.post("/users", user_body(**values))
        assert pointers(problem(response, 422, "invalid")) == [f"/{next(iter(values))}"], values
    for name in ("email", "password", "region_ids"):
        response = world.admin.post("/users", {**user_body(), name: None})
        assert pointers(problem(response, 422, "invalid")) == [f"/{name}"]
    response = world.admin.post("/users", user_body(role="manager", region_ids=[world.region["id"], "x"]))
    assert pointers(problem(response, 422, "invalid")) == ["/region_ids/1"]


def test_email_address_is_unique_within_an_organization_only(world: World) -> None:
    ok(world.admin.post("/users", user_body()), 201)
    problem(world.admin.post("/users", user_body(email="NEW@example.org")), 409, "already-exists")
    problem(
        world.admin.patch(f"/users/{world.shopper.id}", {"email": "new@example.org"}), 409, "already-exists"
    )
    other_world = World(world.app)
    ok(other_world.admin.post("/users", user_body()), 201)
    assert len(ok(other_world.admin.get("/users?email=NEW@example.org"))["items"]) == 1


def test_of_two_simultaneous_people_with_one_address_one_is_created(world: World) -> None:
    world.admin  # noqa: B018
    with ThreadPoolExecutor(3) as threads:
        responses = list(threads.map(lambda _: world.admin.post("/users", user_body()), range(3)))
    assert sorted(response.status_code for response in responses) == [201, 409, 409]


def test_people_are_sorted_by_address_and_filtered_by_address_role_and_state(world: World) -> None:
    world.shopper, world.reviewer  # noqa: B018
    emails = [user["email"] for user in world.admin.list_all("/users", 1)]
    assert emails == sorted({world.admin.email, world.shopper.email, world.reviewer.email})  # type: ignore[type-var]
    people = ok(world.admin.get(f"/users?email={world.shopper.email}"))["items"]
    assert [user["id"] for user in people] == [world.shopper.id]
    people = ok(world.admin.get("/users?role=reviewer"))["items"]
    assert [user["id"] for user in people] == [world.reviewer.id]
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": True}))
    manager = world.person("manager", region_ids=[world.region["id"]])
    for filter_ in (f"region_id={world.region['id']}", f"role=manager&region_id={world.region['id']}"):
        assert [row["id"] for row in ok(world.admin.get(f"/users?{filter_}"))["items"]] == [manager.id]
    assert ok(world.admin.get(f"/users?location_id={world.location['id']}"))["items"] == []
    people = ok(world.admin.get("/users?disabled=true"))["items"]
    assert [user["id"] for user in people] == [world.shopper.id]
    problem(world.admin.get("/users?role=king"), 422, "invalid")


def test_places_can_be_assigned_only_to_managers(world: World) -> None:
    places = {"region_ids": [world.region["id"]], "location_ids": [world.location["id"]]}
    for role in ("shopper", "reviewer", "admin"):
        body = problem(world.admin.post("/users", user_body(role=role, **places)), 422, "invalid")
        assert "/region_ids" in pointers(body)
    manager = ok(world.admin.post("/users", user_body(role="manager", **places)), 201)
    assert (manager["region_ids"], manager["location_ids"]) == tuple(places.values())
    ok(world.admin.post("/users", user_body(email="b@example.org", region_ids=[], location_ids=[])), 201)


def test_unknown_or_foreign_places_are_rejected(world: World) -> None:
    foreign_id = World(world.app).region["id"]
    response = world.admin.post(
        "/users", user_body(role="manager", region_ids=[world.region["id"], foreign_id, ID])
    )
    assert pointers(problem(response, 422, "invalid")) == ["/region_ids/1", "/region_ids/2"]
    response = world.admin.post("/users", user_body(role="manager", location_ids=[ID]))
    assert pointers(problem(response, 422, "invalid")) == ["/location_ids/0"]


def test_places_of_a_manager_are_replaced_completely(world: World) -> None:
    first, second = world.new_region(), world.new_region()
    manager = world.person("manager", region_ids=[first["id"]])
    path = f"/users/{manager.id}"
    both = sorted([first["id"], second["id"]])
    assert ok(world.admin.patch(path, {"region_ids": [*both, first["id"]]}))["region_ids"] == both
    assert ok(world.admin.patch(path, {"name": "Other"}))["region_ids"] == both
    assert ok(world.admin.patch(path, {"region_ids": [second["id"]]}))["region_ids"] == [second["id"]]
    assert [row["id"] for row in ok(manager.get("/regions"))["items"]] == [second["id"]]
    assert ok(world.admin.patch(path, {"region_ids": []}))["region_ids"] == []


def test_person_who_is_no_longer_a_manager_loses_their_places(world: World) -> None:
    manager = world.person("manager", region_ids=[world.region["id"]], location_ids=[world.location["id"]])
    updated = ok(world.admin.patch(f"/users/{manager.id}", {"role": "shopper"}))
    assert (updated["region_ids"], updated["location_ids"]) == ([], [])
    assert ok(world.admin.patch(f"/users/{manager.id}", {"role": "manager"}))["region_ids"] == []


def test_password_set_by_an_administrator_ends_all_sessions(world: World) -> None:
    path = f"/users/{world.shopper.id}"
    ok(world.admin.patch(path, {"name": "Still signed in"}))
    ok(world.shopper.get("/me"))
    ok(world.admin.patch(path, {"password": "another password"}))
    problem(world.shopper.get("/me"), 401, "not-signed-in")
    credentials = {"email": world.shopper.email, "password": PASSWORD}
    problem(world.anonymous.post("/auth/login", credentials), 401, "wrong-credentials")


def test_changed_email_address_is_used_to_sign_in(world: World) -> None:
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"email": f"X-{world.shopper.email}"}))
    credentials = {"email": f"x-{world.shopper.email}", "password": PASSWORD}
    ok(world.anonymous.post("/auth/login", credentials), 200)


def test_last_active_administrator_can_be_neither_disabled_nor_demoted(world: World) -> None:
    path = f"/users/{world.admin.id}"
    ok(world.admin.post("/users", user_body(role="admin", invite=True, password=None)), 201)
    disabled = world.person("admin")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    for values in ({"disabled": True}, {"role": "shopper"}):
        problem(world.admin.patch(path, values), 409, "last-admin")
    ok(world.admin.patch(path, {"disabled": False, "role": "admin"}))
    other = world.person("admin")
    ok(world.admin.patch(path, {"role": "reviewer"}))
    problem(world.admin.get("/users"), 403, "forbidden")
    problem(other.patch(f"/users/{other.id}", {"disabled": True}), 409, "last-admin")


@pytest.mark.parametrize("ways", [("disable", "demote"), ("demote", "import"), ("import", "import")])
def test_two_administrators_cannot_remove_each_other(
    world: World, ways: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits, between check and commit, for the other to check too, which the lock prevents."""
    pair = [world.admin, world.person("admin")]
    tags = [world.admin.get(f"/users/{person.id}").headers["ETag"] for person in pair]
    check, begin, both_checked = users.require_other_admin, Barrier(2), Barrier(2)

    def check_and_wait(session: Any, user: Any) -> None:
        check(session, user)
        with suppress(BrokenBarrierError):
            both_checked.wait(0.2)

    monkeypatch.setattr(users, "require_other_admin", check_and_wait)

    def remove(number: int) -> int:
        actor, other, way = pair[number], pair[1 - number], ways[number]
        begin.wait()
        if way == "import":
            headers = {"Content-Type": "text/csv"}
            csv = f"email,role\n{other.email},shopper\n"
            return actor.post("/users/import?mode=update", data=csv, headers=headers).status_code
        values = {"disabled": True} if way == "disable" else {"role": "shopper"}
        headers = {"If-Match": tags[1 - number]}
        return actor.call("PATCH", f"/users/{other.id}", values, headers=headers).status_code

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(remove, range(2)))
    # The second is too late, or its caller was removed before it began.
    assert statuses[0] in (200, 201) and statuses[1] in (401, 403, 409, 422)
    assert sum(person.get("/users").status_code == 200 for person in pair) == 1


def test_only_administrators_of_the_organization_manage_people(world: World) -> None:
    for caller in (world.shopper, world.manager, world.reviewer):
        problem(caller.get("/users"), 403, "forbidden")
        problem(caller.get(f"/users/{caller.id}"), 403, "forbidden")
        problem(caller.post("/users", user_body()), 403, "forbidden")
    other_world = World(world.app)
    problem(other_world.admin.get(f"/users/{world.shopper.id}"), 404, "user-not-found")
    response = other_world.admin.patch(f"/users/{world.shopper.id}", {"name": "x"}, headers={"If-Match": "*"})
    problem(response, 404, "user-not-found")
