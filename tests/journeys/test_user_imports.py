"""Imports of people: who is new is invited, and all errors are reported together."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.world import World, ok, pointers, problem


@pytest.fixture
def world(embedded_app: Flask) -> World:
    """An organization on SQLite. What differs between the databases is tested with places."""
    return World(embedded_app)


def import_users(world: World, *lines: str, query: str = "") -> TestResponse:
    headers = {"Content-Type": "text/csv"}
    return world.admin.post(f"/users/import?{query}", data="\n".join(lines), headers=headers)


def people(world: World) -> dict[str, Any]:
    return {row["email"]: row for row in world.admin.list_all("/users")}


def test_new_people_are_invited_with_their_places(world: World) -> None:
    world.new_region(code="north"), world.new_region(code="south")
    location = world.new_location(code="LDN-01")
    lines = [
        "email;name;role;region_codes;location_codes;language",
        " Ana@Example.org;Ana;manager;south north south;LDN-01;es",
        "sam@example.org;Sam;shopper;;;",
    ]
    expected = {"new": 2, "changed": 0, "unchanged": 0, "errors": []}
    assert ok(import_users(world, *lines, query="dry_run=true"), 200) == expected
    assert "sam@example.org" not in people(world)
    assert ok(import_users(world, *lines), 201) == expected
    ana, sam = (people(world)[f"{name}@example.org"] for name in ("ana", "sam"))
    assert (ana["status"], ana["role"], ana["language"]) == ("invited", "manager", "es")
    assert (len(ana["region_ids"]), ana["location_ids"]) == (2, [location["id"]])
    assert (sam["language"], sam["region_ids"]) == (None, [])
    assert sam["invitation_expires_at"] is not None


def test_update_changes_only_what_the_file_has(world: World) -> None:
    world.new_region(code="north")
    manager = world.person("manager", region_ids=[world.region["id"]])
    shopper = world.shopper
    lines = ["email,name,role", f"{manager.email},Mia,manager", f"{shopper.email},Sam,reviewer"]
    result = ok(import_users(world, *lines, query="mode=update&include=lines"), 200)
    assert (result["new"], result["changed"], result["unchanged"]) == (0, 2, 0)
    assert [change["column"] for change in result["lines"][1]["changes"]] == ["name", "role"]
    ok(manager.get("/me"))
    problem(shopper.get("/me"), 401, "not-signed-in")  # the role has changed
    assert people(world)[str(manager.email)]["region_ids"] == [world.region["id"]]
    assert ok(import_users(world, *lines, query="mode=update"), 200)["unchanged"] == 2
    lines = ["email,role,region_codes", f"{manager.email},manager,north"]
    assert ok(import_users(world, *lines, query="mode=update"), 200)["changed"] == 1
    assert people(world)[str(manager.email)]["region_ids"] != [world.region["id"]]
    lines = ["email,role", f"{manager.email},shopper"]
    assert ok(import_users(world, *lines, query="mode=update"), 200)["changed"] == 1
    assert people(world)[str(manager.email)]["region_ids"] == []


def test_all_errors_are_reported_together_and_nothing_is_stored(world: World) -> None:
    region, email = world.region["code"], world.admin.email
    lines = [
        "email,name,role,region_codes,language",
        f"good@example.org,Good,manager,{region},en",
        f"{email},Again,admin,,",
        "nobody,Nobody,king,,xx",
        f"a@example.org,A,shopper,{region},",
        "b@example.org,B,manager,nowhere elsewhere,",
        "good@example.org,Twice,shopper,,",
    ]
    expected = [
        "/3/email",
        *("/4/email", "/4/role", "/4/language"),
        "/5/region_codes",
        *("/6/region_codes", "/6/region_codes"),
        "/7/email",
    ]
    assert pointers(problem(import_users(world, *lines), 422, "invalid")) == expected
    assert set(people(world)) == {email}


def test_last_administrator_cannot_be_imported_away(world: World) -> None:
    invited = {"email": "new@example.org", "name": "New", "role": "admin", "invite": True}
    ok(world.admin.post("/users", invited), 201)
    lines = ["email,role", f"{world.admin.email},shopper"]
    checked = ok(import_users(world, *lines, query="mode=update&dry_run=true"), 200)
    assert [(error["line"], error["column"]) for error in checked["errors"]] == [(2, "role")]
    assert pointers(problem(import_users(world, *lines, query="mode=update"), 422, "invalid")) == ["/2/role"]
    successor = world.person("reviewer")
    lines.append(f"{successor.email},admin")
    assert ok(import_users(world, *lines, query="mode=update"), 200)["changed"] == 2
    assert ok(world.admin.get("/me"))["role"] == "shopper"
