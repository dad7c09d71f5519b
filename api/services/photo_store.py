"""The photo store as a whole: whose it is, and what is swept from it because nothing points at it."""

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.models.base import now
from api.models.installation import Installation
from api.models.photos import Photo
from uploads.store import Missing, Store

UPLOAD_PREFIX, PICTURE_PREFIX = "incoming/", "photos/"
SWEEP_BATCH_SIZE = 200
SWEEP_INTERVAL = timedelta(hours=1)
#: the object by which a store tells whose it is
MARK_KEY = "installation"
_KEY = re.compile(r"(?:incoming/|photos/)([0-9a-f-]{36})[./]([0-9a-f-]{36})\..+")
#: an upload that nobody confirmed may still be confirmed for so long
UNCONFIRMED_UPLOAD_RETENTION = timedelta(days=8)
#: an object whose row is being written must not be swept
MIN_AGE = timedelta(hours=1)


class ForeignStore(Exception):
    """The photo store is not known to be this database's own, so nothing in it may be swept."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing is swept: the photo store belongs to another database, or to another state of this one. "
            "If it is this database's alone, say so with: flask --app wsgi photos claim"
        )


def verify_ownership(database: Database, store: Store) -> str:
    """Return the mark of a store that is this database's own; raises ForeignStore for any other.

    An empty store without a mark becomes its own.
    """
    mark = _mark(store)
    if mark is None and not any(
        True for prefix in (UPLOAD_PREFIX, PICTURE_PREFIX) for _ in store.list(prefix)
    ):
        mark = claim(database, store)
    with database.read_snapshot() as session:
        ours = session.get(Installation, 1)
    if mark is None or ours is None or mark not in (ours.store_mark, ours.former_store_mark):
        raise ForeignStore
    return mark


def claim(database: Database, store: Store) -> str:
    """Make the store this database's own, whatever it holds; returns the store's new mark."""
    mark = str(uuid.uuid4())

    def write(session: Session) -> None:
        ours = session.get(Installation, 1, with_for_update=True) or Installation(id=1)
        ours.store_mark, ours.former_store_mark, ours.marked_at = mark, ours.store_mark, now()
        session.add(ours)

    database.write(write)
    store.write(MARK_KEY, mark.encode(), "text/plain")
    return mark


def _mark(store: Store) -> str | None:
    try:
        return store.read(MARK_KEY, 100).decode(errors="replace")
    except Missing:
        return None


def sweep_when_due(database: Database, store: Store, stopping: Callable[[], bool]) -> int:
    """Sweep, unless another worker did within the hour; returns how many objects were removed.

    Each turn gives the store a new mark, so that a copy of the database soon is not taken for this one.
    """
    former, mark = verify_ownership(database, store), str(uuid.uuid4())
    turn = (
        update(Installation)
        .where(Installation.marked_at <= now() - SWEEP_INTERVAL)
        .values(store_mark=mark, former_store_mark=former, marked_at=now())
    )
    if not database.write(lambda session: session.execute(turn).rowcount):  # type: ignore[attr-defined]
        return 0
    store.write(MARK_KEY, mark.encode(), "text/plain")
    return sweep(database, store, stopping)


def sweep(database: Database, store: Store, stopping: Callable[[], bool] = lambda: False) -> int:
    """Remove the objects that no row points at, and uploads that nobody confirmed; returns how many.

    Raises ForeignStore where the store is not this database's own.
    """
    verify_ownership(database, store)
    removed = 0
    for prefix in (UPLOAD_PREFIX, PICTURE_PREFIX):
        old = ((key, now() - written_at) for key, written_at in store.list(prefix))
        settled = ((key, age) for key, age in old if age > MIN_AGE)
        while batch := dict(islice(settled, SWEEP_BATCH_SIZE)):
            # A snapshot of after the listing: it sees the row of every picture in the batch.
            with database.read_snapshot() as session:
                kept = _kept(session, batch)
            for key, age in batch.items():
                if stopping():
                    return removed
                if key not in kept or (prefix == UPLOAD_PREFIX and age > UNCONFIRMED_UPLOAD_RETENTION):
                    store.delete(key)
                    removed += 1
    return removed


def _kept(session: Session, keys: Iterable[str]) -> set[str]:
    """Return those of the keys that a row points at."""
    named = [match for key in keys if (match := _KEY.fullmatch(key))]
    rows = session.execute(
        select(Photo.upload_key, Photo.key, Photo.thumbnail_key).where(
            tuple_(Photo.visit_id, Photo.id).in_(
                {(uuid.UUID(match[1]), uuid.UUID(match[2])) for match in named}
            )
        )
    )
    return {key for row in rows for key in row if key}
