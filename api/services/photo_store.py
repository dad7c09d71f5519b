"""The photo store: which database owns it. The files of exports are in it too."""

import uuid
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.models.base import now
from api.models.installation import Installation
from api.services import exports
from api.services.photo_keys import PICTURE_PREFIX, UPLOAD_PREFIX
from uploads.store import ObjectMissing, Store

PREFIXES = (UPLOAD_PREFIX, PICTURE_PREFIX, exports.KEY_PREFIX)
#: the worker that changes the mark also sweeps the store
SWEEP_INTERVAL = timedelta(hours=1)
#: the object with the mark of the store. The database that has stored the same mark owns the store
MARK_KEY = "installation"


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
        installation = session.get_one(Installation, 1)
    if mark is None or mark not in (installation.store_mark, installation.former_store_mark):
        raise ForeignStore
    return mark


def claim(database: Database, store: Store) -> str:
    """Make this database the owner of the store, whatever the store contains, and return the new mark."""
    mark = str(uuid.uuid4())

    def write(session: Session) -> None:
        installation = session.get_one(Installation, 1, with_for_update=True)
        installation.former_store_mark = installation.store_mark
        installation.store_mark = mark
        installation.marked_at = now()

    database.write(write)
    store.write(MARK_KEY, mark.encode(), "text/plain")
    return mark


def _read_mark(store: Store) -> str | None:
    try:
        return store.read(MARK_KEY, 100).decode(errors="replace")
    except ObjectMissing:
        return None


def renew_mark_when_due(database: Database, store: Store) -> bool:
    """Change the mark, unless a worker did within ``SWEEP_INTERVAL``, and return whether it was changed.

    Each sweep of a worker begins with this, so that a copy of the database soon stops being an owner.

    Raises ForeignStore if the database does not own the store.
    """
    former_mark, mark = verify_ownership(database, store), str(uuid.uuid4())
    change_mark = (
        update(Installation)
        .where(Installation.marked_at <= now() - SWEEP_INTERVAL)
        .values(store_mark=mark, former_store_mark=former_mark, marked_at=now())
    )
    is_due = database.write(lambda session: session.execute(change_mark).rowcount)  # type: ignore[attr-defined]
    if is_due:
        store.write(MARK_KEY, mark.encode(), "text/plain")
    return bool(is_due)
