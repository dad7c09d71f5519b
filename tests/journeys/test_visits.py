"""Visits: assigned, listed, shown in the view of each role, cancelled, declined and reassigned."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from api.models.visits import Visit
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def window(opens: float, closes: float) -> dict[str, str]:
    """Return a window in days from ``START``."""
    return {
        "opens_at": (START + opens * DAY).isoformat(),
        "closes_at": (START + closes * DAY).isoformat(),
    }


def build_order(world: World, shopper: Caller | None = None, **values: Any) -> dict[str, Any]:
    world.checklist  # noqa: B018
    return {
        "location_id": world.location["id"],
        "shopper_id": (shopper or world.shopper).id,
        "checklist_key": "visit",
        "window": window(0, 7),
        **values,
    }


def count_visits(world: World) -> int:
    organization = Visit.organization_id == world.organization_id
    with world.database.read_snapshot() as session:
        return session.scalars(select(func.count()).select_from(Visit).where(organization)).one()


def send_finished(world: World, visit: Any, days: float, shopper: Caller | None = None) -> None:
    """Send a visit's answers, finished this many days after ``START``."""
    moment = START + days * DAY
    times = {
        "started_at": (moment - timedelta(minutes=10)).isoformat(),
        "finished_at": moment.isoformat(),
    }
    ok(world.send(visit, world.submission(**times), shopper), 201)


def collect_keys(value: Any) -> set[str]:
    """Return the keys of all objects in a JSON document."""
    if isinstance(value, dict):
        return set(value).union(*map(collect_keys, value.values()))
    return set().union(*map(collect_keys, value)) if isinstance(value, list) else set()


# Assigning.


def test_assigned_visit_has_a_fixed_version_and_its_details(world: World) -> None:
    response = world.admin.post("/visits", build_order(world, external_id="V-17"))
    visit = ok(response, 201)
    assert response.headers["Location"] == f"/api/v1/visits/{visit['id']}"
    assert uuid.UUID(visit["id"]).version == 4
    assert visit["status"] == "assigned"
    assert visit["location"]["id"] == world.location["id"]
    assert visit["checklist"] == {"key": "visit", "version": 1}
    assert visit["window"] == {"opens_at": "2026-01-05T09:00:00Z", "closes_at": "2026-01-12T09:00:00Z"}
    assert (visit["revision"], visit["return_reason"], visit["external_id"]) == (0, None, "V-17")
    assert visit["photos"] == {"expected": 0, "stored": 0, "missing": [], "unusable": []}
    assert visit["shopper"]["id"] == world.shopper.id
    assert {**visit, "decisions": [], "photo_evidence": []} == ok(world.admin.get(f"/visits/{visit['id']}"))


def test_only_administrators_assign_cancel_and_reassign(world: World) -> None:
    visit = world.visit()
    for caller in (world.shopper, world.manager, world.reviewer):
        problem(caller.post("/visits", build_order(world)), 403, "forbidden")
        problem(caller.post(f"/visits/{visit['id']}/cancel"), 403, "forbidden")
        body = {"shopper_id": world.shopper.id}
        problem(caller.post(f"/visits/{visit['id']}/reassign", body), 403, "forbidden")
    foreign_admin = World(world.app).admin
    problem(foreign_admin.post(f"/visits/{visit['id']}/cancel"), 404, "visit-not-found")


def test_invalid_visit_is_rejected_with_pointers(world: World) -> None:
    other_world = World(world.app)
    disabled = world.person("shopper")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    closed = world.new_location()
    ok(world.admin.patch(f"/locations/{closed['id']}", {"closed": True}))
    ok(world.admin.post("/checklists", {**CHECKLIST, "key": "only-a-draft"}), 201)
    for values, pointer in (
        ({"location_id": str(uuid.uuid4())}, "/location_id"),
        ({"location_id": other_world.location["id"]}, "/location_id"),
        ({"location_id": closed["id"]}, "/location_id"),
        ({"shopper_id": str(uuid.uuid4())}, "/shopper_id"),
        ({"shopper_id": other_world.shopper.id}, "/shopper_id"),
        ({"shopper_id": disabled.id}, "/shopper_id"),
        ({"shopper_id": world.manager.id}, "/shopper_id"),
        ({"checklist_key": "no-such"}, "/checklist_key"),
        ({"checklist_key": "only-a-draft"}, "/checklist_key"),
        ({"window": window(7, 0)}, "/window/closes_at"),
        ({"window": window(7, 7)}, "/window/closes_at"),
        ({"window": {"opens_at": "2026-01-05T09:00:00"}}, "/window/opens_at"),
        ({"override": 1}, "/override"),
        ({"status": "accepted"}, "/status"),
    ):
        body = problem(world.admin.post("/visits", build_order(world, **values)), 422, "invalid")
        assert pointer in pointers(body), (values, body)
    assert count_visits(world) == 0


def test_window_outside_the_supported_years_is_rejected(world: World) -> None:
    los_angeles = world.new_location(time_zone="America/Los_Angeles")
    ends = {"opens_at": "1970-01-01T00:00:00Z", "closes_at": "2999-12-31T23:59:59Z"}
    visit = ok(
        world.admin.post("/visits", build_order(world, location_id=los_angeles["id"], window=ends)), 201
    )
    assert visit["day"] == "1969-12-31"
    for end, moment in (
        ("opens_at", "1969-12-31T23:59:59Z"),
        ("opens_at", "0001-01-01T00:00:00Z"),
        ("closes_at", "3000-01-01T00:00:00Z"),
        ("closes_at", "9999-12-31T23:59:59Z"),
    ):
        body = problem(
            world.admin.post("/visits", build_order(world, window={**ends, end: moment})), 422, "invalid"
        )
        assert pointers(body) == [f"/window/{end}"]
    progress = f"/regions/{world.region['id']}/progress"
    months = ok(world.admin.get(f"{progress}?from=9990-01&to=9999-12"))["months"]
    assert len(months) == 120
    assert len(ok(world.admin.get(f"{progress}?from=0001-01&to=0001-02"))["months"]) == 2
    months = ok(world.admin.get(f"{progress}?from=1969-12&to=1970-01"))["months"]
    assert [month["out"] for month in months] == [1, 0]


def test_list_is_assigned_in_its_order(world: World) -> None:
    shoppers = [world.person("shopper") for _ in range(3)]
    orders = [build_order(world, shopper, external_id=str(i)) for i, shopper in enumerate(shoppers)]
    items = ok(world.admin.post("/visits", orders), 201)["items"]
    assert [item["external_id"] for item in items] == ["0", "1", "2"]
    assert [item["shopper"]["id"] for item in items] == [shopper.id for shopper in shoppers]
    assert ok(world.admin.post("/visits", [build_order(world, override=True)]), 201)["items"]


def test_list_is_assigned_atomically(world: World) -> None:
    shopper_id, location_id = str(uuid.uuid4()), str(uuid.uuid4())
    orders = [build_order(world, override=True) for _ in range(6)]
    orders[3]["shopper_id"] = shopper_id
    orders[5].update(location_id=location_id, window=window(1, 0))
    body = problem(world.admin.post("/visits", orders), 422, "invalid")
    assert pointers(body) == ["/3/shopper_id", "/5/location_id", "/5/window/closes_at"]
    orders[2] = {**orders[2], "window": {"opens_at": 1}}
    orders[4] = "visit"  # type: ignore[call-overload]
    body = problem(world.admin.post("/visits", orders), 422, "invalid")
    assert set(pointers(body)) == {"/2/window/opens_at", "/2/window/closes_at", "/4"}
    assert count_visits(world) == 0


def test_list_has_1_to_1000_visits(world: World) -> None:
    problem(world.admin.post("/visits", []), 422, "invalid")
    orders = [build_order(world, override=True) for _ in range(1001)]
    problem(world.admin.post("/visits", orders), 422, "invalid")
    assert count_visits(world) == 0
    items = ok(world.admin.post("/visits", orders[:1000]), 201)["items"]
    assert len({item["id"] for item in items}) == count_visits(world) == 1000


def test_replay_with_an_idempotency_key_assigns_once(world: World) -> None:
    body = build_order(world)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first, replay = (world.admin.post("/visits", body, headers=headers) for _ in range(2))
    assert (first.status_code, first.data) == (replay.status_code, replay.data)
    assert count_visits(world) == 1


# The rotation lock-out.


def test_shopper_cannot_revisit_a_location_within_thirty_days(world: World) -> None:
    ok(world.admin.post("/visits", build_order(world)), 201)  # days 0 to 7
    for opens, closes in ((3, 4), (7, 8), (36.9, 40), (-29, -22.9), (-100, 100)):
        response = world.admin.post("/visits", build_order(world, window=window(opens, closes)))
        assert pointers(problem(response, 409, "rotation-lockout")) == ["/shopper_id"]
    assert count_visits(world) == 1
    for opens, closes in ((37, 40), (-40, -30)):
        ok(world.admin.post("/visits", build_order(world, window=window(opens, closes))), 201)
    other_place, other_person = world.new_location(), world.person("shopper")
    ok(world.admin.post("/visits", build_order(world, location_id=other_place["id"])), 201)
    ok(world.admin.post("/visits", build_order(world, other_person)), 201)


def test_lock_out_applies_within_one_list(world: World) -> None:
    orders = [build_order(world, window=window(days, days + 1)) for days in (0, 40, 20)]
    body = problem(world.admin.post("/visits", orders), 409, "rotation-lockout")
    assert pointers(body) == ["/2/shopper_id"]
    assert count_visits(world) == 0
    orders[2]["override"] = True
    ok(world.admin.post("/visits", orders), 201)


def test_lock_out_can_be_overridden(world: World) -> None:
    ok(world.admin.post("/visits", build_order(world)), 201)
    ok(world.admin.post("/visits", build_order(world, override=True)), 201)
    problem(world.admin.post("/visits", build_order(world, override=False)), 409, "rotation-lockout")


def test_cancelled_and_declined_visits_do_not_count_for_the_lock_out(world: World) -> None:
    for path, caller in (("cancel", world.admin), ("decline", world.shopper)):
        visit = ok(world.admin.post("/visits", build_order(world)), 201)
        ok(caller.post(f"/visits/{visit['id']}/{path}", {"reason": "Ill"} if path == "decline" else None))
    visit_with_answers = ok(world.admin.post("/visits", build_order(world)), 201)
    ok(world.admin.post(f"/visits/{visit_with_answers['id']}/cancel"))
    send_finished(world, visit_with_answers, 1)  # a visit that was made anyway counts
    problem(world.admin.post("/visits", build_order(world)), 409, "rotation-lockout")


def test_self_checks_do_not_count_for_the_lock_out(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check"})
    own_check = build_order(world, checklist_key="own-check")
    ok(world.admin.post("/visits", [own_check, own_check, build_order(world)]), 201)
    ok(world.admin.post("/visits", own_check), 201)
    problem(world.admin.post("/visits", build_order(world)), 409, "rotation-lockout")


def test_lock_out_begins_when_the_visit_was_finished(world: World) -> None:
    visit = ok(world.admin.post("/visits", build_order(world, window=window(0, 20))), 201)
    next_order = build_order(world, window=window(40, 41))
    problem(
        world.admin.post("/visits", next_order), 409, "rotation-lockout"
    )  # 20 days after the window closes
    send_finished(world, visit, 9.9)
    ok(world.admin.post("/visits", next_order), 201)  # 30.1 days after it was finished


def test_lock_out_of_a_late_visit_begins_when_it_was_finished(world: World) -> None:
    visit = ok(world.admin.post("/visits", build_order(world, window=window(0, 5))), 201)
    send_finished(world, visit, 15)
    problem(world.admin.post("/visits", build_order(world, window=window(40, 41))), 409, "rotation-lockout")
    ok(world.admin.post("/visits", build_order(world, window=window(45, 46))), 201)


def test_of_two_simultaneous_assignments_one_is_locked_out(world: World) -> None:
    body = build_order(world)
    world.admin  # noqa: B018
    barrier = Barrier(2)

    def assign(_: int) -> int:
        barrier.wait()
        return world.admin.post("/visits", body).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(assign, range(2))) == [201, 409]


# Cancelled, declined, reassigned.


def test_cancelling_a_visit_again_changes_nothing(world: World) -> None:
    visit = world.visit()
    for _ in range(2):
        assert ok(world.admin.post(f"/visits/{visit['id']}/cancel"), 200)["status"] == "cancelled"
    problem(world.shopper.post(f"/visits/{visit['id']}/decline", {"reason": "Ill"}), 409, "wrong-status")
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "cancelled"


def test_shopper_declines_a_visit_with_a_reason(world: World) -> None:
    visit = world.visit()
    for caller in (world.person("shopper"), world.manager, world.admin):
        problem(caller.post(f"/visits/{visit['id']}/decline", {"reason": "x"}), 404, "visit-not-found")
    for _ in range(2):
        declined = ok(world.shopper.post(f"/visits/{visit['id']}/decline", {"reason": "No bus"}), 200)
        assert declined["status"] == "declined"
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["decline_reason"] == "No bus"
    problem(world.admin.post(f"/visits/{visit['id']}/cancel"), 409, "wrong-status")


def test_visit_with_answers_cannot_be_cancelled_declined_or_reassigned(world: World) -> None:
    visits = [world.late_visit(), world.visit()]
    ok(world.send(visits[1], world.submission()), 201)
    for visit in visits:
        for path, body, caller in (
            ("cancel", None, world.admin),
            ("decline", {"reason": "x"}, world.shopper),
            ("reassign", {"shopper_id": world.shopper.id}, world.admin),
        ):
            problem(caller.post(f"/visits/{visit['id']}/{path}", body), 409, "wrong-status")


def test_reassignment_cancels_the_visit_and_assigns_a_new_one(world: World) -> None:
    visit = world.visit(external_id="V-1")
    other_shopper = world.person("shopper")
    response = world.admin.post(f"/visits/{visit['id']}/reassign", {"shopper_id": other_shopper.id})
    new_visit = ok(response, 201)
    assert new_visit["id"] != visit["id"]
    assert new_visit["shopper"]["id"] == other_shopper.id
    for name in ("location", "checklist", "window", "external_id", "day"):
        assert new_visit[name] == visit[name]
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "cancelled"
    assert [row["id"] for row in other_shopper.list_all("/visits")] == [new_visit["id"]]


def test_reassignment_follows_the_rules_of_an_assignment(world: World) -> None:
    visit = world.visit()
    other_shopper = world.person("shopper")
    world.visit(other_shopper)
    path = f"/visits/{visit['id']}/reassign"
    problem(world.admin.post(path, {"shopper_id": other_shopper.id}), 409, "rotation-lockout")
    problem(world.admin.post(path, {"shopper_id": str(uuid.uuid4())}), 422, "invalid")
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "assigned"
    ok(world.admin.post(path, {"shopper_id": other_shopper.id, "override": True}), 201)
    problem(world.admin.post(path, {"shopper_id": other_shopper.id, "override": True}), 409, "wrong-status")
    # A visit can be reassigned to the same shopper: their own cancelled visit does not count.
    third = world.visit(world.person("shopper"))
    same_shopper = {"shopper_id": third["shopper"]["id"]}
    ok(world.admin.post(f"/visits/{third['id']}/reassign", same_shopper), 201)


def test_declined_visit_can_be_reassigned_once(world: World) -> None:
    visit = world.visit()
    ok(world.shopper.post(f"/visits/{visit['id']}/decline", {"reason": "Ill"}))
    path = f"/visits/{visit['id']}/reassign"
    ok(world.admin.post(path, {"shopper_id": world.person("shopper").id}), 201)
    details = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["decline_reason"]) == ("cancelled", "Ill")
    problem(world.admin.post(path, {"shopper_id": world.person("shopper").id}), 409, "wrong-status")
    assert count_visits(world) == 2


def test_reassigned_visit_uses_the_current_checklist_version(world: World) -> None:
    visits = [world.visit(), world.visit()]
    world.publish({**CHECKLIST, "introduction": "Look twice."})
    shoppers = [world.person("shopper"), world.person("shopper")]
    path = f"/visits/{visits[0]['id']}/reassign"
    new_visit = ok(world.admin.post(path, {"shopper_id": shoppers[0].id}), 201)
    assert new_visit["checklist"]["version"] == 2
    ok(world.admin.post("/checklists/visit/retire"))
    path = f"/visits/{visits[1]['id']}/reassign"
    problem(world.admin.post(path, {"shopper_id": shoppers[1].id}), 409, "checklist-retired")
    assert ok(world.admin.get(f"/visits/{visits[1]['id']}"))["status"] == "assigned"


# Lists.


def test_shopper_lists_their_own_visits_by_day(world: World) -> None:
    days = [5, 3, 3, 9, 3, 1]
    visits = [world.visit(window=window(day, day + 1)) for day in days]
    world.visit(world.person("shopper"))
    ids = [row["id"] for row in sorted(visits, key=lambda row: (row["day"], row["id"]))]
    assert [row["id"] for row in world.shopper.list_all("/visits")] == ids
    assert [row["id"] for row in world.shopper.list_all("/visits", limit=2)] == ids
    keys = {
        "view",
        "id",
        "status",
        "location",
        "checklist",
        "window",
        "day",
        "revision",
        "return_reason",
        "question_reasons",
        "message_to_shopper",
        "payment",
        "photos",
    }
    assert {frozenset(row) for row in world.shopper.list_all("/visits")} == {frozenset(keys)}
    assert set(ok(world.shopper.get(f"/visits/{ids[0]}"))) == keys


def test_pages_have_no_duplicates_or_gaps_while_rows_are_added(world: World) -> None:
    visits = [world.visit(window=window(day, day + 1)) for day in range(6)]
    response = world.shopper.get("/visits?limit=3")
    page = ok(response)
    assert f'<{page["next"]}>; rel="next"' in response.headers["Link"]
    world.visit(window=window(0, 1))
    world.visit(window=window(1, 2))
    second_page = ok(world.shopper.get("/visits?" + page["next"].split("?")[1]))
    ids = [row["id"] for row in page["items"] + second_page["items"]]
    assert ids == [row["id"] for row in visits]
    assert second_page["next"] is None


def test_visits_of_a_region_are_listed_page_by_page_with_the_newest_first(world: World) -> None:
    below = world.new_region(parent_id=world.region["id"])
    stores = [world.location, world.new_location(region_id=below["id"])]
    visits = [world.visit(location=stores[day % 2], window=window(day, day + 1)) for day in range(4)]
    world.visit(location=world.new_location(region_id=world.new_region()["id"]))
    path = f"/visits?region_id={world.region['id']}&sort=-day"
    newest_first = [row["id"] for row in reversed(visits)]
    assert [row["id"] for row in world.admin.list_all(path, limit=3)] == newest_first
    path = f"/visits?region_id={below['id']}&sort=day"
    assert [row["id"] for row in world.admin.list_all(path, limit=1)] == [visits[1]["id"], visits[3]["id"]]
    problem(world.person("manager").get(path), 404, "region-not-found")


def test_visits_are_filtered_by_status_location_checklist_and_day(world: World) -> None:
    world.publish({**CHECKLIST, "key": "other"})
    first_store, second_store = world.new_location(), world.new_location()
    first = world.visit(location=first_store, window=window(0, 1), external_id="A")
    second = world.visit(location=second_store, window=window(2, 3), checklist_key="other")
    third = world.visit(world.person("shopper"), location=second_store, window=window(4, 5))
    ok(world.admin.post(f"/visits/{third['id']}/cancel"))

    def list_numbers(query: str, caller: Caller | None = None) -> list[int]:
        ids = [row["id"] for row in (first, second, third)]
        return [ids.index(row["id"]) for row in (caller or world.admin).list_all(f"/visits?{query}")]

    assert list_numbers("") == [0, 1, 2]
    assert list_numbers("status=cancelled") == [2]
    assert list_numbers(f"location_id={second_store['id']}") == [1, 2]
    assert list_numbers("checklist_key=other") == [1]
    assert list_numbers("checklist_key=none") == []
    assert list_numbers("from=2026-01-07") == [1, 2]
    assert list_numbers("to=2026-01-07") == [0, 1]
    assert list_numbers("from=2026-01-06&to=2026-01-08") == [1]
    assert list_numbers(f"shopper_id={world.shopper.id}") == [0, 1]
    assert list_numbers("external_id=A") == [0]
    assert list_numbers("", world.reviewer) == [0, 1, 2]
    assert list_numbers(f"location_id={second_store['id']}", world.shopper) == [1]
    assert list_numbers("", World(world.app).admin) == []
    for query, pointer in (
        ("status=lost", "/status"),
        ("from=2026-13-01", "/from"),
        ("location_id=x", "/location_id"),
        ("limit=0", "/limit"),
        ("limit=501", "/limit"),
        ("cursor=x", "/cursor"),
        ("colour=red", "/colour"),
        ("mine=1", "/mine"),
    ):
        body = problem(world.admin.get(f"/visits?{query}"), 422, "invalid")
        assert pointers(body) == [pointer]


# What managers see.

WATCHED = {"view", "id", "status", "location", "checklist", "day", "part_of_day", "outcome", "score"}
PLACE = {"id", "code", "name", "address", "phone", "time_zone", "latitude", "longitude"}
SCORE = {"points_earned", "points_possible", "score", "passed", "critical_failures"}
ANSWER = {"value", "not_applicable", "comment", "photos", "points_earned", "points_possible", "amendment"}


@pytest.fixture
def accepted_visit(world: World) -> tuple[Any, dict[str, str]]:
    """An accepted visit with everything that a phone can send, and its photo IDs by question."""
    visit = world.visit(external_id="secret-external-id")
    photos = {
        "greeting": world.photo(visit, jpeg(seed=uuid.uuid4().int % 2**31)),
        "receipt": world.photo(visit, jpeg(seed=uuid.uuid4().int % 2**31), question="receipt"),
    }
    answers = {
        **ALL_WELL,
        "greeting": {"value": "yes", "photos": [photos["greeting"]]},
        "clock": {"value": "14:35"},
        "receipt": {"photos": [photos["receipt"]], "comment": "secret receipt comment"},
    }
    body = world.submission(answers, comment="All in all")
    ok(world.send(visit, body), 201)
    return visit, photos


def test_manager_sees_the_answers_but_not_the_shopper(
    world: World, accepted_visit: tuple[Any, dict[str, str]]
) -> None:
    visit, photos = accepted_visit
    (row,) = world.manager.list_all("/visits")
    assert set(row) == WATCHED
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    assert set(details) == WATCHED | {"answers", "photos", "comment"}
    assert collect_keys(details) == WATCHED | {"answers", "comment"} | PLACE | SCORE | ANSWER | {
        *("key", "version"),
        *ALL_WELL,
        "clock",
    }
    assert {frozenset(answer) for answer in details["answers"].values()} == {frozenset(ANSWER)}
    assert details["answers"]["clock"]["value"] == "afternoon"
    assert details["answers"]["greeting"]["photos"] == [photos["greeting"]]
    assert details["comment"] == "All in all"
    assert details["part_of_day"] in ("night", "morning", "afternoon", "evening")
    evidence = ok(world.admin.get(f"/visits/{visit['id']}"))
    submission = world.manager.get(f"/visits/{visit['id']}/submission")
    text = json.dumps([row, details, ok(submission)])
    for secret in (
        world.shopper.id,
        evidence["shopper"]["name"],
        "secret",
        "14:35",
        photos["receipt"],
        evidence["started_at"],
        evidence["started_at"][10:16],
        evidence["finished_at"][10:16],
    ):
        assert secret not in text, secret
    fields = {"visit_id", "checklist_version", "outcome", "score", "answers", "photos", "comment"}
    assert set(ok(submission)) == fields


def test_manager_sees_photos_of_questions_that_are_not_private(
    world: World, accepted_visit: tuple[Any, dict[str, str]]
) -> None:
    visit, photos = accepted_visit
    path = f"/visits/{visit['id']}/photos"
    for suffix in ("", "/thumbnail"):
        response = world.manager.get(f"{path}/{photos['greeting']}{suffix}")
        assert (response.status_code, response.mimetype) == (200, "image/jpeg")
        assert "Last-Modified" not in response.headers
        problem(world.manager.get(f"{path}/{photos['receipt']}{suffix}"), 404, "photo-not-found")
        assert world.reviewer.get(f"{path}/{photos['receipt']}{suffix}").status_code == 302


def test_manager_sees_only_accepted_visits_of_their_locations(world: World) -> None:
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    visible, foreign = world.accepted_visit(), world.accepted_visit(location=elsewhere)
    waiting = world.late_visit()
    assigned = world.visit()
    assert [row["id"] for row in world.manager.list_all("/visits")] == [visible["id"]]
    for visit in (foreign, waiting, assigned):
        problem(world.manager.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    store_manager = world.person("manager", location_ids=[elsewhere["id"]])
    assert [row["id"] for row in store_manager.list_all("/visits")] == [foreign["id"]]
    assert world.manager.list_all("/visits?status=submitted") == []
    manager_without_places = world.person("manager")
    assert manager_without_places.list_all("/visits") == []


def test_visits_are_listed_to_a_manager_by_day_and_random_id(world: World) -> None:
    visits = [world.accepted_visit() for _ in range(6)]
    rows = world.manager.list_all("/visits", limit=2)
    assert [(row["day"], row["id"]) for row in rows] == sorted((row["day"], row["id"]) for row in visits)


def test_filters_that_would_link_visits_are_limited_to_reviewers(world: World) -> None:
    world.accepted_visit()
    for query in (f"shopper_id={world.shopper.id}", "external_id=A"):
        for caller in (world.manager, world.shopper):
            body = problem(caller.get(f"/visits?{query}"), 422, "invalid")
            assert pointers(body) == [f"/{query.split('=')[0]}"]
        assert ok(world.reviewer.get(f"/visits?{query}"))["items"] == []


def test_reviewer_sees_a_visit_with_its_evidence(
    world: World, accepted_visit: tuple[Any, dict[str, str]]
) -> None:
    visit, photos = accepted_visit
    details = ok(world.reviewer.get(f"/visits/{visit['id']}"))
    assert details["shopper"] == {"id": world.shopper.id, "name": visit["shopper"]["name"]}
    assert details["external_id"] == "secret-external-id"
    assert details["photos"] == {"expected": 2, "stored": 2, "missing": [], "unusable": []}
    assert [row["id"] for row in details["photo_evidence"]] == list(photos.values())
    assert [row["decision"] for row in details["decisions"]] == ["accept"]
    answers = ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["answers"]
    assert answers["clock"]["value"] == "14:35"
    assert answers["receipt"]["photos"] == [photos["receipt"]]


def test_checklist_is_included_on_request(world: World) -> None:
    visit = world.visit()
    version = ok(world.shopper.get("/checklists/visit/versions/1"))
    details = ok(world.shopper.get(f"/visits/{visit['id']}?include=checklist"))
    assert details["checklist"] == version
    ok(world.send(visit, world.submission()), 201)
    for caller in (world.manager, world.reviewer):
        assert ok(caller.get(f"/visits/{visit['id']}?include=checklist"))["checklist"] == version
    problem(world.shopper.get(f"/visits/{visit['id']}?include=answers"), 422, "invalid")


def test_visit_has_an_etag(world: World) -> None:
    visit = world.visit()
    response = world.shopper.get(f"/visits/{visit['id']}")
    headers = {"If-None-Match": response.headers["ETag"]}
    assert world.shopper.get(f"/visits/{visit['id']}", headers=headers).status_code == 304
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    assert world.shopper.get(f"/visits/{visit['id']}", headers=headers).status_code == 200


# Progress.


def test_progress_counts_by_region_and_month(world: World) -> None:
    below = world.new_region(parent_id=world.region["id"])
    deep_store = world.new_location(region_id=below["id"])
    other_store = world.new_location(region_id=world.new_region()["id"])
    world.new_location()
    for location in (world.location, deep_store, other_store):
        world.visit(location=location, window=window(0, 7))
        world.visit(location=location, window=window(30, 37))
    cancelled = [world.visit(window=window(0, 7)) for _ in range(2)]
    for visit in cancelled:
        ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    send_finished(world, cancelled[0], 2)
    late = world.visit(window=window(0, 7))
    send_finished(world, late, 30)
    accepted = world.visit(window=window(-10, 7))
    send_finished(world, accepted, 2)
    path = f"/regions/{world.region['id']}/progress?from=2025-12&to=2026-02"
    for caller in (world.manager, world.reviewer):
        response = ok(caller.get(path))
        assert response["months"] == [
            {"month": "2025-12", "out": 0, "accepted": 0, "self_checks": 0},
            {"month": "2026-01", "out": 3, "accepted": 1, "self_checks": 0},
            {"month": "2026-02", "out": 2, "accepted": 0, "self_checks": 0},
        ]
    problem(world.shopper.get(path), 403, "forbidden")
    below_manager = world.person("manager", region_ids=[below["id"]])
    problem(below_manager.get(path), 404, "region-not-found")
    # The region below has a single store, which its number would warn.
    path = f"/regions/{below['id']}/progress?from=2026-01&to=2026-01"
    for caller, out in ((world.manager, None), (below_manager, None), (world.admin, 1), (world.reviewer, 1)):
        assert ok(caller.get(path))["months"] == [
            {"month": "2026-01", "out": out, "accepted": 0, "self_checks": 0}
        ]


def test_progress_does_not_disclose_when_a_visit_is_sent(world: World) -> None:
    auckland = world.new_location(time_zone="Pacific/Auckland")
    for _ in range(2):
        world.new_location()
    # In Auckland, the window opens in February.
    visit_window = {"opens_at": "2026-01-31T12:00:00Z", "closes_at": "2026-03-31T00:00:00Z"}
    visits = [world.visit(location=auckland, window=visit_window) for _ in range(3)]
    ok(world.admin.post(f"/visits/{visits[1]['id']}/cancel"))
    ok(world.shopper.post(f"/visits/{visits[2]['id']}/decline", {"reason": "Ill"}))
    path = f"/regions/{world.region['id']}/progress?from=2026-01&to=2026-04"

    def read_counts() -> list[tuple[int, int]]:
        return [(month["out"], month["accepted"]) for month in ok(world.manager.get(path))["months"]]

    before = read_counts()
    assert before == [(0, 0), (1, 0), (0, 0), (0, 0)]
    for visit in visits:
        send_finished(world, visit, 90)  # too late, so it waits for a reviewer
        assert read_counts() == before
    ok(world.review(visits[0], "return"))
    assert read_counts() == before
    ok(world.send(visits[0], world.submission(revision=2)), 201)
    assert read_counts() == before
    ok(world.review(visits[0], "reject", revision=2))
    assert read_counts() == [(0, 0)] * 4
    ok(world.review(visits[1], "accept"))
    assert read_counts() == [(0, 0), (0, 0), (0, 0), (0, 1)]
