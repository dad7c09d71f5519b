"""Quotas and plans: set by administrators, counted for everybody, and never a warning for a store."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from api.domain.access import ADMIN, Actor
from api.domain.months import format_month, get_month
from api.services.quotas import list_shortfalls
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem

#: the month of the visits, in the time zone of the locations
MONTH = get_month((datetime.now(ZoneInfo("Europe/London")) - timedelta(minutes=11)).date())
THIS_MONTH = format_month(MONTH)
#: two points of eight less, so that scores have a spread
SLOWER = {**ALL_WELL, "wait": {"value": 60}}


@pytest.fixture
def embedded_world(embedded_app: Flask) -> World:
    """A new organization on SQLite, for what does not depend on the database."""
    return World(embedded_app)


def get_progress(caller: Any, quota: Any) -> Any:
    path = f"/quotas/{quota['id']}/progress?from={THIS_MONTH}&to={THIS_MONTH}"
    (period,) = ok(caller.get(path))["periods"]
    return period


def test_list_has_the_progress_of_the_current_period(embedded_world: World) -> None:
    world = embedded_world
    quota = world.quota()
    assert world.location
    (listed,) = ok(world.admin.get("/quotas?include=progress"))["items"]
    (current,) = ok(world.admin.get(f"/quotas/{quota['id']}/progress"))["periods"]
    assert listed == {**quota, "progress": current}
    assert current["missing"] == 2


def list_missing(world: World, quota: Any) -> dict[str, int]:
    """Return how many visits each location lacks, by its ID."""
    items = ok(world.admin.get(f"/quotas/{quota['id']}/locations?month={THIS_MONTH}"))["items"]
    return {item["location"]["id"]: item["missing"] for item in items}


def test_quota_is_set_changed_and_deleted(world: World) -> None:
    quota = world.quota(days_between=21, extra=0.2)
    path = f"/quotas/{quota['id']}"
    assert quota["region"]["id"] == quota["region_id"] == world.region["id"]
    assert (
        quota.items()
        >= {
            "checklist_key": "visit",
            "visits": 2,
            "per": "year",
            "days_between": 21,
            "extra": 0.2,
        }.items()
    )
    assert "seed" not in quota
    changed = ok(world.admin.patch(path, {"visits": 3}))
    assert changed == {**quota, "visits": 3}
    problem(world.admin.patch(path, {"visits": 4}, headers={"If-Match": '"stale"'}), 412, "stale")
    problem(world.admin.call("PATCH", path, {"visits": 4}), 428, "if-match-required")
    assert ok(world.admin.get("/quotas?per=year"))["items"] == [changed]
    assert ok(world.admin.get("/quotas?per=month"))["items"] == []
    assert ok(world.admin.get("/quotas?checklist_key=other"))["items"] == []
    ok(world.admin.call("DELETE", path), 204)
    problem(world.admin.get(path), 404, "quota-not-found")


def test_region_has_one_quota_for_each_checklist_and_period(world: World) -> None:
    quota = world.quota()
    body = {"checklist_key": "visit", "region_id": world.region["id"], "visits": 5, "per": "year"}
    problem(world.admin.post("/quotas", body), 409, "already-exists")
    monthly = world.quota(per="month")
    problem(world.admin.patch(f"/quotas/{monthly['id']}", {"per": "year"}), 409, "already-exists")
    assert ok(world.admin.get(f"/quotas/{quota['id']}"))["visits"] == 2


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"visits": 0}, "/visits"),
        ({"visits": 101}, "/visits"),
        ({"per": "week"}, "/per"),
        ({"extra": -0.1}, "/extra"),
        ({"extra": 1.1}, "/extra"),
        ({"days_between": 366}, "/days_between"),
        ({"checklist_key": "unknown"}, "/checklist_key"),
        ({"region_id": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11"}, "/region_id"),
        ({"shopper": "Ana"}, "/shopper"),
    ],
)
def test_invalid_quota_is_rejected(embedded_world: World, values: Any, pointer: str) -> None:
    world = embedded_world
    assert world.checklist
    body = {"checklist_key": "visit", "region_id": world.region["id"], "visits": 1, "per": "month"}
    response = problem(world.admin.post("/quotas", {**body, **values}), 422, "invalid")
    assert pointers(response) == [pointer]
    assert ok(world.admin.get("/quotas"))["items"] == []


def test_progress_counts_accepted_and_outstanding_visits_of_each_location(world: World) -> None:
    quota = world.quota()
    below = world.new_region(parent_id=world.region["id"])
    second = world.new_location(region_id=below["id"])
    world.new_location(closed=True)
    world.new_location(region_id=world.new_region()["id"])
    for _ in range(3):
        world.accepted_visit()
    world.visit(location=second)
    progress = get_progress(world.admin, quota)
    # One visit too many at the first location does not replace the one that the second lacks.
    assert (progress["locations"], progress["required"], progress["accepted"]) == (2, 4, 3)
    assert (progress["out"], progress["missing"]) == (1, 1)
    assert list_missing(world, quota) == {world.location["id"]: 0, second["id"]: 1}


def test_visits_of_another_checklist_or_period_do_not_count(embedded_world: World) -> None:
    world = embedded_world
    world.publish({**CHECKLIST, "key": "other"})
    quota = world.quota(checklist_key="other", per="month")
    world.accepted_visit()
    assert get_progress(world.admin, quota)["accepted"] == 0
    other = world.quota()
    later = f"{int(THIS_MONTH[:4]) + 1}-01"
    (period,) = ok(world.admin.get(f"/quotas/{other['id']}/progress?from={later}&to={later}"))["periods"]
    assert (period["from"], period["accepted"], period["missing"]) == (later, 0, 2)
    months = ok(world.admin.get(f"/quotas/{quota['id']}/progress?from=2026-01&to=2026-03"))["periods"]
    assert [period["from"] for period in months] == ["2026-01", "2026-02", "2026-03"]


def test_days_between_are_counted_from_the_last_visit_or_window(embedded_world: World) -> None:
    world = embedded_world
    quota = world.quota(days_between=10)
    untouched = world.new_location()
    last = world.accepted_visit()
    path = f"/quotas/{quota['id']}/locations"

    def get_free_days() -> dict[str, Any]:
        return {item["location"]["id"]: item["free_from"] for item in ok(world.admin.get(path))["items"]}

    free_from = datetime.fromisoformat(last["day"]) + timedelta(days=10)
    assert get_free_days() == {
        world.location["id"]: free_from.date().isoformat(),
        untouched["id"]: None,
    }
    opens_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    closes_at = datetime.now(UTC).replace(hour=12) + timedelta(days=20)
    world.visit(window={"opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat()})
    assert get_free_days()[world.location["id"]] == (closes_at + timedelta(days=10)).date().isoformat()


def test_extra_visits_are_not_drawn_again_and_managers_do_not_learn_of_them(embedded_world: World) -> None:
    world = embedded_world
    for _ in range(7):
        world.new_location()
    quota = world.quota(visits=10, extra=1)
    world.visit()
    missing = list_missing(world, quota)
    assert list_missing(world, quota) == missing
    ok(world.admin.patch(f"/quotas/{quota['id']}", {"days_between": 5}))
    assert list_missing(world, quota) == missing
    seen = get_progress(world.admin, quota)
    assert seen["required"] == seen["out"] + seen["missing"] == 1 + sum(missing.values())
    assert len(set(missing.values())) > 1
    hidden = {"days_between": None, "extra": None}
    own = get_progress(world.manager, quota)
    assert (own["required"], own["accepted"], own["out"], own["missing"]) == (80, 0, None, None)
    client = world.client("visits:read")
    assert get_progress(client, quota) == own
    # By the days between visits, a store could tell until when none comes; without extra visits, that it has
    # had its last one.
    for caller in (world.manager, client):
        seen_quota = ok(caller.get(f"/quotas/{quota['id']}"))
        assert seen_quota == {**ok(world.admin.get(f"/quotas/{quota['id']}")), **hidden}
        assert ok(caller.get("/quotas"))["items"] == [seen_quota]


def test_shortfalls_of_an_organization_are_listed(embedded_world: World) -> None:
    world = embedded_world
    quota = world.quota()
    assert world.location
    administrator = Actor(uuid.UUID(world.admin.id), world.organization_id, ADMIN)

    def read() -> list[tuple[str, int | None]]:
        with world.database.read_snapshot() as session:
            shortfalls = list_shortfalls(session, administrator, MONTH)
        return [(str(shortfall.quota.quota.id), shortfall.progress.missing) for shortfall in shortfalls]

    assert read() == [(quota["id"], 2)]
    world.accepted_visit()
    world.visit()
    assert read() == []
    world.new_location()
    assert len(read()) == 1
    ok(world.admin.post("/checklists/visit/retire"), 204)
    assert read() == []


# Plans.


def get_plan(world: World, query: str = "") -> dict[str, Any]:
    """Return the items of a plan for this month, by the code of the location."""
    path = f"/plan?checklist=visit&from={THIS_MONTH}&to={THIS_MONTH}{query}"
    return {item["location"]["code"]: item for item in ok(world.admin.get(path))["items"]}


def test_plan_counts_visits_and_suggests_what_is_missing(world: World) -> None:
    world.checklist  # noqa: B018
    first, second = world.new_location(code="A"), world.new_location(code="B")
    world.new_location(code="C", closed=True)
    window = make_window()
    for answers in (ALL_WELL, SLOWER):
        world.accepted_visit(answers, location=first, assigned={"window": window})
    world.visit(location=second, window=window)
    plan = get_plan(world)
    assert list(plan) == ["A", "B"]
    assert plan["A"].keys() == {
        "location",
        "visits",
        "out",
        "half_width",
        "needed",
        "suggested",
        "half_width_after",
    }
    assert (plan["A"]["visits"], plan["A"]["out"]) == (2, 0)
    assert (plan["B"]["visits"], plan["B"]["out"], plan["B"]["half_width"]) == (0, 1, None)
    # Both have the common spread, that of the two visits.
    assert plan["A"]["needed"] == plan["B"]["needed"] == 16
    assert [item["suggested"] for item in plan.values()] == [14, 15]
    assert plan["A"]["half_width_after"] == plan["B"]["half_width_after"] <= 0.1 < plan["A"]["half_width"]
    assert [item["suggested"] for item in get_plan(world, "&budget=8").values()] == [4, 4]
    assert {item["needed"] for item in get_plan(world, "&half_width=0.2").values()} == {6}


def test_plan_of_a_region_has_only_its_locations(embedded_world: World) -> None:
    world = embedded_world
    world.checklist  # noqa: B018
    inside, outside = world.new_location(), world.new_location(region_id=world.new_region()["id"])
    assert inside["code"] in get_plan(world)
    assert outside["code"] in get_plan(world)
    assert list(get_plan(world, f"&region_id={world.region['id']}")) == [inside["code"]]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=2026-01", "/checklist"),
        ("checklist=visit&half_width=0", "/half_width"),
        ("checklist=visit&half_width=nan", "/half_width"),
        ("checklist=visit&budget=-1", "/budget"),
        ("checklist=visit&from=2026-02&to=2026-01", "/from"),
    ],
)
def test_invalid_plan_is_rejected(embedded_world: World, query: str, pointer: str) -> None:
    assert embedded_world.checklist
    response = problem(embedded_world.admin.get(f"/plan?{query}"), 422, "invalid")
    assert pointers(response) == [pointer]


def make_window() -> dict[str, str]:
    """Return a window that opens and closes today."""
    now = datetime.now(UTC)
    return {
        "opens_at": (now - timedelta(minutes=30)).isoformat(),
        "closes_at": (now + timedelta(minutes=30)).isoformat(),
    }
