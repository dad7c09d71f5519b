"""Schemas serialize objects as marshmallow does."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest
from flask import current_app

from schemas.base import Schema
from tests.support import pictures
from tests.support.world import World, ok


def to_json(data: Any) -> str:
    return current_app.json.dumps(data)


@pytest.fixture
def schema_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Compare every serialized object with marshmallow's result, and yield the names of the schemas used."""
    names: list[str] = []
    dump = Schema.dump

    def compare(self: Schema, obj: Any, *, many: bool | None = None) -> Any:
        result = dump(self, obj, many=many)
        assert to_json(result) == to_json(ma.Schema.dump(self, obj, many=many))
        names.append(type(self).__name__)
        return result

    monkeypatch.setattr(Schema, "dump", compare)
    yield names


def test_responses_equal_those_of_marshmallow(world: World, schema_names: list[str]) -> None:
    visit = world.visit()
    photo = world.declare(visit, pictures.jpeg())
    ok(world.send(visit, world.submission()), 201)
    returned = world.visit()
    ok(world.send(returned, world.submission(position={"latitude": 1, "longitude": 1})), 201)
    waiting = ok(world.reviewer.get("/reviews?status=waiting"))["items"]
    decision = {"decision": "return", "reason": "Once more", "question_reasons": {"greeting": "Who?"}}
    for case in waiting:
        ok(world.reviewer.post(f"/visits/{case['visit_id']}/review", {"revision": 1, **decision}))
    for caller in (world.shopper, world.manager, world.reviewer, world.admin):
        ok(caller.get("/visits"))
        ok(caller.get("/me"))
    for caller in (world.shopper, world.reviewer):
        ok(caller.get(f"/visits/{visit['id']}"))
        ok(caller.get(f"/visits/{visit['id']}/submission"))
        ok(caller.get(f"/visits/{returned['id']}"))
    for path in ("/locations", "/regions", "/users", "/reviews", "/checklists"):
        ok(world.admin.get(path))
    assert photo["status"] == "awaiting_upload"
    assert {"OwnVisit", "WatchedVisit", "EvidenceVisit", "ScoredSubmission", "Location", "User"} <= set(
        schema_names
    )
