"""Scores calculated by an independent program, compared with those of submitted visits."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.world import World, ok

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "score-vectors.json").read_text())
#: They cover every question type and every number of visits that has its own formula.
CASES = [case for case in VECTORS["cases"] if len(case["visits"]) <= 12]

_worlds: dict[int, World] = {}


@pytest.fixture
def world(embedded_app: Flask) -> World:
    """An organization with the two checklists of the vectors, on SQLite and a photo folder."""
    if id(embedded_app) not in _worlds:
        world = _worlds[id(embedded_app)] = World(embedded_app)
        world.checklist = None
        for document in VECTORS["checklists"].values():
            world.publish(document)
    return _worlds[id(embedded_app)]


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{index}-{case['checklist']}-{len(case['visits'])}" for index, case in enumerate(CASES)],
)
def test_scores_equal_those_of_an_independent_program(world: World, case: dict[str, Any]) -> None:
    location = world.new_location()
    for answers in case["visits"]:
        visit = world.visit(location=location, checklist_key=case["checklist"])
        ok(world.send(visit, world.submission(answers)), 201)
    report = ok(world.admin.get(f"/locations/{location['id']}/score?checklist={case['checklist']}"))
    expected = case["expected"]
    score = expected["total"]["score"]
    assert report["total"] == {**expected["total"], "score_before_disputes": score}
    for kind in ("sections", "questions"):
        rows = {row["key"]: row for row in report[kind]}
        # Without visits, a report has no sections and questions. The vectors have them all.
        assert rows.keys() == (expected[kind].keys() if case["visits"] else set())
        for key, row in rows.items():
            assert {name: row[name] for name in expected[kind][key]} == expected[kind][key]
