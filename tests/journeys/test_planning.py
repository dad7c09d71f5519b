"""Planning: visits are checked before they are assigned, and corrected in bulk afterwards."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.world import CHECKLIST, Caller, World, ok, pointers, problem

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, tzinfo=UTC)  # no clock changes in the days that follow


@pytest.fixture
def world(servers_app: Any) -> World:
    """A new organization on PostgreSQL. Only the search differs on SQLite."""
    world = World(servers_app)
    assert world.checklist
    return world


def window(opens: float, closes: float) -> dict[str, str]:
    """Return a window in days from ``START``."""
    return {
        "opens_at": (START + opens * DAY).isoformat(),
        "closes_at": (START + closes * DAY).isoformat(),
    }


def build_order(world: World, shopper: Caller | None = None, **values: Any) -> dict[str, Any]:
    return {
        "location_id": world.location["id"],
        "shopper_id": (shopper or world.shopper).id,
        "checklist_key": "visit",
        "window": window(0, 7),
        **values,
    }


def check(world: World, *orders: Any) -> list[list[tuple[str, str | None]]]:
    """Check visits, and return the code and the free day of each problem, for each visit."""
    items = ok(world.admin.post("/visits/check", list(orders)))["items"]
    assert [item["index"] for item in items] == list(range(len(orders)))
    return [[(found["code"], found["free_from"]) for found in item["problems"]] for item in items]


def assign(world: World, *orders: Any) -> Any:
    return ok(world.admin.post("/visits", list(orders)), 201)


def change(world: World, visit: Any, values: Any, tag: str = "*") -> Any:
    return world.admin.patch(f"/visits/{visit['id']}", values, headers={"If-Match": tag})


# Checking.


def test_check_returns_all_problems_of_all_visits_and_stores_nothing(world: World) -> None:
    closed = world.new_location(closed=True)
    orders = [
        build_order(world),
        build_order(world, location_id=str(uuid.uuid4()), checklist_key="none", window=window(7, 0)),
        build_order(world, world.manager, location_id=closed["id"]),
        build_order(world, shopper_id=str(uuid.uuid4())),
    ]
    assert check(world, *orders) == [
        [],
        [("location-not-found", None), ("checklist-not-found", None), ("window-closes-early", None)],
        [("location-closed", None), ("not-a-shopper", None)],
        [("shopper-not-found", None)],
    ]
    single = ok(world.admin.post("/visits/check", orders[1]))["items"]
    assert [found["code"] for found in single[0]["problems"]] == [
        "location-not-found",
        "checklist-not-found",
        "window-closes-early",
    ]
    assert pointers(problem(world.admin.post("/visits/check", [{}, *orders]), 422, "invalid"))[0].startswith(
        "/0/"
    )
    assert world.admin.list_all("/visits") == []


def test_check_compares_with_stored_visits_and_within_the_list(world: World) -> None:
    assign(world, build_order(world))  # until 12 January
    other_place = world.new_location()
    orders = [
        build_order(world, window=window(20, 25)),
        build_order(world, window=window(20, 25), override=True),
        build_order(world, location_id=other_place["id"]),
        build_order(world, location_id=other_place["id"], window=window(10, 12)),
        build_order(world, world.person("shopper")),
    ]
    # The fourth visit is locked out by the third, which ends on 12 January.
    locked_out = [("rotation-lockout", "2026-02-11")]
    assert check(world, *orders) == [locked_out, [], [], locked_out, []]
    ok(world.admin.post("/visits", build_order(world, window=window(37, 40))), 201)
    problem(world.admin.post("/visits", orders[:1]), 409, "rotation-lockout")


def test_day_from_which_a_shopper_is_free_is_in_the_time_zone_of_the_location(world: World) -> None:
    auckland = world.new_location(time_zone="Pacific/Auckland")  # 13 hours ahead
    order = build_order(world, location_id=auckland["id"])
    assign(world, {**order, "window": window(0, 7)})  # ends on 12 January at 13:00 there
    # At 12:00 there, 30 days less one hour have passed on 11 February. At 19:00, 30 days have passed.
    for opens, free_from in ((10 - 1 / 24, "2026-02-12"), (10.25, "2026-02-11")):
        assert check(world, {**order, "window": window(opens, 11)}) == [[("rotation-lockout", free_from)]]


def test_self_checks_are_never_locked_out(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check"})
    orders = [build_order(world, world.manager, checklist_key="own-check")] * 2
    assert check(world, *orders, build_order(world)) == [[], [], []]


# What to know before.


def test_planning_has_the_last_visit_the_visits_in_progress_and_the_lock_outs(world: World) -> None:
    accepted = world.accepted_visit(shopper=world.shopper)
    other_place, unknown_place = world.new_location(), world.new_location()
    assign(world, *(build_order(world, location_id=other_place["id"]) for _ in range(1)))
    cancelled = assign(world, build_order(world, location_id=unknown_place["id"]))
    ok(world.admin.post(f"/visit-batches/{cancelled['batch_id']}/cancel"))
    planning = ok(world.admin.get("/visits/planning?from=2026-01-20&to=2026-01-27"))
    by_location = {row["location_id"]: row for row in planning["locations"]}
    assert by_location[world.location["id"]]["last_visit"] == accepted["day"]
    assert by_location[world.location["id"]]["visits_in_progress"] == 0
    assert by_location[other_place["id"]] == {
        "location_id": other_place["id"],
        "last_visit": None,
        "visits_in_progress": 1,
    }
    assert (by_location[unknown_place["id"]]["last_visit"], len(by_location)) == (None, 3)
    # The other visit ends on 12 January at midnight.
    assert planning["lockouts"] == [
        {"location_id": other_place["id"], "shopper_id": world.shopper.id, "free_from": "2026-02-11"}
    ]
    problem(world.admin.get("/visits/planning?from=2026-01-20&to=2026-01-19"), 422, "invalid")


# Batches.


def test_batch_is_cancelled_except_for_visits_with_answers(world: World) -> None:
    shoppers = [world.person("shopper") for _ in range(4)]
    batch = assign(world, *(build_order(world, shopper) for shopper in shoppers))
    assert {visit["batch_id"] for visit in batch["items"]} == {batch["batch_id"]}
    ok(world.send(batch["items"][0], world.submission(), shoppers[0]), 201)
    ok(shoppers[1].post(f"/visits/{batch['items'][1]['id']}/decline", {"reason": "Ill"}))
    body = {"shopper_id": world.shopper.id}
    replacement = ok(world.admin.post(f"/visits/{batch['items'][2]['id']}/reassign", body), 201)
    assert replacement["batch_id"] == batch["batch_id"]
    path = f"/visits?batch_id={batch['batch_id']}"
    assert len(world.admin.list_all(path)) == 5
    for _ in range(2):
        result = ok(world.admin.post(f"/visit-batches/{batch['batch_id']}/cancel"), 200)
        assert result == {"cancelled": 3, "kept": 2}
    assert [visit["id"] for visit in world.admin.list_all(f"{path}&status=declined")] == [
        batch["items"][1]["id"]
    ]
    assert len(world.admin.list_all(f"{path}&status=cancelled")) == 3
    problem(world.admin.post(f"/visit-batches/{uuid.uuid4()}/cancel"), 404, "batch-not-found")
    foreign_path = f"/visit-batches/{batch['batch_id']}/cancel"
    problem(World(world.app).admin.post(foreign_path), 404, "batch-not-found")


def test_api_client_cancels_only_visits_of_its_regions(world: World) -> None:
    other_place = world.new_location(region_id=world.new_region()["id"])
    batch = assign(world, build_order(world), build_order(world, location_id=other_place["id"]))
    client = world.client("visits:write", region_ids=[world.region["id"]])
    assert ok(client.post(f"/visit-batches/{batch['batch_id']}/cancel")) == {"cancelled": 1, "kept": 0}
    statuses = [ok(world.admin.get(f"/visits/{visit['id']}"))["status"] for visit in batch["items"]]
    assert statuses == ["cancelled", "assigned"]
    problem(client.post("/visits/check", build_order(world)), 403, "forbidden")


def test_single_visit_has_no_batch(world: World) -> None:
    assert ok(world.admin.post("/visits", build_order(world)), 201)["batch_id"] is None


# The reason of an override.


def test_reason_of_an_override_is_kept(world: World) -> None:
    values = {"override": True, "override_reason": "No one else speaks Basque."}
    visit = ok(world.admin.post("/visits", build_order(world, **values)), 201)
    assert visit["override_reason"] == "No one else speaks Basque."
    without_override = {**values, "override": False}
    other = world.person("shopper")
    assert (
        ok(world.admin.post("/visits", build_order(world, other, **without_override)), 201)["override_reason"]
        is None
    )
    body = {"shopper_id": other.id, **values}
    new_visit = ok(world.admin.post(f"/visits/{visit['id']}/reassign", body), 201)
    assert new_visit["override_reason"] == "No one else speaks Basque."


# Moving a window.


def test_window_of_an_assigned_visit_is_changed(world: World) -> None:
    new_york = world.new_location(time_zone="America/New_York")
    visit = ok(world.admin.post("/visits", build_order(world, location_id=new_york["id"])), 201)
    tag = world.admin.get(f"/visits/{visit['id']}").headers["ETag"]
    response = change(world, visit, {"window": window(3, 12)}, tag)
    changed = ok(response)
    assert changed["window"] == {"opens_at": "2026-01-08T00:00:00Z", "closes_at": "2026-01-17T00:00:00Z"}
    assert changed["day"] == "2026-01-07"
    reread = world.admin.get(f"/visits/{visit['id']}")
    assert (ok(reread), reread.headers["ETag"]) == (changed, response.headers["ETag"])
    problem(change(world, visit, {"window": window(0, 1)}, tag), 412, "stale")
    problem(
        world.admin.patch(f"/visits/{visit['id']}", {}, headers={"If-Match": ""}), 428, "if-match-required"
    )
    extended = ok(change(world, visit, {"window": {"closes_at": window(0, 20)["closes_at"]}}))
    assert extended["window"] == {"opens_at": "2026-01-08T00:00:00Z", "closes_at": "2026-01-25T00:00:00Z"}
    body = problem(change(world, visit, {"window": {"opens_at": window(21, 0)["opens_at"]}}), 422, "invalid")
    assert pointers(body) == ["/window/closes_at"]
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["window"] == extended["window"]


def test_window_of_a_visit_with_answers_or_a_cancelled_one_cannot_be_changed(world: World) -> None:
    submitted, cancelled = world.late_visit(), world.visit()
    ok(world.admin.post(f"/visits/{cancelled['id']}/cancel"))
    for visit in (submitted, cancelled):
        problem(change(world, visit, {"window": window(0, 7)}), 409, "wrong-status")
    foreign_admin = World(world.app).admin
    response = foreign_admin.patch(
        f"/visits/{cancelled['id']}", {"window": window(0, 7)}, headers={"If-Match": "*"}
    )
    problem(response, 404, "visit-not-found")


def test_window_is_not_moved_into_the_lock_out_days_of_another_visit(world: World) -> None:
    visit = ok(world.admin.post("/visits", build_order(world)), 201)
    ok(world.admin.post("/visits", build_order(world, window=window(40, 47))), 201)
    body = problem(change(world, visit, {"window": window(0, 11)}), 409, "rotation-lockout")
    assert pointers(body) == ["/window"]
    reason = {"override": True, "override_reason": "The store was being rebuilt."}
    moved = ok(change(world, visit, {"window": window(0, 11), **reason}))
    assert moved["override_reason"] == "The store was being rebuilt."
    # What is overridden already does not need it again.
    ok(change(world, visit, {"window": window(0, 12)}))


# Searching.


def test_visits_are_found_by_location_shopper_and_own_id(app: Any) -> None:
    world = World(app)
    assert world.checklist
    code = uuid.uuid4().hex[:8]
    place = world.new_location(code=f"A_{code}", name="Ávila")
    shopper = world.person("shopper", f"Zoë-{code}")
    one = ok(world.admin.post("/visits", build_order(world, shopper, location_id=place["id"])), 201)
    two = ok(world.admin.post("/visits", build_order(world, external_id="100% sure")), 201)
    for text, found in (
        (f"a_{code}", [one]),
        ("ávila", [one]),
        ("zoë-", [one]),
        (f"{code}@example".upper(), [one]),
        (" 0% S", [two]),
        ("A%", []),
        ("_", [one]),
    ):
        rows = world.admin.list_all(f"/visits?q={text.replace('%', '%25').replace(' ', '+')}")
        assert [row["id"] for row in rows] == [visit["id"] for visit in found], text
    for caller in (world.manager, world.shopper):
        assert pointers(problem(caller.get("/visits?q=x"), 422, "invalid")) == ["/q"]
