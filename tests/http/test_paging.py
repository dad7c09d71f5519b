"""Lists: limit, cursor, next and Link. Paging is by key, so that rows added in the meantime do no harm."""

import base64
import json
import re
from urllib.parse import urlsplit

from tests.support.world import CHECKLIST, World, ok, pointers, problem


def next_path(page: dict[str, str]) -> str:
    """Return the address of the next page, as ``Caller.get`` expects it."""
    parts = urlsplit(page["next"])
    return f"/{parts.path}?{parts.query}"


def test_pages_have_no_duplicates_and_no_gaps(world: World) -> None:
    for code in ("e", "b", "d", "a", "c"):
        world.new_region(code=code)
    first = ok(world.admin.get("/regions?limit=2"))
    assert [row["code"] for row in first["items"]] == ["a", "b"]
    second = ok(world.admin.get(next_path(first)))
    assert [row["code"] for row in second["items"]] == ["c", "d"]
    last = ok(world.admin.get(next_path(second)))
    assert [row["code"] for row in last["items"]] == ["e"]
    assert last["next"] is None


def test_rows_added_in_the_meantime_shift_no_page(world: World) -> None:
    for code in ("b", "d", "f"):
        world.new_region(code=code)
    first = ok(world.admin.get("/regions?limit=2"))
    for code in ("a", "c", "e"):
        world.new_region(code=code)
    assert [row["code"] for row in ok(world.admin.get(next_path(first)))["items"]] == ["e", "f"]


def test_link_header_has_the_next_page_with_all_query_parameters(world: World) -> None:
    parent = world.new_region(code="p")
    for code in ("a", "b", "c"):
        world.new_region(code=code, parent_id=parent["id"])
    response = world.admin.get(f"/regions?limit=2&closed=false&parent_id={parent['id']}")
    link = re.fullmatch(r'<([^>]+)>; rel="next"', response.headers["Link"])
    assert link is not None and link[1] == ok(response)["next"]
    assert link[1].startswith("http://")
    rest = world.admin.get(next_path(ok(response)))
    assert [row["code"] for row in ok(rest)["items"]] == ["c"]
    assert "Link" not in rest.headers


def test_page_has_fifty_rows_by_default(world: World) -> None:
    rows = "\n".join(f"c{number:03},Store,{world.region['code']},UTC" for number in range(60))
    text = f"code,name,region_code,time_zone\n{rows}"
    ok(world.admin.post("/locations/import", data=text, headers={"Content-Type": "text/csv"}), 201)
    assert len(ok(world.admin.get("/locations"))["items"]) == 50
    assert len(ok(world.admin.get("/locations?limit=500"))["items"]) == 60
    codes = [row["code"] for row in world.admin.list_all("/locations", 7)]
    assert codes == [f"c{number:03}" for number in range(60)]


def test_every_list_is_paged(world: World) -> None:
    world.visit()
    world.visit()
    world.new_region(), world.new_location()
    world.publish({**CHECKLIST, "key": "other"})
    for path in ("/regions", "/locations", "/users", "/checklists", "/fundamentals", "/visits"):
        rows = world.admin.list_all(path)
        assert len(rows) > 1, path
        assert world.admin.list_all(path, 1) == rows, path


def test_fundamentals_are_paged_in_their_own_order(world: World) -> None:
    response = world.shopper.get("/fundamentals?limit=13")
    assert {row["kind"] for row in ok(response)["items"]} == {"daily"}
    assert 'rel="next"' in response.headers["Link"]
    rest = ok(world.shopper.get(next_path(ok(response))))
    assert [row["kind"] for row in rest["items"]] == ["organization"] * 5
    assert rest["next"] is None
    assert set(rest["items"][0]) == {"key", "title", "kind"}


def test_invalid_cursor_is_rejected(world: World) -> None:
    def cursor(*values: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    row_id = "00000000-0000-4000-8000-000000000000"
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode()
    for path in ("/regions", "/visits", "/users", "/checklists", "/fundamentals"):
        for text in (
            "x",
            "é",
            cursor(),
            cursor(1, 2),
            cursor(None, row_id),
            cursor("a", "b"),
            cursor("a", None),
            cursor("\0", row_id),
            cursor("\ud800", row_id),
            cursor(["a"], row_id),
            cursor(10**400, row_id),
            cursor("a", row_id, "c"),
            cursor([]),
            cursor({}),
            deep,
        ):
            response = world.admin.get(path, query_string={"cursor": text})
            assert pointers(problem(response, 422, "invalid")) == ["/cursor"], (path, text)


def test_list_by_time_is_paged_and_rejects_invalid_times(world: World) -> None:
    waiting = [world.late_visit(shopper=world.person("shopper"))["id"] for _ in range(3)]
    rows = world.reviewer.list_all("/reviews", 1)
    assert [row["visit_id"] for row in rows] == waiting
    row_id = "00000000-0000-4000-8000-000000000000"
    for time in ("x", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"):
        text = base64.urlsafe_b64encode(json.dumps([time, row_id]).encode()).decode()
        response = world.reviewer.get("/reviews", query_string={"cursor": text})
        assert pointers(problem(response, 422, "invalid")) == ["/cursor"], time
