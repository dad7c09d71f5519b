"""Requesting exports: what is valid, who may, and how many can wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from api.models.base import now
from tests.support.exports import build_all, change_export, clear_queue, request_export
from tests.support.world import CHECKLIST, World, ok, pointers, problem

pytestmark = pytest.mark.one_database

VISITS = {"kind": "visits", "format": "csv"}


def test_an_export_is_queued_then_ready(world: World) -> None:
    response = world.manager.post("/exports", VISITS)
    export = ok(response, 202)
    assert response.headers["Location"] == f"/api/v1/exports/{export['id']}"
    assert export["status"] == "queued"
    assert export["progress"] == {"done": 0, "of": None}
    assert (export["download"], export["expires_at"], export["failure"]) == (None, None, None)
    waiting = world.manager.get(f"/exports/{export['id']}")
    assert int(waiting.headers["Retry-After"]) > 0
    build_all(world)
    response = world.manager.get(f"/exports/{export['id']}")
    ready = ok(response)
    assert "Retry-After" not in response.headers
    assert ready["status"] == "ready"
    assert ready["progress"] == {"done": 0, "of": 0}
    assert ready["download"].startswith(f"http://localhost/api/v1/exports/{export['id']}/file?token=")
    assert ready["expires_at"] > now().isoformat()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "everything"}, "/kind"),
        ({"format": "pdf"}, "/format"),
        ({"kind": "report", "format": "csv", "region_id": "REGION"}, "/format"),
        ({"kind": "report", "format": "pdf"}, "/region_id"),
        ({"kind": "report", "format": "pdf", "region_id": "REGION", "location_id": "LOCATION"}, "/region_id"),
        ({"from": "2026"}, "/from"),
        ({"from": "2026-02-30"}, "/from"),
        ({"to": "2026-13"}, "/to"),
        ({"to": 202601}, "/to"),
        ({"from": "2026-03", "to": "2026-02"}, "/from"),
        ({"from": "2026-03-05", "to": "2026-03-04"}, "/from"),
        ({"from": "1900-01", "to": "2026-01"}, "/from"),
        ({"kind": "scores", "from": "2026-01-15", "to": "2026-02"}, "/from"),
        ({"kind": "scores", "from": "2026-01", "to": "2026-02-15"}, "/to"),
        ({"region_id": "00000000-0000-4000-8000-000000000000"}, "/region_id"),
        ({"location_id": "00000000-0000-4000-8000-000000000000"}, "/location_id"),
        ({"checklist": "nothing"}, "/checklist"),
        ({"by": ["location"]}, "/by"),
        ({"include": ["change"]}, "/include"),
        ({"kind": "scores", "by": ["location", "location"]}, "/by"),
        ({"kind": "scores", "by": ["shopper"]}, "/by/0"),
        ({"kind": "scores", "by": ["month"], "include": ["change"]}, "/include"),
        ({"language": "xx"}, "/language"),
        ({"shopper_id": "00000000-0000-4000-8000-000000000000"}, "/shopper_id"),
    ],
)
def test_an_invalid_request_stores_nothing(world: World, change: dict[str, Any], pointer: str) -> None:
    ids = {"REGION": world.region["id"], "LOCATION": world.location["id"]}
    body = {**VISITS, **{name: ids.get(str(value), value) for name, value in change.items()}}
    assert pointers(problem(world.manager.post("/exports", body), 422, "invalid")) == [pointer]
    assert world.manager.list_all("/exports") == []


def test_missing_fields_are_named(world: World) -> None:
    errors = problem(world.manager.post("/exports", {}), 422, "invalid")
    assert sorted(pointers(errors)) == ["/format", "/kind"]


@pytest.mark.parametrize(
    ("period", "first_day", "last_day"),
    [
        ({"from": "2026-01", "to": "2026-02"}, "2026-01-01", "2026-02-28"),
        ({"from": "2026-01-05", "to": "2026-01-05"}, "2026-01-05", "2026-01-05"),
        ({"from": "2024-02-10", "to": "2024-02"}, "2024-02-10", "2024-02-29"),
        ({"to": "2026-03"}, "2025-04-01", "2026-03-31"),
        ({"to": "2026-03-15"}, "2025-04-01", "2026-03-15"),
    ],
)
def test_a_period_is_of_months_or_days(
    world: World, period: dict[str, str], first_day: str, last_day: str
) -> None:
    export = ok(world.manager.post("/exports", {**VISITS, **period}), 202)
    assert (export["from"], export["to"]) == (first_day, last_day)
    clear_queue(world)


def test_the_default_period_is_twelve_months(world: World) -> None:
    export = ok(world.manager.post("/exports", {**VISITS, "from": None}), 202)
    first, last = date.fromisoformat(export["from"]), date.fromisoformat(export["to"])
    assert first.day == 1
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == 11
    assert abs((last - now().date()).days) <= 31
    clear_queue(world)


def test_a_place_that_the_manager_may_not_see_counts_as_unknown(world: World) -> None:
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    for name, value in (("region_id", elsewhere["region_id"]), ("location_id", elsewhere["id"])):
        response = world.manager.post("/exports", {**VISITS, name: value})
        assert pointers(problem(response, 422, "invalid")) == [f"/{name}"]


def test_an_idempotency_key_replays_the_request(world: World) -> None:
    headers = {"Idempotency-Key": "nightly"}
    first, second = (world.manager.post("/exports", VISITS, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.data == second.data
    assert first.headers["Location"] == second.headers["Location"]
    assert len(world.manager.list_all("/exports")) == 1
    clear_queue(world)


def test_callers_see_only_their_own_exports(world: World) -> None:
    ids = [request_export(world.manager) for _ in range(3)]
    assert [item["id"] for item in world.manager.list_all("/exports", limit=1)] == ids
    assert world.admin.list_all("/exports") == []
    problem(world.admin.get(f"/exports/{ids[0]}"), 404, "export-not-found")
    problem(World(world.app).admin.get(f"/exports/{ids[0]}"), 404, "export-not-found")
    problem(world.shopper.get("/exports"), 403, "forbidden")
    problem(world.shopper.post("/exports", VISITS), 403, "forbidden")
    clear_queue(world)


def test_one_export_runs_and_five_wait(world: World) -> None:
    ids = [request_export(world.manager) for _ in range(6)]
    for caller in (world.manager, world.admin):
        response = caller.post("/exports", VISITS)
        problem(response, 429, "exports-queued")
        assert int(response.headers["Retry-After"]) > 0
    request_export(World(world.app).admin)  # another organization has a queue of its own
    change_export(world, ids[0], status="failed")
    request_export(world.manager)
    clear_queue(world)


@pytest.mark.both_databases
def test_simultaneous_requests_do_not_exceed_the_limit(world: World) -> None:
    with ThreadPoolExecutor(12) as threads:
        responses = list(threads.map(lambda _: world.manager.post("/exports", VISITS), range(12)))
    assert sorted(response.status_code for response in responses) == [202] * 6 + [429] * 6
    clear_queue(world)


@pytest.mark.parametrize(
    ("scopes", "kinds"),
    [
        (("scores:read",), {"scores"}),
        (("visits:read",), {"visits", "answers"}),
        (("scores:read", "visits:read"), {"scores", "visits", "answers", "report"}),
    ],
)
def test_an_api_client_needs_the_scopes_of_what_it_exports(
    world: World, scopes: tuple[str, ...], kinds: set[str]
) -> None:
    client = world.client(*scopes)
    formats = {"scores": "csv", "visits": "xlsx", "answers": "csv", "report": "pdf"}
    allowed = set()
    for kind, file_format in formats.items():
        body = {"kind": kind, "format": file_format, "region_id": world.region["id"]}
        response = client.post("/exports", body)
        if response.status_code == 202:
            allowed.add(kind)
        else:
            problem(response, 403, "insufficient-scope")
    assert allowed == kinds
    clear_queue(world)


def test_an_api_client_without_reading_scopes_exports_nothing(world: World) -> None:
    client = world.client("visits:write", "places:write")
    problem(client.post("/exports", VISITS), 403, "insufficient-scope")
    problem(client.get("/exports"), 403, "insufficient-scope")


def test_a_checklist_of_the_organization_is_accepted(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-eyes"})
    export = ok(world.manager.post("/exports", {**VISITS, "checklist": "own-eyes"}), 202)
    assert export["checklist"] == "own-eyes"
    clear_queue(world)
