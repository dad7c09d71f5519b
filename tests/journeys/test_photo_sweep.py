"""The sweep of the photo store: who may sweep, what is removed, and which photos are missing."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from api import migrations
from api.app import create_app
from api.database.engines import Database
from api.models.installation import Installation
from api.models.photos import Photo
from api.services import photo_confirmation, photo_store, photo_sweep
from api.services.photo_sweep import Sweep
from api.settings import Settings
from tests.support import pictures
from tests.support.world import ALL_WELL, World, ok, problem
from tests.test_metrics import increases
from uploads.folder import FolderStore
from uploads.store import Store, StoreUnavailable


@pytest.fixture
def world(world: World) -> World:
    """An organization in a database that owns its photo store."""
    photo_store.claim(world.database, world.store)
    return world


def sweep(world: World) -> Sweep:
    return photo_sweep.sweep(world.database, world.store)


def find_missing(world: World, *visits: Any) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Sweep, and return the missing photos of these visits. The store also has those of other tests."""
    ids = {uuid.UUID(visit["id"]) for visit in visits}
    return [photo_id for photo_id in sweep(world).missing if photo_id[0] in ids]


def list_keys(world: World, visit: Any) -> set[str]:
    """Return the keys of all objects that belong to a visit."""
    return {
        key for prefix in ("incoming", "photos") for key, _ in world.store.list(f"{prefix}/{visit['id']}")
    }


def get_photo(world: World, visit: Any, photo_id: str) -> Photo:
    with world.database.read_snapshot() as session:
        return session.get_one(Photo, (uuid.UUID(visit["id"]), uuid.UUID(photo_id)))


# What is removed.


def test_an_object_is_removed_by_the_second_sweep_that_finds_it_without_a_row(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    photo = get_photo(world, visit, world.photo(visit))
    waiting = world.declare(visit, data)
    assert world.upload(waiting["upload"], data) == 200
    upload_key = get_photo(world, visit, waiting["id"]).upload_key
    needed = {photo.key, photo.thumbnail_key, upload_key}
    assert list_keys(world, visit) == needed
    orphans = {
        f"photos/{visit['id']}/{photo.id}.{uuid.uuid4()}.jpg",
        f"photos/{visit['id']}/{uuid.uuid4()}.{uuid.uuid4()}.{uuid.uuid4()}.jpg",
        f"photos/{visit['id']}/not-a-key-of-this-program.jpg",
        f"incoming/{visit['id']}.{waiting['id']}.{uuid.uuid4()}",
        photo.upload_key,  # of a photo that is stored
    }
    for key in orphans:
        world.store.write(key, b"written by a process that was killed", "image/jpeg")
    sweep(world)
    assert list_keys(world, visit) == needed | orphans
    assert sweep(world).removed >= len(orphans)
    assert list_keys(world, visit) == needed
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{waiting['id']}/confirm"), 200)


def test_the_clock_of_the_machine_that_sweeps_does_not_matter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sweeps of a machine whose clock is a year ahead run while photos are uploaded and confirmed."""
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200

    def sweep_ahead_of_time() -> None:
        with monkeypatch.context() as patch:
            for module in (photo_store, photo_sweep):
                patch.setattr(module, "now", lambda: datetime.now(UTC) + timedelta(days=365), raising=False)
            for _ in range(2):
                sweep(world)

    def discard_upload(*_: object) -> None:
        """Keep the upload, as a process does that is killed after the commit."""

    def check_upload(*arguments: Any) -> Any:
        result = original_check(*arguments)
        sweep_ahead_of_time()  # the objects are written, and the row does not say so yet
        return result

    original_check = photo_confirmation.check_upload
    monkeypatch.setattr(photo_confirmation, "check_upload", check_upload)
    monkeypatch.setattr(photo_confirmation, "discard_upload", discard_upload)
    sweep_ahead_of_time()
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm"), 200)
    sweep_ahead_of_time()
    photo = get_photo(world, visit, declared["id"])
    assert list_keys(world, visit) == {photo.key, photo.thumbnail_key}


def test_a_photo_that_is_stored_during_a_sweep_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = world.visit()
    list_objects = type(world.store).list

    def store_photo_and_list(store: Any, prefix: str) -> Any:
        if prefix == "photos/":
            world.photo(visit)
        return list_objects(store, prefix)

    monkeypatch.setattr(type(world.store), "list", store_photo_and_list)
    for _ in range(2):
        assert find_missing(world, visit) == []
    monkeypatch.undo()
    assert len(list_keys(world, visit)) == 2 * 4, "each sweep lists the pictures twice"


def test_an_object_that_a_row_names_again_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restored database can name an object that an earlier sweep found without a row."""
    visit, photo_id = world.visit(), str(uuid.uuid4())
    first = pictures.jpeg(seed=1)
    declared = world.declare(visit, first, id=photo_id)
    assert world.upload(declared["upload"], first) == 200
    key = get_photo(world, visit, photo_id).upload_key

    def name(upload_key: str) -> None:
        def change(session: Session) -> None:
            session.get_one(Photo, (uuid.UUID(visit["id"]), uuid.UUID(photo_id))).upload_key = upload_key

        world.database.write(change)

    name(f"{key}0")
    sweep(world)
    remember = photo_sweep._remember

    def remember_and_name(session: Session, keys: Any) -> Any:
        found = remember(session, keys)
        session.get_one(Photo, (uuid.UUID(visit["id"]), uuid.UUID(photo_id))).upload_key = key
        return found

    monkeypatch.setattr(photo_sweep, "_remember", remember_and_name)
    sweep(world)
    assert key in list_keys(world, visit)


def test_an_abandoned_photo_is_removed_after_eight_days(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    abandoned = world.declare(visit, data)
    assert world.upload(abandoned["upload"], data) == 200
    photo = get_photo(world, visit, abandoned["id"])
    picture_key, _ = photo_confirmation.create_picture_keys(photo)
    world.store.write(picture_key, b"written by a confirmation that was killed", "image/jpeg")
    sweep(world)
    sweep(world)
    assert list_keys(world, visit) == {photo.upload_key, picture_key}
    monkeypatch.setattr(photo_sweep, "UNCONFIRMED_UPLOAD_RETENTION", timedelta(seconds=-5))
    sweep(world)
    assert list_keys(world, visit) == {photo.upload_key, picture_key}
    sweep(world)
    assert list_keys(world, visit) == set()


def test_a_sweep_stops_on_request(world: World) -> None:
    key = f"photos/{uuid.uuid4()}/{uuid.uuid4()}.jpg"
    world.store.write(key, b"an orphan", "image/jpeg")
    sweep(world)
    assert photo_sweep.sweep(world.database, world.store, lambda: True).removed == 0
    assert key in dict(world.store.list("photos/"))


def test_a_sweep_continues_after_the_store_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = f"photos/{uuid.uuid4()}/{uuid.uuid4()}.jpg"
    world.store.write(key, b"an orphan", "image/jpeg")
    sweep(world)

    def fail(*_: object) -> None:
        raise StoreUnavailable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "delete", fail)
        with pytest.raises(StoreUnavailable):
            sweep(world)
    assert sweep(world).removed >= 1
    assert key not in dict(world.store.list("photos/"))


# Photos that are missing.


@pytest.mark.parametrize("lost", ["key", "thumbnail_key"])
def test_a_missing_photo_is_404_for_everyone_counted_and_reported(
    world: World, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
    ok(world.send(visit, world.submission(answers)), 201)
    path = f"/visits/{visit['id']}/photos/{photo_id}" + ("/thumbnail" if lost == "thumbnail_key" else "")
    assert world.manager.get(path).status_code == 200
    world.store.delete(getattr(get_photo(world, visit, photo_id), lost))
    with increases(world.app, {'photos_missing_total{found_by="request"}': 4}):
        for caller in (world.shopper, world.manager, world.reviewer, world.admin):
            problem(caller.get(path), 404, "photo-not-found")
    caplog.clear()
    result = sweep(world)
    assert (uuid.UUID(visit["id"]), uuid.UUID(photo_id)) in result.missing
    assert any(photo_id in record.getMessage() and record.levelname == "ERROR" for record in caplog.records)


def test_only_stored_photos_can_be_missing(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    world.declare(visit, data)
    junk = b"not a picture"
    unusable = world.declare(visit, junk)
    assert world.upload(unusable["upload"], junk) == 200
    problem(
        world.shopper.post(f"/visits/{visit['id']}/photos/{unusable['id']}/confirm"), 422, "photo-unusable"
    )
    world.photo(visit)
    assert find_missing(world, visit) == []


def test_missing_photos_are_found_between_others_in_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_sweep, "BATCH_SIZE", 2)
    visits = [world.visit() for _ in range(2)]
    lost = set()
    for visit in visits:
        _, second, _ = [world.photo(visit) for _ in range(3)]
        photo = get_photo(world, visit, second)
        world.store.delete(photo.key or "")
        lost.add((photo.visit_id, photo.id))
    assert set(find_missing(world, *visits)) == lost


# Who may sweep.


@pytest.fixture
def databases_and_store(tmp_path: Path) -> Iterator[tuple[Database, Database, FolderStore]]:
    """Two databases and one empty store."""
    first, second = (Database(f"sqlite:///{tmp_path / name}.sqlite3") for name in ("one", "other"))
    for database in (first, second):
        migrations.upgrade(database)
    yield first, second, FolderStore(tmp_path / "photos", [b"s" * 32], lambda: "http://localhost")
    for database in (first, second):
        database.close()


def remove(database: Database, store: Store) -> int:
    """Sweep twice, so that everything unneeded is removed, and return the number of these objects."""
    return sum(photo_sweep.sweep(database, store).removed for _ in range(2))


def test_only_the_owner_of_a_store_sweeps_it(
    databases_and_store: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other, store = databases_and_store
    orphan = f"photos/{uuid.uuid4()}/{uuid.uuid4()}.jpg"
    store.write(orphan, b"an orphan", "image/jpeg")
    for database in (owner, other):
        with pytest.raises(photo_store.ForeignStore, match="another database"):
            photo_sweep.sweep(database, store)
    store.delete(orphan)
    assert remove(owner, store) == 0  # an empty store is claimed
    store.write(orphan, b"an orphan", "image/jpeg")
    moments = (datetime.now(UTC) + timedelta(hours=hours) for hours in range(3, 1000))
    monkeypatch.setattr(photo_store, "now", lambda: next(moments))
    with pytest.raises(photo_store.ForeignStore):
        photo_sweep.sweep_when_due(other, store, lambda: False)
    assert remove(owner, store) == 1
    store.delete("installation")
    store.write(orphan, b"an orphan", "image/jpeg")
    with pytest.raises(photo_store.ForeignStore):
        photo_sweep.sweep(owner, store)
    photo_store.claim(owner, store)
    assert remove(owner, store) == 1


def test_copy_of_the_owner_database_does_not_sweep(
    databases_and_store: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, copy, store = databases_and_store
    photo_store.verify_ownership(owner, store)
    with owner.read_snapshot() as session:
        row = session.get_one(Installation, 1)
        values = {"store_mark": row.store_mark, "marked_at": row.marked_at}
    copy.write(lambda session: session.execute(update(Installation).values(values)))
    mark = store.read("installation", 100)
    monkeypatch.setattr(photo_store, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    photo_sweep.sweep_when_due(owner, store, lambda: False)
    assert store.read("installation", 100) != mark
    photo_sweep.sweep(owner, store)
    with pytest.raises(photo_store.ForeignStore):
        photo_sweep.sweep(copy, store)


def test_one_of_several_workers_sweeps_per_hour_even_after_a_crash(
    databases_and_store: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, store = databases_and_store
    first = photo_store.verify_ownership(owner, store)
    photo_sweep.sweep_when_due(owner, store, lambda: False)
    assert photo_store.verify_ownership(owner, store) == first, "less than an hour has passed"
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(photo_store, "now", lambda: later)
    photo_sweep.sweep_when_due(owner, store, lambda: False)
    second = photo_store.verify_ownership(owner, store)
    photo_sweep.sweep_when_due(owner, store, lambda: False)
    assert photo_store.verify_ownership(owner, store) == second != first
    # A worker that crashed after it wrote the new mark to the database, and before it wrote it to the store.
    store.write("installation", first.encode(), "text/plain")
    assert photo_store.verify_ownership(owner, store) == first


def test_the_command_lists_missing_photos(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    world.store.delete(get_photo(world, visit, photo_id).key or "")
    result = world.app.test_cli_runner().invoke(args=["photos", "sweep"])
    assert result.exit_code == 0
    assert f"Missing in the photo store: photo {photo_id} of visit {visit['id']}\n" in result.output


def test_commands_show_and_claim_the_owner_of_the_store(tmp_path: Path) -> None:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path)}))
    context = app.extensions["survey"]
    migrations.upgrade(context.database)
    context.store.write("photos/an-orphan.jpg", b"", "image/jpeg")
    run = app.test_cli_runner().invoke
    result = run(args=["photos", "sweep"])
    assert result.exit_code == 1
    assert "belongs to another database" in result.output
    assert run(args=["photos", "claim"]).exit_code == 0
    assert [run(args=["photos", "sweep"]).output for _ in range(2)] == ["Removed 0.\n", "Removed 1.\n"]
    context.database.close()
