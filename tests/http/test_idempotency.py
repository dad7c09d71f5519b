"""Idempotency-Key: a creating POST that is sent twice runs once."""

import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from api.models.idempotency import StoredResponse
from tests.support.world import CHECKLIST, World, ok, pointers, problem


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def creations(world: World) -> list[tuple[str, Any]]:
    world.checklist  # noqa: B018
    visit = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": "visit",
        "window": {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"},
        "override": True,
    }
    return [
        ("/regions", {"code": "once", "name": "Once"}),
        ("/locations", {"code": "once", "name": "Once", "region_id": world.region["id"], "time_zone": "UTC"}),
        (
            "/users",
            {"email": "once@example.org", "name": "Once", "role": "shopper", "password": "once upon a"},
        ),
        ("/checklists", {**CHECKLIST, "key": "once"}),
        ("/checklists/once/publish", None),
        ("/visits", visit),
        ("/visits", [visit, visit]),
    ]


def test_same_key_and_body_replay_the_first_response(world: World) -> None:
    for path, body in creations(world):
        headers = key()
        first = world.admin.post(path, body, headers=headers)
        ok(first, 201)
        again = world.admin.post(path, body, headers=headers)
        assert (again.status_code, again.data) == (201, first.data), path
        assert again.headers.get("Location") == first.headers.get("Location")
    assert len(world.admin.list_all("/visits")) == 3


def test_import_runs_once(world: World) -> None:
    text = f"code,name,region_code,time_zone\na,A,{world.region['code']},UTC\n"
    headers = {"Content-Type": "text/csv", **key()}
    for _ in range(2):
        response = world.admin.post("/locations/import", data=text, headers=headers)
        assert ok(response, 201)["new"] == 1
    problem(
        world.admin.post("/locations/import", data=text + "\n", headers=headers), 422, "idempotency-mismatch"
    )


def test_same_key_with_another_request_is_422(world: World) -> None:
    world.checklist  # noqa: B018
    headers = key()
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    response = world.admin.post("/regions", {"code": "b", "name": "A"}, headers=headers)
    assert pointers(problem(response, 422, "idempotency-mismatch")) == ["/Idempotency-Key"]
    problem(world.admin.post("/checklists/visit/publish", headers=headers), 422, "idempotency-mismatch")
    assert ok(world.admin.get("/regions?code=b"))["items"] == []


def test_error_is_not_replayed(world: World) -> None:
    headers = key()
    body = {"code": "a", "name": "A"}
    ok(world.admin.post("/regions", body), 201)
    problem(world.admin.post("/regions", body, headers=headers), 409, "already-exists")
    region = ok(world.admin.get("/regions?code=a"))["items"][0]
    ok(world.admin.patch(f"/regions/{region['id']}", {"code": "z"}))
    ok(world.admin.post("/regions", body, headers=headers), 201)


def test_key_belongs_to_its_caller(world: World) -> None:
    headers = key()
    first = ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    other = world.person("admin")
    ok(other.post("/regions", {"code": "b", "name": "B"}, headers=headers), 201)
    elsewhere = World(world.app)
    second = ok(elsewhere.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    assert first["id"] != second["id"]


def test_concurrent_requests_run_once_and_get_the_same_response(world: World) -> None:
    headers = key()
    world.admin  # noqa: B018
    with ThreadPoolExecutor(8) as threads:
        responses = list(
            threads.map(
                lambda _: world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), range(8)
            )
        )
    assert {response.status_code for response in responses} == {201}
    assert len({response.data for response in responses}) == 1


def test_key_has_1_to_200_characters(world: World) -> None:
    for bad in ("", "x" * 201):
        response = world.admin.post("/regions", {"code": "a", "name": "A"}, headers={"Idempotency-Key": bad})
        assert pointers(problem(response, 422, "invalid")) == ["/Idempotency-Key"]
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers={"Idempotency-Key": "x" * 200}), 201)


def test_key_expires_after_a_week(world: World) -> None:
    headers = key()
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    of_caller = StoredResponse.caller_id == uuid.UUID(world.admin.id)

    def age(session: Any) -> None:
        row = session.scalars(select(StoredResponse).where(of_caller)).one()
        session.execute(
            update(StoredResponse)
            .where(of_caller)
            .values(created_at=row.created_at - timedelta(days=7, seconds=1))
        )

    world.database.write(age)
    ok(world.admin.post("/regions", {"code": "b", "name": "B"}, headers=headers), 201)


def test_stored_request_does_not_reveal_a_password(world: World) -> None:
    body = {"email": "p@example.org", "name": "P", "role": "shopper", "password": "a weak password"}
    ok(world.admin.post("/users", body, headers=key()), 201)
    with world.database.read_snapshot() as session:
        of_caller = StoredResponse.caller_id == uuid.UUID(world.admin.id)
        stored = session.scalars(select(StoredResponse).where(of_caller)).one()
        assert "a weak password" not in (stored.body or "")
        plain = hashlib.sha256(b"POST\0/api/v1/users?\0" + json.dumps(body).encode())
        assert stored.request_sha256 != plain.hexdigest()


def test_publishing_with_the_same_key_replays_the_first_response(world: World) -> None:
    headers = key()
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    ok(world.admin.post("/checklists/visit/publish", headers=headers), 201)
    ok(world.admin.post("/checklists/visit/publish"), 200)
    ok(world.admin.post("/checklists/visit/publish", headers=headers), 201)
