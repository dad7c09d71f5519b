"""Makes a backup while the program runs."""

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
from sqlalchemy import Connection, select, text

from api.backups import rows
from api.backups.manifest import (
    MANIFEST,
    OBJECT_LIST,
    OBJECTS,
    PREVIOUS_SECRETS,
    SECRET,
    BackupError,
    Manifest,
    Report,
    hash_file,
    read_manifest,
)
from api.database.engines import Database
from api.keys import Keys
from api.models.base import now
from api.models.photos import Photo
from uploads.folder import sync_folder
from uploads.store import ObjectMissing, Store

#: objects that are copied at the same time
THREADS = 8


def back_up(
    database: Database, store: Store, folder: Path, keys: Keys, report: Report, *, with_secret: bool
) -> Manifest:
    """Write a backup to ``folder``, which is new, empty, or has an earlier backup.

    The rows are those of one moment. Photos are copied after it, because no row is written before its photo.
    Photos that the earlier backup has are kept, so only new ones are copied. Until the new backup is
    complete, the earlier one remains whole. Afterwards, everything that only the earlier one had is removed.
    The manifest names photos that the store has lost.

    Raises BackupError if the folder contains anything else.
    """
    former = _prepare_folder(folder)
    moment = now()
    target = folder / f"rows-{moment:%Y%m%dT%H%M%S%f}"
    target.mkdir()
    with database.read_snapshot() as session:
        connection = session.connection()
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        counts = {
            str(table.name): rows.write_rows(connection, table, target / f"{table.name}.jsonl.gz", report)
            for table in rows.get_tables()
        }
        object_keys = _find_objects(connection)
    missing = _copy_objects(store, folder, former, object_keys, target / OBJECT_LIST, report)
    if missing:  # unless they were deleted on purpose in the meantime
        with database.read_snapshot() as session:
            missing = sorted(set(missing) & set(_find_objects(session.connection())))
    sync_folder(target)
    write_secrets(folder, keys if with_secret else None)
    manifest = Manifest(
        revision=str(revision),
        created_at=moment.isoformat(),
        secret=identify_secret(keys),
        rows=target.name,
        counts=counts,
        checksums={path.name: hash_file(path) for path in sorted(target.iterdir())},
        missing=missing,
    )
    manifest.write(folder)
    _remove_former(folder, target.name, set(object_keys))
    return manifest


def identify_secret(keys: Keys) -> str:
    """Return a text that is the same for the same secret, and that does not reveal it."""
    return keys.derive("identification in backups")[0].hex()[:32]


def read_object_list(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield key, size and SHA-256 of each object of a backup."""
    with gzip.open(path) as file:
        for line in file:
            key, size, sha256 = orjson.loads(line)
            yield key, size, sha256


def _prepare_folder(folder: Path) -> dict[str, tuple[int, str]]:
    """Create the folder, and return size and SHA-256 of each object of the backup that it has.

    Raises BackupError if it has anything but a backup.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        names = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise BackupError(f"{folder} cannot be used: {error.strerror}.") from None
    if MANIFEST in names:
        objects = folder / read_manifest(folder).rows / OBJECT_LIST
        return {key: (size, sha256) for key, size, sha256 in read_object_list(objects)}
    # What an interrupted first backup left is removed with the next one.
    left_over = {OBJECTS, SECRET, PREVIOUS_SECRETS, f"{MANIFEST}.new"}
    if foreign := {name for name in names - left_over if not name.startswith("rows-")}:
        raise BackupError(f"{folder} is neither empty nor a backup: it contains {min(foreign)}.")
    return {}


def _find_objects(connection: Connection) -> list[str]:
    """Return the keys of all pictures that rows refer to."""
    keys = connection.execution_options(yield_per=1000).execute(
        select(Photo.key, Photo.thumbnail_key).where(Photo.status == "stored").order_by(Photo.key)
    )
    return [key for row in keys for key in row if key is not None]


def _copy_objects(
    store: Store,
    folder: Path,
    former: dict[str, tuple[int, str]],
    object_keys: list[str],
    list_path: Path,
    report: Report,
) -> list[str]:
    """Copy the objects that the earlier backup lacks, list all, and return the keys of missing ones."""
    missing: list[str] = []

    def copy(key: str) -> tuple[int, str] | None:
        path = folder / OBJECTS / key
        known = former.get(key)
        if known is not None and path.is_file() and path.stat().st_size == known[0]:
            return known
        try:
            return _copy_object(store, key, path)
        except ObjectMissing:
            return None

    with gzip.open(list_path, "xb") as file, ThreadPoolExecutor(THREADS) as pool:
        for done, (key, copied) in enumerate(zip(object_keys, pool.map(copy, object_keys), strict=True), 1):
            if copied is None:
                missing.append(key)
            else:
                file.write(orjson.dumps([key, *copied]) + b"\n")
            report("photos", done, len(object_keys))
    return missing


def _copy_object(store: Store, key: str, path: Path) -> tuple[int, str]:
    """Copy an object to a file, and return its size and SHA-256. Raises ObjectMissing."""
    chunks = store.stream(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    sha256, size = hashlib.sha256(), 0
    with partial.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            sha256.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)
    return size, sha256.hexdigest()


def write_secrets(folder: Path, keys: Keys | None) -> None:
    """Store the secret and the previous ones, which may still be needed, or remove the files of both."""
    secrets = ((), ()) if keys is None else ((keys.secret,), keys.previous)
    for name, lines in zip((SECRET, PREVIOUS_SECRETS), secrets, strict=True):
        path = folder / name
        if lines:
            path.touch(mode=0o600)
            path.write_text("\n".join(lines))
        else:
            path.unlink(missing_ok=True)


def _remove_former(folder: Path, current: str, object_keys: set[str]) -> None:
    """Remove what does not belong to the current backup, such as photos of people who were deleted."""
    for path in folder.glob("rows-*"):
        if path.name != current:
            shutil.rmtree(path)
    objects = folder / OBJECTS
    for path in objects.rglob("*"):
        if path.is_file() and path.relative_to(objects).as_posix() not in object_keys:
            path.unlink()
