"""Idempotency-Key: a creating POST sent twice is done once."""

import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from api.models.idempotency import RememberedAnswer
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


def test_the_same_key_and_body_repeat_the_first_answer(world: World) -> None:
    for path, body in creations(world):
        headers = key()
        first = world.admin.post(path, body, headers=headers)
        ok(first, 201)
        again = world.admin.post(path, body, headers=headers)
        assert (again.status_code, again.data) == (201, first.data), path
        assert again.headers.get("Location") == first.headers.get("Location")
    assert len(world.admin.list_all("/visits")) == 3


def test_an_import_is_done_once_too(world: World) -> None:
    text = f"code,name,region_code,time_zone\na,A,{world.region['code']},UTC\n"
    headers = {"Content-Type": "text/csv", **key()}
    for _ in range(2):
        answer = world.admin.post("/locations/import", data=text, headers=headers)
        assert ok(answer, 201) == {"imported": 1}
    problem(
        world.admin.post("/locations/import", data=text + "\n", headers=headers), 422, "idempotency-mismatch"
    )


def test_another_body_or_another_address_under_the_same_key_is_422(world: World) -> None:
    headers = key()
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    answer = world.admin.post("/regions", {"code": "b", "name": "A"}, headers=headers)
    assert pointers(problem(answer, 422, "idempotency-mismatch")) == ["/Idempotency-Key"]
    problem(world.admin.post("/checklists/message/publish", headers=headers), 422, "idempotency-mismatch")
    assert ok(world.admin.get("/regions?code=b"))["items"] == []


def test_a_refusal_is_not_remembered(world: World) -> None:
    headers = key()
    body = {"code": "a", "name": "A"}
    ok(world.admin.post("/regions", body), 201)
    problem(world.admin.post("/regions", body, headers=headers), 409, "already-exists")
    region = ok(world.admin.get("/regions?code=a"))["items"][0]
    ok(world.admin.patch(f"/regions/{region['id']}", {"code": "z"}))
    ok(world.admin.post("/regions", body, headers=headers), 201)


def test_a_key_is_its_callers_own(world: World) -> None:
    headers = key()
    first = ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    other = world.person("admin")
    ok(other.post("/regions", {"code": "b", "name": "B"}, headers=headers), 201)
    elsewhere = World(world.app)
    second = ok(elsewhere.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    assert first["id"] != second["id"]


def test_of_many_at_once_one_is_done_and_all_get_its_answer(world: World) -> None:
    headers = key()
    world.admin  # noqa: B018
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda _: world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), range(8)
            )
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1


def test_a_key_has_1_to_200_characters(world: World) -> None:
    for bad in ("", "x" * 201):
        answer = world.admin.post("/regions", {"code": "a", "name": "A"}, headers={"Idempotency-Key": bad})
        assert pointers(problem(answer, 422, "invalid")) == ["/Idempotency-Key"]
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers={"Idempotency-Key": "x" * 200}), 201)


def test_after_a_week_a_key_is_new(world: World) -> None:
    headers = key()
    ok(world.admin.post("/regions", {"code": "a", "name": "A"}, headers=headers), 201)
    of_caller = RememberedAnswer.caller_id == uuid.UUID(world.admin.id)

    def age(session: Any) -> None:
        row = session.scalars(select(RememberedAnswer).where(of_caller)).one()
        session.execute(
            update(RememberedAnswer)
            .where(of_caller)
            .values(created_at=row.created_at - timedelta(days=7, seconds=1))
        )

    world.database.write(age)
    ok(world.admin.post("/regions", {"code": "b", "name": "B"}, headers=headers), 201)


def test_what_is_remembered_of_a_request_gives_no_password_away(world: World) -> None:
    body = {"email": "p@example.org", "name": "P", "role": "shopper", "password": "a weak password"}
    ok(world.admin.post("/users", body, headers=key()), 201)
    with world.database.read_snapshot() as session:
        of_caller = RememberedAnswer.caller_id == uuid.UUID(world.admin.id)
        kept = session.scalars(select(RememberedAnswer).where(of_caller)).one()
        assert "a weak password" not in (kept.body or "")
        plain = hashlib.sha256(b"POST\0/api/v1/users?\0" + json.dumps(body).encode())
        assert kept.request_sha256 != plain.hexdigest()


def test_publishing_again_under_a_key_says_again_what_it_said(world: World) -> None:
    headers = key()
    ok(world.admin.post("/checklists", CHECKLIST), 201)
    ok(world.admin.post("/checklists/visit/publish", headers=headers), 201)
    ok(world.admin.post("/checklists/visit/publish"), 200)
    ok(world.admin.post("/checklists/visit/publish", headers=headers), 201)
