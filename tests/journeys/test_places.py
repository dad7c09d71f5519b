"""Regions and locations: created, updated, moved and listed."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from api.models.places import Location
from tests.support.world import Caller, World, ok, pointers, problem


def list_codes(page: Any) -> list[str]:
    return [row["code"] for row in page["items"]]


def test_region_is_created_read_and_updated(world: World) -> None:
    response = world.admin.post("/regions", {"name": "North", "code": "n", "external_id": "N-1"})
    region = ok(response, 201)
    assert response.headers["Location"] == f"/api/v1/regions/{region['id']}"
    assert region == {
        "id": region["id"],
        "code": "n",
        "name": "North",
        "parent_id": None,
        "external_id": "N-1",
        "closed": False,
        "created_at": region["created_at"],
    }
    assert region["created_at"].endswith("Z")
    assert ok(world.admin.get(f"/regions/{region['id']}")) == region
    updated = ok(world.admin.patch(f"/regions/{region['id']}", {"closed": True, "external_id": None}))
    assert updated == {**region, "closed": True, "external_id": None}
    assert ok(world.admin.patch(f"/regions/{region['id']}", {})) == updated


def test_location_is_created_read_and_updated(world: World) -> None:
    body = {
        "code": "l",
        "name": "Store",
        "region_id": world.region["id"],
        "address": "1 High Street",
        "phone": "+34 000 000 123",
        "time_zone": "Europe/Madrid",
        "latitude": 40.4,
        "longitude": -3.7,
        "external_id": "S-1",
        "closed": False,
    }
    location = ok(world.admin.post("/locations", body), 201)
    assert set(location) == {*body, "id", "created_at"}
    assert {name: location[name] for name in body} == body
    assert ok(world.admin.get(f"/locations/{location['id']}")) == location
    updated = ok(world.admin.patch(f"/locations/{location['id']}", {"name": "Shop", "phone": None}))
    assert updated == {**location, "name": "Shop", "phone": None}
    required = {name: body[name] for name in ("name", "region_id", "time_zone")}
    minimal = ok(world.admin.post("/locations", {**required, "code": "bare"}), 201)
    assert [minimal[name] for name in ("address", "phone", "latitude", "longitude", "external_id")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    "phone",
    ["020 7946 0018", "+44 (0)20/7946-0018", "020.7946.0018 ext. 12, x3", "0800 FLOWERS", "*31#7", "1" * 40],
)
def test_telephone_number_in_any_common_notation_is_accepted(world: World, phone: str) -> None:
    assert world.new_location(phone=phone)["phone"] == phone


@pytest.mark.parametrize(
    "phone",
    [
        "",
        " ",
        "ask at the till",
        "1" * 41,
        "12\n34",
        "tel:123",
        "<b>1</b>",
        "1\u00002",
        "１２３",
        123,
        ["1"],
        True,
    ],
)
def test_invalid_telephone_number_is_rejected(world: World, phone: Any) -> None:
    body = {"code": "x", "name": "x", "region_id": world.region["id"], "time_zone": "UTC", "phone": phone}
    responses = [world.admin.post("/locations", body)]
    responses.append(world.admin.patch(f"/locations/{world.location['id']}", {"phone": phone}))
    for response in responses:
        if phone == "1\u00002":
            problem(response, 400, "malformed-request")
        else:
            assert pointers(problem(response, 422, "invalid")) == ["/phone"]


def test_location_needs_both_coordinates_or_none(world: World) -> None:
    body = {"code": "x", "name": "x", "region_id": world.region["id"], "time_zone": "UTC"}
    for coordinates, missing in (
        ({"latitude": 1}, "/longitude"),
        ({"longitude": 1}, "/latitude"),
        ({"latitude": None, "longitude": 0}, "/latitude"),
    ):
        response = world.admin.post("/locations", {**body, **coordinates})
        assert pointers(problem(response, 422, "invalid")) == [missing]
    path = f"/locations/{ok(world.admin.post('/locations', body), 201)['id']}"
    # An update is checked by its result.
    for edit, missing in (({"latitude": 0}, "/longitude"), ({"longitude": 0}, "/latitude")):
        assert pointers(problem(world.admin.patch(path, edit), 422, "invalid")) == [missing]
    ok(world.admin.patch(path, {"latitude": 0, "longitude": 0}))
    ok(world.admin.patch(path, {"latitude": 1}))
    assert pointers(problem(world.admin.patch(path, {"latitude": None}), 422, "invalid")) == ["/latitude"]
    updated = ok(world.admin.patch(path, {"latitude": None, "longitude": None}))
    assert (updated["latitude"], updated["longitude"]) == (None, None)


def test_old_location_with_half_a_position_can_be_updated(world: World) -> None:
    location_id = uuid.UUID(world.location["id"])
    world.database.write(
        lambda session: session.execute(
            update(Location).where(Location.id == location_id).values(latitude=None)
        )
    )
    path = f"/locations/{location_id}"
    assert ok(world.admin.patch(path, {"name": "Shop"}))["longitude"] == -0.1
    ok(world.admin.patch(path, {"latitude": 51.5}))


def test_required_field_cannot_be_emptied(world: World) -> None:
    for field in ("code", "name", "region_id", "time_zone", "closed"):
        response = world.admin.patch(f"/locations/{world.location['id']}", {field: None})
        assert pointers(problem(response, 422, "invalid")) == [f"/{field}"]
    for field in ("id", "created_at", "organization_id", "number"):
        response = world.admin.patch(f"/locations/{world.location['id']}", {field: "x"})
        assert pointers(problem(response, 422, "invalid")) == [f"/{field}"]


def test_places_are_filtered_by_code_and_external_id(world: World) -> None:
    world.new_region(code="a", external_id="same")
    parent = world.new_region(code="b", external_id="same")
    world.new_region(code="c", parent_id=parent["id"], closed=True)
    assert list_codes(ok(world.admin.get("/regions?code=a"))) == ["a"]
    assert list_codes(ok(world.admin.get("/regions?code=A"))) == []
    assert list_codes(ok(world.admin.get(f"/regions?name={parent['name']}"))) == ["b"]
    assert list_codes(ok(world.admin.get("/regions?external_id=same"))) == ["a", "b"]
    assert list_codes(ok(world.admin.get(f"/regions?parent_id={parent['id']}"))) == ["c"]
    assert list_codes(ok(world.admin.get("/regions?closed=true"))) == ["c"]
    world.new_location(code="x", external_id="X", region_id=parent["id"])
    world.new_location(code="y", external_id="Y", closed=True)
    assert list_codes(ok(world.admin.get("/locations?code=x"))) == ["x"]
    assert list_codes(ok(world.admin.get("/locations?external_id=Y"))) == ["y"]
    assert list_codes(ok(world.admin.get(f"/locations?region_id={parent['id']}"))) == ["x"]
    assert list_codes(ok(world.admin.get("/locations?closed=false&code=y"))) == []
    below = world.new_region(parent_id=parent["id"])
    world.new_location(code="z", region_id=below["id"])
    assert list_codes(ok(world.admin.get(f"/locations?within={parent['id']}"))) == ["x", "z"]
    assert list_codes(ok(world.admin.get(f"/locations?within={parent['id']}&code=x"))) == ["x"]


def test_places_are_found_by_a_part_of_name_or_code(world: World) -> None:
    region = world.new_region(code="IB-1", name="Ibérica")
    world.new_region(code="closed", name="IBÉRICA sur", closed=True)
    for code, name in (("a", "CAFÉ Ñandú"), ("100%", "Shop"), ("c_d", "Café"), ("cxd", "Kiosk")):
        world.new_location(code=code, name=name, region_id=region["id"], closed=code == "c_d")
    for query, codes in (
        ("regions?q=ibéRica", ["IB-1", "closed"]),
        ("regions?q=b-1", ["IB-1"]),
        ("regions?q=ib&status=closed", ["closed"]),
        ("locations?q=café", ["a", "c_d"]),
        ("locations?q= ñandÚ ", ["a"]),
        ("locations?q=café&status=open", ["a"]),
        ("locations?status=closed", ["c_d"]),
        ("locations?q=100%25", ["100%"]),
        ("locations?q=_", ["c_d"]),
        ("locations?q=/", []),
    ):
        assert list_codes(ok(world.admin.get(f"/{query}"))) == codes, query
    assert pointers(problem(world.admin.get("/locations?status=shut"), 422, "invalid")) == ["/status"]
    assert pointers(problem(world.admin.get("/regions?q="), 422, "invalid")) == ["/q"]


def test_counts_say_what_moves_with_a_place(servers_app: Flask) -> None:
    world = World(servers_app)
    busy, idle = world.location, world.new_location()
    empty_region = world.new_region()
    visits = [world.visit(location=busy) for _ in range(3)]
    ok(world.admin.post(f"/visits/{visits[0]['id']}/cancel"))

    def read(caller: Caller, path: str) -> dict[str, Any]:
        return {row["id"]: row["counts"] for row in caller.list_all(f"{path}?include=counts")}

    assert read(world.admin, "/locations") == {busy["id"]: {"visits": 2}, idle["id"]: {"visits": 0}}
    assert read(world.admin, "/regions") == {
        world.region["id"]: {"locations": 2, "visits": 2},
        empty_region["id"]: {"locations": 0, "visits": 0},
    }
    assert "counts" not in ok(world.admin.get(f"/locations/{busy['id']}"))
    # Managers do not learn of visits that are still to come.
    assert read(world.manager, "/locations")[busy["id"]] == {"visits": 0}
    assert read(world.manager, "/regions") == {world.region["id"]: {"locations": 2, "visits": 0}}
    world.accepted_visit(location=busy)
    assert read(world.manager, "/locations")[busy["id"]] == {"visits": 1}


def test_code_is_unique_among_regions_and_among_locations_of_an_organization(world: World) -> None:
    world.new_region(code="same")
    world.new_location(code="same")
    region = {"code": "same", "name": "x"}
    problem(world.admin.post("/regions", region), 409, "already-exists")
    location = {"code": "same", "name": "x", "region_id": world.region["id"], "time_zone": "UTC"}
    problem(world.admin.post("/locations", location), 409, "already-exists")
    other_region = world.new_region(code="another")
    problem(world.admin.patch(f"/regions/{other_region['id']}", {"code": "same"}), 409, "already-exists")
    problem(world.admin.patch(f"/locations/{world.location['id']}", {"code": "same"}), 409, "already-exists")
    ok(World(world.app).admin.post("/regions", region), 201)


def test_of_two_simultaneous_places_with_one_code_one_is_created(world: World) -> None:
    world.admin  # noqa: B018
    with ThreadPoolExecutor(4) as threads:
        responses = list(
            threads.map(lambda _: world.admin.post("/regions", {"code": "a", "name": "A"}), range(4))
        )
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]


def test_region_of_another_organization_is_rejected(world: World) -> None:
    foreign_id = World(world.app).region["id"]
    response = world.admin.post("/regions", {"code": "a", "name": "A", "parent_id": foreign_id})
    assert pointers(problem(response, 422, "invalid")) == ["/parent_id"]
    response = world.admin.patch(f"/locations/{world.location['id']}", {"region_id": foreign_id})
    assert pointers(problem(response, 422, "invalid")) == ["/region_id"]


def test_region_cannot_be_moved_below_itself(world: World) -> None:
    top = world.new_region()
    middle = world.new_region(parent_id=top["id"])
    bottom = world.new_region(parent_id=middle["id"])
    for parent in (top, middle, bottom):
        response = world.admin.patch(f"/regions/{top['id']}", {"parent_id": parent["id"]})
        assert pointers(problem(response, 422, "invalid")) == ["/parent_id"]
    ok(world.admin.patch(f"/regions/{bottom['id']}", {"parent_id": None}))
    ok(world.admin.patch(f"/regions/{top['id']}", {"parent_id": bottom["id"]}))


def test_two_simultaneous_moves_do_not_create_a_cycle(world: World) -> None:
    for _ in range(5):
        first, second = world.new_region(), world.new_region()
        moves = [(first["id"], second["id"]), (second["id"], first["id"])]
        etags = {
            region_id: world.admin.get(f"/regions/{region_id}").headers["ETag"] for region_id, _ in moves
        }

        def move(ids: tuple[str, str], etags: dict[str, str] = etags) -> TestResponse:
            region_id, parent = ids
            headers = {"If-Match": etags[region_id]}
            return world.admin.patch(f"/regions/{region_id}", {"parent_id": parent}, headers=headers)

        with ThreadPoolExecutor(2) as threads:
            responses = list(threads.map(move, moves))
        assert sorted(response.status_code for response in responses) == [200, 422]


def test_moved_place_is_visible_to_managers_of_its_new_region(world: World) -> None:
    old_region, new_region = world.new_region(), world.new_region()
    child = world.new_region(parent_id=old_region["id"])
    store = world.new_location(region_id=child["id"])
    manager = world.person("manager", region_ids=[new_region["id"]])
    problem(manager.get(f"/locations/{store['id']}"), 404, "location-not-found")
    ok(world.admin.patch(f"/regions/{child['id']}", {"parent_id": new_region["id"]}))
    ok(manager.get(f"/locations/{store['id']}"))
    ok(world.admin.patch(f"/locations/{store['id']}", {"region_id": old_region["id"]}))
    problem(manager.get(f"/locations/{store['id']}"), 404, "location-not-found")


def test_manager_sees_assigned_places_and_all_places_below(world: World) -> None:
    top = world.new_region(code="top")
    below = world.new_region(code="top-below", parent_id=top["id"])
    world.new_region(code="elsewhere")
    inside = world.new_location(code="inside", region_id=below["id"])
    single = world.new_location(code="single")
    world.new_location(code="outside")
    manager = world.person("manager", region_ids=[top["id"]], location_ids=[single["id"]])
    assert list_codes(ok(manager.get("/regions"))) == ["top", "top-below"]
    assert list_codes(ok(manager.get("/locations"))) == ["inside", "single"]
    ok(manager.get(f"/locations/{inside['id']}"))
    problem(manager.get(f"/regions/{world.region['id']}"), 404, "region-not-found")
    assert list_codes(ok(world.person("manager").get("/locations"))) == []
    assert len(ok(world.reviewer.get("/locations"))["items"]) == 3


def test_only_administrators_write_places_and_shoppers_cannot_read_them(world: World) -> None:
    for caller in (world.shopper, world.manager, world.reviewer):
        problem(caller.post("/regions", {"code": "x", "name": "x"}), 403, "forbidden")
        problem(caller.call("PATCH", f"/regions/{world.region['id']}", {}), 403, "forbidden")
        problem(caller.post("/locations/import", data="x"), 403, "forbidden")
    problem(world.shopper.get("/locations"), 403, "forbidden")
    problem(world.anonymous.get("/locations"), 401, "not-signed-in")


def test_unknown_time_zone_is_rejected(world: World) -> None:
    for name in ("Europe/London", "America/Argentina/Ushuaia", "UTC"):
        world.new_location(time_zone=name)
    for name in (
        "localtime",
        "posixrules",
        "posix/Europe/London",
        "right/UTC",
        "Factory",
        "europe/london",
        "tzdata.zi",
    ):
        location = {"code": "x", "name": "x", "region_id": world.region["id"], "time_zone": name}
        assert pointers(problem(world.admin.post("/locations", location), 422, "invalid")) == ["/time_zone"]
