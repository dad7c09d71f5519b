"""Confirmed photos: what was uploaded is checked, cleaned and stored.

The objects are written and verified first, then the row says that they are stored: no stored photo is without
its objects. ``photo_keys`` describes why no sweep removes them in the meantime.
"""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.evidence import MAX_PHOTO_BYTES
from api.models.base import now
from api.models.photos import Photo
from api.models.places import Location
from api.models.visits import Visit
from api.services.organizations import get_acceptance_period, lock_organization
from api.services.outcomes import settle_with_photo
from api.services.photo_duplicates import find_duplicate
from api.services.photo_keys import create_picture_keys
from api.services.photos import discard
from api.services.visits import get_own_visit
from uploads.fingerprint import split_into_bands
from uploads.picture import Picture, UnusablePicture, clean
from uploads.slots import decoding_slot
from uploads.store import ObjectMissing, Store, StoreUnavailable

#: how long a confirmation waits for a free decoding slot before the phone has to retry
SLOT_WAIT_SECONDS = 5.0
#: how often an upload is read before it counts as different from what was declared
READ_ATTEMPTS = 2


class Busy(Exception):
    """All decoding slots are in use; the phone retries soon."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A stored photo, its width and height in pixels."""

    id: uuid.UUID
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of checking uploaded bytes.

    Either the picture with the keys of its objects, or the reason why it is unusable, or neither if nothing
    was uploaded.
    """

    visit_id: uuid.UUID
    photo_id: uuid.UUID
    upload_key: str
    picture: Picture | None = None
    key: str | None = None
    thumbnail_key: str | None = None
    unusable: str | None = None


_reserved: set[tuple[uuid.UUID, uuid.UUID]] = set()
_reserved_lock = threading.Lock()


@contextmanager
def reserve(visit_id: uuid.UUID, photo_id: uuid.UUID) -> Iterator[bool]:
    """Reserve a photo for checking. Yields False if another request of this process has reserved it."""
    key = (visit_id, photo_id)
    with _reserved_lock:
        is_free = key not in _reserved
        if is_free:
            _reserved.add(key)
    try:
        yield is_free
    finally:
        if is_free:
            with _reserved_lock:
                _reserved.discard(key)


def check_upload(store: Store, photo: Photo) -> CheckResult:
    """Check the uploaded bytes: clean the picture and store its objects, or return why it is unusable.

    This is slow and runs outside any transaction.

    Raises Busy if no decoding slot becomes free in time, and StoreUnavailable. The upload is kept then.
    """
    result = CheckResult(photo.visit_id, photo.id, photo.upload_key)
    # The original bytes are in memory only while the slot is held, too.
    with decoding_slot(SLOT_WAIT_SECONDS) as is_free:
        if not is_free:
            raise Busy
        try:
            picture = clean(_read_upload(store, photo), photo.content_type)
        except ObjectMissing:
            return result
        except UnusablePicture as error:
            return replace(result, unusable=f"{error}.")
    key, thumbnail_key = create_picture_keys(photo)
    store.write(key, picture.data, "image/jpeg")
    store.write(thumbnail_key, picture.thumbnail, "image/jpeg")
    return replace(result, picture=picture, key=key, thumbnail_key=thumbnail_key)


def _read_upload(store: Store, photo: Photo) -> bytes:
    """Return the uploaded bytes of a photo.

    Raises ObjectMissing, UnusablePicture if the store proves that it has other bytes than were declared, and
    StoreUnavailable if it does not: then the store is wrong, and not the shopper.
    """
    for _ in range(READ_ATTEMPTS):
        data = store.read(photo.upload_key, MAX_PHOTO_BYTES)
        if len(data) == photo.size and hashlib.sha256(data).hexdigest() == photo.sha256:
            return data
    if store.has_checksum_of(photo.upload_key, data):
        raise UnusablePicture("The uploaded bytes differ from the declaration")
    raise StoreUnavailable(f"The upload of photo {photo.id} is not read as it was stored")


def record_check(
    session: Session, actor: Actor, result: CheckResult, accept_every_minutes: int
) -> StoredPhoto | problems.ProblemError:
    """Record the result of a check, flag the photo, and settle the visit if it was the last missing one.

    ``accept_every_minutes`` applies unless the organization has a period of its own.

    Returns the stored photo, or PHOTO_NOT_UPLOADED or PHOTO_UNUSABLE. These are returned and not raised, so
    that the transaction commits what was recorded.

    Raises VISIT_NOT_FOUND, and PHOTO_NOT_FOUND for a receipt whose expense was withdrawn in the meantime.
    """
    visit = get_own_visit(session, actor, result.visit_id, lock=True)
    photo = session.get(Photo, (result.visit_id, result.photo_id))
    if photo is None:
        raise problems.PHOTO_NOT_FOUND()
    if photo.has_arrived:
        return describe_stored(photo)
    if photo.upload_key != result.upload_key:
        return problems.PHOTO_NOT_UPLOADED("The photo was declared again in the meantime.")
    if result.unusable is not None:
        photo.status = "unusable"
        photo.unusable_reason = result.unusable
        session.flush()
        return problems.PHOTO_UNUSABLE(result.unusable)
    if photo.status == "unusable":
        return problems.PHOTO_UNUSABLE(photo.unusable_reason)
    if result.picture is None:
        return problems.PHOTO_NOT_UPLOADED()
    _store(session, visit, photo, result, result.picture)
    every = get_acceptance_period(session, visit.organization_id, accept_every_minutes)
    settle_with_photo(session, visit, photo, every)
    return describe_stored(photo)


def discard_upload(store: Store, result: CheckResult) -> None:
    """Delete the uploaded bytes after they were checked."""
    if result.picture is not None or result.unusable is not None:
        discard(store, result.upload_key)


def _store(session: Session, visit: Visit, photo: Photo, result: CheckResult, picture: Picture) -> None:
    # If two similar photos are stored simultaneously, the second waits here and then sees the first.
    lock_organization(session, photo.organization_id)
    duplicate = find_duplicate(session, photo, picture.difference_hash)
    if duplicate is not None:
        photo.seen_in_visit_id, photo.seen_photo_id = duplicate.visit_id, duplicate.id
    photo.status = "stored"
    photo.key, photo.thumbnail_key = result.key, result.thumbnail_key
    photo.width, photo.height = picture.width, picture.height
    if picture.difference_hash is not None:
        photo.difference_hash = f"{picture.difference_hash:016x}"
        photo.band_0, photo.band_1, photo.band_2, photo.band_3 = split_into_bands(picture.difference_hash)
    photo.taken_at = _get_taken_at(session, visit, photo, picture)
    photo.position = (
        {"latitude": picture.position[0], "longitude": picture.position[1]}
        if picture.position
        else photo.declared_position
    )
    photo.make = picture.make
    photo.stored_at = now()
    session.flush()


def describe_stored(photo: Photo) -> StoredPhoto:
    """Return the size of a stored photo, for the response to a confirmation."""
    assert photo.width is not None
    assert photo.height is not None
    return StoredPhoto(photo.id, photo.width, photo.height)


def _get_taken_at(session: Session, visit: Visit, photo: Photo, picture: Picture) -> datetime | None:
    """Return when a photo was taken by the phone's clock: from its metadata, or else from the declaration."""
    if picture.taken_at is None:
        return photo.declared_taken_at
    if picture.taken_at.tzinfo is not None:
        return picture.taken_at
    zone = session.scalars(select(Location.time_zone).where(Location.id == visit.location_id)).one()
    return picture.taken_at.replace(tzinfo=ZoneInfo(zone))
