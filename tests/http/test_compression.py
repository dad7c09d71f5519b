"""Packing: large answers come as gzip to who takes it, each form under an ETag of its own."""

import gzip
import json

from tests.support.world import Caller, World, ok

GZIP = {"Accept-Encoding": "gzip, br"}
LARGE = "/checklists/visit/versions/1"


def large(world: World) -> Caller:
    """Return who reads the checklist, which has some kilobytes."""
    world.checklist  # noqa: B018
    return world.shopper


def test_a_large_answer_is_packed_for_who_takes_it(world: World) -> None:
    reader = large(world)
    plain = reader.get(LARGE)
    packed = reader.get(LARGE, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.vary
        assert answer.mimetype == "application/json"


def test_who_refuses_gzip_gets_it_as_it_is(world: World) -> None:
    reader = large(world)
    for taken in ("", "br", "identity", "gzip;q=0", "*;q=0"):
        answer = reader.get(LARGE, headers={"Accept-Encoding": taken})
        assert "Content-Encoding" not in answer.headers, taken
        assert ok(answer)["key"] == "visit"


def test_rows_as_csv_are_packed_too(world: World) -> None:
    for _ in range(20):
        world.new_location()
    headers = {"Accept": "text/csv"}
    plain = world.admin.get("/scores?by=location", headers=headers)
    packed = world.admin.get("/scores?by=location", headers={**headers, **GZIP})
    assert gzip.decompress(packed.data) == plain.data
    assert {"Accept", "Accept-Encoding"} <= set(packed.vary)


def test_what_is_small_is_left_as_it_is(world: World) -> None:
    answer = world.admin.get("/me", headers=GZIP)
    assert "Content-Encoding" not in answer.headers
    assert ok(answer)["role"] == "admin"


def test_a_pictures_bytes_are_left_as_they_are(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    answers = {**world.submission()["answers"], "greeting": {"value": "yes", "photos": [photo_id]}}
    ok(world.send(visit, world.submission(answers)), 201)
    picture = world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}", headers=GZIP)
    assert picture.status_code == 200
    assert picture.data[:2] == b"\xff\xd8"
    assert "Content-Encoding" not in picture.headers


def test_tokens_are_never_packed(world: World) -> None:
    """Packed beside something that another chose, a secret could be guessed by the answer's length."""
    email = world.shopper.email
    long = {"email": email, "password": "correct horse battery"}
    signed_in = world.anonymous.post("/auth/login", long, headers=GZIP)
    assert "Content-Encoding" not in signed_in.headers
    assert json.loads(signed_in.data)["access_token"]


def test_each_form_has_an_etag_of_its_own_and_its_304(world: World) -> None:
    reader = large(world)
    plain, packed = reader.get(LARGE), reader.get(LARGE, headers=GZIP)
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert packed.headers["ETag"].startswith('"')  # strong: the same bytes each time
    assert reader.get(LARGE, headers=GZIP).data == packed.data
    for headers, answer, other in (({}, plain, packed), (GZIP, packed, plain)):
        known = reader.get(LARGE, headers={**headers, "If-None-Match": answer.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
        assert known.headers["ETag"] == answer.headers["ETag"]
        assert "Content-Encoding" not in known.headers
        assert "Accept-Encoding" in known.vary
        changed = reader.get(LARGE, headers={**headers, "If-None-Match": other.headers["ETag"]})
        assert (changed.status_code, changed.data) == (200, answer.data)


def test_head_tells_what_get_would(world: World) -> None:
    reader = large(world)
    told, got = (reader.call(method, LARGE, headers=GZIP) for method in ("HEAD", "GET"))
    names = ("Content-Encoding", "Content-Length", "ETag")
    assert [told.headers[name] for name in names] == [got.headers[name] for name in names]
    assert told.data == b""


def test_what_was_read_packed_can_be_edited(world: World) -> None:
    world.checklist  # noqa: B018
    read = world.admin.get("/checklists/visit/draft", headers=GZIP)
    assert read.headers["Content-Encoding"] == "gzip"
    document = {**json.loads(gzip.decompress(read.data)), "introduction": "Another"}
    headers = {"If-Match": read.headers["ETag"]}
    ok(world.admin.put("/checklists/visit/draft", document, headers=headers))
    assert world.admin.put("/checklists/visit/draft", document, headers=headers).status_code == 412
