"""IDs in paths are accepted in canonical form only."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.world import Caller, World, ok, problem

pytestmark = pytest.mark.one_database

ID = "abcdef01-2345-4678-9abc-def012345678"


@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda text: text.replace("-", ""), lambda text: f"{{{text}}}"]
)
def test_id_in_another_form_is_unknown(world: World, change: Callable[[str], str]) -> None:
    region_id = world.new_region()["id"]
    while change(region_id) == region_id:  # an ID of digits only has no capitals
        region_id = world.new_region()["id"]
    ok(world.admin.get(f"/regions/{region_id}"), 200)
    for method in ("GET", "PATCH"):
        problem(world.admin.call(method, f"/regions/{change(region_id)}"), 404, "not-found")


def test_every_route_rejects_capitals_in_an_id(app: Flask) -> None:
    caller = Caller(app)
    rules = [rule for rule in app.url_map.iter_rules() if "<uuid:" in rule.rule]
    assert len(rules) > 20
    for rule in rules:
        path = re.sub(r"<uuid:\w+>", ID.upper(), rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            response = caller.call(method, f"/{path}")
            if path.startswith("/dashboard/"):  # the dashboard shows its own page
                assert (response.status_code, response.mimetype) == (404, "text/html"), path
            else:
                problem(response, 404, "not-found")
