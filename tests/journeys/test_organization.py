"""Settings of an organization: its colour and its lock-out days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.world import World, ok


def patch_organization(world: World, **values: Any) -> Any:
    tag = world.admin.get("/organization").headers["ETag"]
    return world.admin.patch("/organization", values, headers={"If-Match": tag})


def test_colour_of_the_pages_is_in_the_profile_of_each_person(world: World) -> None:
    assert ok(world.shopper.get("/me"))["organization"]["accent_color"] is None
    organization = ok(patch_organization(world, accent_color="#1a4d8f"))
    assert (organization["accent_color"], organization["lockout_days"]) == ("#1a4d8f", 30)
    assert ok(world.admin.get("/organization")) == organization
    assert ok(world.shopper.get("/me"))["organization"]["accent_color"] == "#1a4d8f"
    assert ok(patch_organization(world, accent_color=None))["accent_color"] is None


@pytest.mark.parametrize("color", ["#1A4D8F", "1a4d8f", "#1a4", "blue", "#1a4d8f\n", "#ffe082", 5])
def test_colour_with_too_little_contrast_to_white_is_rejected(world: World, color: Any) -> None:
    response = patch_organization(world, accent_color=color)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/accent_color"]


def test_lock_out_days_of_the_organization_apply(world: World) -> None:
    begin = datetime.now(UTC) + timedelta(days=10)

    def assign(after_days: int) -> int:
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
    assert assign(0) == 201
    assert assign(10) == 409
    ok(patch_organization(world, lockout_days=5))
    assert assign(10) == 201
    ok(patch_organization(world, lockout_days=30))


def test_edit_without_the_current_etag_is_rejected(world: World) -> None:
    assert world.admin.patch("/organization", {"lockout_days": 5}, headers={}).status_code == 428
    stale = world.admin.patch("/organization", {"lockout_days": 5}, headers={"If-Match": '"x"'})
    assert stale.status_code == 412
    assert ok(world.admin.get("/organization"))["lockout_days"] == 30
