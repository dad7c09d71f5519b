"""The contract of both photo stores, tested with real requests."""

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
from tests.uploads.phone import Response, send
from uploads.folder import ContentMismatch, FolderStore, LinkRejected, ObjectExists
from uploads.opening import open_store
from uploads.s3 import S3Store
from uploads.store import ObjectMissing, Store, StoreUnavailable, UploadLink

KEY = "incoming/3f/photo-1"
BYTES = b"the bytes of a photo " * 9000
TYPE = "image/jpeg"


def link_for(store: Store, data: bytes = BYTES, key: str = KEY, **options: int) -> UploadLink:
    return store.create_upload_link(key, hashlib.sha256(data).hexdigest(), len(data), TYPE, **options)


def put(link: UploadLink, data: bytes = BYTES, **changed: str) -> Response:
    headers = {**link.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return send(link.method, link.url, data, headers)


def test_an_uploaded_object_can_be_read(store: Store) -> None:
    assert put(link_for(store)).status == 200
    assert store.read(KEY, len(BYTES)) == BYTES


def test_an_upload_link_expires_after_fifteen_minutes(store: Store) -> None:
    remaining = link_for(store).expires_at - datetime.now(UTC)
    assert timedelta(minutes=14, seconds=50) < remaining <= timedelta(minutes=15)


def test_browsers_can_send_every_header_of_a_link(store: Store) -> None:
    assert not {name.lower() for name in link_for(store).headers} & {"content-length", "host", "connection"}


def test_other_bytes_are_rejected(store: Store) -> None:
    assert put(link_for(store), BYTES[:-1] + b"X").status == 400
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


@pytest.mark.parametrize("other", [BYTES + b"X", BYTES[:-1], b""], ids=["longer", "shorter", "empty"])
def test_another_length_is_rejected(store: Store, other: bytes) -> None:
    assert put(link_for(store), other).status == 403
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


def test_another_content_type_is_rejected(store: Store) -> None:
    assert put(link_for(store), Content_Type="text/html").status == 403


def test_every_header_of_a_link_is_required(store: Store) -> None:
    link = link_for(store)
    for name in link.headers:
        fewer = {other: value for other, value in link.headers.items() if other != name}
        assert send("PUT", link.url, BYTES, fewer).status == 403


def test_a_modified_link_is_rejected(store: Store) -> None:
    link = link_for(store)
    changed = link.url[:-9] + ("A" if link.url[-9] != "A" else "B") + link.url[-8:]
    assert send("PUT", changed, BYTES, link.headers).status == 403


def test_upload_links_do_not_download_and_download_links_do_not_upload(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert send("GET", link_for(store).url).status == 403
    fetch = store.create_download_link(KEY, TYPE)
    assert send("PUT", fetch, BYTES, link_for(store).headers).status == 403


def test_an_expired_link_is_rejected(store: Store) -> None:
    link, fetch = link_for(store, seconds=1), store.create_download_link(KEY, TYPE, seconds=1)
    time.sleep(2.1)
    assert put(link).status == 403
    assert send("GET", fetch).status == 403


def test_a_link_cannot_overwrite_an_object(store: Store) -> None:
    link = link_for(store)
    assert [put(link).status, put(link).status] == [200, 412]
    assert put(link_for(store, b"other"), b"other").status == 412
    assert store.read(KEY, len(BYTES)) == BYTES


def test_one_of_several_simultaneous_uploads_is_stored(store: Store) -> None:
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


def test_a_failed_upload_can_be_retried(store: Store) -> None:
    link = link_for(store)
    assert put(link, b"x" * len(BYTES)).status == 400
    assert put(link).status == 200


def test_the_server_writes_and_overwrites(store: Store) -> None:
    store.write(KEY, b"first", TYPE)
    store.write(KEY, b"second", TYPE)
    assert store.read(KEY, 100) == b"second"


def test_reading_is_limited_to_the_requested_bytes(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert store.read(KEY, 7) == BYTES[:7]
    assert store.read(KEY, len(BYTES) + 1) == BYTES


def test_a_missing_object_is_reported(store: Store) -> None:
    with pytest.raises(ObjectMissing):
        store.read("nothing/here", 10)
    assert send("GET", store.create_download_link("nothing/here", TYPE)).status == 404


def test_deleting_is_idempotent(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(ObjectMissing):
        store.read(KEY, 10)


def test_a_listing_contains_the_keys_with_the_prefix(store: Store) -> None:
    keys = {"final/a/1.jpg", "final/a/2.jpg", "final/b/1.jpg", "final-not/1.jpg", "incoming/1"}
    for key in keys:
        store.write(key, b"x", TYPE)
    assert {key for key, _ in store.list("final/")} == {"final/a/1.jpg", "final/a/2.jpg", "final/b/1.jpg"}
    assert {key for key, _ in store.list("final/a/2")} == {"final/a/2.jpg"}
    assert {key for key, _ in store.list("")} == keys
    assert list(store.list("nothing/")) == []


def test_a_listing_contains_the_time_of_the_last_write(store: Store) -> None:
    store.write(KEY, b"x", TYPE)
    [(_, modified_at)] = store.list("incoming/")
    assert modified_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - modified_at) < timedelta(seconds=5)


def test_objects_can_be_deleted_during_a_listing(store: Store) -> None:
    for number in range(5):
        store.write(f"final/{number}", b"x", TYPE)
    for key, _ in store.list("final/"):
        store.delete(key)
    assert list(store.list("final/")) == []


def test_a_download_link_returns_the_object(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    response = send("GET", store.create_download_link(KEY, "image/webp"))
    assert (response.status, response.body, response.headers["content-type"]) == (200, BYTES, "image/webp")


def test_an_available_store_passes_the_check(store: Store) -> None:
    store.check()
    assert list(store.list("")) == []


def test_an_unavailable_store_raises_soon(broken_store: Store) -> None:
    start = time.monotonic()
    for call in (
        broken_store.check,
        lambda: broken_store.read(KEY, 10),
        lambda: broken_store.write(KEY, b"x", TYPE),
        lambda: broken_store.delete(KEY),
        lambda: list(broken_store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    assert time.monotonic() - start < 20


def test_a_missing_bucket_is_not_a_missing_object(s3_store: S3Store, s3_server: servers.S3) -> None:
    store = S3Store("no-such-bucket", s3_server.endpoint_url)
    for call in (store.check, lambda: store.read(KEY, 10), lambda: list(store.list(""))):
        with pytest.raises(StoreUnavailable):
            call()


def test_browsers_can_upload_to_the_bucket_from_another_origin(s3_store: S3Store) -> None:
    link = link_for(s3_store)
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": ",".join(sorted(name.lower() for name in link.headers)),
    }
    response = send("OPTIONS", link.url, headers=headers)
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] in ("*", "https://shop.example")


@pytest.mark.usefixtures("broken_s3_store")
def test_links_are_signed_for_the_public_address() -> None:
    store = S3Store("photos", "http://10.0.0.7:9000", "https://photos.example")
    assert link_for(store).url.startswith(f"https://photos.example/photos/{KEY}?")
    assert store.create_download_link(KEY, TYPE).startswith(f"https://photos.example/photos/{KEY}?")


@pytest.mark.parametrize(
    "key", ["../secret", "a/../b", "/etc/passwd", "a//b", "a/", ".part/x", "A", "a\nb", "", "a/.x"]
)
def test_keys_outside_the_folder_are_rejected(folder_store: FolderStore, key: str) -> None:
    for call in (
        lambda: folder_store.read(key, 1),
        lambda: folder_store.write(key, b"", TYPE),
        lambda: folder_store.delete(key),
        lambda: folder_store.create_upload_link(key, "00", 1, TYPE),
        lambda: folder_store.create_download_link(key, TYPE),
    ):
        with pytest.raises(ValueError, match="is not a valid key"):
            call()


def test_links_signed_with_another_secret_are_rejected(folder_store: FolderStore, tmp_path: Path) -> None:
    other = FolderStore(tmp_path / "other", [b"t" * 32], lambda: "")
    token = link_for(other).url.rpartition("/")[2]
    with pytest.raises(LinkRejected):
        folder_store.open_upload(token)
    for token in ("", "x", "a.b", "é", "a.b.c" * 100):
        with pytest.raises(LinkRejected):
            folder_store.open_upload(token)
        with pytest.raises(LinkRejected):
            folder_store.open_download(token)


def test_an_interrupted_upload_leaves_no_file(folder_store: FolderStore, tmp_path: Path) -> None:
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


def test_no_more_bytes_are_read_than_declared(folder_store: FolderStore) -> None:
    stream = BytesIO(BYTES + b"more")
    token = link_for(folder_store).url.rpartition("/")[2]
    folder_store.receive(token, stream, len(BYTES), TYPE)
    assert stream.tell() == len(BYTES)


def test_a_concurrent_upload_does_not_overwrite(folder_store: FolderStore) -> None:
    class ConcurrentWrite(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            folder_store.write(KEY, b"earlier", TYPE)
            return super().read(size)

    token = link_for(folder_store).url.rpartition("/")[2]
    with pytest.raises(ObjectExists):
        folder_store.receive(token, ConcurrentWrite(BYTES), len(BYTES), TYPE)
    assert folder_store.read(KEY, 100) == b"earlier"


def test_an_upload_of_unknown_length_is_rejected(folder_store: FolderStore) -> None:
    token = link_for(folder_store).url.rpartition("/")[2]
    with pytest.raises(LinkRejected):
        folder_store.receive(token, BytesIO(BYTES), None, TYPE)


def test_old_partial_files_are_deleted(folder_store: FolderStore, tmp_path: Path) -> None:
    parts = tmp_path / "photos" / ".part"
    (parts / "old").write_bytes(b"half")
    (parts / "new").write_bytes(b"half")
    day_ago = time.time() - 86_400
    os.utime(parts / "old", (day_ago, day_ago))
    assert list(folder_store.list("")) == []
    assert folder_store.sweep_partial_files(timedelta(hours=1)) == 1
    assert [path.name for path in parts.iterdir()] == ["new"]


def test_a_file_can_be_stored_and_streamed(store: Store, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "file").write_bytes(data)
    store.write_file("exports/1.csv", tmp_path / "file", "text/csv")
    chunks = list(store.stream("exports/1.csv"))
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) <= 2**16
    (tmp_path / "file").write_bytes(b"new")
    store.write_file("exports/1.csv", tmp_path / "file", "text/csv")
    assert b"".join(store.stream("exports/1.csv")) == b"new"


def test_streaming_a_missing_object_fails_at_once(store: Store) -> None:
    with pytest.raises(ObjectMissing):
        store.stream("exports/missing.csv")


def test_a_broken_store_stores_no_file(broken_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    with pytest.raises(StoreUnavailable):
        broken_store.write_file("exports/1.csv", tmp_path / "file", "text/csv")
    with pytest.raises(StoreUnavailable):
        broken_store.stream("exports/1.csv")


def test_another_process_can_open_the_same_store(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert open_store(store.describe()).read(KEY, len(BYTES)) == BYTES
