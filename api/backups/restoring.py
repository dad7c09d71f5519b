"""Restores a backup into an empty installation, and verifies what was restored."""

import hashlib
import mimetypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import func, inspect, select, text

from api.backups import rows
from api.backups.manifest import OBJECT_LIST, OBJECTS, BackupError, Manifest, Report, hash_file, read_manifest
from api.backups.writing import THREADS, read_object_list
from api.database.engines import Database
from api.services.photo_store import PREFIXES
from api.services.scores import recount
from uploads.store import ObjectMissing, Store


def open_backup(folder: Path) -> Manifest:
    """Return the manifest of a backup whose rows are as they were written. Raises BackupError."""
    manifest = read_manifest(folder)
    for name, checksum in manifest.checksums.items():
        path = folder / manifest.rows / name
        if not path.is_file() or hash_file(path) != checksum:
            raise BackupError(f"{path} is missing or was changed.")
    return manifest


def require_empty(database: Database, store: Store, *, keep_photos: bool) -> None:
    """Raise BackupError if the database contains anything, or the store unless ``keep_photos`` allows it."""
    with database.read_snapshot() as session:
        names = inspect(session.connection()).get_table_names()
        if "organizations" in names and session.scalar(text("SELECT 1 FROM organizations LIMIT 1")):
            raise BackupError("The database is not empty. Restore into a new one.")
    if not keep_photos and any(True for prefix in PREFIXES for _ in store.list(prefix)):
        raise BackupError(
            "The photo store is not empty. If no other installation uses it, keep its photos: --keep-photos"
        )


def restore_rows(database: Database, folder: Path, manifest: Manifest, report: Report) -> None:
    """Insert all rows in one transaction. The tables have the revision of the backup, and no organization."""
    paths = {table: folder / manifest.rows / f"{table.name}.jsonl.gz" for table in rows.get_tables()}
    # A table that is newer than the backup does not exist yet.
    tables = [table for table, path in paths.items() if path.name in manifest.checksums]
    with database.writing_engine.begin() as connection:
        for table in reversed(tables):
            connection.execute(table.delete())  # what migrations have inserted
        for table in tables:
            rows.restore_rows(connection, table, paths[table], report)
        rows.continue_numbering(connection)


def restore_objects(store: Store, folder: Path, manifest: Manifest, report: Report) -> None:
    """Write all photos to the store, except those that it has already.

    Raises BackupError for a file that is missing or was changed.
    """

    def restore(listed: tuple[str, int, str]) -> None:
        key, _, checksum = listed
        if _hash_object(store, key) == checksum:
            return
        path = folder / OBJECTS / key
        if not path.is_file() or hash_file(path) != checksum:
            raise BackupError(f"{path} is missing or was changed.")
        store.write_file(key, path, mimetypes.guess_type(key)[0] or "application/octet-stream")

    objects = list(read_object_list(folder / manifest.rows / OBJECT_LIST))
    with ThreadPoolExecutor(THREADS) as pool:
        for done, _ in enumerate(pool.map(restore, objects), 1):
            report("photos", done, len(objects))


def find_faults(
    database: Database, store: Store, folder: Path, manifest: Manifest, report: Report
) -> Iterator[str]:
    """Yield in words what differs from the backup, or is wrong in itself, after everything was restored.

    Counts the rows, recounts all scores, and reads each photo from the store.
    """
    report("verification", 0, None)
    with database.read_snapshot() as session:
        for table in rows.get_tables():
            expected = manifest.counts.get(table.name, 0)
            count = session.scalar(select(func.count()).select_from(table))
            if count != expected:
                yield f"{table.name}: {count} rows instead of {expected}"
        yield from recount.find_differences(session)
    objects = list(read_object_list(folder / manifest.rows / OBJECT_LIST))
    with ThreadPoolExecutor(THREADS) as pool:
        checksums = pool.map(lambda listed: _hash_object(store, listed[0]), objects)
        for done, ((key, _, checksum), stored) in enumerate(zip(objects, checksums, strict=True), 1):
            if stored != checksum:
                yield f"photo {key}: {'missing' if stored is None else 'other bytes'} in the store"
            report("verification", done, len(objects))
    for key in manifest.missing:
        yield f"photo {key}: the store did not have it when the backup was made"


def _hash_object(store: Store, key: str) -> str | None:
    """Return the SHA-256 of an object, or None if there is none."""
    sha256 = hashlib.sha256()
    try:
        for chunk in store.stream(key):
            sha256.update(chunk)
    except ObjectMissing:
        return None
    return sha256.hexdigest()
