"""One set of promises that both stores keep, asked for with real requests."""

import hashlib
import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from tests.support import servers
from tests.uploads.phone import Answer, send
from uploads.folder import ContentMismatch, FolderStore, LinkRejected, ObjectExists
from uploads.s3 import S3Store
from uploads.store import ObjectMissing, Store, StoreUnavailable, UploadLink

KEY = "incoming/3f/photo-1"
BYTES = b"the bytes of a photo " * 9000
TYPE = "image/jpeg"


def link_for(store: Store, data: bytes = BYTES, key: str = KEY, **options: int) -> UploadLink:
    return store.upload_link(key, hashlib.sha256(data).hexdigest(), len(data), TYPE, **options)


def put(link: UploadLink, data: bytes = BYTES, **changed: str) -> Answer:
    headers = {**link.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return send(link.method, link.url, data, headers)


def test_what_a_phone_sends_is_read_back(store: Store) -> None:
    assert put(link_for(store)).status == 200
    assert store.read(KEY, len(BYTES)) == BYTES


def test_a_link_lives_fifteen_minutes(store: Store) -> None:
    left = link_for(store).expires_at - datetime.now(UTC)
    assert timedelta(minutes=14, seconds=50) < left <= timedelta(minutes=15)


def test_a_browser_may_send_every_header_of_a_link(store: Store) -> None:
    assert not {name.lower() for name in link_for(store).headers} & {"content-length", "host", "connection"}


def test_other_bytes_are_refused(store: Store) -> None:
    assert put(link_for(store), BYTES[:-1] + b"X").status == 400
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


@pytest.mark.parametrize("other", [BYTES + b"X", BYTES[:-1], b""], ids=["longer", "shorter", "empty"])
def test_another_length_is_refused(store: Store, other: bytes) -> None:
    assert put(link_for(store), other).status == 403
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


def test_another_type_is_refused(store: Store) -> None:
    assert put(link_for(store), Content_Type="text/html").status == 403


def test_every_header_of_a_link_has_to_be_sent(store: Store) -> None:
    link = link_for(store)
    for name in link.headers:
        fewer = {other: value for other, value in link.headers.items() if other != name}
        assert send("PUT", link.url, BYTES, fewer).status == 403


def test_a_changed_link_is_refused(store: Store) -> None:
    link = link_for(store)
    changed = link.url[:-9] + ("A" if link.url[-9] != "A" else "B") + link.url[-8:]
    assert send("PUT", changed, BYTES, link.headers).status == 403


def test_a_link_to_send_gives_nothing_and_a_link_to_fetch_takes_nothing(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert send("GET", link_for(store).url).status == 403
    fetch = store.download_link(KEY, TYPE)
    assert send("PUT", fetch, BYTES, link_for(store).headers).status == 403


def test_an_expired_link_is_refused(store: Store) -> None:
    link, fetch = link_for(store, seconds=1), store.download_link(KEY, TYPE, seconds=1)
    time.sleep(2.1)
    assert put(link).status == 403
    assert send("GET", fetch).status == 403


def test_nothing_can_be_overwritten_by_a_link(store: Store) -> None:
    link = link_for(store)
    assert [put(link).status, put(link).status] == [200, 412]
    assert put(link_for(store, b"other"), b"other").status == 412
    assert store.read(KEY, len(BYTES)) == BYTES


def test_of_many_at_once_one_is_taken(store: Store) -> None:
    link, statuses = link_for(store), []
    phones = [threading.Thread(target=lambda: statuses.append(put(link).status)) for _ in range(6)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    counts = Counter(statuses)
    assert counts[200] >= 1
    assert set(counts) <= {200, 409, 412}
    assert store.read(KEY, len(BYTES)) == BYTES
    assert put(link).status == 412


def test_a_broken_upload_may_be_tried_again(store: Store) -> None:
    link = link_for(store)
    assert put(link, b"x" * len(BYTES)).status == 400
    assert put(link).status == 200


def test_the_server_writes_and_overwrites(store: Store) -> None:
    store.write(KEY, b"first", TYPE)
    store.write(KEY, b"second", TYPE)
    assert store.read(KEY, 100) == b"second"


def test_no_more_is_read_than_asked_for(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert store.read(KEY, 7) == BYTES[:7]
    assert store.read(KEY, len(BYTES) + 1) == BYTES


def test_what_is_not_there_is_missing(store: Store) -> None:
    with pytest.raises(ObjectMissing):
        store.read("nothing/here", 10)
    assert send("GET", store.download_link("nothing/here", TYPE)).status == 404


def test_deleting_is_done_once_or_twice(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


def test_a_listing_has_the_keys_that_begin_so(store: Store) -> None:
    keys = {"kept/a/1.jpg", "kept/a/2.jpg", "kept/b/1.jpg", "kept-not/1.jpg", "incoming/1"}
    for key in keys:
        store.write(key, b"x", TYPE)
    assert {key for key, _ in store.list("kept/")} == {"kept/a/1.jpg", "kept/a/2.jpg", "kept/b/1.jpg"}
    assert {key for key, _ in store.list("kept/a/2")} == {"kept/a/2.jpg"}
    assert {key for key, _ in store.list("")} == keys
    assert list(store.list("nothing/")) == []


def test_a_listing_tells_when_each_was_written(store: Store) -> None:
    store.write(KEY, b"x", TYPE)
    [(_, modified_at)] = store.list("incoming/")
    assert modified_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - modified_at) < timedelta(seconds=5)


def test_an_object_may_be_deleted_while_they_are_listed(store: Store) -> None:
    for number in range(5):
        store.write(f"kept/{number}", b"x", TYPE)
    for key, _ in store.list("kept/"):
        store.delete(key)
    assert list(store.list("kept/")) == []


def test_a_link_gives_the_picture(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    got = send("GET", store.download_link(KEY, "image/webp"))
    assert (got.status, got.body, got.headers["content-type"]) == (200, BYTES, "image/webp")


def test_a_store_that_works_says_nothing(store: Store) -> None:
    store.check()
    assert list(store.list("")) == []


def test_a_store_that_is_down_says_so_and_soon(broken_store: Store) -> None:
    began = time.monotonic()
    for call in (
        broken_store.check,
        lambda: broken_store.read(KEY, 10),
        lambda: broken_store.write(KEY, b"x", TYPE),
        lambda: broken_store.delete(KEY),
        lambda: list(broken_store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    assert time.monotonic() - began < 20


def test_a_missing_bucket_is_no_missing_object(s3_store: S3Store, s3_server: servers.S3) -> None:
    store = S3Store("no-such-bucket", s3_server.endpoint_url)
    for call in (store.check, lambda: store.read(KEY, 10), lambda: list(store.list(""))):
        with pytest.raises(StoreUnavailable):
            call()


def test_a_browser_on_another_address_may_send_to_the_bucket(s3_store: S3Store) -> None:
    link = link_for(s3_store)
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": ",".join(sorted(name.lower() for name in link.headers)),
    }
    allowed = send("OPTIONS", link.url, headers=asked)
    assert allowed.status == 200
    assert allowed.headers["access-control-allow-origin"] in ("*", "https://shop.example")


@pytest.mark.usefixtures("broken_s3_store")
def test_links_are_signed_for_the_address_that_phones_see() -> None:
    store = S3Store("photos", "http://10.0.0.7:9000", "https://photos.example")
    assert link_for(store).url.startswith(f"https://photos.example/photos/{KEY}?")
    assert store.download_link(KEY, TYPE).startswith(f"https://photos.example/photos/{KEY}?")


@pytest.mark.parametrize(
    "key", ["../secret", "a/../b", "/etc/passwd", "a//b", "a/", ".part/x", "A", "a\nb", "", "a/.x"]
)
def test_a_key_stays_in_its_folder(folder_store: FolderStore, key: str) -> None:
    for call in (
        lambda: folder_store.read(key, 1),
        lambda: folder_store.write(key, b"", TYPE),
        lambda: folder_store.delete(key),
        lambda: folder_store.upload_link(key, "00", 1, TYPE),
        lambda: folder_store.download_link(key, TYPE),
    ):
        with pytest.raises(ValueError, match="is not a valid key"):
            call()


def test_another_secret_signs_nothing(folder_store: FolderStore, tmp_path: Path) -> None:
    other = FolderStore(tmp_path / "other", "t" * 32, lambda: "")
    token = link_for(other).url.rpartition("/")[2]
    with pytest.raises(LinkRejected):
        folder_store.open_upload(token)
    for nonsense in ("", "x", "a.b", "é", "a.b.c" * 100):
        with pytest.raises(LinkRejected):
            folder_store.open_upload(nonsense)
        with pytest.raises(LinkRejected):
            folder_store.open_download(nonsense)


def test_a_phone_that_hangs_up_leaves_nothing(folder_store: FolderStore, tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > len(BYTES) // 2:
                raise ConnectionResetError
            return super().read(size)

    token = link_for(folder_store).url.rpartition("/")[2]
    for stream in (Broken(BYTES), BytesIO(BYTES[:-1])):
        with pytest.raises(ContentMismatch):
            folder_store.receive(token, stream, len(BYTES), TYPE)
    assert [path for path in (tmp_path / "photos").rglob("*") if path.is_file()] == []


def test_no_more_is_taken_than_declared(folder_store: FolderStore) -> None:
    stream = BytesIO(BYTES + b"more")
    token = link_for(folder_store).url.rpartition("/")[2]
    folder_store.receive(token, stream, len(BYTES), TYPE)
    assert stream.tell() == len(BYTES)


def test_an_upload_that_was_overtaken_overwrites_nothing(folder_store: FolderStore) -> None:
    class Overtaken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            folder_store.write(KEY, b"sooner", TYPE)
            return super().read(size)

    token = link_for(folder_store).url.rpartition("/")[2]
    with pytest.raises(ObjectExists):
        folder_store.receive(token, Overtaken(BYTES), len(BYTES), TYPE)
    assert folder_store.read(KEY, 100) == b"sooner"


def test_an_upload_of_unknown_length_is_refused(folder_store: FolderStore) -> None:
    token = link_for(folder_store).url.rpartition("/")[2]
    with pytest.raises(LinkRejected):
        folder_store.receive(token, BytesIO(BYTES), None, TYPE)


def test_what_killed_processes_left_is_swept_when_old(folder_store: FolderStore, tmp_path: Path) -> None:
    parts = tmp_path / "photos" / ".part"
    (parts / "old").write_bytes(b"half")
    (parts / "new").write_bytes(b"half")
    day_ago = time.time() - 86_400
    os.utime(parts / "old", (day_ago, day_ago))
    assert list(folder_store.list("")) == []
    assert folder_store.sweep_partial_files(timedelta(hours=1)) == 1
    assert [path.name for path in parts.iterdir()] == ["new"]
