"""Backup and restore: everything comes back, on either database, also if it is made under load."""

import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from api.backups import rows, writing
from api.backups.manifest import hash_file, read_manifest
from api.backups.restoring import open_backup
from api.keys import Keys
from api.models.base import Base
from tests.conftest import BACKENDS, run_program
from tests.support.pictures import encoded, quarters
from tests.support.world import Caller, World, ok
from uploads.store import ObjectMissing, StoreUnavailable

NewApp = Callable[[str], Flask]
OTHER = dict(zip(BACKENDS, reversed(BACKENDS), strict=True))


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=list(map(str, arguments)))


def build_programme(app: Flask) -> World:
    """Fill a program with rows in most of its tables."""
    world = World(app)
    below = world.new_region(code="A", parent_id=world.new_region(code="Z")["id"])
    shopper, location = world.person("shopper"), world.new_location(region_id=below["id"])
    send_visit(world, shopper, location)
    late = world.late_visit(location=location)
    decision = ok(world.review(late, "accept"))
    ok(world.review(late, "reject", replaces=decision["id"]))
    world.visit()
    world.webhook()
    world.client("scores:read", region_ids=[below["id"]])
    logo = encoded(quarters(), "PNG")
    ok(world.admin.put("/organization/logo", data=logo, headers={"Content-Type": "image/png"}))
    return world


def send_visit(world: World, shopper: Caller, location: Any) -> None:
    visit = world.visit(shopper, location)
    world.photo(visit, shopper=shopper)
    ok(world.send(visit, world.submission(comment="Crème brûlée 🍮"), shopper), 201)


def read_file(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def read_tables(folder: Path) -> dict[str, list[bytes]]:
    """Return all rows of a backup as sorted lines, except the mark that connects it with its store."""
    tables = folder / read_manifest(folder).rows
    content = {path.name: sorted(read_file(path).splitlines()) for path in tables.iterdir()}
    del content["installation.jsonl.gz"]
    return content


def find_objects(app: Flask) -> dict[str, bytes]:
    store = app.extensions["survey"].store
    return {key: b"".join(store.stream(key)) for key, _ in store.list("photos/")}


@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_is_restored_in_the_other_database_and_store(
    new_app: NewApp, tmp_path: Path, backend: str
) -> None:
    app, copy, folder = new_app(backend), new_app(OTHER[backend]), tmp_path / "backup"
    world = build_programme(app)
    assert run(app, "backup", folder).exit_code == 0
    arrived, stop = threading.Event(), threading.Event()

    def send_visits() -> None:
        while not stop.is_set():
            send_visit(world, world.shopper, world.location)
            arrived.set()

    # The second backup is made while visits and photos arrive.
    thread = threading.Thread(target=send_visits)
    thread.start()
    assert arrived.wait(60)
    result = run(app, "backup", folder)
    stop.set()
    thread.join()
    assert result.exit_code == 0, result.output
    result = run(copy, "restore", folder)
    assert result.exit_code == 0, result.output
    assert "Restored and verified" in result.output
    assert run(copy, "backup", tmp_path / "again").exit_code == 0
    original, restored = read_tables(folder), read_tables(tmp_path / "again")
    assert sum(len(lines) > 1 for lines in original.values()) > 20
    assert restored == original
    objects = find_objects(copy)
    assert len(objects) >= 4
    assert objects.items() <= find_objects(app).items()
    # The restored program goes on: numbers continue, and its store is its own.
    assert run(copy, "photos", "sweep").exit_code == 0
    World(copy).accepted_visit()
    assert run(copy, "scores", "recount").exit_code == 0


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A program that tests only add to."""
    for app in run_program({"DATA_DIR": str(tmp_path_factory.mktemp("programme"))}):
        build_programme(app)
        yield app


@pytest.fixture
def backed_up(programme: Flask, tmp_path: Path) -> tuple[Flask, Path]:
    folder = tmp_path / "backup"
    assert run(programme, "backup", folder).exit_code == 0
    return programme, folder


def read_files(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield read_file(path)


def test_secrets_are_in_a_backup_only_on_request(backed_up: tuple[Flask, Path], new_app: NewApp) -> None:
    app, folder = backed_up
    secret = app.extensions["survey"].settings.secret_key.encode()
    assert not any(secret in content for content in read_files(folder))
    assert not any(path.stat().st_mode & 0o077 for path in (folder, *folder.glob("secret_key")))
    assert run(app, "backup", folder, "--with-secret").exit_code == 0
    assert (folder / "secret_key").read_bytes() == secret
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0
    result = run(new_app("embedded"), "restore", folder)
    assert result.exit_code == 0, result.output
    assert f"the one in {folder / 'secret_key'}" in result.output
    assert run(app, "backup", folder).exit_code == 0
    assert not (folder / "secret_key").exists()


def test_previous_secrets_are_stored_with_the_secret(tmp_path: Path) -> None:
    """What was encrypted with them, and not again since, still needs them."""
    writing.write_secrets(tmp_path, Keys("new", ("former", "oldest")))
    assert (tmp_path / "secret_key").read_text() == "new"
    assert (tmp_path / "secret_key_previous").read_text().split() == ["former", "oldest"]
    assert (tmp_path / "secret_key_previous").stat().st_mode & 0o077 == 0
    writing.write_secrets(tmp_path, Keys("new"))
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_later_backup_copies_new_photos_only_and_forgets_deleted_ones(
    backed_up: tuple[Flask, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, folder = backed_up
    former = read_manifest(folder)
    store = app.extensions["survey"].store
    copied: list[str] = []
    stream = store.stream
    monkeypatch.setattr(store, "stream", lambda key: copied.append(key) or stream(key))
    world = World(app)
    shopper = world.person("shopper")
    visit = world.visit(shopper)
    world.photo(visit, shopper=shopper)
    (folder / "objects" / "photos" / "deleted.jpg").write_bytes(b"a photo that was deleted")
    assert run(app, "backup", folder).exit_code == 0
    assert len(copied) == 2 and all(visit["id"] in key for key in copied)
    files = {path.relative_to(folder / "objects").as_posix() for path in (folder / "objects").rglob("*.*")}
    assert files == {key for key, _ in store.list("photos/")}
    assert not (folder / former.rows).exists()


def test_interrupted_backup_leaves_the_earlier_one_whole(
    backed_up: tuple[Flask, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, folder = backed_up
    former = read_manifest(folder)
    world = World(app)
    world.photo(world.visit())

    def fail(*_arguments: object) -> None:
        raise StoreUnavailable("no store")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_copy_object", fail)
        result = run(app, "backup", folder)
    assert result.exit_code == 1 and "no store" in result.output
    assert read_manifest(folder) == former
    assert open_backup(folder) == former
    assert run(app, "backup", folder).exit_code == 0
    assert len(list(folder.glob("rows-*"))) == 1


def test_restoring_names_missing_photos_and_wrong_scores(
    backed_up: tuple[Flask, Path], new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, folder = backed_up
    store = app.extensions["survey"].store
    key = next(key for key, _ in store.list("photos/"))
    stream = store.stream

    def miss(wanted: str) -> Iterator[bytes]:
        if wanted == key:
            raise ObjectMissing(key)
        return stream(wanted)

    with monkeypatch.context() as patch:
        patch.setattr(store, "stream", miss)
        (folder / "objects" / key).unlink()
        result = run(app, "backup", folder)
    assert result.exit_code == 1 and key in result.output
    totals = folder / read_manifest(folder).rows / "totals.jsonl.gz"
    lines = read_file(totals).splitlines(keepends=True)
    former = hash_file(totals)
    totals.write_bytes(gzip.compress(b"".join(lines[:-1])))
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(former, hash_file(totals)))
    result = run(new_app("embedded"), "restore", folder)
    assert result.exit_code == 1
    assert f"totals: {len(lines) - 2} rows instead of {len(lines) - 1}" in result.output
    assert ": missing\n" in result.output  # the total, by the recount of its location
    assert key in result.output


def test_changed_or_foreign_data_is_not_restored(
    backed_up: tuple[Flask, Path], new_app: NewApp, tmp_path: Path
) -> None:
    app, folder = backed_up
    copy = new_app("embedded")
    assert "not empty" in run(app, "restore", folder).output
    assert "no complete backup" in run(copy, "restore", tmp_path / "none").output
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    result = run(copy, "backup", tmp_path / "other")
    assert result.exit_code == 1 and "letter.txt" in result.output
    photo = next((folder / "objects").rglob("*.jpg"))
    photo.write_bytes(photo.read_bytes()[:-1])
    table = folder / read_manifest(folder).rows / "visits.jsonl.gz"
    content = table.read_bytes()
    table.write_bytes(content[:-1])
    result = run(copy, "restore", folder)
    assert result.exit_code == 1 and "visits.jsonl.gz" in result.output
    table.write_bytes(content)
    manifest = folder / "manifest.json"
    current = manifest.read_text()
    manifest.write_text(
        current.replace(f'"revision": "{read_manifest(folder).revision}"', '"revision": "9999"')
    )
    result = run(copy, "restore", folder)
    assert result.exit_code == 1 and "later version" in result.output
    manifest.write_text(current)
    result = run(copy, "restore", folder)
    assert result.exit_code == 1 and photo.name in result.output


def test_backup_has_every_table_but_the_ones_that_are_left_out() -> None:
    names = {table.name for table in rows.get_tables()}
    assert names == set(Base.metadata.tables) - {"exports", "latest_writes"}
