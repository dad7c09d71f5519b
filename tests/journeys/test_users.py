"""People: added and changed by administrators; managers are named for places."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.world import PASSWORD, World, ok, pointers, problem

ID = "00000000-0000-4000-8000-000000000000"


def new(**values: Any) -> dict[str, Any]:
    return {
        "email": "new@example.org",
        "name": "New",
        "role": "shopper",
        "password": "a good password",
        **values,
    }


def test_a_person_is_added_and_signs_in(world: World) -> None:
    made = world.admin.post("/users", new(email="Some.One@Example.org"))
    user = ok(made, 201)
    assert made.headers["Location"] == f"/api/v1/users/{user['id']}"
    assert user == {
        "id": user["id"],
        "email": "some.one@example.org",
        "name": "New",
        "role": "shopper",
        "disabled": False,
        "region_ids": [],
        "location_ids": [],
        "created_at": user["created_at"],
    }
    assert ok(world.admin.get(f"/users/{user['id']}")) == user
    credentials = {"email": "some.one@example.org", "password": "a good password"}
    ok(world.anonymous.post("/auth/login", credentials | {"organization": world.name}), 200)


def test_nothing_tells_a_password_or_its_hash(world: World) -> None:
    text = world.admin.post("/users", new()).get_data(as_text=True)
    text += world.admin.get("/users").get_data(as_text=True)
    assert "password" not in text and "argon2" not in text


def test_what_a_person_needs_is_told_all_at_once(world: World) -> None:
    body = problem(world.admin.post("/users", {"password": "short"}), 422, "invalid")
    assert set(pointers(body)) == {"/email", "/name", "/role", "/password"}


def test_what_is_no_address_role_or_password_is_refused(world: World) -> None:
    for values in (
        {"email": "x"},
        {"email": "a b@example.org"},
        {"email": "a@"},
        {"email": "a@b.c\n"},
        {"email": None},
        {"name": " "},
        {"role": "king"},
        {"role": ["admin"]},
        {"password": "1234567"},
        {"password": "x" * 1001},
        {"password": 1234567890},
        {"disabled": False},
        {"region_ids": None},
        {"location_ids": "x"},
    ):
        answer = world.admin.post("/users", new(**values))
        assert pointers(problem(answer, 422, "invalid")) == [f"/{next(iter(values))}"], values
    answer = world.admin.post("/users", new(role="manager", region_ids=[world.region["id"], "x"]))
    assert pointers(problem(answer, 422, "invalid")) == ["/region_ids/1"]


def test_an_address_is_there_once_in_an_organization_and_once_in_another(world: World) -> None:
    ok(world.admin.post("/users", new()), 201)
    problem(world.admin.post("/users", new(email="NEW@example.org")), 409, "already-exists")
    problem(
        world.admin.patch(f"/users/{world.shopper.id}", {"email": "new@example.org"}), 409, "already-exists"
    )
    other = World(world.app)
    ok(other.admin.post("/users", new()), 201)
    assert len(ok(other.admin.get("/users?email=NEW@example.org"))["items"]) == 1


def test_of_two_with_one_address_at_once_one_is_added(world: World) -> None:
    world.admin  # noqa: B018
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: world.admin.post("/users", new()), range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


def test_people_are_listed_by_address_and_found_by_it_by_role_and_by_state(world: World) -> None:
    world.shopper, world.reviewer  # noqa: B018
    emails = [user["email"] for user in world.admin.list_all("/users", 1)]
    assert emails == sorted({world.admin.email, world.shopper.email, world.reviewer.email})  # type: ignore[type-var]
    found = ok(world.admin.get(f"/users?email={world.shopper.email}"))["items"]
    assert [user["id"] for user in found] == [world.shopper.id]
    found = ok(world.admin.get("/users?role=reviewer"))["items"]
    assert [user["id"] for user in found] == [world.reviewer.id]
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"disabled": True}))
    manager = world.person("manager", region_ids=[world.region["id"]])
    for filter_ in (f"region_id={world.region['id']}", f"role=manager&region_id={world.region['id']}"):
        assert [row["id"] for row in ok(world.admin.get(f"/users?{filter_}"))["items"]] == [manager.id]
    assert ok(world.admin.get(f"/users?location_id={world.location['id']}"))["items"] == []
    found = ok(world.admin.get("/users?disabled=true"))["items"]
    assert [user["id"] for user in found] == [world.shopper.id]
    problem(world.admin.get("/users?role=king"), 422, "invalid")


def test_places_are_for_managers(world: World) -> None:
    places = {"region_ids": [world.region["id"]], "location_ids": [world.location["id"]]}
    for role in ("shopper", "reviewer", "admin"):
        body = problem(world.admin.post("/users", new(role=role, **places)), 422, "invalid")
        assert "/region_ids" in pointers(body)
    manager = ok(world.admin.post("/users", new(role="manager", **places)), 201)
    assert (manager["region_ids"], manager["location_ids"]) == tuple(places.values())
    ok(world.admin.post("/users", new(email="b@example.org", region_ids=[], location_ids=[])), 201)


def test_places_are_of_the_same_organization_and_there(world: World) -> None:
    theirs = World(world.app).region["id"]
    answer = world.admin.post("/users", new(role="manager", region_ids=[world.region["id"], theirs, ID]))
    assert pointers(problem(answer, 422, "invalid")) == ["/region_ids/1", "/region_ids/2"]
    answer = world.admin.post("/users", new(role="manager", location_ids=[ID]))
    assert pointers(problem(answer, 422, "invalid")) == ["/location_ids/0"]


def test_a_managers_places_are_replaced_as_a_whole(world: World) -> None:
    first, second = world.new_region(), world.new_region()
    manager = world.person("manager", region_ids=[first["id"]])
    path = f"/users/{manager.id}"
    both = sorted([first["id"], second["id"]])
    assert ok(world.admin.patch(path, {"region_ids": [*both, first["id"]]}))["region_ids"] == both
    assert ok(world.admin.patch(path, {"name": "Other"}))["region_ids"] == both
    assert ok(world.admin.patch(path, {"region_ids": [second["id"]]}))["region_ids"] == [second["id"]]
    assert [row["id"] for row in ok(manager.get("/regions"))["items"]] == [second["id"]]
    assert ok(world.admin.patch(path, {"region_ids": []}))["region_ids"] == []


def test_who_is_no_manager_any_more_is_named_for_nothing_any_more(world: World) -> None:
    manager = world.person("manager", region_ids=[world.region["id"]], location_ids=[world.location["id"]])
    edited = ok(world.admin.patch(f"/users/{manager.id}", {"role": "shopper"}))
    assert (edited["region_ids"], edited["location_ids"]) == ([], [])
    assert ok(manager.get("/me"))["regions"] == []
    assert ok(world.admin.patch(f"/users/{manager.id}", {"role": "manager"}))["region_ids"] == []


def test_a_new_password_from_an_administrator_ends_the_sessions(world: World) -> None:
    path = f"/users/{world.shopper.id}"
    ok(world.admin.patch(path, {"name": "Still signed in"}))
    ok(world.shopper.get("/me"))
    ok(world.admin.patch(path, {"password": "another password"}))
    problem(world.shopper.get("/me"), 401, "not-signed-in")
    credentials = {"email": world.shopper.email, "password": PASSWORD}
    problem(world.anonymous.post("/auth/login", credentials), 401, "wrong-credentials")


def test_a_changed_address_is_what_one_signs_in_with(world: World) -> None:
    ok(world.admin.patch(f"/users/{world.shopper.id}", {"email": f"X-{world.shopper.email}"}))
    credentials = {"email": f"x-{world.shopper.email}", "password": PASSWORD}
    ok(world.anonymous.post("/auth/login", credentials), 200)


def test_nobody_shuts_himself_out(world: World) -> None:
    path = f"/users/{world.admin.id}"
    for values in ({"disabled": True}, {"role": "shopper"}):
        answer = world.admin.patch(path, values)
        assert pointers(problem(answer, 422, "invalid")) == [f"/{next(iter(values))}"]
    ok(world.admin.patch(path, {"disabled": False, "role": "admin"}))


def test_people_are_for_administrators_of_their_own_organization(world: World) -> None:
    for caller in (world.shopper, world.manager, world.reviewer):
        problem(caller.get("/users"), 403, "forbidden")
        problem(caller.get(f"/users/{caller.id}"), 403, "forbidden")
        problem(caller.post("/users", new()), 403, "forbidden")
    other = World(world.app)
    problem(other.admin.get(f"/users/{world.shopper.id}"), 404, "user-not-found")
    answer = other.admin.patch(f"/users/{world.shopper.id}", {"name": "x"}, headers={"If-Match": "*"})
    problem(answer, 404, "user-not-found")
