"""Stores that do not do what they say: accepted objects are missing, and objects are read wrongly."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.faulty_s3 import Fault, FaultyS3, faulty_s3
from tests.uploads.phone import send
from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import ObjectMissing, Store, StoreUnavailable

KEY = "photos/a/1.jpg"
BYTES = b"the bytes of a photo " * 900
TYPE = "image/jpeg"


@pytest.fixture
def proxy(s3_server: servers.S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with faulty_s3(s3_server) as proxy:
        yield proxy


@pytest.fixture
def proxied_store(s3_server: servers.S3, proxy: FaultyS3) -> S3Store:
    return S3Store(s3_server.new_bucket(), proxy.endpoint_url)


@pytest.mark.parametrize("fault", ["dropped", "stored empty"])
def test_a_bucket_that_accepts_without_storing_is_unavailable(
    proxied_store: S3Store, proxy: FaultyS3, tmp_path: Path, fault: Fault
) -> None:
    (tmp_path / "file").write_bytes(BYTES)
    proxy.fail(fault)
    with pytest.raises(StoreUnavailable):
        proxied_store.write(KEY, BYTES, TYPE)
    with pytest.raises(StoreUnavailable):
        proxied_store.write_file(KEY, tmp_path / "file", TYPE)
    proxy.work()
    proxied_store.write(KEY, BYTES, TYPE)
    proxied_store.write_file(KEY, tmp_path / "file", TYPE)
    assert proxied_store.read(KEY, len(BYTES)) == BYTES


@pytest.mark.parametrize("content", [None, b"", BYTES[:-1]], ids=["missing", "empty", "short"])
def test_a_folder_that_accepts_without_storing_is_unavailable(
    folder_store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """As a network drive does that has no room: it reports success when the file is moved."""

    def move(source: str, target: Path) -> None:
        if content is not None:
            Path(target).write_bytes(content)

    (tmp_path / "file").write_bytes(BYTES)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", move)
        with pytest.raises(StoreUnavailable):
            folder_store.write(KEY, BYTES, TYPE)
        patch.setattr(os, "replace", move)
        with pytest.raises(StoreUnavailable):
            folder_store.write_file("exports/1.csv", tmp_path / "file", TYPE)
    folder_store.write(KEY, BYTES, TYPE)
    assert folder_store.read(KEY, len(BYTES)) == BYTES


def test_a_size_is_that_of_the_stored_object(store: Store) -> None:
    store.write(KEY, BYTES, TYPE)
    assert store.get_size(KEY) == len(BYTES)
    with pytest.raises(ObjectMissing):
        store.get_size("photos/a/2.jpg")


def test_a_size_of_an_unreachable_store_is_unavailable(broken_store: Store) -> None:
    with pytest.raises(StoreUnavailable):
        broken_store.get_size(KEY)


def test_a_size_in_a_missing_bucket_is_unavailable(s3_store: S3Store, s3_server: servers.S3) -> None:
    with pytest.raises(StoreUnavailable):
        S3Store("no-such-bucket", s3_server.endpoint_url).get_size(KEY)


def test_the_checksum_of_a_bucket_proves_what_is_stored(s3_store: S3Store) -> None:
    """An uploaded object has the SHA-256 of its link, one that the server wrote has an MD5 as ETag."""
    link = s3_store.create_upload_link("incoming/1", hashlib.sha256(BYTES).hexdigest(), len(BYTES), TYPE)
    assert send(link.method, link.url, BYTES, link.headers).status == 200
    s3_store.write(KEY, BYTES, TYPE)
    for key in ("incoming/1", KEY):
        assert s3_store.has_checksum_of(key, BYTES)
        for wrong in (b"", BYTES[:-1], bytes(len(BYTES))):
            assert not s3_store.has_checksum_of(key, wrong)
    with pytest.raises(ObjectMissing):
        s3_store.has_checksum_of("incoming/2", BYTES)


@pytest.mark.parametrize("fault", ["empty", "short", "other"])
def test_the_checksum_of_a_bucket_does_not_prove_what_was_read_wrongly(
    proxied_store: S3Store, proxy: FaultyS3, fault: Fault
) -> None:
    proxied_store.write(KEY, BYTES, TYPE)
    proxy.fail(fault)
    read = proxied_store.read(KEY, len(BYTES))
    assert read != BYTES
    assert not proxied_store.has_checksum_of(KEY, read)


def test_a_folder_proves_nothing(folder_store: FolderStore) -> None:
    folder_store.write(KEY, BYTES, TYPE)
    assert not folder_store.has_checksum_of(KEY, BYTES)
    with pytest.raises(ObjectMissing):
        folder_store.has_checksum_of("photos/a/2.jpg", BYTES)
