"""Settings of an organization: name, colour, logo, languages, lock-out days and acceptance periods."""

import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from api.domain.visits import ACCEPTANCE_DUE
from api.models.events import Event
from tests.support.pictures import encoded, jpeg
from tests.support.world import ALL_WELL, PASSWORD, Caller, World, ok, pointers, problem


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


def test_name_is_unique_and_people_log_in_with_the_new_one(world: World) -> None:
    body = problem(patch_organization(world, name=World(world.app).name), 409, "already-exists")
    assert "name" in body["detail"]
    name = f"Renamed {world.name}"
    assert ok(patch_organization(world, name=name))["name"] == name
    credentials = {"email": world.shopper.email, "password": PASSWORD}
    ok(world.anonymous.post("/auth/login", {**credentials, "organization": name}))
    old = world.anonymous.post("/auth/login", {**credentials, "organization": world.name})
    problem(old, 401, "wrong-credentials")


@pytest.mark.parametrize("languages", [[], ["en", "en"], ["English"], ["en_GB"], None, "en"])
def test_languages_are_distinct_tags(world: World, languages: Any) -> None:
    assert ok(world.admin.get("/organization"))["languages"] == ["en", "es"]
    assert pointers(patch_organization(world, languages=languages).json)[0].startswith("/languages")
    assert ok(patch_organization(world, languages=["pt-BR", "en"]))["languages"] == ["pt-BR", "en"]


def test_acceptance_period_of_the_organization_applies(world: World) -> None:
    """The program of the tests accepts at once."""
    assert ok(patch_organization(world, accept_every_minutes=30))["accept_every_minutes"] == 30
    without, with_photo = world.visit(), world.visit()
    ok(world.send(without, world.submission()), 201)
    photo_id = str(uuid.uuid4())
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
    ok(world.send(with_photo, world.submission(answers)), 201)
    world.photo(with_photo, id=photo_id)
    for visit in (without, with_photo):
        assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "submitted"
        due = select(Event.due_at).where(
            Event.visit_id == uuid.UUID(visit["id"]), Event.kind == ACCEPTANCE_DUE
        )
        with world.database.read_snapshot() as session:
            assert session.scalars(due).one().minute in (0, 30)
    ok(patch_organization(world, accept_every_minutes=None))
    visit = world.visit()
    ok(world.send(visit, world.submission()), 201)
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "accepted"
    assert pointers(patch_organization(world, accept_every_minutes=1441).json) == ["/accept_every_minutes"]


def put_logo(caller: Caller, data: bytes, content_type: str = "image/png") -> Any:
    return caller.call("PUT", "/organization/logo", data=data, headers={"Content-Type": content_type})


def test_logo_is_reencoded_and_shown_to_everybody(world: World) -> None:
    problem(world.shopper.get("/organization/logo"), 404, "logo-not-found")
    assert ok(world.shopper.get("/me"))["organization"]["logo"] is None
    logo = Image.new("RGBA", (800, 200), (0, 90, 80, 128))
    text = PngInfo()
    text.add_text("Author", "Robin")
    stream = io.BytesIO()
    logo.save(stream, "PNG", pnginfo=text)
    ok(put_logo(world.admin, stream.getvalue()), 204)
    assert ok(world.shopper.get("/me"))["organization"]["logo"] == "/api/v1/organization/logo"
    response = world.shopper.get("/organization/logo")
    assert response.mimetype == "image/png"
    assert b"Robin" in stream.getvalue() and b"Robin" not in response.data
    shown = Image.open(io.BytesIO(response.data))
    assert (shown.size, shown.mode) == ((400, 100), "RGBA")
    assert shown.getchannel("A").getextrema() == (128, 128)
    tag = {"If-None-Match": response.headers["ETag"]}
    assert world.shopper.get("/organization/logo", headers=tag).status_code == 304
    ok(put_logo(world.admin, jpeg(), "image/jpeg"), 204)
    assert world.shopper.get("/organization/logo", headers=tag).status_code == 200
    ok(world.admin.call("DELETE", "/organization/logo"), 204)
    ok(world.admin.call("DELETE", "/organization/logo"), 204)
    problem(world.shopper.get("/organization/logo"), 404, "logo-not-found")
    changed = [entry["action"] for entry in ok(world.admin.get("/audit?subject=organization"))["items"]]
    assert changed.count("organization.updated") == 3


def test_unusable_logos_are_rejected(world: World) -> None:
    picture = jpeg()
    problem(put_logo(world.admin, picture, "image/png"), 422, "logo-unusable")
    problem(put_logo(world.admin, picture, "image/heic"), 415, "unsupported-media-type")
    problem(put_logo(world.admin, b"", "image/png"), 422, "logo-unusable")
    problem(put_logo(world.admin, bytes(256 * 1024 + 1), "image/png"), 413, "too-large")
    bomb = encoded(Image.new("1", (2001, 2000)), "PNG")
    assert len(bomb) < 10_000
    problem(put_logo(world.admin, bomb), 422, "logo-unusable")
    problem(world.admin.get("/organization/logo"), 404, "logo-not-found")
