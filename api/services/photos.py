"""Photos: declared, checked and stored after the upload, and shown.

The object is written first, then its row: no row references a missing object.
"""

import hashlib
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.answers import list_photos
from api.domain.audit import VISIT_PHOTOS_VIEWED
from api.domain.evidence import MAX_PHOTO_BYTES
from api.models.audit import AuditEntry
from api.models.base import now
from api.models.photos import Photo
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.audit.recording import record
from api.services.checklists import get_version
from api.services.evidence import is_private_photo
from api.services.organizations import get_acceptance_period, lock_organization
from api.services.outcomes import settle_with_photo
from api.services.photo_duplicates import find_duplicate
from api.services.photo_store import PICTURE_PREFIX, UPLOAD_PREFIX
from api.services.visits import View, get_own_visit, get_visit
from uploads.fingerprint import split_into_bands
from uploads.picture import Picture, UnusablePicture, clean
from uploads.slots import decoding_slot
from uploads.store import ObjectMissing, Store, StoreUnavailable, UploadLink

MAX_PHOTOS_PER_VISIT = 500
#: how long a confirmation waits for a free decoding slot before the phone has to retry
SLOT_WAIT_SECONDS = 5.0
#: All photos of a visit that somebody sees within this time share an entry of the audit log.
VIEWING_TIME = timedelta(hours=1)

Size = Literal["picture", "thumbnail"]


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


def declare_photo(
    session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID, declaration: Mapping[str, Any]
) -> tuple[Photo, str | None]:
    """Declare a photo of the actor's own visit before its bytes are uploaded.

    Until a photo is stored, it can be declared again with other bytes. Returns the photo, and the upload key
    of its former declaration or None.

    Raises VISIT_NOT_FOUND, INVALID, and PHOTO_CONFLICT if the photo is stored with other bytes or the visit
    has too many photos.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    _check_question(session, visit, photo_id, declaration.get("question"))
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is not None and photo.has_arrived:
        if (photo.sha256, photo.size) != (declaration["sha256"], declaration["size"]):
            raise problems.PHOTO_CONFLICT()
        return photo, photo.upload_key
    former_key = photo.upload_key if photo is not None else None
    if photo is None:
        photo = _add_photo(session, visit, photo_id)
    photo.status = "awaiting_upload"
    photo.unusable_reason = None
    photo.question = declaration.get("question")
    photo.sha256 = declaration["sha256"]
    photo.size = declaration["size"]
    photo.content_type = declaration["content_type"]
    photo.declared_taken_at = declaration.get("taken_at")
    photo.declared_position = declaration.get("position")
    photo.declared_at = now()
    digest = hashlib.sha256(f"{photo.sha256}/{photo.size}/{photo.content_type}".encode()).hexdigest()
    photo.upload_key = f"{UPLOAD_PREFIX}{visit.id}.{photo_id}.{digest}"
    session.flush()
    return photo, former_key


def _add_photo(session: Session, visit: Visit, photo_id: uuid.UUID) -> Photo:
    count = session.scalar(select(func.count()).select_from(Photo).where(Photo.visit_id == visit.id)) or 0
    if count >= MAX_PHOTOS_PER_VISIT:
        raise problems.PHOTO_CONFLICT(f"A visit can have at most {MAX_PHOTOS_PER_VISIT} photos.")
    photo = Photo(visit_id=visit.id, id=photo_id, organization_id=visit.organization_id)
    session.add(photo)
    return photo


def create_upload_link(store: Store, photo: Photo) -> UploadLink | None:
    """Return the signed link for the upload of the bytes, or None if the photo is stored."""
    if photo.has_arrived:
        return None
    return store.create_upload_link(photo.upload_key, photo.sha256, photo.size, photo.content_type)


def get_declared_photo(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> Photo:
    """Return a photo of the actor's own visit, in any status.

    Raises VISIT_NOT_FOUND and PHOTO_NOT_FOUND.
    """
    visit = get_own_visit(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None:
        raise problems.PHOTO_NOT_FOUND()
    return photo


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

    Raises Busy if no decoding slot becomes free in time. The upload is kept then.
    """
    result = CheckResult(photo.visit_id, photo.id, photo.upload_key)
    # The original bytes are in memory only while the slot is held, too.
    with decoding_slot(SLOT_WAIT_SECONDS) as is_free:
        if not is_free:
            raise Busy
        try:
            data = store.read(photo.upload_key, MAX_PHOTO_BYTES)
            if len(data) != photo.size or hashlib.sha256(data).hexdigest() != photo.sha256:
                return replace(result, unusable="The uploaded bytes differ from the declaration.")
            picture = clean(data, photo.content_type)
        except ObjectMissing:
            return result
        except UnusablePicture as error:
            return replace(result, unusable=f"{error}.")
    prefix = f"{PICTURE_PREFIX}{photo.visit_id}/{photo.id}.{uuid.uuid4()}"
    key, thumbnail_key = f"{prefix}.jpg", f"{prefix}.thumbnail.jpg"
    store.write(key, picture.data, "image/jpeg")
    store.write(thumbnail_key, picture.thumbnail, "image/jpeg")
    return replace(result, picture=picture, key=key, thumbnail_key=thumbnail_key)


def record_check(
    session: Session, actor: Actor, result: CheckResult, accept_every_minutes: int
) -> StoredPhoto | problems.ProblemError:
    """Record the result of a check, flag the photo, and settle the visit if it was the last missing one.

    ``accept_every_minutes`` applies unless the organization has a period of its own.

    Returns the stored photo, or PHOTO_NOT_UPLOADED or PHOTO_UNUSABLE. These are returned and not raised, so
    that the transaction commits what was recorded.

    Raises VISIT_NOT_FOUND.
    """
    visit = get_own_visit(session, actor, result.visit_id, lock=True)
    photo = session.get_one(Photo, (result.visit_id, result.photo_id))
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
    """Delete the uploaded bytes after they were checked. The sweep deletes what this misses."""
    if result.picture is not None or result.unusable is not None:
        _discard(store, result.upload_key)


def discard_former_upload(store: Store, photo: Photo, former_key: str | None) -> None:
    """Delete the bytes that were uploaded for an earlier declaration of a photo."""
    if former_key not in (None, photo.upload_key):
        _discard(store, former_key)


def _discard(store: Store, key: str) -> None:
    with suppress(StoreUnavailable):
        store.delete(key)


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


def get_photo(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[Photo, View]:
    """Return a stored photo that the actor may see, and the view that they have of its visit.

    Managers see the photos of closed stores and of questions that are not private. They must never receive a
    link to the photo store.

    Raises VISIT_NOT_FOUND, PHOTO_NOT_FOUND, and PHOTO_REMOVED if the organization no longer keeps it.
    """
    visit, view = get_visit(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None or not photo.has_arrived:
        raise problems.PHOTO_NOT_FOUND()
    if view == "watched":
        submission = session.get(Submission, (visit.id, visit.revision))
        if (
            submission is None
            or str(photo.id) not in submission.photos
            or is_private_photo(session, visit, photo)
        ):
            raise problems.PHOTO_NOT_FOUND()
    if photo.key is None:
        raise problems.PHOTO_REMOVED()
    return photo, view


def is_view_recorded(session: Session, actor: Actor, visit_id: uuid.UUID) -> bool:
    """Return whether the audit log has said within the last hour that the actor saw photos of a visit."""
    entries = select(AuditEntry.id).where(
        AuditEntry.organization_id == actor.organization_id,
        AuditEntry.subject_id == visit_id,
        AuditEntry.at > now() - VIEWING_TIME,
        AuditEntry.actor_id == actor.id,
        AuditEntry.action == VISIT_PHOTOS_VIEWED,
    )
    return session.scalar(select(entries.exists())) is True


def record_view(session: Session, visit_id: uuid.UUID) -> None:
    """Record in the audit log that the caller sees photos of a visit."""
    record(session, VISIT_PHOTOS_VIEWED, session.get_one(Visit, visit_id))


def _check_question(session: Session, visit: Visit, photo_id: uuid.UUID, key: str | None) -> None:
    """Reject a question that accepts no photos, or for which the stored submission does not name the photo.

    Without a question, the photo shows a closed store.
    """
    if key is not None:
        question = get_version(session, visit.checklist_version_id).document.by_key.get(key)
        if question is None:
            raise problems.invalid_field("/question", "The checklist does not have this question.")
        if not question.photos.maximum:
            raise problems.invalid_field("/question", "This question does not accept photos.")
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        return
    content = submission.content
    for other_key, _, named_id in list_photos(content["answers"], content.get("photos") or ()):
        if named_id == str(photo_id) and other_key != key:
            place = "without a question" if other_key is None else f"for the question {other_key}"
            raise problems.invalid_field("/question", f"The submission names this photo {place}.")


def _get_taken_at(session: Session, visit: Visit, photo: Photo, picture: Picture) -> datetime | None:
    """Return when a photo was taken by the phone's clock: from its metadata, or else from the declaration."""
    if picture.taken_at is None:
        return photo.declared_taken_at
    if picture.taken_at.tzinfo is not None:
        return picture.taken_at
    zone = session.scalars(select(Location.time_zone).where(Location.id == visit.location_id)).one()
    return picture.taken_at.replace(tzinfo=ZoneInfo(zone))
