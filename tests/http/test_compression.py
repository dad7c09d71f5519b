"""Compression: clients that accept gzip get large responses as gzip, with an ETag of its own."""

import gzip
import json

import pytest

from tests.support.world import Caller, World, ok

pytestmark = pytest.mark.one_database

GZIP = {"Accept-Encoding": "gzip, br"}
LARGE = "/checklists/visit/versions/1"


def reader_of_checklist(world: World) -> Caller:
    """Return a caller who may read the checklist, which has a few kilobytes."""
    world.checklist  # noqa: B018
    return world.shopper


def test_large_response_is_compressed_if_the_client_accepts_gzip(world: World) -> None:
    reader = reader_of_checklist(world)
    plain = reader.get(LARGE)
    compressed = reader.get(LARGE, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(compressed.data) == plain.data
    assert int(compressed.headers["Content-Length"]) == len(compressed.data) < len(plain.data) / 2
    for response in (plain, compressed):
        assert "Accept-Encoding" in response.vary
        assert response.mimetype == "application/json"


def test_response_is_not_compressed_without_gzip_in_accept_encoding(world: World) -> None:
    reader = reader_of_checklist(world)
    for accepted in ("", "br", "identity", "gzip;q=0", "*;q=0"):
        response = reader.get(LARGE, headers={"Accept-Encoding": accepted})
        assert "Content-Encoding" not in response.headers, accepted
        assert ok(response)["key"] == "visit"


def test_csv_is_compressed(world: World) -> None:
    for _ in range(20):
        world.new_location()
    headers = {"Accept": "text/csv"}
    plain = world.admin.get("/scores?by=location", headers=headers)
    compressed = world.admin.get("/scores?by=location", headers={**headers, **GZIP})
    assert gzip.decompress(compressed.data) == plain.data
    assert {"Accept", "Accept-Encoding"} <= set(compressed.vary)


def test_small_response_is_not_compressed(world: World) -> None:
    response = world.admin.get("/me", headers=GZIP)
    assert "Content-Encoding" not in response.headers
    assert ok(response)["role"] == "admin"


def test_picture_is_not_compressed(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    answers = {**world.submission()["answers"], "greeting": {"value": "yes", "photos": [photo_id]}}
    ok(world.send(visit, world.submission(answers)), 201)
    picture = world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}", headers=GZIP)
    assert picture.status_code == 200
    assert picture.data[:2] == b"\xff\xd8"
    assert "Content-Encoding" not in picture.headers


def test_tokens_are_never_compressed(world: World) -> None:
    """If compressed together with text that an attacker chose, a secret could be guessed from the length."""
    email = world.shopper.email
    credentials = {"email": email, "password": "correct horse battery"}
    signed_in = world.anonymous.post("/auth/login", credentials, headers=GZIP)
    assert "Content-Encoding" not in signed_in.headers
    assert json.loads(signed_in.data)["access_token"]


def test_each_encoding_has_its_own_etag_and_304(world: World) -> None:
    reader = reader_of_checklist(world)
    plain, compressed = reader.get(LARGE), reader.get(LARGE, headers=GZIP)
    assert plain.headers["ETag"] != compressed.headers["ETag"]
    assert compressed.headers["ETag"].startswith('"')  # strong: the same bytes each time
    assert reader.get(LARGE, headers=GZIP).data == compressed.data
    for headers, response, other in (({}, plain, compressed), (GZIP, compressed, plain)):
        known = reader.get(LARGE, headers={**headers, "If-None-Match": response.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
        assert known.headers["ETag"] == response.headers["ETag"]
        assert "Content-Encoding" not in known.headers
        assert "Accept-Encoding" in known.vary
        changed = reader.get(LARGE, headers={**headers, "If-None-Match": other.headers["ETag"]})
        assert (changed.status_code, changed.data) == (200, response.data)


def test_head_returns_the_headers_of_get(world: World) -> None:
    reader = reader_of_checklist(world)
    head, get = (reader.call(method, LARGE, headers=GZIP) for method in ("HEAD", "GET"))
    names = ("Content-Encoding", "Content-Length", "ETag")
    assert [head.headers[name] for name in names] == [get.headers[name] for name in names]
    assert head.data == b""


def test_etag_of_a_compressed_response_allows_an_edit(world: World) -> None:
    world.checklist  # noqa: B018
    read = world.admin.get("/checklists/visit/draft", headers=GZIP)
    assert read.headers["Content-Encoding"] == "gzip"
    document = {**json.loads(gzip.decompress(read.data)), "introduction": "Another"}
    headers = {"If-Match": read.headers["ETag"]}
    ok(world.admin.put("/checklists/visit/draft", document, headers=headers))
    assert world.admin.put("/checklists/visit/draft", document, headers=headers).status_code == 412
