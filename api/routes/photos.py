"""Photos of visits: declare, confirm, download, list."""

import logging
from typing import Any
from uuid import UUID

from flask import Response, current_app

from api.domain import problems
from api.domain.problems import ProblemError
from api.http.access import Routes
from api.http.context import app_context, close_read_snapshot, current_actor, read_snapshot
from api.http.paging import page_response
from api.http.periods import parse_period
from api.http.responses import RETRY_AFTER, describe_header, json_response
from api.http.transactions import in_transaction
from api.models.photos import Photo
from api.services import photo_confirmation, photo_lists, photos
from api.services.photo_confirmation import Busy, StoredPhoto
from api.services.photos import Size
from schemas import photos as schemas
from schemas.base import RANDOM_ID_PATTERN
from uploads.store import ObjectMissing

log = logging.getLogger(__name__)

routes = Routes("photos", __name__, description="Photos")

DECLARATION, DECLARED, CONFIRMED, LISTED = (
    schemas.PhotoDeclaration(),
    schemas.DeclaredPhoto(),
    schemas.ConfirmedPhoto(),
    schemas.ListedPhoto(),
)
LOCATION = {"Location": describe_header("The link to the picture.")}
PICTURE = {"type": "string", "format": "binary"}
RANDOM_ID = {"type": "string", "format": "uuid", "pattern": RANDOM_ID_PATTERN}
_NEW_ID = "The ID of the photo: a random UUID (version 4) that the phone chooses."
RETRY_SECONDS = "2"
#: All pictures have the same name, so that a saved one says nothing about the shopper or the time.
CONTENT_DISPOSITION = 'inline; filename="photo.jpg"'
_NOT_FOUND = [problems.VISIT_NOT_FOUND, problems.PHOTO_NOT_FOUND]


@routes.put(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>",
    permission="send visits",
    raises=[
        problems.VISIT_NOT_FOUND,
        problems.PHOTO_CONFLICT,
        problems.TOO_MANY_PHOTOS,
        problems.STORE_UNAVAILABLE,
    ],
)
@routes.arguments(DECLARATION)
@routes.response(201, DECLARED)
@routes.alt_response(
    200, schema=DECLARED, description="Declared before: a new link, or none if the photo is stored"
)
@routes.doc(
    parameters=[
        {"name": "photo_id", "in": "path", "required": True, "schema": RANDOM_ID, "description": _NEW_ID}
    ]
)
def declare_photo(body: dict[str, Any], visit_id: UUID, photo_id: UUID) -> Response:
    """Declare a photo, and get a signed link for the upload of its bytes.

    Send the bytes to `upload.url` with exactly `upload.headers`, then confirm the photo. Photos and answers
    may arrive in any order. Declaring the photo again returns a new link. If the bytes are others, links of
    former declarations are rejected, or nothing reads what is sent to them.
    """
    if photo_id.version != 4:
        # Other versions reveal when and where an ID was generated, and managers see the IDs of photos.
        raise problems.invalid_field("/photo_id", "This must be a random UUID (version 4).")
    photo, former_key = in_transaction(
        lambda session: photos.declare_photo(session, current_actor(), visit_id, photo_id, body)
    )
    photos.discard_former_upload(app_context().store, photo, former_key)
    body = {"id": photo.id, "status": "stored" if photo.has_arrived else photo.status}
    link = photos.create_upload_link(app_context().store, photo)
    if link is not None:
        body["upload"] = link
    return json_response(DECLARED.dump(body), 201 if former_key is None else 200)


@routes.post(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>/confirm",
    permission="send visits",
    raises=[
        *_NOT_FOUND,
        problems.PHOTO_NOT_UPLOADED,
        problems.PHOTO_UNUSABLE,
        problems.STORE_UNAVAILABLE,
    ],
)
@routes.response(200, CONFIRMED)
@routes.alt_response(
    202,
    schema=CONFIRMED,
    example={"id": "0b8f4a52-6a3e-4c47-8f0c-7f1f4d8f2a90", "status": "checking"},
    headers=RETRY_AFTER,
    description="The photo is still being processed; confirm again",
)
def confirm_photo(visit_id: UUID, photo_id: UUID) -> Response:
    """Confirm that the bytes of a photo were uploaded.

    The server verifies, re-encodes and stores the picture. Repeating the call is safe. After 202, call again
    when `Retry-After` has passed.
    """
    photo = photos.get_declared_photo(read_snapshot(), current_actor(), visit_id, photo_id)
    if photo.has_arrived:
        return _stored_response(photo_confirmation.describe_stored(photo))
    if photo.status == "unusable":
        raise problems.PHOTO_UNUSABLE(photo.unusable_reason)
    # Decoding a picture takes time; no snapshot stays open meanwhile.
    close_read_snapshot()
    with photo_confirmation.reserve(visit_id, photo_id) as is_free:
        if not is_free:
            return _checking_response(photo)
        try:
            result = photo_confirmation.check_upload(app_context().store, photo)
        except Busy:
            return _checking_response(photo)
        every = app_context().settings.accept_every_minutes
        settled = in_transaction(
            lambda session: photo_confirmation.record_check(session, current_actor(), result, every)
        )
    photo_confirmation.discard_upload(app_context().store, result)
    if isinstance(settled, ProblemError):
        raise settled
    return _stored_response(settled)


def _photo_response(visit_id: UUID, photo_id: UUID, size: Size) -> Response:
    session, actor = read_snapshot(), current_actor()
    photo, view = photos.get_photo(session, actor, visit_id, photo_id)
    key = photo.thumbnail_key if size == "thumbnail" else photo.key
    assert key is not None
    if view != "own" and not photos.is_view_recorded(session, actor, visit_id):
        in_transaction(lambda session: photos.record_view(session, visit_id))
    # Fetching a picture takes time; no snapshot stays open meanwhile.
    close_read_snapshot()
    store = app_context().store
    try:
        if view != "watched":
            store.get_size(key)  # a link to a missing object would be useless
            link = store.create_download_link(key, "image/jpeg")
            return current_app.response_class(status=302, headers={"Location": link})
        picture = store.read(key, 2**26)
    except ObjectMissing:
        current_app.extensions["metrics"].count_missing_photo("request")
        log.error("photo %s of visit %s is missing in the photo store", photo_id, visit_id)
        raise problems.PHOTO_NOT_FOUND() from None
    response = current_app.response_class(picture, content_type="image/jpeg")
    response.headers["Content-Disposition"] = CONTENT_DISPOSITION
    return response


@routes.get(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>",
    permission="read visits",
    raises=[*_NOT_FOUND, problems.PHOTO_REMOVED, problems.STORE_UNAVAILABLE],
)
@routes.response(200, PICTURE, content_type="image/jpeg", description="For managers: the picture itself")
@routes.alt_response(
    302,
    headers=LOCATION,
    description="For shoppers, reviewers and administrators: a link, valid for 5 minutes",
)
def get_photo(visit_id: UUID, photo_id: UUID) -> Response:
    """Download a stored photo.

    It is upright, at most 2,560 pixels on the long side, and has no metadata.
    """
    return _photo_response(visit_id, photo_id, "picture")


@routes.get(
    "/visits/<uuid:visit_id>/photos/<uuid:photo_id>/thumbnail",
    permission="read visits",
    raises=[*_NOT_FOUND, problems.PHOTO_REMOVED, problems.STORE_UNAVAILABLE],
)
@routes.response(200, PICTURE, content_type="image/jpeg", description="For managers: the picture itself")
@routes.alt_response(
    302,
    headers=LOCATION,
    description="For shoppers, reviewers and administrators: a link, valid for 5 minutes",
)
def get_photo_thumbnail(visit_id: UUID, photo_id: UUID) -> Response:
    """Download a stored photo at no more than 480 pixels.

    It is upright, and has no metadata.
    """
    return _photo_response(visit_id, photo_id, "thumbnail")


@routes.get(
    "/photos",
    permission="list photos",
    raises=[problems.REGION_NOT_FOUND, problems.LOCATION_NOT_FOUND, problems.CHECKLIST_NOT_FOUND],
)
@routes.arguments(schemas.PhotosQuery(), location="query")
@routes.response(200, schemas.PHOTO_PAGE())
def list_photos(query: dict[str, Any]) -> Response:
    """List the photos of accepted visits with the answers that they belong to, newest day first.

    Photos of private questions and removed photos are not included. Self-checks are included only if
    `checklist` names theirs. Download a photo with `GET /visits/{visit_id}/photos/{photo_id}`.
    """
    filters = photo_lists.PhotoQuery(
        period=parse_period(query),
        region_id=query.get("region_id"),
        location_id=query.get("location_id"),
        checklist=query.get("checklist"),
        question=query.get("question"),
    )
    page = photo_lists.list_photos(
        read_snapshot(), current_actor(), filters, query["limit"], query.get("cursor")
    )
    return page_response(page, LISTED)


def _stored_response(stored: StoredPhoto) -> Response:
    body = {"id": stored.id, "status": "stored", "width": stored.width, "height": stored.height}
    return json_response(CONFIRMED.dump(body), 200)


def _checking_response(photo: Photo) -> Response:
    response = json_response(CONFIRMED.dump({"id": photo.id, "status": "checking"}), 202)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response
