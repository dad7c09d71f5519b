"""Photos: declared, confirmed once their bytes are there, shown, and swept when nothing points at them.

The object comes first, its row second: no row ever points at nothing.
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

from api.domain import problems
from api.domain.access import Actor
from api.domain.answers import named_photos
from api.domain.evidence import MAX_PHOTO_BYTES
from api.models.base import now
from api.models.photos import Photo
from api.models.places import Location
from api.models.statements import Row, Statement, row, rows
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import published
from api.services.evidence import photo_arrived
from api.services.organizations import take_turn
from api.services.photo_store import PICTURES, UPLOADS
from api.services.visits import own, seen
from uploads.fingerprint import hash_bands, hash_distance
from uploads.picture import Picture, Unusable, clean
from uploads.store import Missing, Store, StoreDown, UploadLink
from uploads.turns import turn

MAX_OF_A_VISIT = 500
NEAR = 3
#: a confirmation waits so long for its turn to decode, then the phone asks again
WAIT_SECONDS = 5.0

Size = Literal["picture", "thumbnail"]


class Busy(Exception):
    """Other pictures are being looked at; ask again soon."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A photo that is kept."""

    id: uuid.UUID
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was made of uploaded bytes: the objects of the cleaned picture, or why there is none."""

    visit_id: uuid.UUID
    photo_id: uuid.UUID
    upload_key: str
    picture: Picture | None = None
    key: str | None = None
    thumbnail_key: str | None = None
    unusable: str | None = None


def declare(
    session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID, declared: Mapping[str, Any]
) -> tuple[Photo, str | None]:
    """Announce a photo of a visit before its bytes are sent; returns it and the upload key that it had.

    One that is not stored yet may be declared anew with other bytes; once stored, other bytes are refused.
    """
    visit = own(session, actor, visit_id, lock=True)
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
        if (declared_before or 0) >= MAX_OF_A_VISIT:
            raise problems.PHOTO_CONFLICT(f"A visit has {MAX_OF_A_VISIT} photos at the most.")
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
    what = hashlib.sha256(f"{photo.sha256}/{photo.size}/{photo.content_type}".encode()).hexdigest()
    photo.upload_key = f"{UPLOADS}{visit.id}.{photo_id}.{what}"
    session.flush()
    return photo, former_key


def upload_link(store: Store, photo: Photo) -> UploadLink | None:
    """Return where the phone sends the bytes, unless they are stored."""
    if photo.status == "stored":
        return None
    return store.upload_link(photo.upload_key, photo.sha256, photo.size, photo.content_type)


def declared(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> Photo:
    """Return a photo of a visit that the actor makes himself."""
    visit = own(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None:
        raise problems.PHOTO_NOT_FOUND()
    return photo


_in_work: set[tuple[uuid.UUID, uuid.UUID]] = set()
_in_work_lock = threading.Lock()


@contextmanager
def working_on(visit_id: uuid.UUID, photo_id: uuid.UUID) -> Iterator[bool]:
    """Hold a photo for checking; yields False where another request of this process holds it already."""
    key = (visit_id, photo_id)
    with _in_work_lock:
        free = key not in _in_work
        if free:
            _in_work.add(key)
    try:
        yield free
    finally:
        if free:
            with _in_work_lock:
                _in_work.discard(key)


def check(store: Store, photo: Photo) -> Found:
    """Look at the bytes that came: clean the picture and store it, or say why it cannot be used.

    Takes its time, and no transaction. Raises Busy where other pictures take too long: nothing is lost.
    """
    found = Found(photo.visit_id, photo.id, photo.upload_key)
    # The bytes as they came are in memory during one's turn alone, too.
    with turn(WAIT_SECONDS) as mine:
        if not mine:
            raise Busy
        try:
            data = store.read(photo.upload_key, MAX_PHOTO_BYTES)
            if len(data) != photo.size or hashlib.sha256(data).hexdigest() != photo.sha256:
                return replace(found, unusable="These are not the bytes that were declared.")
            picture = clean(data, photo.content_type)
        except Missing:
            return found
        except Unusable as unusable:
            return replace(found, unusable=f"{unusable}.")
    place = f"{PICTURES}{photo.visit_id}/{photo.id}.{uuid.uuid4()}"
    key, thumbnail_key = f"{place}.jpg", f"{place}.thumbnail.jpg"
    store.write(key, picture.data, "image/jpeg")
    store.write(thumbnail_key, picture.thumbnail, "image/jpeg")
    return replace(found, picture=picture, key=key, thumbnail_key=thumbnail_key)


def settle(
    session: Session, actor: Actor, found: Found, accept_every_minutes: int
) -> Stored | problems.Refusal:
    """Keep what was found of a photo, with its flags and what follows for the visit.

    Returns the stored photo, or the refusal of one that was not uploaded or is unusable: the mark stays.
    """
    visit = own(session, actor, found.visit_id, lock=True)
    photo = session.get_one(Photo, (found.visit_id, found.photo_id))
    if photo.status == "stored":
        return stored(photo)
    if photo.upload_key != found.upload_key:
        return problems.PHOTO_NOT_UPLOADED("The photo was declared anew in the meantime.")
    if found.unusable is not None:
        photo.status = "unusable"
        photo.unusable_reason = found.unusable
        session.flush()
        return problems.PHOTO_UNUSABLE(found.unusable)
    if photo.status == "unusable":
        return problems.PHOTO_UNUSABLE(photo.unusable_reason)
    if found.picture is None:
        return problems.PHOTO_NOT_UPLOADED()
    _keep(session, visit, photo, found, found.picture)
    photo_arrived(session, visit, photo, accept_every_minutes)
    return stored(photo)


def discard_upload(store: Store, found: Found) -> None:
    """Remove the bytes as they came, once they were looked at; what stays behind is swept in time."""
    if found.picture is not None or found.unusable is not None:
        _discard(store, found.upload_key)


def discard_former(store: Store, photo: Photo, former_key: str | None) -> None:
    """Remove what was uploaded for an earlier declaration of a photo."""
    if former_key not in (None, photo.upload_key):
        _discard(store, former_key)


def _discard(store: Store, key: str) -> None:
    with suppress(StoreDown):
        store.delete(key)


def _keep(session: Session, visit: Visit, photo: Photo, found: Found, picture: Picture) -> None:
    # Of two like photos stored at once, the second has to see the first: they take turns.
    take_turn(session, photo.organization_id)
    if (seen := _seen_before(session, photo, picture.difference_hash)) is not None:
        photo.seen_in_visit_id, photo.seen_photo_id = seen.visit_id, seen.id
    photo.status = "stored"
    photo.key, photo.thumbnail_key = found.key, found.thumbnail_key
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


def stored(photo: Photo) -> Stored:
    """Return what a confirmation answers of a stored photo."""
    assert photo.width is not None
    assert photo.height is not None
    return Stored(photo.id, photo.width, photo.height)


def shown(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[Photo, bool]:
    """Return a stored photo that the actor may see, and whether he may have a link to the store.

    Managers see those of questions that are not private and of stores that were closed, and never the photo
    store itself.
    """
    visit, view = seen(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None or photo.status != "stored":
        raise problems.PHOTO_NOT_FOUND()
    if view == "watched":
        submission = session.get(Submission, (visit.id, visit.revision))
        if submission is None or str(photo.id) not in submission.photos or _is_private(session, visit, photo):
            raise problems.PHOTO_NOT_FOUND()
    return photo, view != "watched"


def _is_private(session: Session, visit: Visit, photo: Photo) -> bool:
    """Say whether only reviewers see a photo; one without a question shows a closed store to all."""
    if photo.question is None:
        return False
    return published(session, visit.checklist_version_id).document.by_key[photo.question].private


def _check_question(session: Session, visit: Visit, photo_id: uuid.UUID, key: str | None) -> None:
    """Reject a question that takes no photos, or another one than the submission names the photo for.

    Without a question, the photo is one of a store that was closed.
    """
    if key is not None:
        question = published(session, visit.checklist_version_id).document.by_key.get(key)
        if question is None:
            raise problems.invalid("/question", "The checklist has no such question.")
        if not question.photos.maximum:
            raise problems.invalid("/question", "This question takes no photos.")
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


#: the stored photos that agree with a hash in one of its pieces, each by its index: a union, since SQLite
#: answers the same as one condition with OR by reading every photo
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


def bands_of(difference_hash: int) -> dict[str, int]:
    """Return the pieces of a hash as the parameters of ``LOOK_ALIKES``."""
    return {f"band_{number}": band for number, band in enumerate(hash_bands(difference_hash))}


def _seen_before(session: Session, photo: Photo, difference_hash: int | None) -> Row | None:
    """Return the same picture in an earlier visit of the organization: its ``visit_id`` and ``id``."""
    whose = {"organization_id": photo.organization_id}
    same = row(session, _SAME, sha256=photo.sha256, visit_id=photo.visit_id, **whose)
    if same is not None:
        return same
    if difference_hash is None:
        return None
    for other in rows(session, LOOK_ALIKES, **bands_of(difference_hash), **whose):
        distance = hash_distance(int(other.difference_hash, 16), difference_hash)
        if other.visit_id != photo.visit_id and distance <= NEAR:
            return other
    return None


def _taken_at(session: Session, visit: Visit, photo: Photo, picture: Picture) -> datetime | None:
    """Return when a photo was taken by the phone's clock: the file's word first, else what was declared."""
    if picture.taken_at is None:
        return photo.declared_taken_at
    if picture.taken_at.tzinfo is not None:
        return picture.taken_at
    zone = session.scalars(select(Location.time_zone).where(Location.id == visit.location_id)).one()
    return picture.taken_at.replace(tzinfo=ZoneInfo(zone))
