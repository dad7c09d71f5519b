"""The photo store: which database owns it, and the sweep of objects that no row references.

The files of exports are in it too, so that every host can reach them.
"""

import re
import uuid
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.models.base import now
from api.models.installation import Installation
from api.models.photos import Photo
from api.services import exports
from uploads.store import ObjectMissing, Store, StoreUnavailable

UPLOAD_PREFIX, PICTURE_PREFIX = "incoming/", "photos/"
PREFIXES = (UPLOAD_PREFIX, PICTURE_PREFIX, exports.KEY_PREFIX)
SWEEP_BATCH_SIZE = 200
SWEEP_INTERVAL = timedelta(hours=1)
#: the object with the mark of the store. The database that has stored the same mark owns the store
MARK_KEY = "installation"
_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_PHOTO_KEY = re.compile(rf"(?:incoming/|photos/){_ID}[./]{_ID}\..+")
#: an unconfirmed upload can be confirmed for this long
UNCONFIRMED_UPLOAD_RETENTION = timedelta(days=8)
#: younger objects are not swept, because their row may not be written yet
MIN_AGE = timedelta(hours=1)


class ForeignStore(Exception):
    """This database does not own the photo store, so nothing in it may be swept."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing is swept: the photo store belongs to another database, or this one was restored from a "
            "backup. If this database is current and no other one uses the store, claim it with: "
            "flask --app wsgi photos claim"
        )


def verify_ownership(database: Database, store: Store) -> str:
    """Return the mark of a store that this database owns. An empty store without a mark is claimed.

    Raises ForeignStore if the database does not own the store.
    """
    mark = _read_mark(store)
    if mark is None and not any(True for prefix in PREFIXES for _ in store.list(prefix)):
        mark = claim(database, store)
    with database.read_snapshot() as session:
        installation = session.get(Installation, 1)
    if (
        mark is None
        or installation is None
        or mark not in (installation.store_mark, installation.former_store_mark)
    ):
        raise ForeignStore
    return mark


def claim(database: Database, store: Store) -> str:
    """Make this database the owner of the store, whatever the store contains, and return the new mark."""
    mark = str(uuid.uuid4())

    def write(session: Session) -> None:
        installation = session.get(Installation, 1, with_for_update=True) or Installation(id=1)
        installation.former_store_mark = installation.store_mark
        installation.store_mark = mark
        installation.marked_at = now()
        session.add(installation)

    database.write(write)
    store.write(MARK_KEY, mark.encode(), "text/plain")
    return mark


def _read_mark(store: Store) -> str | None:
    try:
        return store.read(MARK_KEY, 100).decode(errors="replace")
    except ObjectMissing:
        return None


def sweep_when_due(database: Database, store: Store, is_stopping: Callable[[], bool]) -> int:
    """Sweep, unless another worker did within ``SWEEP_INTERVAL``, and return the number of deleted objects.

    Each sweep changes the mark, so that a copy of the database soon stops being an owner.

    Raises ForeignStore if the database does not own the store.
    """
    former_mark, mark = verify_ownership(database, store), str(uuid.uuid4())
    change_mark = (
        update(Installation)
        .where(Installation.marked_at <= now() - SWEEP_INTERVAL)
        .values(store_mark=mark, former_store_mark=former_mark, marked_at=now())
    )
    is_due = database.write(lambda session: session.execute(change_mark).rowcount)  # type: ignore[attr-defined]
    if not is_due:
        return 0
    store.write(MARK_KEY, mark.encode(), "text/plain")
    return sweep(database, store, is_stopping)


def sweep(database: Database, store: Store, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete the objects that no row references, expired uploads and exports, and return their number.

    ``is_stopping`` returns whether to stop early.

    Raises ForeignStore if the database does not own the store.
    """
    verify_ownership(database, store)
    count = 0
    for prefix in PREFIXES:
        ages = ((key, now() - written_at) for key, written_at in store.list(prefix))
        old = ((key, age) for key, age in ages if age > MIN_AGE)
        while batch := dict(islice(old, SWEEP_BATCH_SIZE)):
            # The snapshot is younger than the listing, so it contains the row of every picture in the batch.
            with database.read_snapshot() as session:
                referenced = _find_referenced_keys(session, batch)
            for key, age in batch.items():
                if is_stopping():
                    return count
                is_expired = prefix == UPLOAD_PREFIX and age > UNCONFIRMED_UPLOAD_RETENTION
                if is_expired or key not in referenced:
                    store.delete(key)
                    count += 1
    return count


def discard(store: Store, keys: Iterable[str]) -> None:
    """Delete objects that no row references any more. The sweep deletes what this misses."""
    with suppress(StoreUnavailable):
        for key in keys:
            store.delete(key)


def _find_referenced_keys(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of the keys that a row references."""
    matches = [match for key in keys if (match := _PHOTO_KEY.fullmatch(key))]
    rows = session.execute(
        select(Photo.upload_key, Photo.key, Photo.thumbnail_key).where(
            tuple_(Photo.visit_id, Photo.id).in_(
                {(uuid.UUID(match[1]), uuid.UUID(match[2])) for match in matches}
            )
        )
    )
    photo_keys = {key for row in rows for key in row if key}
    return photo_keys | exports.find_current_keys(session, list(keys))
