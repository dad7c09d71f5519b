"""An organization's administrator sets what holds for all of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.world import World, ok


def edited(world: World, **values: Any) -> Any:
    tag = world.admin.get("/organization").headers["ETag"]
    return world.admin.patch("/organization", values, headers={"If-Match": tag})


def test_the_colour_of_the_pages_is_told_to_whoever_signs_in(world: World) -> None:
    assert ok(world.shopper.get("/me"))["organization"]["accent_color"] is None
    shown = ok(edited(world, accent_color="#1a4d8f"))
    assert (shown["accent_color"], shown["lockout_days"]) == ("#1a4d8f", 30)
    assert ok(world.admin.get("/organization")) == shown
    assert ok(world.shopper.get("/me"))["organization"]["accent_color"] == "#1a4d8f"
    assert ok(edited(world, accent_color=None))["accent_color"] is None


@pytest.mark.parametrize("color", ["#1A4D8F", "1a4d8f", "#1a4", "blue", "#1a4d8f\n", "#ffe082", 5])
def test_a_colour_that_white_text_cannot_be_read_on_is_refused(world: World, color: Any) -> None:
    problem = edited(world, accent_color=color)
    assert problem.status_code == 422
    assert [each["pointer"] for each in problem.json["errors"]] == ["/accent_color"]


def test_the_lock_out_is_as_long_as_the_organization_says(world: World) -> None:
    begin = datetime.now(UTC) + timedelta(days=10)

    def assigned(after_days: int) -> int:
        opens = begin + timedelta(days=after_days)
        window = {"opens_at": opens.isoformat(), "closes_at": (opens + timedelta(hours=8)).isoformat()}
        order = {
            "location_id": world.location["id"],
            "shopper_id": shopper.id,
            "checklist_key": "visit",
            "window": window,
        }
        return world.admin.post("/visits", order).status_code

    world.checklist  # noqa: B018
    shopper = world.person("shopper")
    assert assigned(0) == 201
    assert assigned(10) == 409
    ok(edited(world, lockout_days=5))
    assert assigned(10) == 201
    ok(edited(world, lockout_days=30))


def test_an_edit_of_what_was_not_read_is_refused(world: World) -> None:
    assert world.admin.patch("/organization", {"lockout_days": 5}, headers={}).status_code == 428
    stale = world.admin.patch("/organization", {"lockout_days": 5}, headers={"If-Match": '"x"'})
    assert stale.status_code == 412
    assert ok(world.admin.get("/organization"))["lockout_days"] == 30
