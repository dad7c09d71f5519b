"""Imports of regions and locations: every row or none, and every error at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.world import Caller, World, ok, pointers, problem

HEADER = "code,name,region_code,time_zone"


@pytest.fixture
def world(embedded_app: Flask) -> World:
    """An organization on SQLite. Only simultaneous imports differ between the databases."""
    return World(embedded_app)


def send(caller: Caller, path: str, *lines: str, **headers: str) -> TestResponse:
    return caller.post(path, data="\n".join(lines), headers={"Content-Type": "text/csv", **headers})


def import_locations(world: World, *lines: str, query: str = "") -> TestResponse:
    return send(world.admin, f"/locations/import?{query}", *lines)


def import_regions(world: World, *lines: str, query: str = "") -> TestResponse:
    return send(world.admin, f"/regions/import?{query}", *lines)


def counts(new: int = 0, changed: int = 0, unchanged: int = 0) -> dict[str, Any]:
    return {"new": new, "changed": changed, "unchanged": unchanged, "errors": []}


def location_counts(**numbers: int) -> dict[str, Any]:
    return {**counts(**numbers), "imported": numbers.get("new", 0)}


def list_codes(world: World, path: str) -> list[str]:
    return [row["code"] for row in world.admin.list_all(path)]


def list_errors(body: Any) -> list[tuple[int, str | None]]:
    return [(error["line"], error["column"]) for error in body["errors"]]


# Parsing.


def test_each_row_becomes_a_location(world: World) -> None:
    world.new_region(code="n")
    text = (
        "\ufeffcode,name,region_code,address,phone,time_zone,latitude,longitude,external_id,closed\r\n"
        'a,"Store, the ""first""",n,"1 High Street\nLondon", 020 7946 0018 ,'
        "Europe/London,51.5,-0.1,S-1,TRUE\r\n"
        "\r\n"
        "b, Café ,n,, ,UTC,,,,\r\n"
    )
    assert ok(import_locations(world, text), 201) == location_counts(new=2)
    first, second = world.admin.list_all("/locations")
    assert first["name"] == 'Store, the "first"'
    assert first["address"] == "1 High Street\nLondon"
    assert (first["phone"], second["phone"]) == ("020 7946 0018", None)
    assert (first["latitude"], first["longitude"], first["closed"]) == (51.5, -0.1, True)
    assert (second["name"], second["latitude"], second["closed"]) == ("Café", None, False)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_are_separated_as_the_header_is(world: World, delimiter: str) -> None:
    header = ["time_zone", "region_code", "name", "code", "latitude", "longitude"]
    cells = ["UTC", world.region["code"], '"Store, or; shop"', "a", '"41,38"', "+2.17"]
    assert ok(import_locations(world, "", delimiter.join(header), delimiter.join(cells)), 201)["new"] == 1
    (location,) = world.admin.list_all("/locations")
    assert location["name"] == "Store, or; shop"
    assert (location["latitude"], location["longitude"]) == (41.38, 2.17)


def test_file_that_is_not_valid_csv_is_rejected(world: World) -> None:
    region = world.region["code"]
    for lines, expected in (
        ([""], ["/1/code", "/1/name", "/1/region_code", "/1/time_zone"]),
        (["code,name,region_code"], ["/1/time_zone"]),
        ([f"{HEADER},colour/x"], ["/1/colour~1x"]),
        ([f"{HEADER},code"], ["/1/code"]),
        ([HEADER], ["/2"]),
        ([HEADER, "", ",,,", ""], ["/2"]),
        ([HEADER, f"a,b,{region},UTC,more"], ["/2"]),
        ([HEADER, "", f'"a"x,b,{region},UTC'], ["/3"]),
        ([HEADER, f'"a,b,{region},UTC'], ["/2"]),
    ):
        assert pointers(problem(import_locations(world, *lines), 422, "invalid")) == expected, lines
        dry_run = ok(import_locations(world, *lines, query="dry_run=true"), 200)
        assert [error["detail"] for error in dry_run["errors"]] == [
            error["detail"] for error in import_locations(world, *lines).get_json()["errors"]
        ]


def test_file_that_is_not_utf_8_is_rejected(world: World) -> None:
    for data in (b"code,n\xffme", HEADER.encode("utf-16"), HEADER.encode() + b"\0"):
        response = world.admin.post("/regions/import", data=data, headers={"Content-Type": "text/csv"})
        problem(response, 400, "malformed-request")
    for content_type in ("application/json", "text/csv; charset=latin-1"):
        response = world.admin.post("/regions/import", data=HEADER, headers={"Content-Type": content_type})
        problem(response, 415, "unsupported-media-type")


# Errors.


def test_all_errors_are_reported_together_and_nothing_is_stored(world: World) -> None:
    region, existing_code = world.region["code"], world.location["code"]
    lines = [
        f"{HEADER},latitude,longitude,closed,address,phone",
        f"good,Store,{region},UTC,1,1,false,,",
        f'good,Store,{region},UTC,1,1,false,"over\ntwo lines",',
        "no-zone,Store,nowhere,Mars,1,1,false,,",
        f",,{region},UTC,1,1,false,,",
        f"{existing_code},Store,{region},UTC,91,1,perhaps,,none",
        f"odd,Store,{region},UTC,1_0,nan,,,",
        f"half,Store,{region},UTC,,1,,,",
        f"short,Store,{region}",
        f"late,Store,{region},UTC,1,1,,,",
    ]
    body = problem(import_locations(world, *lines), 422, "invalid")
    expected = [
        "/3/code",
        "/5/region_code",
        "/5/time_zone",
        "/6/code",
        "/6/name",
        "/7/code",
        "/7/latitude",
        "/7/closed",
        "/7/phone",
        "/8/latitude",
        "/8/longitude",
        "/9/latitude",
        "/10",
    ]
    assert pointers(body) == expected
    dry_run = ok(import_locations(world, *lines, query="dry_run=true"), 200)
    assert (dry_run["new"], dry_run["changed"], dry_run["unchanged"]) == (2, 0, 0)
    assert [
        f"/{line}/{column}" if column else f"/{line}" for line, column in list_errors(dry_run)
    ] == expected
    assert list_codes(world, "/locations") == [existing_code]


def test_dry_run_stores_nothing_and_returns_what_happens_with_each_line(world: World) -> None:
    world.new_region(code="north")
    world.new_location(code="same", name="Same")
    world.new_location(code="moved", name="Old name")
    lines = [
        f"{HEADER},closed",
        f"same,Same,{world.region['code']},Europe/London,",
        "moved,New name,north,Europe/London,true",
        "added,Added,north,UTC,",
        "wrong,Wrong,south,UTC,",
    ]
    before = world.admin.list_all("/locations")
    result = ok(import_locations(world, *lines, query="dry_run=true&mode=update&include=lines"), 200)
    assert list_errors(result) == [(5, "region_code")]
    assert (result["new"], result["changed"], result["unchanged"]) == (1, 1, 1)
    assert [(line["line"], line["state"]) for line in result["lines"]] == [
        (2, "unchanged"),
        (3, "changed"),
        (4, "new"),
        (5, "error"),
    ]
    assert result["lines"][1]["changes"] == [
        {"column": "name", "before": "Old name", "after": "New name"},
        {"column": "region_code", "before": world.region["code"], "after": "north"},
        {"column": "closed", "before": False, "after": True},
    ]
    assert world.admin.list_all("/locations") == before


def test_unknown_parameters_are_rejected(world: World) -> None:
    for query, name in (("dry_run=1", "dry_run"), ("mode=replace", "mode"), ("include=all", "include")):
        body = problem(import_locations(world, HEADER, query=query), 422, "invalid")
        assert pointers(body) == [f"/{name}"]


# Updates.


def test_update_changes_only_what_the_file_names(world: World) -> None:
    north = world.new_region(code="north")
    store = world.new_location(code="a", phone="123", address="1 High Street", external_id="A")
    other = world.new_location(code="b", phone="456")
    lines = ["code,phone,region_code,address", "a,789,north,", f"b,456,{world.region['code']},"]
    assert ok(import_locations(world, *lines, query="mode=update"), 200) == location_counts(
        changed=1, unchanged=1
    )
    expected = {**store, "phone": "789", "region_id": north["id"], "address": None}
    assert ok(world.admin.get(f"/locations/{store['id']}")) == expected
    assert ok(world.admin.get(f"/locations/{other['id']}")) == other
    again = ok(import_locations(world, *lines, query="mode=update"), 200)
    assert again == location_counts(unchanged=2)


def test_update_adds_rows_only_with_all_required_columns(world: World) -> None:
    lines = [HEADER, f"a,Store,{world.region['code']},UTC"]
    assert ok(import_locations(world, *lines, query="mode=update"), 201) == location_counts(new=1)
    body = problem(import_locations(world, "code,phone", "a,1", "b,2", query="mode=update"), 422, "invalid")
    assert pointers(body) == ["/3/name", "/3/region_code", "/3/time_zone"]
    assert pointers(problem(import_locations(world, "code,phone", "a,1"), 422, "invalid")) == [
        "/1/name",
        "/1/region_code",
        "/1/time_zone",
    ]


def test_update_of_a_position_is_checked_by_its_result(world: World) -> None:
    world.new_location(code="a")
    world.new_location(code="b", latitude=None, longitude=None)
    body = problem(
        import_locations(world, "code,latitude", "a,1", "b,1", "a,", query="mode=update"), 422, "invalid"
    )
    assert pointers(body) == ["/3/longitude", "/4/code", "/4/latitude"]


# Regions.


def test_regions_are_added_with_parents_before_or_after_them(world: World) -> None:
    world.new_region(code="top")
    lines = ["code,name,parent_code", "b,B,a", "a,A,top", "c,C,"]
    assert ok(import_regions(world, *lines), 201) == counts(new=3)
    regions = {region["code"]: region for region in world.admin.list_all("/regions")}
    names = {region["id"]: code for code, region in regions.items()}
    parents = {code: names.get(region["parent_id"]) for code, region in regions.items()}
    assert parents == {"top": None, "a": "top", "b": "a", "c": None}


def test_regions_are_moved_and_closed(world: World) -> None:
    import_regions(world, "code,name,parent_code", "a,A,", "b,B,a", "c,C,b")
    manager = world.person("manager", region_ids=[world.admin.list_all("/regions?code=b")[0]["id"]])
    assert [row["code"] for row in manager.list_all("/regions")] == ["b", "c"]
    lines = ["code,parent_code,closed", "c,a,true", "b,a,"]
    assert ok(import_regions(world, *lines, query="mode=update"), 200) == counts(changed=1, unchanged=1)
    assert [row["code"] for row in manager.list_all("/regions")] == ["b"]
    assert list_codes(world, "/regions?closed=true") == ["c"]


def test_region_cannot_become_part_of_itself(world: World) -> None:
    import_regions(world, "code,name,parent_code", "a,A,", "b,B,a", "c,C,b")
    lines = ["code,name,parent_code", "d,D,e", "e,E,f", "f,F,d", "g,G,d", "h,H,h", "i,I,nowhere"]
    errors = ["/2/parent_code", "/3/parent_code", "/4/parent_code", "/6/parent_code", "/7/parent_code"]
    assert pointers(problem(import_regions(world, *lines), 422, "invalid")) == errors
    lines = ["code,parent_code", "a,c", "b,a"]
    body = problem(import_regions(world, *lines, query="mode=update"), 422, "invalid")
    assert pointers(body) == ["/2/parent_code"]
    # Two regions can change places.
    assert ok(import_regions(world, "code,parent_code", "a,b", "b,", query="mode=update"))["changed"] == 2


def test_client_imports_only_within_its_regions(world: World) -> None:
    own = world.new_region(code="own")
    foreign = world.new_region(code="foreign")
    world.new_location(code="foreign-store", region_id=foreign["id"])
    client = world.client("places:write", region_ids=[own["id"]])
    lines = ["code,name,parent_code", "a,A,own", "b,B,", "c,C,foreign", "d,D,a", "foreign,F,own"]
    body = problem(send(client, "/regions/import?mode=update", *lines), 422, "invalid")
    assert pointers(body) == ["/3/parent_code", "/4/parent_code", "/6/code"]
    lines = [HEADER, "a,A,own,UTC", "b,B,foreign,UTC", "foreign-store,F,own,UTC"]
    body = problem(send(client, "/locations/import?mode=update", *lines), 422, "invalid")
    assert pointers(body) == ["/3/region_code", "/4/code"]
    lines = ["code,name,parent_code", "a,A,own", "own,O,"]
    assert ok(send(client, "/regions/import?mode=update", *lines))["new"] == 1


# Simultaneous imports.


def test_of_two_simultaneous_imports_one_succeeds(app: Flask) -> None:
    world = World(app)
    lines = [HEADER, f"a,A,{world.region['code']},UTC"]
    with ThreadPoolExecutor(3) as threads:
        responses = list(threads.map(lambda _: import_locations(world, *lines), range(3)))
    assert sorted(response.status_code for response in responses) == [201, 422, 422]
