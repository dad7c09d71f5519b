"""Photos: declared, confirmed once their bytes are there, shown, and swept when no row references them.

The object is written first, then its row: no row references a missing object.
"""

import hashlib
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.database.statements import Row, Statement, row, rows
from api.domain import problems
from api.domain.access import Actor
from api.domain.answers import named_photos
from api.domain.evidence import MAX_PHOTO_BYTES
from api.models.base import now
from api.models.photos import Photo
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.organizations import lock_organization
from api.services.outcomes import settle_with_photo
from api.services.photo_store import PICTURE_PREFIX, UPLOAD_PREFIX
from api.services.visits import get_own_visit, get_visit
from uploads.fingerprint import hash_bands, hash_distance
from uploads.picture import Picture, Unusable, clean
from uploads.slots import turn
from uploads.store import Missing, Store, StoreDown, UploadLink

MAX_PHOTOS_PER_VISIT = 500
MAX_HASH_DISTANCE = 3
#: how long a confirmation waits for a free decoder before the phone has to ask again
SLOT_WAIT_SECONDS = 5.0

Size = Literal["picture", "thumbnail"]


class Busy(Exception):
    """Other pictures are being decoded; ask again soon."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A stored photo."""

    id: uuid.UUID
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of checking uploaded bytes: the objects of the cleaned picture, or why there is none."""

    visit_id: uuid.UUID
    photo_id: uuid.UUID
    upload_key: str
    picture: Picture | None = None
    key: str | None = None
    thumbnail_key: str | None = None
    unusable: str | None = None


def declare_photo(
    session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID, declared: Mapping[str, Any]
) -> tuple[Photo, str | None]:
    """Declare a photo of a visit before its bytes are sent; returns it and its former upload key.

    Until a photo is stored, it may be declared again with other bytes; then other bytes are rejected.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    _check_question(session, visit, photo_id, declared.get("question"))
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is not None and photo.status == "stored":
        if (photo.sha256, photo.size) != (declared["sha256"], declared["size"]):
            raise problems.PHOTO_CONFLICT()
        return photo, photo.upload_key
    former_key = photo.upload_key if photo is not None else None
    if photo is None:
        declared_before = session.scalar(
            select(func.count()).select_from(Photo).where(Photo.visit_id == visit.id)
        )
        if (declared_before or 0) >= MAX_PHOTOS_PER_VISIT:
            raise problems.PHOTO_CONFLICT(f"A visit has at most {MAX_PHOTOS_PER_VISIT} photos.")
        photo = Photo(visit_id=visit.id, id=photo_id, organization_id=visit.organization_id)
        session.add(photo)
    photo.status = "awaiting_upload"
    photo.unusable_reason = None
    photo.question = declared.get("question")
    photo.sha256 = declared["sha256"]
    photo.size = declared["size"]
    photo.content_type = declared["content_type"]
    photo.declared_taken_at = declared.get("taken_at")
    photo.declared_position = declared.get("position")
    photo.declared_at = now()
    digest = hashlib.sha256(f"{photo.sha256}/{photo.size}/{photo.content_type}".encode()).hexdigest()
    photo.upload_key = f"{UPLOAD_PREFIX}{visit.id}.{photo_id}.{digest}"
    session.flush()
    return photo, former_key


def create_upload_link(store: Store, photo: Photo) -> UploadLink | None:
    """Return the link to which the phone sends the bytes, unless the photo is stored."""
    if photo.status == "stored":
        return None
    return store.upload_link(photo.upload_key, photo.sha256, photo.size, photo.content_type)


def get_declared_photo(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> Photo:
    """Return a photo of the actor's own visit."""
    visit = get_own_visit(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None:
        raise problems.PHOTO_NOT_FOUND()
    return photo


_reserved: set[tuple[uuid.UUID, uuid.UUID]] = set()
_reserved_lock = threading.Lock()


@contextmanager
def reserve(visit_id: uuid.UUID, photo_id: uuid.UUID) -> Iterator[bool]:
    """Reserve a photo for checking; yields False if another request of this process has reserved it."""
    key = (visit_id, photo_id)
    with _reserved_lock:
        free = key not in _reserved
        if free:
            _reserved.add(key)
    try:
        yield free
    finally:
        if free:
            with _reserved_lock:
                _reserved.discard(key)


def check_upload(store: Store, photo: Photo) -> CheckResult:
    """Check the uploaded bytes: clean the picture and store it, or return why it cannot be used.

    This is slow, and runs outside any transaction. Raises Busy if other pictures take too long; nothing is
    lost then.
    """
    result = CheckResult(photo.visit_id, photo.id, photo.upload_key)
    # The original bytes are in memory only during the turn, too.
    with turn(SLOT_WAIT_SECONDS) as is_free:
        if not is_free:
            raise Busy
        try:
            data = store.read(photo.upload_key, MAX_PHOTO_BYTES)
            if len(data) != photo.size or hashlib.sha256(data).hexdigest() != photo.sha256:
                return replace(result, unusable="These are not the bytes that were declared.")
            picture = clean(data, photo.content_type)
        except Missing:
            return result
        except Unusable as unusable:
            return replace(result, unusable=f"{unusable}.")
    prefix = f"{PICTURE_PREFIX}{photo.visit_id}/{photo.id}.{uuid.uuid4()}"
    key, thumbnail_key = f"{prefix}.jpg", f"{prefix}.thumbnail.jpg"
    store.write(key, picture.data, "image/jpeg")
    store.write(thumbnail_key, picture.thumbnail, "image/jpeg")
    return replace(result, picture=picture, key=key, thumbnail_key=thumbnail_key)


def record_check(
    session: Session, actor: Actor, result: CheckResult, accept_every_minutes: int
) -> StoredPhoto | problems.ProblemError:
    """Record the result of a check, flag the photo, and settle the visit if it was the last one missing.

    Returns the stored photo, or the problem of one that was not uploaded or is unusable: that stays recorded.
    """
    visit = get_own_visit(session, actor, result.visit_id, lock=True)
    photo = session.get_one(Photo, (result.visit_id, result.photo_id))
    if photo.status == "stored":
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
    settle_with_photo(session, visit, photo, accept_every_minutes)
    return describe_stored(photo)


def discard_upload(store: Store, result: CheckResult) -> None:
    """Remove the uploaded bytes once they were checked; the sweep removes what is left."""
    if result.picture is not None or result.unusable is not None:
        _discard(store, result.upload_key)


def discard_former_upload(store: Store, photo: Photo, former_key: str | None) -> None:
    """Remove the bytes that were uploaded for an earlier declaration of a photo."""
    if former_key not in (None, photo.upload_key):
        _discard(store, former_key)


def _discard(store: Store, key: str) -> None:
    with suppress(StoreDown):
        store.delete(key)


def _store(session: Session, visit: Visit, photo: Photo, result: CheckResult, picture: Picture) -> None:
    # If two similar photos are stored at once, the second has to see the first: they take turns.
    lock_organization(session, photo.organization_id)
    if (earlier := _find_earlier(session, photo, picture.difference_hash)) is not None:
        photo.seen_in_visit_id, photo.seen_photo_id = earlier.visit_id, earlier.id
    photo.status = "stored"
    photo.key, photo.thumbnail_key = result.key, result.thumbnail_key
    photo.width, photo.height = picture.width, picture.height
    if picture.difference_hash is not None:
        photo.difference_hash = f"{picture.difference_hash:016x}"
        photo.band_0, photo.band_1, photo.band_2, photo.band_3 = hash_bands(picture.difference_hash)
    photo.taken_at = _taken_at(session, visit, photo, picture)
    photo.position = (
        {"latitude": picture.position[0], "longitude": picture.position[1]}
        if picture.position
        else photo.declared_position
    )
    photo.make = picture.make
    photo.stored_at = now()
    session.flush()


def describe_stored(photo: Photo) -> StoredPhoto:
    """Return what the response to a confirmation shows of a stored photo."""
    assert photo.width is not None
    assert photo.height is not None
    return StoredPhoto(photo.id, photo.width, photo.height)


def get_photo(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[Photo, bool]:
    """Return a stored photo that the actor may see, and whether they may have a link to the photo store.

    Managers see the photos of questions that are not private and of stores that were closed. They never get a
    link to the photo store.
    """
    visit, view = get_visit(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None or photo.status != "stored":
        raise problems.PHOTO_NOT_FOUND()
    if view == "watched":
        submission = session.get(Submission, (visit.id, visit.revision))
        if submission is None or str(photo.id) not in submission.photos or _is_private(session, visit, photo):
            raise problems.PHOTO_NOT_FOUND()
    return photo, view != "watched"


def _is_private(session: Session, visit: Visit, photo: Photo) -> bool:
    """Return whether only reviewers see a photo; one without a question shows a closed store to everyone."""
    if photo.question is None:
        return False
    return get_version(session, visit.checklist_version_id).document.by_key[photo.question].private


def _check_question(session: Session, visit: Visit, photo_id: uuid.UUID, key: str | None) -> None:
    """Reject a question that accepts no photos, or another one than the submission names the photo for.

    Without a question, the photo is one of a store that was closed.
    """
    if key is not None:
        question = get_version(session, visit.checklist_version_id).document.by_key.get(key)
        if question is None:
            raise problems.invalid("/question", "The checklist has no such question.")
        if not question.photos.maximum:
            raise problems.invalid("/question", "This question does not accept photos.")
    submission = session.get(Submission, (visit.id, visit.revision))
    if submission is None:
        return
    content = submission.content
    for other, _, named in named_photos(content["answers"], content.get("photos") or ()):
        if named == str(photo_id) and other != key:
            where = "without a question" if other is None else f"for the question {other}"
            raise problems.invalid("/question", f"The submission names this photo {where}.")


def _with_band(
    column: InstrumentedAttribute[int | None], parameter: str
) -> Select[uuid.UUID, uuid.UUID, str | None]:
    return select(Photo.visit_id, Photo.id, Photo.difference_hash).where(
        Photo.organization_id == bindparam("organization_id"),
        column == bindparam(parameter),
        Photo.status == "stored",
    )


#: the stored photos that share one of the four bands of a hash, each result by its index: a union, because
#: SQLite reads every photo for the same conditions joined with OR
LOOK_ALIKES = Statement(
    union_all(
        *(
            _with_band(column, f"band_{number}")
            for number, column in enumerate((Photo.band_0, Photo.band_1, Photo.band_2, Photo.band_3))
        )
    )
)
_SAME = Statement(
    select(Photo.visit_id, Photo.id)
    .where(
        Photo.organization_id == bindparam("organization_id"),
        Photo.sha256 == bindparam("sha256"),
        Photo.status == "stored",
        Photo.visit_id != bindparam("visit_id"),
    )
    .limit(1)
)


def get_band_parameters(difference_hash: int) -> dict[str, int]:
    """Return the bands of a hash as the parameters of ``LOOK_ALIKES``."""
    return {f"band_{number}": band for number, band in enumerate(hash_bands(difference_hash))}


def _find_earlier(session: Session, photo: Photo, difference_hash: int | None) -> Row | None:
    """Return the same picture in another visit of the organization: its ``visit_id`` and ``id``."""
    whose = {"organization_id": photo.organization_id}
    same = row(session, _SAME, sha256=photo.sha256, visit_id=photo.visit_id, **whose)
    if same is not None:
        return same
    if difference_hash is None:
        return None
    for other in rows(session, LOOK_ALIKES, **get_band_parameters(difference_hash), **whose):
        distance = hash_distance(int(other.difference_hash, 16), difference_hash)
        if other.visit_id != photo.visit_id and distance <= MAX_HASH_DISTANCE:
            return other
    return None


def _taken_at(session: Session, visit: Visit, photo: Photo, picture: Picture) -> datetime | None:
    """Return when a photo was taken by the phone's clock: by its metadata, otherwise as it was declared."""
    if picture.taken_at is None:
        return photo.declared_taken_at
    if picture.taken_at.tzinfo is not None:
        return picture.taken_at
    zone = session.scalars(select(Location.time_zone).where(Location.id == visit.location_id)).one()
    return picture.taken_at.replace(tzinfo=ZoneInfo(zone))
