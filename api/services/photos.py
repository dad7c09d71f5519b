"""Photos: declared before their upload, and shown once they are stored."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.answers import list_photos
from api.domain.audit import VISIT_PHOTOS_VIEWED
from api.models.base import now
from api.models.photos import Photo
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.audit.reading import was_viewed
from api.services.audit.recording import record
from api.services.checklists import get_version
from api.services.evidence import is_private_photo
from api.services.photo_keys import create_upload_key, find_photo_id, is_named
from api.services.visits import View, get_own_visit, get_visit
from uploads.store import Store, StoreUnavailable, UploadLink

MAX_PHOTOS_PER_VISIT = 500
#: how many photos of a visit can be declared and not yet stored
MAX_WAITING_PHOTOS = 100

Size = Literal["picture", "thumbnail"]


def declare_photo(
    session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID, declaration: Mapping[str, Any]
) -> tuple[Photo, str | None]:
    """Declare a photo of the actor's own visit before its bytes are uploaded.

    Until a photo is stored, it can be declared again with other bytes. The upload link of the former
    declaration is then revoked: nothing reads what is sent to it. Returns the photo, and the upload key of
    its former declaration or None.

    Raises VISIT_NOT_FOUND, INVALID, PHOTO_CONFLICT if the photo is stored with other bytes, and
    TOO_MANY_PHOTOS.
    """
    visit = get_own_visit(session, actor, visit_id, lock=True)
    is_receipt = declaration.get("receipt", False)
    _check_question(session, visit, photo_id, declaration.get("question"), is_receipt=is_receipt)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is not None and photo.has_arrived:
        if (photo.sha256, photo.size) != (declaration["sha256"], declaration["size"]):
            raise problems.PHOTO_CONFLICT()
        if photo.is_receipt:
            photo.declared_at = now()  # its expense is about to be claimed again
            session.flush()
        return photo, photo.upload_key
    former_key = photo.upload_key if photo is not None else None
    if photo is None or photo.status != "awaiting_upload":
        _require_room(session, visit, photo_id)
    if photo is None:
        photo = Photo(visit_id=visit.id, id=photo_id, organization_id=visit.organization_id)
        session.add(photo)
    if not _is_repeated(photo, declaration):
        photo.upload_key = create_upload_key(visit.id, photo_id)
    photo.status = "awaiting_upload"
    photo.unusable_reason = None
    photo.question, photo.is_receipt = declaration.get("question"), is_receipt
    for name in _CONTENT:
        setattr(photo, name, declaration[name])
    photo.declared_taken_at = declaration.get("taken_at")
    photo.declared_position = declaration.get("position")
    photo.declared_at = now()
    session.flush()
    return photo, former_key


#: the part of a declaration that its upload link is signed for
_CONTENT = ("sha256", "size", "content_type")


def _is_repeated(photo: Photo, declaration: Mapping[str, Any]) -> bool:
    """Return whether a photo still waits for exactly these bytes, so that its upload link stays valid."""
    return photo.status == "awaiting_upload" and all(
        getattr(photo, name) == declaration[name] for name in _CONTENT
    )


def _require_room(session: Session, visit: Visit, photo_id: uuid.UUID) -> None:
    """Raise TOO_MANY_PHOTOS if the other photos of a visit leave no room for one more upload."""
    counts = select(func.count(), func.count().filter(Photo.status == "awaiting_upload"))
    others = counts.where(Photo.visit_id == visit.id, Photo.id != photo_id)
    count, waiting_count = session.execute(others).one()
    if count >= MAX_PHOTOS_PER_VISIT:
        raise problems.TOO_MANY_PHOTOS(f"A visit can have at most {MAX_PHOTOS_PER_VISIT} photos.")
    if waiting_count >= MAX_WAITING_PHOTOS:
        raise problems.TOO_MANY_PHOTOS(
            f"{MAX_WAITING_PHOTOS} photos of the visit are declared and not confirmed. "
            "Upload and confirm them before you declare others."
        )


def create_upload_link(store: Store, photo: Photo) -> UploadLink | None:
    """Return the signed link for the upload of the bytes, or None if the photo is stored."""
    if photo.has_arrived:
        return None
    return store.create_upload_link(photo.upload_key, photo.sha256, photo.size, photo.content_type)


def discard_former_upload(store: Store, photo: Photo, former_key: str | None) -> None:
    """Delete the bytes that were uploaded for an earlier declaration of a photo."""
    if former_key not in (None, photo.upload_key):
        discard(store, former_key)


def discard(store: Store, key: str) -> None:
    """Delete an object that is no longer needed. The sweep deletes what this misses."""
    with suppress(StoreUnavailable):
        store.delete(key)


def is_upload_expected(session: Session, key: str) -> bool:
    """Return whether a photo waits for its upload under this key: it was not replaced and is not stored."""
    photo_id = find_photo_id(key)
    photo = session.get(Photo, photo_id) if photo_id else None
    return photo is not None and is_named(photo, key)


def get_declared_photo(session: Session, actor: Actor, visit_id: uuid.UUID, photo_id: uuid.UUID) -> Photo:
    """Return a photo of the actor's own visit, in any status.

    Raises VISIT_NOT_FOUND and PHOTO_NOT_FOUND.
    """
    visit = get_own_visit(session, actor, visit_id)
    photo = session.get(Photo, (visit.id, photo_id))
    if photo is None:
        raise problems.PHOTO_NOT_FOUND()
    return photo


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
    return was_viewed(session, actor, VISIT_PHOTOS_VIEWED, visit_id)


def record_view(session: Session, visit_id: uuid.UUID) -> None:
    """Record in the audit log that the caller sees photos of a visit."""
    record(session, VISIT_PHOTOS_VIEWED, session.get_one(Visit, visit_id))


def _check_question(
    session: Session, visit: Visit, photo_id: uuid.UUID, key: str | None, *, is_receipt: bool
) -> None:
    """Reject a question that accepts no photos, or for which the stored submission does not name the photo.

    Without a question, the photo shows a closed store, or is a receipt, which no submission names.
    """
    if key is not None:
        if is_receipt:
            raise problems.invalid_field("/question", "A receipt has no question.")
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
        if named_id == str(photo_id) and (is_receipt or other_key != key):
            place = "without a question" if other_key is None else f"for the question {other_key}"
            raise problems.invalid_field("/question", f"The submission names this photo {place}.")
