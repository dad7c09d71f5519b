"""Places worked out by a program independent of this one, played through the real submission path."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.world import World, ok

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "score-vectors.json").read_text())
#: enough for every question type and every number of visits that is worked out otherwise
CASES = [case for case in VECTORS["cases"] if len(case["visits"]) <= 12]

_worlds: dict[int, World] = {}


@pytest.fixture
def world(embedded_app: Flask) -> World:
    """An organization with the two checklists of the vectors, on embedded parts."""
    if id(embedded_app) not in _worlds:
        made = _worlds[id(embedded_app)] = World(embedded_app)
        made.checklist = None
        for document in VECTORS["checklists"].values():
            made.publish(document)
    return _worlds[id(embedded_app)]


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{n}-{each['checklist']}-{len(each['visits'])}" for n, each in enumerate(CASES)]
)
def test_a_place_scores_what_another_program_worked_out(world: World, case: dict[str, Any]) -> None:
    location = world.new_location()
    for answers in case["visits"]:
        visit = world.visit(location=location, checklist_key=case["checklist"])
        ok(world.send(visit, world.submission(answers)), 201)
    found = ok(world.admin.get(f"/locations/{location['id']}/score?checklist={case['checklist']}"))
    expected = case["expected"]
    assert found["total"] == expected["total"]
    for kind in ("sections", "questions"):
        rows = {row["key"]: row for row in found[kind]}
        # Without visits a report holds no sections and questions, where the vectors have them all.
        assert rows.keys() == (expected[kind].keys() if case["visits"] else set())
        for key, row in rows.items():
            assert {name: row[name] for name in expected[kind][key]} == expected[kind][key]
