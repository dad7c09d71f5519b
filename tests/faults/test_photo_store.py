"""Random histories of the photo store: phones send, sweeps run, processes are killed, the store lies.

Afterwards, every stored photo has its objects, and every object has its row.
"""

import hashlib
import os
import random
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask
from sqlalchemy import select

from api.models.photos import Photo
from api.services import photo_confirmation, photo_store, photo_sweep
from tests.conftest import BACKENDS
from tests.faults.phones import decode, verify_store
from tests.support.extent import FULL
from tests.support.pictures import jpeg
from tests.support.world import World, ok
from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import StoreUnavailable

PHONES = 4
PHOTOS = 100 if FULL else 8  # of each phone
#: how often an operation of the store, or a step of a process, goes wrong
PROBABILITY = 0.05
ATTEMPTS = 200


class Killed(BaseException):
    """The process ended here. Nothing after this point happens, as after a SIGKILL."""


@dataclass
class Faults:
    """Decides at random what goes wrong."""

    is_active: bool = True
    counts: dict[str, int] = field(default_factory=dict)

    def happens(self, name: str) -> bool:
        if not self.is_active or random.random() > PROBABILITY:
            return False
        self.counts[name] = self.counts.get(name, 0) + 1
        return True

    def strike(self) -> None:
        """Kill the process or make the store unavailable, or do nothing."""
        if self.happens("killed"):
            raise Killed
        if self.happens("unavailable"):
            raise StoreUnavailable("It does not respond.")


class Unreliable:
    """The operations of a store, each of which may fail, be the last of its process, or read wrongly."""

    faults: Faults

    def read(self, key: str, limit_bytes: int) -> bytes:
        self.faults.strike()
        data: bytes = super().read(key, limit_bytes)  # type: ignore[misc]
        if key != photo_store.MARK_KEY and self.faults.happens("read wrongly"):
            return random.choice([b"", data[:-1], bytes(len(data))])
        return data

    def write(self, key: str, data: bytes, content_type: str) -> None:
        self.faults.strike()
        super().write(key, data, content_type)  # type: ignore[misc]
        self.faults.strike()

    def delete(self, key: str) -> None:
        self.faults.strike()
        super().delete(key)  # type: ignore[misc]

    def get_size(self, key: str) -> int:
        self.faults.strike()
        size: int = super().get_size(key)  # type: ignore[misc]
        return size


class UnreliableFolder(Unreliable, FolderStore):
    """A folder on a drive that sometimes accepts a file without keeping all of it."""

    def _commit(self, file: IO[bytes], path: Path, move: Callable[[str, Path], None]) -> None:
        if move is os.replace and self.faults.happens("not stored"):
            if random.random() < 0.5:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"")
            return
        super()._commit(file, path, move)


class UnreliableBucket(Unreliable, S3Store):
    """A bucket that sometimes accepts an object without keeping it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        put_object = self._client.put_object

        def put(**options: Any) -> Any:
            if self.faults.happens("not stored"):
                return {} if random.random() < 0.5 else put_object(**{**options, "Body": b""})
            return put_object(**options)

        self._client.put_object = put  # type: ignore[method-assign]


@pytest.fixture(params=BACKENDS if FULL else BACKENDS[:1])
def world(request: pytest.FixtureRequest, new_app: Callable[[str], Flask]) -> World:
    """An organization in a program of its own, with an unreliable store."""
    app = new_app(request.param)
    context = app.extensions["survey"]
    settings = context.settings
    store: UnreliableBucket | UnreliableFolder
    if settings.photo_bucket is not None:
        store = UnreliableBucket(settings.photo_bucket, settings.photo_endpoint_url)
    else:
        store = UnreliableFolder(settings.photo_folder, [b"k" * 32], lambda: "http://localhost")
    store.faults = Faults(is_active=False)
    app.extensions["survey"] = replace(context, store=store)
    photo_store.verify_ownership(context.database, store)
    return World(app)


def test_every_photo_has_its_objects_and_every_object_its_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(2**32)
    random.seed(seed)
    faults: Faults = world.store.faults
    errors: list[BaseException] = []
    acknowledged: set[uuid.UUID] = set()
    visits = [world.visit() for _ in range(PHONES)]
    are_done = threading.Event()

    record_check = photo_confirmation.record_check

    def record_check_and_die(*arguments: Any) -> Any:
        result = record_check(*arguments)
        faults.strike()  # before the commit
        return result

    monkeypatch.setattr(photo_confirmation, "record_check", record_check_and_die)
    # Each look at the clock is at that of another machine.
    monkeypatch.setattr(
        photo_sweep, "now", lambda: datetime.now(UTC) + timedelta(days=random.randint(-400, 400))
    )

    def send_photos(visit: Any) -> None:
        for _ in range(PHOTOS):
            photo_id = str(uuid.uuid4())
            for _ in range(ATTEMPTS):
                with suppress(Killed):
                    if send_photo(world, visit, photo_id):
                        acknowledged.add(uuid.UUID(photo_id))
                        break
                if random.random() < 0.05:
                    break  # the shopper gives up

    def sweep() -> None:
        while not are_done.is_set():
            with suppress(Killed, StoreUnavailable):
                photo_sweep.sweep(world.database, world.store)

    def run(work: Callable[..., None], *arguments: Any) -> threading.Thread:
        def guard() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=guard)
        thread.start()
        return thread

    faults.is_active = True
    sweeps = [run(sweep) for _ in range(2)]
    for phone in [run(send_photos, visit) for visit in visits]:
        phone.join()
    are_done.set()
    for thread in sweeps:
        thread.join()
    faults.is_active = False
    monkeypatch.undo()  # a sweep that takes place months later forgets what the one before found

    assert errors == [], seed
    if FULL:  # few photos may be spared a fault
        assert faults.counts.keys() == {"killed", "unavailable", "read wrongly", "not stored"}, seed
    assert len(acknowledged) > PHONES * PHOTOS / 2, seed
    verify_store(world)
    with world.database.read_snapshot() as session:
        stored = {photo.id: photo for photo in session.scalars(select(Photo)) if photo.status == "stored"}
    assert stored.keys() >= acknowledged, seed
    for photo in stored.values():
        for key in (photo.key, photo.thumbnail_key):
            decode(world.store.read(key or "", 2**20))


def send_photo(world: World, visit: Any, photo_id: str) -> bool:
    """Declare, upload and confirm a photo, and return whether it was acknowledged. Raises Killed."""
    is_same = random.random() < 0.8  # otherwise, the shopper takes another one in its place
    data = jpeg(160, 120, seed=uuid.UUID(photo_id).int % 2**31 if is_same else random.getrandbits(30))
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    body = {
        "question": "greeting",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
    }
    declared = world.shopper.put(path, body)
    # 409: it is stored, and the response was lost. 503: the machine is too busy.
    if declared.status_code in (409, 503):
        return False
    link = ok(declared).get("upload")
    if link is not None and world.upload(link, data) not in (200, 412):
        return False
    response = world.shopper.post(f"{path}/confirm")
    assert response.status_code in (200, 409, 503), response.text
    return response.status_code == 200
