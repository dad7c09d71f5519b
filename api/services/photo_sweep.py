"""The sweep of the photo store: removes objects that are not needed, and finds those that are missing.

An object is removed by the second sweep that finds it unneeded, after its row was read again. ``photo_keys``
describes why that does not depend on what the other processes do at the same time. Times are those of the
store alone, so the clock of the machine that sweeps does not matter either.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from api.database.engines import Database, insert
from api.models.base import now
from api.models.installation import UnneededObject
from api.models.photos import Photo
from api.services import exports
from api.services.photo_keys import PICTURE_PREFIX, find_photo_id, is_named
from api.services.photo_store import PREFIXES, renew_mark_when_due, verify_ownership
from uploads.store import ObjectMissing, Store

log = logging.getLogger(__name__)

BATCH_SIZE = 200
#: an unconfirmed upload can be confirmed for this long
UNCONFIRMED_UPLOAD_RETENTION = timedelta(days=8)
#: for this long, a sweep remembers what an earlier one found. It has to be longer than the time between two.
MEMORY = timedelta(days=30)
#: a sweep that finds more missing photos reports this many
MAX_MISSING = 1000
#: the object that a sweep writes to read the clock of the store. It has a folder of its own, because listing
#: a name of the top folder would walk through all photos
CLOCK_KEY = "clock/now"


@dataclass
class Sweep:
    """What a sweep did: the number of removed objects, and the stored photos whose objects are missing.

    A photo is the IDs of its visit and its own.
    """

    removed: int = 0
    missing: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)


def sweep_when_due(database: Database, store: Store, is_stopping: Callable[[], bool]) -> Sweep:
    """Sweep, unless another worker did within the last hour.

    Raises ForeignStore if the database does not own the store.
    """
    return sweep(database, store, is_stopping) if renew_mark_when_due(database, store) else Sweep()


def sweep(database: Database, store: Store, is_stopping: Callable[[], bool] = lambda: False) -> Sweep:
    """Delete unneeded objects, expired uploads and expired exports, and report missing photos.

    ``is_stopping`` returns whether to stop early.

    Raises ForeignStore if the database does not own the store.
    """
    verify_ownership(database, store)
    result = Sweep()
    for key in _find_removable(database, store):
        if is_stopping():
            return result
        store.delete(key)
        result.removed += 1
    for photo_id in islice(_find_missing(database, store), MAX_MISSING):
        if is_stopping():
            return result
        log.error("photo %s of visit %s is missing in the photo store", photo_id[1], photo_id[0])
        result.missing.append(photo_id)
    database.write(_forget_old)
    return result


# Objects that are not needed.


def _find_removable(database: Database, store: Store) -> Iterator[str]:
    """Yield the keys of the objects that were not needed at an earlier sweep and are not needed now."""
    store.write(CLOCK_KEY, b"", "text/plain")
    ((_, store_time),) = store.list(CLOCK_KEY)
    expired_before = store_time - UNCONFIRMED_UPLOAD_RETENTION
    for prefix in PREFIXES:
        objects = iter(store.list(prefix))
        while batch := dict(islice(objects, BATCH_SIZE)):
            expired = {key for key, written_at in batch.items() if written_at < expired_before}
            unneeded = _find_unneeded(database, batch, expired)
            if not unneeded:
                continue
            found_before = database.write(lambda session, keys=unneeded: _remember(session, keys))  # type: ignore[misc]
            yield from sorted(_find_unneeded(database, found_before, expired))


def _find_unneeded(database: Database, keys: Collection[str], expired: Collection[str]) -> set[str]:
    """Return those of the keys that no row names, and expired ones that only an unconfirmed photo names."""
    photo_ids = {key: photo_id for key in keys if (photo_id := find_photo_id(key))}
    # The snapshot is younger than the listing, so it contains the row of every object in the batch.
    with database.read_snapshot() as session:
        rows = session.scalars(
            select(Photo).where(tuple_(Photo.visit_id, Photo.id).in_(set(photo_ids.values())))
        )
        photos = {(photo.visit_id, photo.id): photo for photo in rows}
        needed = exports.find_needed_keys(session, list(keys))
    for key, photo_id in photo_ids.items():
        photo = photos.get(photo_id)
        is_expired = key in expired and photo is not None and photo.status != "stored"
        if photo is not None and is_named(photo, key) and not is_expired:
            needed.add(key)
    return set(keys) - needed


def _remember(session: Session, keys: Collection[str]) -> set[str]:
    """Store that a sweep found these objects unneeded, and return those that an earlier one found."""
    found_before = set(session.scalars(select(UnneededObject.key).where(UnneededObject.key.in_(keys))))
    rows = [{"key": key, "found_at": now()} for key in sorted(keys)]
    session.execute(insert(session, UnneededObject).on_conflict_do_nothing(), rows)
    return found_before


def _forget_old(session: Session) -> None:
    session.execute(delete(UnneededObject).where(UnneededObject.found_at < now() - MEMORY))


# Photos whose objects are missing.


def _find_missing(database: Database, store: Store) -> Iterator[tuple[uuid.UUID, uuid.UUID]]:
    """Yield the stored photos whose picture or thumbnail the store does not have."""
    # Rows and objects have the same order, so one pass over both compares them.
    listed_keys = (key for key, _ in store.list(PICTURE_PREFIX))
    listed = next(listed_keys, None)
    for visit_id, photo_id, *keys in _read_stored_photos(database):
        is_listed = True
        for key in keys:
            while listed is not None and listed < key:
                listed = next(listed_keys, None)
            is_listed = is_listed and listed == key
        if not is_listed and _is_missing(database, store, (visit_id, photo_id), keys):
            yield visit_id, photo_id


def _read_stored_photos(database: Database) -> Iterator[tuple[uuid.UUID, uuid.UUID, str, str]]:
    """Yield the stored photos by ID, with the keys of the picture and the thumbnail."""
    query = (
        select(Photo.visit_id, Photo.id, Photo.key, Photo.thumbnail_key)
        .where(Photo.status == "stored")
        .order_by(Photo.visit_id, Photo.id)
        .limit(BATCH_SIZE)
    )
    page = query
    while True:
        with database.read_snapshot() as session:
            rows = session.execute(page).all()
        for row in rows:
            yield row.visit_id, row.id, row.key or "", row.thumbnail_key or ""
        if len(rows) < BATCH_SIZE:
            return
        page = query.where(tuple_(Photo.visit_id, Photo.id) > (rows[-1].visit_id, rows[-1].id))


def _is_missing(
    database: Database, store: Store, photo_id: tuple[uuid.UUID, uuid.UUID], keys: Collection[str]
) -> bool:
    """Ask the store itself whether objects of a photo are missing: a listing may be older than the row.

    The row is read again afterwards, because the photo may have been deleted with its objects.
    """
    try:
        for key in keys:
            store.get_size(key)
    except ObjectMissing:
        with database.read_snapshot() as session:
            photo = session.get(Photo, photo_id)
        return photo is not None and photo.status == "stored"
    return False
